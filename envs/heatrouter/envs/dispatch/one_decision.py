"""The two decisions of a single plant: merit order under a price of heat, and the rules.

See ``one_plant``; the array functions they repeat say what is decided and why.
"""

import math
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.dispatch.merit_order import (
    CHARGE_HOURS,
    RELIEF_HOURS,
    RELIEF_LEVEL,
    SHORT_LEVEL,
    STAY_EUR_PER_MWH,
    STAY_SHARE,
    WORTH_EUR_PER_MWH,
    WORTH_SHARE,
)
from heatrouter.envs.dispatch.one_plant import OnePlant, most_lacks_k
from heatrouter.envs.dispatch.one_unit import OneCircuit, Row
from heatrouter.envs.dispatch.plan import DispatchMemory
from heatrouter.envs.dispatch.rules import (
    GRADE_STEP_EUR_PER_MWH,
    HOURS_PER_RADIAN,
    RECOVERED_SHARE,
)
from heatrouter.envs.dispatch.rules import STAY_SHARE as RULES_STAY_SHARE
from heatrouter.envs.spec.rule_parameters import RuleParameters

Decision = tuple[FloatArray, DispatchMemory]


class OnePrice(NamedTuple):
    """What a controller asks of the dispatch; see ``merit_order.HeatPrice``."""

    price_empty: Row  # of each store, €/MWh
    price_full: Row  # of each store, €/MWh
    target_level: Row  # of each store
    supply_offset_k: Row  # of each circuit, from the heating curve
    offset_k: Row  # of each greenhouse


class _Worth(NamedTuple):
    """What heat is worth in a circuit."""

    target: float
    value: float
    value_at_target: float
    stay: float  # a running unit may cost this much more
    clearly: float  # heat that costs this much less is worth clearly more
    clearly_at_target: float
    recovery: float


def one_heating_curve(plant: OnePlant, parameters: RuleParameters, row: Row) -> list[float]:
    """Weather-compensated supply temperatures, degC; see ``rules.heating_curve``."""
    plan = plant.plan
    span = max(parameters.heating_limit_c - plan.design_temp, 1.0)
    cold = (parameters.heating_limit_c - row[plan.ambient_at]) * (1.0 / span)
    cold = min(max(cold, 0.0), 1.0)
    shift, floor = parameters.supply_shift_k, parameters.supply_floor_c
    frost = row[plan.ambient_at] < parameters.frost_below_c
    temps = []
    for low, rise, has_hot_water in plant.curves:
        temp = low + cold * rise + shift
        temp = max(temp, floor) if has_hot_water else temp
        temps.append(max(temp, parameters.frost_supply_c) if frost else temp)
    return plant.limited_supply(temps)


def one_merit_order(
    plant: OnePlant, parameters: RuleParameters, memory: DispatchMemory, row: Row, price: OnePrice
) -> Decision | None:
    """Turn prices of heat into set-points; see ``merit_order.merit_order_dispatch``.

    Args:
        plant: The plant.
        parameters: For the heating curve.
        memory: Of one environment.
        row: The observation, all of it finite.
        price: What the controller asks for, all of it finite.

    Returns:
        Set-points ``(1, n_set_points)`` and the memory; None where a number is missing.
    """
    curve = one_heating_curve(plant, parameters, row)
    asked = zip(curve, price.supply_offset_k, strict=True)
    supply = plant.limited_supply([temp + offset for temp, offset in asked])
    circuits = plant.conditions(memory, row, supply)
    costs, limits = plant.costs_and_limits(row, circuits)
    short = plant.relief(circuits, memory, SHORT_LEVEL, RELIEF_LEVEL, most_lacks_k(circuits))
    demands = plant.relieved_demand(row, circuits, short)
    worths = _worths(plant, circuits, price)
    n_sources, first_backup = plant.plan.n_sources, plant.first_backup
    running, required, allowed, patience = [], [], [], []
    for u, unit in enumerate(plant.units):
        c, cost = unit.circuit, costs[u]
        now, worth = circuits[c], worths[c]
        runs = row[unit.executed_at] > 0.0
        worthwhile = cost < (worth.value + worth.stay if runs else worth.value)
        charge = worth.recovery
        if worthwhile:
            goal = worth.target
            if u < n_sources:
                cheaper = (worth.value_at_target - cost) / worth.clearly_at_target
                goal += min(max(cheaper, 0.0), 1.0) * (1.0 - goal)
            charge = now.store_kwh * (goal - now.level) / CHARGE_HOURS
        if u >= first_backup:
            charge = min(charge, worth.recovery)
        power = plant.store_kw[c]
        running.append(runs)
        required.append(demands[c] + min(max(charge, -power), power))
        allowed.append(limits[u] if worthwhile or short[c] else 0.0)
        cheaper = (worth.value - cost) / worth.clearly
        patience.append(0.0 if short[c] else 1.0 - min(max(cheaper, 0.0), 1.0))
    heat = plant.allocate(costs, allowed, required, running, patience)
    set_points = plant.assemble(heat, limits, supply, price.offset_k)
    if set_points is None:
        return None
    return set_points, _memory(circuits, memory.charging, short)


