"""The compiled plant: energy kept, batches equal singles, states come back exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatrouter.envs.errors import DistrictError, ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District

DAY_S = 86400
STEPS_PER_72_H = 288


def _simulation(
    district: District, library: ScenarioLibrary, starts: list[int], threads: int | None = None
) -> Simulation:
    n = len(starts)
    simulation = Simulation(district, library, num_envs=n, threads=threads)
    simulation.reset(np.arange(n), np.arange(n) % 2, np.array(starts) * DAY_S, 7 + np.array(starts))
    return simulation


def _random_set_points(simulation: Simulation, rng: np.random.Generator) -> np.ndarray:
    """One row of set-points anywhere in their ranges, switched off a third of the time."""
    row = np.empty(len(simulation.set_point_names))
    for i, name in enumerate(simulation.set_point_names):
        if name.endswith("_share"):
            row[i] = rng.uniform(0.0, 1.0) * (rng.random() > 0.33)
        elif name.endswith("supply_temp_c"):
            row[i] = rng.uniform(65.0, 95.0)
        else:
            row[i] = rng.uniform(-3.0, 3.0)
    return row


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), day=st.integers(0, 360))
def test_energy_closes_over_72_hours(
    district: District, library: ScenarioLibrary, seed: int, day: int
) -> None:
    simulation = _simulation(district, library, [day])
    rng = np.random.default_rng(seed)
    columns = simulation.columns
    residual = throughput = 0.0
    for step in range(STEPS_PER_72_H):
        if step % 4 == 0:
            points = _random_set_points(simulation, rng)[None]
        outputs = simulation.advance(points, 15)
        residual += outputs[0, columns["energy.residual_kwh"]]
        throughput += outputs[0, columns["energy.throughput_kwh"]]
    assert abs(residual) <= 1e-9 * throughput


def test_stock_change_equals_boundary_flows_of_the_outputs(
    district: District, library: ScenarioLibrary
) -> None:
    """An account made of the published columns alone, independent of the kernel's own sums."""
    simulation = _simulation(district, library, [20])
    points = _random_set_points(simulation, np.random.default_rng(3))[None]
    c = simulation.columns
    before = simulation.advance(points, 15)[0, c["energy.stock_kwh"]]
    total = 0.0
    for _ in range(96):
        row = simulation.advance(points, 15)[0]
        hydraulic = row[c["main.pump_power_kw"]] * district.circuits[0].dp_control.efficiency
        inflow = hydraulic + sum(
            row[c[f"{unit}.heat_kw"]]
            for unit in ("glassworks", "dairy", "fab_heat_pump", "gas_boiler", "reserve_boiler")
        )
        outflow = row[c["main.load_kw"]] + row[c["main.loss_kw"]] + row[c["tank.loss_kw"]]
        masses = row[c["energy.mass_stock_kwh"]]
        total += 0.25 * (inflow - outflow)
    network = row[c["energy.stock_kwh"]] - masses
    simulation_start = _simulation(district, library, [20])
    first = simulation_start.advance(points, 15)[0]
    start_network = first[c["energy.stock_kwh"]] - first[c["energy.mass_stock_kwh"]]
    assert before == first[c["energy.stock_kwh"]]
    assert network - start_network == pytest.approx(total, abs=1e-6 * abs(network))


def test_batch_equals_singles_bit_for_bit(district: District, library: ScenarioLibrary) -> None:
    starts = [3, 100, 200, 300, 40, 50]
    batch = _simulation(district, library, starts)
    rng = np.random.default_rng(0)
    points = [np.stack([_random_set_points(batch, rng) for _ in starts]) for _ in range(40)]
    together = [batch.advance(p, 15) for p in points]
    for e, start in enumerate(starts):
        single = Simulation(district, library, num_envs=1)
        single.reset(
            np.array([0]), np.array([e % 2]), np.array([start * DAY_S]), np.array([7 + start])
        )
        for p, expected in zip(points, together, strict=True):
            np.testing.assert_array_equal(single.advance(p[e : e + 1], 15)[0], expected[e])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_do_not_change_results(
    district: District, library: ScenarioLibrary, threads: int
) -> None:
    starts = [1, 91, 181, 271]
    one = _simulation(district, library, starts, threads=1)
    many = _simulation(district, library, starts, threads=threads)
    rng = np.random.default_rng(5)
    for _ in range(20):
        points = np.stack([_random_set_points(one, rng) for _ in starts])
        np.testing.assert_array_equal(one.advance(points, 15), many.advance(points, 15))


