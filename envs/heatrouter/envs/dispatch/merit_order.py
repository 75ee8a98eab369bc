"""Dispatch by a price of heat: hydropower's water value, carried over to a heat store.

A controller says what a MWh in each store is worth when it is empty and when it is full (linear
between) and which level it wants to have. Units run in merit order while they cost less than that.
Levels are usable levels: 0 where a store is as cold as the return, 1 where it is as hot as the
supply that is asked for.
"""

from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch.allocation import allocate
from heatrouter.envs.dispatch.commanded_stores import charge_by_price
from heatrouter.envs.dispatch.marginal_cost import (
    about_to_flare,
    circuit_cost,
    marginal_cost,
    most_lacks_k,
    read_conditions,
    relief,
    relieved_demand,
    unit_limits,
)
from heatrouter.envs.dispatch.plan import DispatchMemory, DispatchPlan

CHARGE_HOURS = 1.0
"""Time over which a deviation from the wanted level is made good."""
STAY_SHARE = 0.08
STAY_EUR_PER_MWH = 2.0
"""A running unit stays until it costs this much more than heat is worth: some hours of running pay
for a start."""
WORTH_SHARE = 0.1
WORTH_EUR_PER_MWH = 5.0
"""Heat that is cheaper than what it is worth by less than this is worth its price; by more, clearly
more. Waste heat that is clearly cheaper than heat at the wanted level is stored beyond that level;
a machine that is clearly cheaper than heat is worth starts for its least load."""
SHORT_LEVEL = 0.05
RELIEF_LEVEL = 0.25
"""From the first usable level to the second every unit may run, whatever it costs."""
RELIEF_HOURS = 3.0
DARK_KW = 1.0
"""A field of collectors that could give less stands in the dark."""


class HeatPrice(NamedTuple):
    """What a controller asks of the dispatch; the stores are those that balance."""

    price_empty: FloatArray  # (num_envs, n_stores) €/MWh
    price_full: FloatArray  # (num_envs, n_stores) €/MWh
    target_level: FloatArray  # (num_envs, n_stores) 0..1
    supply_temp_c: FloatArray  # (num_envs, n_circuits)
    offset_k: FloatArray  # (num_envs, n_greenhouses)
    commanded_empty: FloatArray | None = None  # (num_envs, n_commanded) €/MWh, as price_empty
    commanded_full: FloatArray | None = None  # (num_envs, n_commanded) €/MWh, as price_full
    release: FloatArray | None = None  # (num_envs, n_batch_processes) 0..1; at once if not given


