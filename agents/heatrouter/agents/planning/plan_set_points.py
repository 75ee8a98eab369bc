"""From planned heat to set-points."""

from typing import Final

import numpy as np

from heatrouter.agents.planning.coefficients import Coefficients
from heatrouter.agents.planning.district_program import PlanValues
from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.plant_facts import LEAST_SPREAD_K, PlantFacts
from heatrouter.envs.arrays import FloatArray

_ALL_SHARE: Final = 0.98
"""A plan above this share of what a unit can give means all of it: the limit may be higher."""
_ROUND_UP_SHARE: Final = 0.3
"""Of its least load; a machine that is to give less stands still."""
_NOTHING_KW: Final = 1.0
_HALF_CHARGE: Final = 0.5


def first_set_points(facts: PlantFacts, n_control: int) -> FloatArray:
    """Sources and machines on, boilers off: round this the first plan is linear."""
    plan = facts.plan
    points = np.tile(plan.set_point_high, (n_control, 1))
    points[:, plan.greenhouse_points] = 0.0
    points[:, plan.producer_points[plan.n_sources + plan.n_machines :]] = 0.0
    points[:, plan.commanded.set_point_at] = 0.0
    return points


def plan_set_points(
    facts: PlantFacts,
    horizon: Horizon,
    asked: FloatArray,
    executed: FloatArray,
    numbers: Coefficients,
    values: PlanValues,
) -> FloatArray:
    """Set-points for every control step.

    Args:
        facts: The plant.
        horizon: Steps.
        asked: Set-points of the chosen course, ``(n_control, n_set_points)``; the supply is theirs.
        executed: What the guard made of them, same shape.
        numbers: Coefficients of the plan.
        values: The plan.
    """
    plan = facts.plan
    heat, limit = horizon.spread(values.heat_kw.T), horizon.spread(numbers.limit_kw.T)
    points = np.empty_like(asked)
    points[:] = plan.set_point_safe
    share = heat / plan.capacity_kw
    sources = slice(0, plan.n_sources)
    share[:, sources] = heat[:, sources] / np.maximum(limit[:, sources], 1e-3)
    share = np.where(heat > _ALL_SHARE * limit, 1.0, share)
    least = facts.min_kw / plan.capacity_kw
    runs = heat > _ROUND_UP_SHARE * facts.min_kw
    share = np.where(runs, np.maximum(share, least), 0.0)
    # what has nothing to give now is taken as soon as it has
    share[:, sources] = np.where(limit[:, sources] < _NOTHING_KW, 1.0, share[:, sources])
    points[:, plan.producer_points] = share
    points[:, plan.supply_points] = asked[:, plan.supply_points]
    base = executed[:, plan.greenhouse_points]
    points[:, plan.greenhouse_points] = base + horizon.spread(values.air_k.T)
    stores = plan.commanded
    for position, name in enumerate(stores.names):
        store = facts.store_names.index(name)
        room = numbers.store_high[store] - numbers.store_low[store]
        spread = np.maximum(room / facts.store_kwh_k[store], LEAST_SPREAD_K)
        charge = values.charge_kw[store] / (stores.flow_kw_k[position] * spread)
        points[:, stores.set_point_at[position]] = horizon.spread(charge)
    if plan.release_points.size:
        points[:, plan.release_points] = _releases(horizon, values.batch_starts)
    inside: FloatArray = np.minimum(np.maximum(points, plan.set_point_low), plan.set_point_high)
    return inside


def _releases(horizon: Horizon, starts: FloatArray) -> FloatArray:
    """Release where the charges started so far pass a half, ``(n_control, n_batches)``."""
    per_control = horizon.spread((starts / horizon.counts).T)
    total = np.cumsum(per_control, axis=0) + _HALF_CHARGE
    before = np.concatenate([np.full((1, total.shape[1]), _HALF_CHARGE), total[:-1]])
    released: FloatArray = (np.floor(total) > np.floor(before)).astype(np.float64)
    return released
