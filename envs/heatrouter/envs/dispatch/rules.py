"""What a heating operator writes: no forecast, always feasible, a page to read."""

import math

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.dispatch.allocation import allocate
from heatrouter.envs.dispatch.commanded_stores import charge_by_rules
from heatrouter.envs.dispatch.marginal_cost import (
    Conditions,
    about_to_flare,
    marginal_cost,
    read_conditions,
    relief,
    relieved_demand,
    unit_limits,
)
from heatrouter.envs.dispatch.merit_order import assemble
from heatrouter.envs.dispatch.plan import DispatchMemory, DispatchPlan
from heatrouter.envs.spec.rule_parameters import RuleParameters

HOURS_PER_RADIAN = 24.0 / (2.0 * math.pi)
GRADE_STEP_EUR_PER_MWH = 1e4
"""Added per grade to the order: sources before machines before backup. Machines that are dearer
than the backup stand in its grade."""
STAY_SHARE = 0.05
"""A running machine counts as cheap until it costs this share more than a standing one may: prices
that waver round a limit shall not switch it. Not so links, which wear nothing."""
RECOVERED_SHARE = 0.6
"""Boilers stop where the top misses the supply by this share of what started them."""


def heating_curve(
    plan: DispatchPlan, parameters: RuleParameters, ambient_temp: FloatArray
) -> FloatArray:
    """Weather-compensated supply temperature, degC, shape ``(num_envs, n_circuits)``.

    From the circuit's least at the heating limit to what its consumers are designed for on the
    design day, shifted, never below the floor (where a quarter draws hot water and the circuit may
    go that high), in frost never below what keeps it off, and inside the circuit's range.
    """
    span = max(parameters.heating_limit_c - plan.design_temp, 1.0)
    cold = (parameters.heating_limit_c - ambient_temp) * (1.0 / span)
    cold = np.minimum(np.maximum(cold, 0.0), 1.0)[:, np.newaxis]
    temp = plan.supply_low + cold * (plan.curve_high - plan.supply_low)
    temp = temp + parameters.supply_shift_k
    temp = np.where(plan.has_hot_water, np.maximum(temp, parameters.supply_floor_c), temp)
    frost = (ambient_temp < parameters.frost_below_c)[:, np.newaxis]
    temp = np.where(frost, np.maximum(temp, parameters.frost_supply_c), temp)
    return np.minimum(np.maximum(temp, plan.supply_low), plan.supply_high)


def rules_dispatch(
    plan: DispatchPlan,
    parameters: RuleParameters,
    memory: DispatchMemory,
    observation: FloatArray,
) -> tuple[FloatArray, DispatchMemory]:
    """Set-points by rules.

    Circuit by circuit: waste heat and sun first, up to a full store. Machines (heat pumps, engines,
    links, boilers of other fuels than gas) while they are cheaper than gas boiler heat and the
    store is being charged (from ``charge_below_level``, or a top that has gone cold, until
    ``charge_until_level``); those that run then follow the demand up to ``hold_level``, in the
    place of stopping and starting again. Biogas also burns before it would be flared. Gas boilers
    and dear machines, the cheapest first, give what is lacking when the store is down to its
    reserve or its top is about to let the supply fall. Stores that do not balance take what would
    be rejected and give it in the place of the boilers. The supply follows the weather; greenhouses
    are lowered at night and led along the mean temperature that their crop needs; batches are
    released as they come.

    Args:
        plan: The plan.
        parameters: What the operator has tuned.
        memory: What the last call returned.
        observation: Shape ``(num_envs, n_obs)``.

    Returns:
        Set-points ``(num_envs, n_set_points)``, inside their ranges and finite, and the memory.
    """
    supply = heating_curve(plan, parameters, observation[:, plan.ambient_at])
    now = read_conditions(plan, memory, observation, supply)
    cost = marginal_cost(plan, now, observation, supply)
    limit = unit_limits(plan, now, observation)
    level = now.level
    charging = (level < parameters.charge_below_level) | (now.top_lack > parameters.charge_lack_k)
    charging |= memory.charging & (level < parameters.charge_until_level)
    reserve_stop = parameters.reserve_level + parameters.reserve_band
    lacks = (parameters.reserve_lack_k, RECOVERED_SHARE * parameters.reserve_lack_k)
    short = relief(plan, now, memory.relief, parameters.reserve_level, reserve_stop, lacks)
    rate = now.store_kwh / parameters.charge_hours
    room = np.maximum(parameters.source_full_level - level, 0.0) * now.store_kwh
    source_charge = np.minimum(room, plan.store_kw)  # filled within the hour at most
    unit = plan.by_unit

    key = cost.copy()
    required = np.empty_like(cost)
    required[:] = unit(relieved_demand(plan, now, short, observation, supply))
    allowed = np.empty(cost.shape, dtype=np.bool_)
    allowed[:] = unit(short)
    sources = slice(0, plan.n_sources)
    required[:, sources] += unit(source_charge, sources)
    allowed[:, sources] = True
    key[:, sources] -= GRADE_STEP_EUR_PER_MWH
    if plan.n_machines:
        machines = slice(plan.n_sources, plan.n_sources + plan.n_machines)
        cheap = _cheap_machines(plan, parameters, now, cost)
        held = unit(level < parameters.hold_level, machines) & now.running[:, machines]
        allowed[:, machines] |= (unit(charging, machines) | held) & cheap
        # dear ones cover what is lacking; to fill the store with them would be dearer than not to
        required[:, machines] += unit(charging * rate, machines) * cheap
        key[:, machines] += GRADE_STEP_EUR_PER_MWH * ~cheap
    if plan.fuelled.size:
        flaring = about_to_flare(plan, observation)
        allowed[:, plan.fuelled] |= flaring
        required[:, plan.fuelled] += flaring * source_charge.take(
            plan.circuit_of[plan.fuelled], axis=1
        )
        key[:, plan.fuelled] -= 2.0 * GRADE_STEP_EUR_PER_MWH * flaring
    key[:, plan.n_sources + plan.n_machines :] += GRADE_STEP_EUR_PER_MWH
    shares = None
    if plan.commanded.names:
        shares, taken = charge_by_rules(plan, now, cost, limit, observation, supply)
        required = np.maximum(required + unit(taken), 0.0)

    heat = allocate(plan, key, np.where(allowed, limit, 0.0), required, now.running, unit(~short))
    offset = greenhouse_offset(plan, parameters, observation)
    set_points = assemble(plan, heat, limit, supply, offset, shares)
    return set_points, DispatchMemory(now.demand_kw, charging, short)


