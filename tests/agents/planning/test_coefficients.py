"""Numbers of a plan: prices as in the objective."""

import numpy as np
import pytest
from tests.agents.planning.plants import DAY, begin, plant, scenarios, task_of

from heatrouter.agents.planning.planner import Plan, Planner
from heatrouter.agents.planning.settings import PlannerSettings
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.simulation.district_batch import DistrictBatch

SHORT = PlannerSettings(
    horizon_hours=4.0,
    fine_hours=1.0,
    binary_hours=1.0,
    first_passes=1,
    supply_levels_k=(0.0,),
    foresight="perfect",
)
START = 12 * DAY + 20


def planned(name: str, co2_eur_per_t: float | None) -> tuple[Planner, Plan]:
    district = plant(name)
    task = task_of(district)
    objective = task.objective.model_copy(update={"co2_eur_per_t": co2_eur_per_t})
    task = task.model_copy(update={"objective": objective})
    batch = DistrictBatch(district, task, scenarios(name), num_envs=1, seed=0)
    begin(batch, START)
    planner = Planner(batch, SHORT)
    return planner, planner.plan(batch.save_state(), 0, None)


def series(name: str, of: str, planner: Planner) -> FloatArray:
    """A series of the scenario by plan step."""
    library = scenarios(name)
    ahead = library.values[0, START : START + planner.horizon.n_control, library.column(of)]
    return planner.horizon.mean(ahead)


@pytest.mark.parametrize("co2_eur_per_t", [None, 0.0, 300.0])
def test_heat_of_an_electrode_boiler_costs_what_the_objective_counts(
    co2_eur_per_t: float | None,
) -> None:
    planner, plan = planned("biogas", co2_eur_per_t)
    library = scenarios("biogas")
    at = slice(START, START + planner.horizon.n_control)
    values = library.values[0, at]
    co2 = values[:, library.column("co2_eur_per_t")] if co2_eur_per_t is None else co2_eur_per_t
    price = (
        values[:, library.column("electricity_eur_per_mwh")]
        + plant("biogas").grid.electricity_fee_eur_per_mwh
        + co2 * values[:, library.column("carbon_intensity_g_per_kwh")] * 1e-3
    )
    column = planner.facts.columns["electrode_boiler.heat_kw"]
    producer = planner.facts.heat_at.tolist().index(column)
    expected = planner.horizon.mean(price) / 0.99 * 1e-3
    # the last step ahead is measured by none: it takes the prices of the one before
    assert plan.numbers.cost[producer][:-1] == pytest.approx(expected[:-1], rel=1e-3)


def test_a_fixed_co2_price_counts_for_heat_pumps() -> None:
    planner, free = planned("chp_and_solar", 0.0)
    dear = planned("chp_and_solar", 300.0)[1]
    producer = planner.facts.heat_at.tolist().index(planner.facts.columns["air_heat_pump.heat_kw"])
    carbon = series("chp_and_solar", "carbon_intensity_g_per_kwh", planner)
    more = (dear.numbers.cost - free.numbers.cost)[producer]
    # 300 EUR/t on the electricity of a COP between 1.5 and 6
    whole = 300.0 * carbon * 1e-6
    assert (more > whole / 6.0).all()
    assert (more < whole / 1.5).all()
    assert np.isfinite(more).all()
