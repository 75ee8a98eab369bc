"""What one more MWh of heat costs now, unit by unit, and how much each could give."""

from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.dispatch.plan import DispatchMemory, DispatchPlan
from heatrouter.envs.units import ZERO_CELSIUS_K

MIN_LIFT_K = 5.0
"""Least temperature lift of a heat pump, as in the component model."""
MIN_SPREAD_K = 1.0
"""Least spread over which a logarithmic mean is formed."""
MOST_TOP_LACK_K = 10.0
MOST_TOP_LACK_SHARE = 0.3
RECOVERED_TOP_LACK = 0.7
"""A store whose top misses the supply by more than the first, or by this share of the spread
between supply and return if that is more, has run short, whatever its mean temperature is: hot
circuits miss a kelvin less. It has recovered at the last share of that lack."""
HIDING_LACK_K = 5.0
HIDING_RANGE_K = 3.0
"""From the first lack of a store's top on the meters of the whole circuit say what it needs; the
second beyond it they alone do."""
LEAST_METERED_KW = 1.0
"""Below this heat a meter says nothing about a COP."""
G_PER_KWH_TO_T_PER_MWH = 1e-3
_FILL_STOPS = 0.15
_FILL_STARTS = 0.60
_FILL_FLARES = 0.95
"""Fill levels of a digester at which its burners stop, start, and run whatever the demand is."""


class Conditions(NamedTuple):
    """What an observation says about producers and circuits."""

    running: BoolArray  # (num_envs, n_producers) executed set-point above off
    return_temp: FloatArray  # (num_envs, n_circuits)
    level: FloatArray  # (num_envs, n_circuits) usable level of the stores, 0..1
    store_kwh: FloatArray  # (num_envs, n_circuits) from usable level 0 to 1
    top_lack: FloatArray  # (num_envs, n_circuits) K by which the stores' top misses the supply
    demand_kw: FloatArray  # (num_envs, n_circuits) smoothed


def read_conditions(
    plan: DispatchPlan, memory: DispatchMemory, observation: FloatArray, supply_temp: FloatArray
) -> Conditions:
    """Read running units, temperatures, store levels and the smoothed demand.

    Demand is what the network takes at its root, losses included, plus what preheaters have
    already put into its return: so it does not depend on which units run. Where the supply is
    colder than what is asked for, it is what would heat the flow to that: counted from the supply
    as it is, a store whose top has gone cold would hide the lack of heat, and producers would
    leave to it a part of the flow that cools the supply further. A store can give what
    it holds above the return and take what is missing to the supply that is asked for: its usable
    level is 0 at the one and 1 at the other, unlike the measured level, which lies between two
    fixed temperatures.

    Args:
        plan: The plan.
        memory: The memory.
        observation: Shape ``(num_envs, n_obs)``.
        supply_temp: Supply temperature that is asked for, degC, ``(num_envs, n_circuits)``.
    """
    return_temp = observation.take(plan.return_at, axis=1)
    spread = np.maximum(observation.take(plan.supply_at, axis=1), supply_temp) - return_temp
    flow = observation.take(plan.flow_at, axis=1)
    demand = flow * plan.heat_capacity * np.maximum(spread, 0.0)
    for circuit, at in plan.preheaters:
        demand[:, circuit] += observation[:, at]
    before = np.where(memory.demand_kw >= 0.0, memory.demand_kw, demand)  # NaN: start anew
    usable_span = np.maximum(supply_temp - return_temp, MIN_SPREAD_K)
    stored_temp = plan.store_empty + _of_stores(plan, observation, plan.level_at) * plan.store_span
    level = (stored_temp - return_temp) / usable_span
    return Conditions(
        running=observation.take(plan.executed_at, axis=1) > 0.0,
        return_temp=return_temp,
        level=np.minimum(np.maximum(level, 0.0), 1.0),
        store_kwh=plan.store_kwh_per_k * usable_span,
        top_lack=supply_temp - _of_stores(plan, observation, plan.top_at),
        demand_kw=before + plan.demand_weight * (demand - before),
    )


