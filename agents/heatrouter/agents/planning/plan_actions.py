"""From a plan to the action of a parametrisation."""

import numpy as np

from heatrouter.agents.planning.plan_prices import plan_prices
from heatrouter.agents.planning.planner import Plan, Planner
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.simulation.district_batch import DistrictBatch


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
    return plan_prices(planner, batch, plan, turn, env)