def merit_order_dispatch(
    plan: DispatchPlan, memory: DispatchMemory, observation: FloatArray, price: HeatPrice
) -> tuple[FloatArray, DispatchMemory]:
    """Turn prices of heat into set-points.

    Every unit that costs less than heat is worth at the present level runs, cheapest first, up to
    demand plus charge, the last one at part load. The charge leads to the wanted level. Waste
    heat that is clearly cheaper than what it will be worth there is stored beyond it, up to a
    full store: machines keep room for it, and it is never turned away for a level. Boilers are
    backup: they cover demand and bring a store back from where it is short, and no more. When
    the stores are short every unit may do so, whatever it costs. Without a store, units cover the
    demand in order of cost. Heat from another circuit costs what it is worth in the store there, so
    that links carry heat to where it is worth more.

    Args:
        plan: The plan.
        memory: What the last call returned.
        observation: Shape ``(num_envs, n_obs)``.
        price: What the controller asks for.

    Returns:
        Set-points ``(num_envs, n_set_points)``, inside their ranges and finite, and the memory.
    """
    supply = np.minimum(np.maximum(price.supply_temp_c, plan.supply_low), plan.supply_high)
    now = read_conditions(plan, memory, observation, supply)
    empty = _by_circuit(plan, price.price_empty)
    fall = _by_circuit(plan, price.price_full) - empty
    target = _by_circuit(plan, price.target_level)
    level = now.level
    value = empty + fall * level
    cost = marginal_cost(plan, now, observation, supply, value)
    value_at_target = empty + fall * target
    clearly = WORTH_EUR_PER_MWH + WORTH_SHARE * np.abs(value)
    clearly_at_target = WORTH_EUR_PER_MWH + WORTH_SHARE * np.abs(value_at_target)
    stay = STAY_EUR_PER_MWH + STAY_SHARE * np.abs(value)
    lacks = most_lacks_k(now, supply)
    short = relief(plan, now, memory.relief, SHORT_LEVEL, RELIEF_LEVEL, lacks)
    recovery = now.store_kwh * np.maximum(RELIEF_LEVEL - level, 0.0) / RELIEF_HOURS
    # from here (num_envs, n_producers)
    unit = plan.by_unit
    goal = np.empty(cost.shape)
    goal[:] = unit(target)
    if plan.n_sources:
        sources = slice(0, plan.n_sources)
        cheaper = unit(value_at_target, sources) - cost[:, sources]
        cheaper /= unit(clearly_at_target, sources)
        goal[:, sources] += np.minimum(np.maximum(cheaper, 0.0), 1.0) * (1.0 - goal[:, sources])
    charge = unit(now.store_kwh) * (goal - unit(level)) / CHARGE_HOURS
    worthwhile = cost < unit(value) + unit(stay) * now.running
    charge = np.where(worthwhile, charge, unit(recovery))
    backup = slice(plan.n_sources + plan.n_machines, plan.n_producers)
    charge[:, backup] = np.minimum(charge[:, backup], unit(recovery, backup))
    power = unit(plan.store_kw)
    charge = np.minimum(np.maximum(charge, -power), power)
    limit = unit_limits(plan, now, observation)
    if plan.fuelled.size:
        worthwhile[:, plan.fuelled] |= about_to_flare(plan, observation)
    demand = relieved_demand(plan, now, short, observation, supply)
    shares = None
    empty_worth, full_worth = price.commanded_empty, price.commanded_full
    if plan.commanded.names and empty_worth is not None and full_worth is not None:
        of_circuits = [circuit_cost(plan, now, cost, c) for c in range(plan.n_circuits)]
        shares, taken = charge_by_price(
            plan, now, np.stack(of_circuits, axis=1), (empty_worth, full_worth), observation, supply
        )
        demand = np.maximum(demand + taken, 0.0)
    cheaper = (unit(value) - cost) / unit(clearly)
    patience = (1.0 - np.minimum(np.maximum(cheaper, 0.0), 1.0)) * unit(~short)
    heat = allocate(
        plan,
        cost,
        np.where(worthwhile | unit(short), limit, 0.0),
        unit(demand) + charge,
        now.running,
        patience,
    )
    set_points = assemble(plan, heat, limit, supply, price.offset_k, shares, price.release)
    return set_points, DispatchMemory(now.demand_kw, memory.charging, short)


def deciding_values(cost: FloatArray) -> FloatArray:
    """Worths of heat at which the decision about a unit changes, €/MWh, ``(3, *cost.shape)``.

    Below the first a running unit stops, above the second a standing one may start, above the third
    it starts for its least load.

    Args:
        cost: What heat of the unit costs, €/MWh.
    """
    stops, clear = cost - STAY_EUR_PER_MWH, cost + WORTH_EUR_PER_MWH
    stops = stops / (1.0 + STAY_SHARE * np.sign(stops))
    clear = clear / (1.0 - WORTH_SHARE * np.sign(clear))
    return np.stack((stops, cost, clear))


def assemble(
    plan: DispatchPlan,
    heat: FloatArray,
    limit: FloatArray,
    supply_temp: FloatArray,
    offset_k: FloatArray,
    charge: FloatArray | None = None,
    release: FloatArray | None = None,
) -> FloatArray:
    """Set-points from the heat of each producer; always finite and inside their ranges.

    Collectors stay permitted while they have nothing to give; batches are released at once and
    commanded stores left alone, unless said otherwise.
    """
    share = heat / plan.capacity_kw
    if plan.n_sources:
        sources = slice(0, plan.n_sources)
        share[:, sources] = heat[:, sources] / np.maximum(limit[:, sources], 1e-3)
        dark = plan.collectors
        share[:, dark] = np.where(limit[:, dark] < DARK_KW, 1.0, share[:, dark])
    set_points = np.empty((heat.shape[0], plan.set_point_low.size))
    set_points[:, plan.producer_points] = share
    set_points[:, plan.greenhouse_points] = offset_k
    set_points[:, plan.supply_points] = supply_temp
    if plan.commanded.names:
        set_points[:, plan.commanded.set_point_at] = 0.0 if charge is None else charge
    if plan.release_points.size:
        set_points[:, plan.release_points] = 1.0 if release is None else release
    # a reading that is no number must not reach the plant: the rules are the last resort
    set_points = np.where(np.isfinite(set_points), set_points, plan.set_point_safe)
    return np.minimum(np.maximum(set_points, plan.set_point_low), plan.set_point_high)


def _by_circuit(plan: DispatchPlan, of_stores: FloatArray) -> FloatArray:
    """Mean over the stores of each circuit by capacity; zero without one."""
    mean = np.zeros((of_stores.shape[0], plan.n_circuits))
    for s, weight in enumerate(plan.level_weight):
        mean += of_stores[:, s, np.newaxis] * weight
    return mean
