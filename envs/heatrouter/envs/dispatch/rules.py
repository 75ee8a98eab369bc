"""What a heating operator writes: no forecast, always feasible, a page to read."""

import math

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch.allocation import allocate
from heatrouter.envs.dispatch.commanded_stores import charge_by_rules
from heatrouter.envs.dispatch.marginal_cost import (
    about_to_flare,
    marginal_cost,
    read_conditions,
    relief,
    unit_limits,
)
from heatrouter.envs.dispatch.merit_order import assemble
from heatrouter.envs.dispatch.plan import DispatchMemory, DispatchPlan

HOURS_PER_RADIAN = 24.0 / (2.0 * math.pi)
GRADE_STEP_EUR_PER_MWH = 1e4
"""Added per grade to the order: sources before machines before backup, whatever they cost."""


class RuleParameters(BaseModel):
    """What an operator may tune; `heatrouter tune` does it on training scenarios.

    Levels of a store are usable levels: 0 where it is as cold as the return, 1 where it is as hot
    as the supply that is asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    heating_limit_c: float = Field(
        15.0, ge=0.0, le=25.0, description="outdoor temperature from which the supply is lowest"
    )
    supply_shift_k: float = Field(
        -5.0, ge=-15.0, le=15.0, description="parallel shift of the heating curve"
    )
    supply_floor_c: float = Field(
        68.0, ge=20.0, le=80.0, description="never below: hot water of 60 degC, legionella"
    )
    charge_below_level: float = Field(
        0.35, ge=0.0, le=1.0, description="level that starts charging with heat pumps"
    )
    charge_until_level: float = Field(0.85, ge=0.0, le=1.0, description="store level that ends it")
    charge_hours: float = Field(
        5.0, ge=0.25, le=48.0, description="time in which an empty store would be charged"
    )
    reserve_level: float = Field(
        0.10, ge=0.0, le=0.9, description="store level below which boilers fire"
    )
    reserve_band: float = Field(
        0.15, ge=0.0, le=0.5, description="running boilers stop this much above reserve_level"
    )
    heat_pump_price_factor: float = Field(
        1.0,
        ge=0.0,
        le=10.0,
        description="machines run while they cost less than this times gas boiler heat",
    )
    source_full_level: float = Field(
        0.98, ge=0.1, le=1.0, description="store level up to which waste heat charges"
    )
    night_setback_k: float = Field(
        0.5, ge=0.0, le=5.0, description="lowering of greenhouses at night"
    )
    night_start_hour: float = Field(22.0, ge=0.0, le=24.0)
    night_end_hour: float = Field(5.0, ge=0.0, le=24.0)

    @model_validator(mode="after")
    def _ordered(self) -> "RuleParameters":
        if self.charge_below_level > self.charge_until_level:
            message = (
                f"charge_below_level {self.charge_below_level} must not lie above "
                f"charge_until_level {self.charge_until_level}"
            )
            raise ValueError(message)
        return self


def heating_curve(
    plan: DispatchPlan, parameters: RuleParameters, ambient_temp: FloatArray
) -> FloatArray:
    """Weather-compensated supply temperature, degC, shape ``(num_envs, n_circuits)``.

    From the circuit's least at the heating limit to what its consumers are designed for on the
    design day, shifted, never below the floor (where a quarter draws hot water and the circuit may
    go that high) and inside the circuit's range.
    """
    span = max(parameters.heating_limit_c - plan.design_temp, 1.0)
    cold = (parameters.heating_limit_c - ambient_temp) * (1.0 / span)
    cold = np.minimum(np.maximum(cold, 0.0), 1.0)[:, np.newaxis]
    temp = plan.supply_low + cold * (plan.curve_high - plan.supply_low)
    temp = temp + parameters.supply_shift_k
    temp = np.where(plan.has_hot_water, np.maximum(temp, parameters.supply_floor_c), temp)
    return np.minimum(np.maximum(temp, plan.supply_low), plan.supply_high)


def rules_dispatch(
    plan: DispatchPlan,
    parameters: RuleParameters,
    memory: DispatchMemory,
    observation: FloatArray,
) -> tuple[FloatArray, DispatchMemory]:
    """Set-points by rules.

    Circuit by circuit: waste heat and sun first, up to a full store. Machines (heat pumps, engines,
    links, boilers of other fuels than gas) while the store is being charged (from
    ``charge_below_level`` until ``charge_until_level``) and they are cheaper than gas boiler heat,
    or when the store is down to its reserve; biogas also before it would be flared. Gas boilers at
    the reserve, for what is lacking. Inside a grade the cheapest first. Stores that do not balance
    take what would be rejected and give it in the place of the boilers. The supply follows the
    weather; greenhouses are lowered at night; batches are released as they come.

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
    charging = (level < parameters.charge_below_level) | (
        memory.charging & (level < parameters.charge_until_level)
    )
    reserve_stop = parameters.reserve_level + parameters.reserve_band
    short = relief(plan, now, memory.relief, parameters.reserve_level, reserve_stop)
    rate = now.store_kwh / parameters.charge_hours
    room = np.maximum(parameters.source_full_level - level, 0.0) * now.store_kwh
    source_charge = np.minimum(room, plan.store_kw)  # filled within the hour at most
    unit = plan.by_unit

    key = cost.copy()
    required = np.empty_like(cost)
    required[:] = unit(now.demand_kw)
    allowed = np.empty(cost.shape, dtype=np.bool_)
    allowed[:] = unit(short)
    sources = slice(0, plan.n_sources)
    required[:, sources] += unit(source_charge, sources)
    allowed[:, sources] = True
    key[:, sources] -= GRADE_STEP_EUR_PER_MWH
    if plan.n_machines:
        machines = slice(plan.n_sources, plan.n_sources + plan.n_machines)
        dearest = parameters.heat_pump_price_factor * _cheapest_backup(plan, cost)
        allowed[:, machines] |= unit(charging, machines) & (cost[:, machines] < dearest)
        required[:, machines] += unit(charging * rate, machines)
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

    heat = allocate(plan, key, np.where(allowed, limit, 0.0), required, now.running, unit(short))
    offset = _night_offset(plan, parameters, observation)
    set_points = assemble(plan, heat, limit, supply, offset, shares)
    return set_points, DispatchMemory(now.demand_kw, charging, short)


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


def _night_offset(
    plan: DispatchPlan, parameters: RuleParameters, observation: FloatArray
) -> FloatArray:
    """Offset of greenhouses, K, shape ``(num_envs, 1)`` so that it fits any number of them."""
    sine, cosine = observation[:, plan.hour_at[0]], observation[:, plan.hour_at[1]]
    hour = np.arctan2(sine, cosine) * HOURS_PER_RADIAN % 24.0
    start, end = parameters.night_start_hour, parameters.night_end_hour
    late, early = hour >= start, hour < end
    night = (late | early) if start > end else (late & early)
    return np.where(night, -parameters.night_setback_k, 0.0)[:, np.newaxis]
