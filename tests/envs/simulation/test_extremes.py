"""Weather, demand and commands at their limits: unmet demand, never a number that is none."""

import dataclasses

import numpy as np
import pytest
from tests.envs.random_districts import random_district
from tests.envs.simulation.plants import (
    PLANTS,
    SMALL,
    STEPS_PER_DAY,
    SUB_STEPS,
    plant,
    run_random,
    safe_points,
    scenarios,
    start,
    start_plant,
)

from heatrouter.envs.errors import NumericalError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.set_points import plant_set_points
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.simulation.tables import PX_TEMP
from heatrouter.envs.spec.district import District


def _with_series(library: ScenarioLibrary, **series: float) -> ScenarioLibrary:
    """The same scenarios with some series held at a value, by the end of their names."""
    values = library.values.copy()
    for k, name in enumerate(library.series):
        for ending, value in series.items():
            if name.endswith(ending):
                values[:, :, k] = value
    return dataclasses.replace(library, values=values)


def _closure(simulation: Simulation, rows: np.ndarray) -> float:
    c = simulation.columns
    residual = rows[:, :, c["energy.residual_kwh"]].sum(axis=0)
    return float(np.abs(residual / rows[:, :, c["energy.throughput_kwh"]].sum(axis=0)).max())


@pytest.mark.parametrize("ambient_c", [-40.0, 45.0])
@pytest.mark.parametrize("name", PLANTS)
def test_extreme_weather(name: str, ambient_c: float) -> None:
    library = _with_series(scenarios(name), ambient_temp_c=ambient_c)
    simulation = start(plant(name), library, (10, 190))
    rows, _ = run_random(simulation, seed=2, steps=2 * STEPS_PER_DAY)
    assert np.isfinite(rows).all()
    assert _closure(simulation, rows) <= 1e-9
    c = simulation.columns
    if ambient_c < 0.0:
        short = [rows[:, :, k].sum() for n, k in c.items() if n.endswith((".unmet_kw", ".fuel_kw"))]
        assert sum(short) > 0.0
    else:
        for unit in plant(name).units:
            if unit.kind == "substation":
                assert rows[:, :, c[f"{unit.name}.space_heat_kw"]].max() == 0.0


@pytest.mark.parametrize("name", PLANTS)
def test_no_demand_at_all(name: str) -> None:
    """Warm air, no hot water, no production: bypasses alone move water, and nobody is short."""
    library = _with_series(
        scenarios(name), ambient_temp_c=24.0, hot_water_kw=0.0, level=0.0, irradiance_w_m2=0.0
    )
    simulation = start(plant(name), library, (10, 190))
    rows, _ = run_random(simulation, seed=4, steps=2 * STEPS_PER_DAY)
    c = simulation.columns
    assert np.isfinite(rows).all()
    assert _closure(simulation, rows) <= 1e-9
    for unit in plant(name).units:
        if f"{unit.name}.demand_kw" in c and unit.kind != "batch_process":
            late = rows[STEPS_PER_DAY:, :, c[f"{unit.name}.unmet_kw"]]
            assert late.max() == pytest.approx(0.0, abs=1e-6), unit.name


def _feeble(district: District) -> District:
    """The same with boilers that give next to nothing."""
    return district.model_copy(
        update={
            "units": tuple(
                u.model_copy(update={"capacity_kw": 0.5, "max_mass_flow_kg_s": 0.05})
                if u.kind == "boiler"
                else u
                for u in district.units
            )
        }
    )


@pytest.mark.parametrize("name", PLANTS)
def test_all_producers_off_for_a_winters_day(name: str) -> None:
    """Tanks empty, demand goes unmet, temperatures fall towards the ground, nothing diverges."""
    simulation = start(_feeble(plant(name)), scenarios(name), (10, 20))
    district, c = plant(name), simulation.columns
    points = safe_points(simulation)
    for k, point in enumerate(plant_set_points(district)):
        if point.switchable or point.name.endswith("load_share"):
            points[:, k] = point.low
    rows = np.array([simulation.advance(points, SUB_STEPS) for _ in range(2 * STEPS_PER_DAY)])
    assert np.isfinite(rows).all()
    assert _closure(simulation, rows) <= 1e-9
    unmet = sum(rows[:, :, k].sum() for n, k in c.items() if n.endswith(".unmet_kw"))
    assert unmet > 0.0
    for circuit in district.circuits:
        supply = rows[:, :, c[f"{circuit.name}.supply_temp_c"]]
        assert (supply[-1] < supply[0]).all()
        assert supply.min() > 0.0
    for unit in district.units:
        if unit.kind == "substation":
            room = rows[:, :, c[f"{unit.name}.room_temp_c"]]
            assert (room[-1] < room[0] - 0.5).all()


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.parametrize("end", ["low", "high"])
def test_every_set_point_at_its_end(name: str, end: str) -> None:
    simulation = start_plant(name)
    ends = [getattr(p, end) for p in plant_set_points(plant(name))]
    points = np.tile(ends, (simulation.num_envs, 1))
    rows = np.array([simulation.advance(points, SUB_STEPS) for _ in range(STEPS_PER_DAY)])
    assert np.isfinite(rows).all()
    assert _closure(simulation, rows) <= 1e-9