def _cheap_machines(
    plan: DispatchPlan, parameters: RuleParameters, now: Conditions, cost: FloatArray
) -> BoolArray:
    """Machines that cost less than the backup, ``(num_envs, n_machines)``."""
    machines = slice(plan.n_sources, plan.n_sources + plan.n_machines)
    dearest = parameters.heat_pump_price_factor * _cheapest_backup(plan, cost)
    stays = now.running[:, machines].copy()
    stays[:, plan.links.start - plan.n_sources : plan.links.stop - plan.n_sources] = False
    return np.asarray(cost[:, machines] < dearest * (1.0 + STAY_SHARE * stays))


def _cheapest_backup(plan: DispatchPlan, cost: FloatArray) -> FloatArray:
    """Cost of the cheapest backup heat in reach of each machine; no limit without a backup."""
    first_backup = plan.n_sources + plan.n_machines
    if plan.n_circuits == 1:
        if not plan.n_backups:
            return np.full((cost.shape[0], 1), np.inf)
        cheapest: FloatArray = cost[:, first_backup:].min(axis=1, keepdims=True)
        return cheapest
    of_circuits = np.full((cost.shape[0], plan.n_circuits), np.inf)
    for unit in range(first_backup, plan.n_producers):
        circuit = plan.circuit_of[unit]
        of_circuits[:, circuit] = np.minimum(of_circuits[:, circuit], cost[:, unit])
    return of_circuits.take(plan.circuit_of[plan.n_sources : first_backup], axis=1)


def greenhouse_offset(
    plan: DispatchPlan, parameters: RuleParameters, observation: FloatArray
) -> FloatArray:
    """Offset of greenhouses, K, shape ``(num_envs, n_greenhouses)`` or ``(num_envs, 1)``.

    Temperature integration, as a grower's computer does it: a crop answers to the mean of a day,
    so that a sunny noon is repaid by a cooler night. The offset falls by ``crop_mean_gain`` per
    kelvin of the measured 24 h mean above the crop's limit plus a margin, and rises below it. A
    proportional controller of a trailing mean is stable up to a gain of 4.6; the dispatch keeps
    the offset inside its range.
    """
    sine, cosine = observation[:, plan.hour_at[0]], observation[:, plan.hour_at[1]]
    hour = np.arctan2(sine, cosine) * HOURS_PER_RADIAN % 24.0
    start, end = parameters.night_start_hour, parameters.night_end_hour
    late, early = hour >= start, hour < end
    night = (late | early) if start > end else (late & early)
    offset = np.where(night, -parameters.night_setback_k, 0.0)[:, np.newaxis]
    if not plan.crop_mean_at.size:
        return offset
    wanted = plan.crop_mean_min + parameters.crop_mean_margin_k
    excess = observation.take(plan.crop_mean_at, axis=1) - wanted
    return np.asarray(offset - parameters.crop_mean_gain * excess)