def one_rules(
    plant: OnePlant, parameters: RuleParameters, memory: DispatchMemory, row: Row
) -> Decision | None:
    """Set-points by rules; see ``rules.rules_dispatch``. Arguments as :func:`one_merit_order`."""
    supply = one_heating_curve(plant, parameters, row)
    circuits = plant.conditions(memory, row, supply)
    costs, limits = plant.costs_and_limits(row, circuits)
    stop = parameters.reserve_level + parameters.reserve_band
    lacks = (parameters.reserve_lack_k, RECOVERED_SHARE * parameters.reserve_lack_k)
    every = [lacks] * len(circuits)
    short = plant.relief(circuits, memory, parameters.reserve_level, stop, every)
    demands = plant.relieved_demand(row, circuits, short)
    filled: list[bool] = memory.charging[0].tolist()
    charging = [
        now.level < parameters.charge_below_level
        or now.top_lack > parameters.charge_lack_k
        or (was and now.level < parameters.charge_until_level)
        for now, was in zip(circuits, filled, strict=True)
    ]
    cheapest = _cheapest_backups(plant, costs)
    running, required, allowed, keys, patience = [], [], [], [], []
    for u, unit in enumerate(plant.units):
        c, runs = unit.circuit, row[unit.executed_at] > 0.0
        now, key, need, may_run = circuits[c], costs[u], demands[c], short[c]
        if u < plant.plan.n_sources:
            room = max(parameters.source_full_level - now.level, 0.0) * now.store_kwh
            need += min(room, plant.store_kw[c])
            may_run = True
            key -= GRADE_STEP_EUR_PER_MWH
        elif u < plant.first_backup:
            dearest = parameters.heat_pump_price_factor * cheapest[c]
            cheap = costs[u] < dearest * (1.0 + RULES_STAY_SHARE * runs)
            held = runs and now.level < parameters.hold_level
            may_run = may_run or ((charging[c] or held) and cheap)
            need += (charging[c] and cheap) * (now.store_kwh / parameters.charge_hours)
            key += GRADE_STEP_EUR_PER_MWH * (not cheap)
        else:
            key += GRADE_STEP_EUR_PER_MWH
        running.append(runs)
        patience.append(float(not short[c]))
        required.append(need)
        allowed.append(limits[u] if may_run else 0.0)
        keys.append(key)
    heat = plant.allocate(keys, allowed, required, running, patience)
    night, margin = _night_offset(plant, parameters, row), parameters.crop_mean_margin_k
    offsets = [
        night - parameters.crop_mean_gain * (row[at] - (least + margin))
        for at, least in plant.crop_means
    ]
    set_points = plant.assemble(heat, limits, supply, offsets)
    if set_points is None:
        return None
    return set_points, _memory(circuits, np.array([charging]), short)


def _worths(plant: OnePlant, circuits: list[OneCircuit], price: OnePrice) -> list[_Worth]:
    by_circuit = zip(
        circuits,
        plant.of_stores(price.price_empty),
        plant.of_stores(price.price_full),
        plant.of_stores(price.target_level),
        strict=True,
    )
    worths = []
    for now, empty, full, target in by_circuit:
        value = empty + (full - empty) * now.level
        value_at_target = empty + (full - empty) * target
        worths.append(
            _Worth(
                target,
                value,
                value_at_target,
                STAY_EUR_PER_MWH + STAY_SHARE * abs(value),
                WORTH_EUR_PER_MWH + WORTH_SHARE * abs(value),
                WORTH_EUR_PER_MWH + WORTH_SHARE * abs(value_at_target),
                now.store_kwh * max(RELIEF_LEVEL - now.level, 0.0) / RELIEF_HOURS,
            )
        )
    return worths


def _cheapest_backups(plant: OnePlant, costs: Row) -> list[float]:
    cheapest = [math.inf] * plant.plan.n_circuits
    for u in range(plant.first_backup, len(plant.units)):
        c = plant.units[u].circuit
        cheapest[c] = min(cheapest[c], costs[u])
    return cheapest


def _night_offset(plant: OnePlant, parameters: RuleParameters, row: Row) -> float:
    sine, cosine = (row[at] for at in plant.hour_at)
    # NumPy's arc tangent, as the logarithm of the heat pumps
    hour = float(np.arctan2(sine, cosine)) * HOURS_PER_RADIAN % 24.0
    start, end = parameters.night_start_hour, parameters.night_end_hour
    late, early = hour >= start, hour < end
    night = (late or early) if start > end else (late and early)
    return -parameters.night_setback_k if night else 0.0


def _memory(circuits: list[OneCircuit], charging: BoolArray, short: list[bool]) -> DispatchMemory:
    demand = np.array([[now.demand_kw for now in circuits]])
    return DispatchMemory(demand, charging, np.array([short]))