def relief(
    plan: DispatchPlan,
    conditions: Conditions,
    relieved: BoolArray,
    low: float,
    high: float,
    lacks_k: tuple[FloatArray | float, FloatArray | float],
) -> BoolArray:
    """Whether the stores of each circuit have run short, ``(num_envs, n_circuits)``.

    From the lower level, or a top that misses the supply by more than the first lack, until the
    higher level is reached and the top misses it by no more than the second. Circuits without a
    store are always short: their units cover the demand.
    """
    level = conditions.level
    short = (level < low) | (conditions.top_lack > lacks_k[0])
    short |= relieved & ((level < high) | (conditions.top_lack > lacks_k[1]))
    return short | ~plan.has_store


def most_lacks_k(conditions: Conditions, supply_temp: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lacks of a store's top from which it counts as short and recovered, K, by circuit.

    Args:
        conditions: As read from the observation.
        supply_temp: Supply temperature that is asked for, degC, ``(num_envs, n_circuits)``.
    """
    share = MOST_TOP_LACK_SHARE * (supply_temp - conditions.return_temp)
    # the share is left out where the return is no number
    most: FloatArray = np.fmax(share, MOST_TOP_LACK_K)
    return most, RECOVERED_TOP_LACK * most


def relieved_demand(
    plan: DispatchPlan,
    conditions: Conditions,
    short: BoolArray,
    observation: FloatArray,
    supply_temp: FloatArray,
) -> FloatArray:
    """Demand of each circuit, kW, ``(num_envs, n_circuits)``: not hidden where a store is cold.

    At the root only that is seen which passes it: where preheaters warm the return, or producers
    feed in elsewhere, the root takes less than the network is fed, and units that together give
    enough for the root let a cold store cool the supply. While a store bridges that does no harm.
    Where it is short and its top is cold, the balance of the circuit's meters counts instead, and
    what the supply lacks.

    Args:
        plan: The plan.
        conditions: As read from the observation.
        short: Where stores have run short, ``(num_envs, n_circuits)``.
        observation: Shape ``(num_envs, n_obs)``.
        supply_temp: Supply temperature that is asked for, degC, ``(num_envs, n_circuits)``.
    """
    part = (conditions.top_lack - HIDING_LACK_K) * (1.0 / HIDING_RANGE_K)
    # comparisons, so that a meter that is no number changes nothing
    cold = short & plan.has_store & (part > 0.0)
    if not np.count_nonzero(cold):
        return conditions.demand_kw
    lack = np.maximum(supply_temp - observation.take(plan.supply_at, axis=1), 0.0)
    fed = observation.take(plan.flow_at, axis=1) * plan.heat_capacity * lack
    for at, circuit, sign in plan.fed:
        fed[:, circuit] += sign * observation[:, at]
    hidden = fed - conditions.demand_kw
    more = np.where(cold & (hidden > 0.0), np.minimum(part, 1.0) * hidden, 0.0)
    total: FloatArray = conditions.demand_kw + more
    return total


def marginal_cost(
    plan: DispatchPlan,
    conditions: Conditions,
    observation: FloatArray,
    supply_temp: FloatArray,
    worth: FloatArray | None = None,
) -> FloatArray:
    """Cost of one more MWh of heat from each producer, €/MWh, shape ``(num_envs, n_producers)``.

    Sources: price of the heat less the electricity that their own cooler is spared; the sun is
    free. Heat pumps: electricity over COP less the electricity that the cooling tower is spared;
    the COP is measured while one runs and estimated (Lorenz, logarithmic means, times efficiency)
    while it stands. Engines: fuel less what the electricity fetches at
    the exchange. Boilers: fuel over efficiency. Heat from another circuit costs what it is worth in
    its store, or, where that is not said, what the dearest producer costs that runs there. Bought
    electricity carries fee and CO2 price, gas alike.

    Args:
        plan: The plan.
        conditions: As read from the observation.
        observation: Shape ``(num_envs, n_obs)``.
        supply_temp: Supply temperature that is asked for, degC, ``(num_envs, n_circuits)``.
        worth: What heat is worth in circuits with a store, €/MWh, same shape, where somebody says.
    """
    at = plan.prices_at
    co2 = observation[:, at.co2, np.newaxis]
    carbon = co2 * (observation[:, at.carbon_intensity, np.newaxis] * G_PER_KWH_TO_T_PER_MWH)
    electricity = observation[:, at.electricity, np.newaxis] + plan.electricity_fee
    electricity = electricity + carbon
    gas = observation[:, at.gas, np.newaxis] + plan.gas_fee
    cost = np.empty(conditions.running.shape)
    inverse_cop = np.empty((observation.shape[0], 0))
    if plan.n_sources:
        cost[:, : plan.n_sources] = plan.heat_price - plan.sink_ratio * electricity
    part = plan.pumps
    if part.stop > part.start:
        outlet = np.minimum(plan.by_unit(supply_temp, part), plan.max_sink_temp)
        inlet = plan.by_unit(conditions.return_temp, part)
        cold_k = _cold_mean_k(plan, observation)
        inlet = np.minimum(inlet, outlet - MIN_SPREAD_K)
        estimate = 1.0 / _lorenz_cop(plan, cold_k, inlet, outlet)
        inverse_cop = _measured_inverse_cop(plan, conditions, observation, estimate)
        spared = (1.0 - inverse_cop) * plan.tower_ratio
        cost[:, part] = electricity * (inverse_cop - spared)
    part = plan.engines
    if part.stop > part.start:
        fuel = gas * plan.engine_gas + co2 * plan.engine_emission_factor
        sold = observation[:, at.electricity, np.newaxis] + carbon
        cost[:, part] = (fuel - sold * plan.electric_efficiency) / plan.thermal_efficiency
    part = plan.boilers
    if part.stop > part.start:
        warm = (plan.by_unit(conditions.return_temp, part) - 35.0) * (1.0 / 25.0)
        warm = np.minimum(np.maximum(warm, 0.0), 1.0)
        efficiency = plan.efficiency_35 + warm * (plan.efficiency_60 - plan.efficiency_35)
        price = gas if plan.only_gas else np.where(plan.burns_gas, gas, plan.own_price)
        price = price + co2 * plan.emission_factor
        if not plan.only_gas:
            price = np.where(plan.burns_electricity, electricity, price)
        cost[:, part] = price / efficiency
    if plan.linked:
        _add_linked(plan, conditions, inverse_cop, cost, worth)
    return cost


def _measured_inverse_cop(
    plan: DispatchPlan, conditions: Conditions, observation: FloatArray, estimate: FloatArray
) -> FloatArray:
    """Electricity per heat of each heat pump: as measured where it runs, else as estimated.

    A heat pump heats the return at its own place to the supply there, neither of which is that of
    the circuit's root, so that estimates miss by up to a quarter.
    """
    heat = observation.take(plan.heat_at[plan.pumps], axis=1)
    power = observation.take(plan.power_at, axis=1)
    seen = power / np.maximum(heat, LEAST_METERED_KW)
    seen = np.minimum(np.maximum(seen, 1.0 / plan.max_cop), 1.0)
    steady = conditions.running[:, plan.pumps] & (heat >= plan.metered_kw) & (power > 0.0)
    return np.where(steady, seen, estimate)


def _cold_mean_k(plan: DispatchPlan, observation: FloatArray) -> FloatArray:
    """Mean temperature of each heat pump's source, K: as designed, or as measured at its inlet."""
    if not plan.cold_at:
        return plan.cold_mean_k
    cold_k = np.tile(plan.cold_mean_k, (observation.shape[0], 1))
    for pump, column, half_spread_k in plan.cold_at:
        cold_k[:, pump] = observation[:, column] - half_spread_k + ZERO_CELSIUS_K
    return cold_k


def _add_linked(
    plan: DispatchPlan,
    conditions: Conditions,
    inverse_cop: FloatArray,
    cost: FloatArray,
    worth: FloatArray | None,
) -> None:
    """Heat from other circuits, those first that are fed by none; changes ``cost``."""
    cost[:, plan.links] = 0.0
    for producer, circuit, pump in plan.linked:
        if worth is not None and plan.has_store[circuit]:
            of_circuit = worth[:, circuit]
        else:
            of_circuit = circuit_cost(plan, conditions, cost, circuit)
        share = 1.0 - inverse_cop[:, pump] if pump >= 0 else 1.0
        cost[:, producer] += share * of_circuit


def circuit_cost(
    plan: DispatchPlan, conditions: Conditions, cost: FloatArray, circuit: int
) -> FloatArray:
    """What one more MWh costs in a circuit, €/MWh, ``(num_envs,)``.

    Of the producers that run the dearest, since it is the one that gives more; the cheapest where
    none runs. A circuit without producers costs what the one costs that its balancing link draws
    from.
    """
    units = plan.units_of[circuit]
    if not units.size:
        feeder = plan.feeder_of[circuit]
        if feeder < 0:
            return np.zeros(cost.shape[0])
        return circuit_cost(plan, conditions, cost, feeder)
    of_units = cost.take(units, axis=1)
    running = conditions.running.take(units, axis=1)
    dearest: FloatArray = np.where(running, of_units, -np.inf).max(axis=1)
    return np.where(running.any(axis=1), dearest, of_units.min(axis=1))


def unit_limits(plan: DispatchPlan, conditions: Conditions, observation: FloatArray) -> FloatArray:
    """Largest heat that each producer could give now, kW, shape ``(num_envs, n_producers)``.

    What burns biogas starts above a fill level of its digester and stops at a lower one.
    """
    limit = np.empty(conditions.running.shape)
    n_sources = plan.n_sources
    if n_sources:
        lift = plan.stream_temp - plan.by_unit(conditions.return_temp, slice(0, n_sources))
        share = np.minimum(plan.exhaust_share, plan.return_gain * np.maximum(lift, 0.0))
        limit[:, :n_sources] = observation.take(plan.available_at, axis=1) * share
    limit[:, n_sources:] = plan.capacity_kw[n_sources:]
    for part, columns in ((plan.pumps, plan.limit_at), (plan.links, plan.link_limit_at)):
        if part.stop > part.start:
            possible = observation.take(columns, axis=1)
            possible = np.minimum(possible, plan.capacity_kw[part])
            limit[:, part] = np.where(possible < plan.min_kw[part], 0.0, possible)
    if plan.fuelled.size:
        fill = observation.take(plan.fill_at, axis=1)
        running = conditions.running.take(plan.fuelled, axis=1)
        enough = fill > np.where(running, _FILL_STOPS, _FILL_STARTS)
        limit[:, plan.fuelled] *= enough
    return limit


def about_to_flare(plan: DispatchPlan, observation: FloatArray) -> BoolArray:
    """Producers whose digester is so full that gas would be flared, ``(num_envs, n_fuelled)``."""
    return observation.take(plan.fill_at, axis=1) > _FILL_FLARES


def _of_stores(plan: DispatchPlan, observation: FloatArray, at: IntArray) -> FloatArray:
    """Mean over the stores of each circuit by capacity; zero without one."""
    mean = np.zeros((observation.shape[0], plan.n_circuits))
    for weight, column in zip(plan.level_weight, at, strict=True):
        mean += observation[:, column, np.newaxis] * weight
    return mean


def _lorenz_cop(
    plan: DispatchPlan, cold_mean_k: FloatArray, inlet: FloatArray, outlet: FloatArray
) -> FloatArray:
    hot = outlet + ZERO_CELSIUS_K
    cold = inlet + ZERO_CELSIUS_K
    sink = (hot - cold) / np.log(hot / cold)
    lift = np.maximum(sink - cold_mean_k, MIN_LIFT_K)
    cop = plan.lorenz_efficiency * sink / lift
    return np.minimum(np.maximum(cop, 1.0), plan.max_cop)
