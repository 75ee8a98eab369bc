"""Heat prices of a plan: through them dispatch does what is planned."""

import numpy as np
import pytest
from tests.agents.planning.plants import DAY, begin, loop

from heatrouter.agents.mpc import MpcController
from heatrouter.agents.planning.settings import PlannerSettings
from heatrouter.envs.dispatch.marginal_cost import read_conditions, unit_limits

SETTINGS = PlannerSettings(horizon_hours=8.0, fine_hours=2.0, binary_hours=2.0, time_limit_s=20.0)
STARTS = (12 * DAY + 20, 105 * DAY + 32)


def missed_share(name: str, steps: int) -> float:
    """Heat that producers are told to give beside the plan, over what is planned."""
    batch = loop(name, num_envs=len(STARTS), parametrisation="heat_price")
    controller = MpcController(SETTINGS, parametrisation="heat_price")
    controller.attach(batch)
    seen = begin(batch, *STARTS)
    controller.reset(batch.contract, batch.num_envs)
    plan = batch.decoder.plan
    missed, planned = 0.0, 0.0
    for step in range(steps):
        before, memory = batch.observation, batch.dispatch_memory
        done = batch.step(controller.act(seen))
        seen = done.observation
        made = [each for each in controller.plans if each is not None]
        points = np.stack([each.set_points[step % SETTINGS.replan_steps] for each in made])
        supply = points[:, plan.supply_points]
        limit = unit_limits(plan, read_conditions(plan, memory, before, supply), before)
        whole = np.where(np.arange(plan.n_producers) < plan.n_sources, limit, plan.capacity_kw)
        wanted, told = (
            np.minimum(asked[:, plan.producer_points] * whole, limit)
            for asked in (points, done.proposal)
        )
        missed += float(np.abs(told - wanted).sum())
        planned += float(wanted.sum())
    return missed / planned


@pytest.mark.parametrize("name", ["chp_and_solar", "fab", "two_circuits_with_exchanger", "biogas"])
def test_dispatch_does_what_is_planned(name: str) -> None:
    assert missed_share(name, 16) < 0.1
