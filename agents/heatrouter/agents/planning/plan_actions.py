"""From a plan to the action of a parametrisation."""

from typing import Final

import numpy as np

from heatrouter.agents.planning.planner import Plan, Planner
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch import heating_curve
from heatrouter.envs.dispatch.merit_order import CHARGE_HOURS
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.units import SECONDS_PER_HOUR

_SLOPE_EUR_PER_MWH: Final = 6.0
"""Fall of the price from an empty to a full store round the planned price."""


def plan_action(
    planner: Planner,
    batch: DistrictBatch,
    plan: Plan | None,
    turn: int,
    env: int,
    rules: FloatArray,
) -> FloatArray:
    """Action of one environment, ``(n_action,)``.

    Args:
        planner: What planned.
        batch: The closed loop; its parametrisation decides what the action is.
        plan: The plan; the rules where there is none.
        turn: Control steps since it was made.
        env: The environment.
        rules: What the rules propose to it, ``(n_set_points,)``.
    """
    contract = batch.contract
    points = rules if plan is None else plan.set_points[turn]
    if contract.parametrisation == "absolute":
        return points
    if contract.parametrisation == "offset":
        return points - rules
    if plan is None:
        return np.array([channel.neutral for channel in contract.action])
    return _prices(planner, batch, plan, turn, env)


def _prices(planner: Planner, batch: DistrictBatch, plan: Plan, turn: int, env: int) -> FloatArray:
    """Prices round the dual of the heat balance, and the planned levels as targets."""
    facts, contract, dispatch = planner.facts, batch.contract, planner.facts.plan
    action = np.array([channel.neutral for channel in contract.action])
    horizon, points = planner.horizon, plan.set_points[turn]
    now_h = plan.hours_before + (turn + 0.5) * horizon.control_dt_s / SECONDS_PER_HOUR
    k = min(int(np.searchsorted(np.cumsum(horizon.hours), now_h)), horizon.n_steps - 1)
    at = {channel.name: i for i, channel in enumerate(contract.action)}
    seen = batch.observation[env]
    supply, back = points[dispatch.supply_points], seen[dispatch.return_at]
    for s, name in enumerate(facts.store_names):
        circuit = int(facts.store_circuit[s])
        price = plan.values.heat_price[circuit, k]
        action[at[f"{name}.price_empty_eur_per_mwh"]] = price + _SLOPE_EUR_PER_MWH / 2.0
        action[at[f"{name}.price_full_eur_per_mwh"]] = price - _SLOPE_EUR_PER_MWH / 2.0
        target = at.get(f"{name}.target_level")
        if target is not None:
            # dispatch covers the demand that it has seen and makes a deviation from the target good
            # within some hours: the target is the one that makes it give as much as is planned
            room = max(facts.store_kwh_k[s] * (supply[circuit] - back[circuit]), 1.0)
            cold = facts.store_kwh_k[s] * (back[circuit] - facts.store_empty[s])
            level = (facts.store_energy(seen)[s] - cold) / room
            level = min(max(level, 0.0), 1.0)
            given = plan.values.heat_kw[dispatch.circuit_of == circuit, k].sum()
            seen_kw = batch.smoothed_demand_kw[env, circuit]
            charge = given - seen_kw if seen_kw >= 0.0 else plan.values.charge_kw[s, k]
            action[target] = level + charge * CHARGE_HOURS / room
    curve = heating_curve(dispatch, batch.decoder.rules, seen[np.newaxis, dispatch.ambient_at])[0]
    for circuit_spec, offset in zip(batch.district.circuits, supply - curve, strict=True):
        action[at[f"{circuit_spec.name}.supply_offset_k"]] = offset
    for unit, position in zip(facts.greenhouses, facts.plan.greenhouse_points, strict=True):
        action[at[f"{unit.name}.offset_k"]] = points[position]
    for batch_unit, position in zip(facts.batches, facts.plan.release_points, strict=True):
        action[at[f"{batch_unit.name}.release"]] = points[position]
    low_bound, high_bound = contract.bounds("action")
    inside: FloatArray = np.minimum(np.maximum(action, low_bound), high_bound)
    return inside
