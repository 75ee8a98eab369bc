"""The compiled plant as a whole: what it refuses, and that heat is never invented."""

import dataclasses

import numpy as np
import pytest
from tests.envs.simulation.plants import (
    SMALL,
    SUB_STEPS,
    plant,
    safe_points,
    scenarios,
    start,
    start_plant,
    with_points,
)

from heatrouter.envs.errors import DistrictError, ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District

STEPS_PER_72_H = 288


def test_heat_is_never_invented(district: District, library: ScenarioLibrary) -> None:
    """With every producer off and boilers cut to nothing, demand goes unmet and rooms cool."""
    weak = district.model_copy(
        update={
            "units": tuple(
                u.model_copy(update={"capacity_kw": 1.0, "max_mass_flow_kg_s": 0.01})
                if u.kind == "boiler"
                else u
                for u in district.units
            )
        }
    )
    simulation = start(weak, library, (14,))
    c = simulation.columns
    points = np.zeros((1, len(simulation.set_point_names)))
    points[0, -1] = 85.0
    unmet = 0.0
    for _ in range(STEPS_PER_72_H):
        row = simulation.advance(points, SUB_STEPS)[0]
        unmet += 0.25 * row[c["town_old.unmet_kw"]]
        assert np.isfinite(row).all()
    assert unmet > 1000.0
    assert row[c["town_old.room_temp_c"]] < 19.0
    assert row[c["tank.level"]] < 0.05


def test_colder_supply_costs_flow_and_warms_the_return(
    district: District, library: ScenarioLibrary
) -> None:
    """Return temperature is a result: the reason why a lower supply is not free."""
    means = {}
    for supply in (72.0, 90.0):
        simulation = start(district, library, (20,))
        points = np.ones((1, len(simulation.set_point_names)))
        points[0, -1] = supply
        points[0, -2] = 0.0
        rows = np.array([simulation.advance(points, SUB_STEPS)[0] for _ in range(192)])[96:]
        c = simulation.columns
        means[supply] = (
            rows[:, c["town_old.mass_flow_kg_s"]].mean(),
            rows[:, c["town_old.return_temp_c"]].mean(),
        )
    assert means[72.0][0] > 1.2 * means[90.0][0]
    assert means[72.0][1] > means[90.0][1]


def test_missing_series_is_named(district: District, library: ScenarioLibrary) -> None:
    keep = [i for i, name in enumerate(library.series) if name != "dairy.level"]
    poorer = dataclasses.replace(
        library,
        series=tuple(library.series[i] for i in keep),
        values=library.values[:, :, keep],
    )
    with pytest.raises(ScenarioError, match=r"dairy\.level"):
        Simulation(district, poorer, num_envs=1)


def test_a_layer_smaller_than_a_step_is_refused(
    district: District, library: ScenarioLibrary
) -> None:
    with pytest.raises(DistrictError, match="layer"):
        Simulation(district, library, num_envs=1, sim_dt_s=1200.0)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", SMALL)
def test_a_set_point_that_is_no_number_is_refused_by_name(name: str, wrong: float) -> None:
    """And the plant goes on as if it had not been offered."""
    simulation, other = start_plant(name), start_plant(name)
    points = safe_points(simulation)
    for k, point in enumerate(simulation.set_point_names):
        spoilt = points.copy()
        spoilt[2, k] = wrong
        with pytest.raises(ValueError, match=rf"'{point}' is -?(nan|inf) in environment 2"):
            simulation.advance(spoilt, SUB_STEPS)
    np.testing.assert_array_equal(
        simulation.advance(points, SUB_STEPS), other.advance(points, SUB_STEPS)
    )


def test_set_points_of_another_shape_are_refused() -> None:
    simulation = start_plant("biogas")
    with pytest.raises(ValueError, match="must be"):
        simulation.advance(safe_points(simulation)[:, :-1], SUB_STEPS)


@pytest.mark.parametrize("far", [5.0, 1e6, 1e300])
def test_set_points_beyond_their_range_count_as_its_end(far: float) -> None:
    name = "two_circuits_with_exchanger, commanded"
    beyond, end = start_plant(name), start_plant(name)
    for _ in range(20):
        wild = with_points(
            beyond, safe_points(beyond), mill_exhaust__recovery_share=far,
            hub_boiler__load_share=-far, transfer__load_share=far, town__supply_temp_c=100.0 * far,
        )  # fmt: skip
        tame = with_points(
            end, safe_points(end), mill_exhaust__recovery_share=1.0, hub_boiler__load_share=0.0,
            transfer__load_share=1.0, town__supply_temp_c=80.0,
        )  # fmt: skip
        np.testing.assert_array_equal(beyond.advance(wild, SUB_STEPS), end.advance(tame, SUB_STEPS))


@pytest.mark.parametrize("name", SMALL)
def test_the_clock_runs_over_the_end_of_the_year(name: str) -> None:
    """A run that starts on the last day goes on with the first."""
    simulation = start(plant(name), scenarios(name), (364, 364))
    rows = np.array([simulation.advance(safe_points(simulation), SUB_STEPS) for _ in range(120)])
    day = rows[:, 0, simulation.columns["site.day_of_year"]]
    assert day[0] >= 364.0
    assert day[-1] <= 2.0
    assert np.isfinite(rows).all()