def test_saved_state_comes_back_exactly(district: District, library: ScenarioLibrary) -> None:
    simulation = _simulation(district, library, [10, 190])
    rng = np.random.default_rng(1)
    points = [np.stack([_random_set_points(simulation, rng) for _ in range(2)]) for _ in range(30)]
    for p in points[:10]:
        simulation.advance(p, 15)
    saved = simulation.save_state()
    first = [simulation.advance(p, 15) for p in points[10:]]
    other = Simulation(district, library, num_envs=2)
    other.restore_state(saved)
    for p, expected in zip(points[10:], first, strict=True):
        np.testing.assert_array_equal(other.advance(p, 15), expected)


def test_foreign_state_is_refused(district: District, library: ScenarioLibrary) -> None:
    saved = _simulation(district, library, [10, 190]).save_state()
    with pytest.raises(ValueError, match="saved state does not fit"):
        Simulation(district, library, num_envs=1).restore_state(saved)


def test_single_environments_may_be_put_in(district: District, library: ScenarioLibrary) -> None:
    batch = _simulation(district, library, [10, 190])
    single = _simulation(district, library, [300])
    kept = batch.save_state()
    batch.restore_state(single.save_state(), np.array([1]))
    rng = np.random.default_rng(4)
    points = np.stack([_random_set_points(single, rng) for _ in range(2)])
    together = batch.advance(points, 15)
    np.testing.assert_array_equal(together[1], single.advance(points[1:], 15)[0])
    batch.restore_state(kept)
    np.testing.assert_array_equal(batch.advance(points, 15)[0], together[0])
    with pytest.raises(ValueError, match="saved state does not fit"):
        batch.restore_state(kept, np.array([1]))


def test_sub_steps_may_be_split_over_calls(district: District, library: ScenarioLibrary) -> None:
    """Fifteen calls of one sub-step leave the same state as one call of fifteen."""
    whole, parts = (_simulation(district, library, [15]) for _ in range(2))
    points = _random_set_points(whole, np.random.default_rng(2))[None]
    whole.advance(points, 15)
    for _ in range(15):
        parts.advance(points, 1)
    a, b = whole.save_state(), parts.save_state()
    for name in a:
        if name != "stock":
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


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
    simulation = _simulation(weak, library, [14])
    c = simulation.columns
    points = np.zeros((1, len(simulation.set_point_names)))
    points[0, -1] = 85.0
    unmet = 0.0
    for _ in range(STEPS_PER_72_H):
        row = simulation.advance(points, 15)[0]
        unmet += 0.25 * row[c["town_old.unmet_kw"]]
        assert np.isfinite(row).all()
    assert unmet > 1000.0
    assert row[c["town_old.room_temp_c"]] < 19.0
    assert row[c["tank.level"]] < 0.05


def test_colder_supply_costs_flow_and_warms_the_return(
    district: District, library: ScenarioLibrary
) -> None:
    """Return temperature is a result: MODEL 1's reason why a lower supply is not free."""
    means = {}
    for supply in (72.0, 90.0):
        simulation = _simulation(district, library, [20])
        points = np.ones((1, len(simulation.set_point_names)))
        points[0, -1] = supply
        points[0, -2] = 0.0
        rows = np.array([simulation.advance(points, 15)[0] for _ in range(192)])[96:]
        c = simulation.columns
        means[supply] = (
            rows[:, c["town_old.mass_flow_kg_s"]].mean(),
            rows[:, c["town_old.return_temp_c"]].mean(),
        )
    assert means[72.0][0] > 1.2 * means[90.0][0]
    assert means[72.0][1] > means[90.0][1]


def test_missing_series_is_named(district: District, library: ScenarioLibrary) -> None:
    keep = [i for i, name in enumerate(library.series) if name != "dairy.level"]
    poorer = ScenarioLibrary(
        names=library.names,
        split=library.split,
        series=tuple(library.series[i] for i in keep),
        step_s=library.step_s,
        start_utc=library.start_utc,
        values=library.values[:, :, keep],
        provenance=library.provenance,
    )
    with pytest.raises(ScenarioError, match=r"dairy\.level"):
        Simulation(district, poorer, num_envs=1)


def test_a_layer_smaller_than_a_step_is_refused(
    district: District, library: ScenarioLibrary
) -> None:
    with pytest.raises(DistrictError, match="layer"):
        Simulation(district, library, num_envs=1, sim_dt_s=1200.0)