@pytest.mark.parametrize("name", ["energy-web", "biogas", "fab", "two_circuits_with_exchanger"])
def test_a_limited_pump_leaves_demand_unmet(name: str) -> None:
    """Its head stays within its curve, its worst consumer starves, and water keeps its heat."""
    district = plant(name)
    weak = district.model_copy(
        update={
            "circuits": tuple(
                c.model_copy(
                    update={
                        "dp_control": c.dp_control.model_copy(
                            update={"max_head_bar": 0.25, "min_dp_bar": 0.2}
                        )
                    }
                )
                for c in district.circuits
            )
        }
    )
    library = _with_series(scenarios(name), ambient_temp_c=-14.0)
    simulation, strong = start(weak, library, (10, 20)), start(district, library, (10, 20))
    c = simulation.columns
    rows, full = (
        np.array([s.advance(safe_points(s), SUB_STEPS) for _ in range(STEPS_PER_DAY)])
        for s in (simulation, strong)
    )
    assert np.isfinite(rows).all()
    assert _closure(simulation, rows) <= 1e-9
    for circuit in weak.circuits:
        assert rows[:, :, c[f"{circuit.name}.pump_head_bar"]].max() <= 0.25 + 1e-9
    first = district.circuits[0].name
    assert rows[:, :, c[f"{first}.load_kw"]].sum() < full[:, :, c[f"{first}.load_kw"]].sum()
    unmet = [k for n, k in c.items() if n.endswith(".unmet_kw")]
    assert rows[:, :, unmet].sum() > full[:, :, unmet].sum()


@pytest.mark.parametrize("seed", range(6))
def test_weak_pumps_in_rings(seed: int) -> None:
    """Random meshed districts with far too little head still run."""
    district = random_district(seed)
    circuits = tuple(
        c.model_copy(
            update={
                "dp_control": c.dp_control.model_copy(
                    update={"max_head_bar": 0.3, "min_dp_bar": 0.2}
                )
            }
        )
        for c in district.circuits
    )
    weak = district.model_copy(update={"circuits": circuits})
    library = _with_series(build_library(weak, "train", 1), ambient_temp_c=-12.0)
    simulation = start(weak, library, (10, 20))
    rows, _ = run_random(simulation, seed, steps=STEPS_PER_DAY)
    assert np.isfinite(rows).all()
    assert _closure(simulation, rows) <= 1e-9


def test_a_spoilt_state_is_reported_with_its_place() -> None:
    """District, step and the unit whose output is the first that is no number."""
    simulation = start_plant("biogas")
    points = safe_points(simulation)
    simulation.advance(points, SUB_STEPS)
    units = [u.name for u in plant("biogas").units if u.kind == "boiler"]
    wood = units.index("wood_boiler")
    simulation.state.producer[2, wood, PX_TEMP] = np.nan
    with pytest.raises(NumericalError) as caught:
        simulation.advance(points, SUB_STEPS)
    error = caught.value
    assert error.district == "biogas"
    assert error.step == simulation.time_s[2] // simulation.library.step_s
    assert error.unit in {"wood_boiler", "biogas_boiler"}
    assert "environment 2" in str(error)
    assert "nan" in str(error)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("field", ["producer", "consumer", "store", "pipe", "node_temp"])
def test_no_spoilt_state_passes_in_silence(name: str, field: str) -> None:
    """Wherever it is, a number that is none ends in an error, not in a hang or a wrong result."""
    simulation = start_plant(name)
    points = safe_points(simulation)
    array = getattr(simulation.state, field)
    if array[0].size == 0:
        return
    array[1] = np.nan
    with pytest.raises(NumericalError, match="environment 1"):
        simulation.advance(points, SUB_STEPS)
