"""From a plan to the action of a parametrisation."""

from typing import Final

import numpy as np

from heatrouter.agents.planning.planner import Plan, Planner
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch import heating_curve
from heatrouter.envs.simulation.district_batch import DistrictBatch

_AHEAD_H: Final = 1.0
"""A store's target is what the plan holds after this time."""
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
    facts, contract = planner.facts, batch.contract
    action = np.array([channel.neutral for channel in contract.action])
    horizon = planner.horizon
    ends = np.cumsum(horizon.hours)
    now_h = (turn + 0.5) * horizon.control_dt_s / 3600.0
    k = int(np.searchsorted(ends, now_h))
    later = min(int(np.searchsorted(ends, now_h + _AHEAD_H)), horizon.n_steps - 1)
    values, numbers = plan.values, plan.numbers
    at = {channel.name: i for i, channel in enumerate(contract.action)}
    for s, name in enumerate(facts.store_names):
        price = values.heat_price[facts.store_circuit[s], k]
        action[at[f"{name}.price_empty_eur_per_mwh"]] = price + _SLOPE_EUR_PER_MWH / 2.0
        action[at[f"{name}.price_full_eur_per_mwh"]] = price - _SLOPE_EUR_PER_MWH / 2.0
        target = at.get(f"{name}.target_level")
        if target is not None:
            low, high = numbers.store_cold[s, later], numbers.store_high[s, later]
            action[target] = (values.store_kwh[s, later] - low) / max(high - low, 1.0)
    points = plan.set_points[turn]
    curve = heating_curve(
        facts.plan, batch.decoder.rules, batch.observation[env : env + 1, facts.plan.ambient_at]
    )[0]
    offsets = points[facts.plan.supply_points] - curve
    for circuit, offset in zip(batch.district.circuits, offsets, strict=True):
        action[at[f"{circuit.name}.supply_offset_k"]] = offset
    for unit, position in zip(facts.greenhouses, facts.plan.greenhouse_points, strict=True):
        action[at[f"{unit.name}.offset_k"]] = points[position]
    for batch_unit, position in zip(facts.batches, facts.plan.release_points, strict=True):
        action[at[f"{batch_unit.name}.release"]] = points[position]
    low_bound, high_bound = contract.bounds("action")
    inside: FloatArray = np.minimum(np.maximum(action, low_bound), high_bound)
    return inside
