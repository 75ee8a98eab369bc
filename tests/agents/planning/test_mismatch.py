"""How far plans were off: small with foresight, and what a hand count says."""

import math

import numpy as np
import pytest
from tests.agents.planning.plants import DAY, begin, loop
from tests.agents.planning.test_mpc import failing

from heatrouter.agents.mpc import MpcController
from heatrouter.agents.planning.settings import PlannerSettings
from heatrouter.envs.arrays import FloatArray

WINTER, SUMMER = 12 * DAY + 20, 196 * DAY + 40
FORESEEN = PlannerSettings(
    horizon_hours=8.0, fine_hours=2.0, binary_hours=2.0, foresight="perfect", time_limit_s=20.0
)
FIGURES = (
    "mismatch_demand_bias",
    "mismatch_demand_rmse",
    "mismatch_heat_rmse",
    "mismatch_store_rmse_kwh",
)


def figures(controller: MpcController) -> dict[str, float]:
    record = controller.planning_record()
    return {name: float(np.asarray(record[name])) for name in FIGURES}


def run(name: str, settings: PlannerSettings, steps: int, *starts: int) -> MpcController:
    batch = loop(name, num_envs=len(starts))
    controller = MpcController(settings)
    controller.attach(batch)
    seen = begin(batch, *starts)
    controller.reset(batch.contract, len(starts))
    for _ in range(steps):
        seen = batch.step(controller.act(seen)).observation
    return controller


@pytest.mark.parametrize("name", ["chp_and_solar", "two_circuits_with_exchanger"])
def test_with_foresight_the_demand_comes_as_planned(name: str) -> None:
    found = figures(run(name, FORESEEN, 49, WINTER))
    assert abs(found["mismatch_demand_bias"]) < 0.02
    assert found["mismatch_demand_rmse"] < 0.06
    assert found["mismatch_store_rmse_kwh"] < 150.0


def test_figures_against_a_count_from_outputs() -> None:
    """One circuit with a store: what it takes is what producers give less what the store takes."""
    batch = loop("chp_and_solar")
    controller = MpcController(FORESEEN.model_copy(update={"foresight": "forecast"}))
    controller.attach(batch)
    seen = begin(batch, SUMMER)
    controller.reset(batch.contract, 1)
    columns = batch.columns
    heat = [columns[f"{name}.heat_kw"] for name in _PRODUCERS]
    predicted: list[tuple[float, float]] = []
    came: list[tuple[float, float]] = []
    for _ in range(3):
        taken, outputs = 0.0, np.zeros(0)
        for turn in range(4):
            step = batch.step(controller.act(seen))
            seen, outputs = step.observation, step.outputs[0]
            taken += 0.25 * (outputs[heat].sum() - outputs[columns["tank.charge_kw"]])
            if turn == 0:
                plan = controller.plans[0]
                assert plan is not None
                values = plan.values
                net = values.heat_kw.sum(axis=0) - values.charge_kw[0] - values.spill_kw[0]
                predicted.append((0.25 * float(net[:4].sum()), float(values.store_kwh[0, 3])))
        came.append((taken, float(outputs[columns["tank.energy_kwh"]])))
    controller.act(seen)
    error = np.array(predicted) - np.array(came)
    found = figures(controller)
    demand = np.array(came)[:, 0]
    assert found["mismatch_demand_bias"] == pytest.approx(
        error[:, 0].sum() / demand.sum(), abs=1e-4
    )
    assert found["mismatch_demand_rmse"] == pytest.approx(
        root_mean_square(error[:, 0]) / demand.mean(), rel=1e-3
    )
    assert found["mismatch_store_rmse_kwh"] == pytest.approx(
        root_mean_square(error[:, 1]), rel=1e-2
    )


_PRODUCERS = ("engine", "collectors", "air_heat_pump", "peak_boiler")


def root_mean_square(values: FloatArray) -> float:
    return math.sqrt(float(values @ values) / values.size)


def test_environments_count_together() -> None:
    together = figures(run("fab", FORESEEN, 5, WINTER, SUMMER))
    alone = [figures(run("fab", FORESEEN, 5, start)) for start in (WINTER, SUMMER)]
    name = "mismatch_store_rmse_kwh"
    both = math.sqrt(0.5 * sum(found[name] ** 2 for found in alone))
    assert together[name] == pytest.approx(both, rel=1e-9)


def test_nothing_is_known_before_an_hour_has_passed() -> None:
    assert all(math.isnan(value) for value in figures(run("biogas", FORESEEN, 4, WINTER)).values())
    assert all(
        math.isfinite(value) for value in figures(run("biogas", FORESEEN, 5, WINTER)).values()
    )


def test_a_plan_that_goes_on_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = FORESEEN.model_copy(
        update={"binary_hours": 0.0, "supply_levels_k": (0.0,), "first_passes": 1}
    )
    one = figures(run("biogas", settings, 5, WINTER))
    failing(monkeypatch, 1, 2)
    assert figures(run("biogas", settings, 12, WINTER)) == one


def test_another_episode_is_not_what_was_expected() -> None:
    """Episodes that end within the hour: the state after is that of another one."""
    batch = loop("biogas", episode_hours=0.5)
    controller = MpcController(FORESEEN)
    controller.attach(batch)
    seen = batch.reset_to(np.array([0]), np.array([WINTER]))
    controller.reset(batch.contract, 1)
    for _ in range(9):
        seen = batch.step(controller.act(seen)).observation
    assert all(math.isnan(value) for value in figures(controller).values())
