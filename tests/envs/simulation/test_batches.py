"""Contracts of a batch: singles, threads, seeds, and states that come back exactly."""

import numpy as np
import pytest
from tests.envs.simulation.plants import (
    DAY_S,
    PLANTS,
    SMALL,
    SUB_STEPS,
    plant,
    random_points,
    run_random,
    scenarios,
    start_plant,
)

from heatrouter.envs.set_points import plant_set_points
from heatrouter.envs.simulation.simulation import Simulation

DAYS = (3, 40, 100, 200, 300)


def _points(name: str, rows: int, steps: int) -> list[np.ndarray]:
    rng = np.random.default_rng(11)
    points = plant_set_points(plant(name))
    return [random_points(points, rng, rows) for _ in range(steps)]


def _simulation(name: str, days: tuple[int, ...], threads: int) -> Simulation:
    n = len(days)
    simulation = Simulation(plant(name), scenarios(name), num_envs=n, threads=threads)
    simulation.reset(
        np.arange(n), np.zeros(n, dtype=np.int64), np.array(days) * DAY_S, 7 + np.array(days)
    )
    return simulation


@pytest.mark.parametrize("name", PLANTS)
def test_a_batch_equals_singles_bit_for_bit(name: str) -> None:
    held = _points(name, len(DAYS), 20)
    batch = _simulation(name, DAYS, threads=2)
    together = [batch.advance(p, SUB_STEPS) for p in held]
    for e, day in enumerate(DAYS):
        single = _simulation(name, (day,), threads=1)
        for p, expected in zip(held, together, strict=True):
            np.testing.assert_array_equal(single.advance(p[e : e + 1], SUB_STEPS)[0], expected[e])


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("name", ["energy-web", "two_circuits_with_heat_pump", "pcm_and_batch"])
def test_threads_do_not_change_a_bit(name: str, threads: int) -> None:
    one, many = _simulation(name, DAYS, threads=1), _simulation(name, DAYS, threads=threads)
    for p in _points(name, len(DAYS), 20):
        np.testing.assert_array_equal(one.advance(p, SUB_STEPS), many.advance(p, SUB_STEPS))
    for field, array in one.save_state().items():
        np.testing.assert_array_equal(array, getattr(many.state, field), err_msg=field)


@pytest.mark.parametrize("name", SMALL)
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    first, second = (run_random(start_plant(name), seed=3, steps=40)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", PLANTS)
def test_a_saved_state_comes_back_exactly(name: str) -> None:
    """In the middle of a run, in the same plant and in another one that has run elsewhere."""
    days = DAYS[:2]
    held = _points(name, len(days), 40)
    simulation = _simulation(name, days, threads=1)
    for p in held[:15]:
        simulation.advance(p, SUB_STEPS)
    saved = simulation.save_state()
    expected = [simulation.advance(p, SUB_STEPS) for p in held[15:]]
    other = _simulation(name, (250, 330), threads=1)
    other.advance(held[0], SUB_STEPS)
    for plant_again in (simulation, other):
        plant_again.restore_state(saved)
        for p, wanted in zip(held[15:], expected, strict=True):
            np.testing.assert_array_equal(plant_again.advance(p, SUB_STEPS), wanted)


@pytest.mark.parametrize("name", SMALL)
def test_a_saved_state_is_a_copy(name: str) -> None:
    simulation = _simulation(name, DAYS[:1], threads=1)
    saved = simulation.save_state()
    before = {field: array.copy() for field, array in saved.items()}
    simulation.advance(_points(name, 1, 1)[0], SUB_STEPS)
    for field, array in before.items():
        np.testing.assert_array_equal(saved[field], array, err_msg=field)


@pytest.mark.parametrize("name", SMALL)
def test_sub_steps_may_be_split_over_calls(name: str) -> None:
    """Fifteen calls of one sub-step leave the same state as one call of fifteen."""
    whole, parts = (_simulation(name, DAYS[:2], threads=1) for _ in range(2))
    (points,) = _points(name, 2, 1)
    whole.advance(points, SUB_STEPS)
    for _ in range(SUB_STEPS):
        parts.advance(points, 1)
    a, b = whole.save_state(), parts.save_state()
    for field in a:
        if field != "stock":
            np.testing.assert_array_equal(a[field], b[field], err_msg=field)


def test_a_foreign_state_is_refused() -> None:
    saved = start_plant("energy-web").save_state()
    simulation = Simulation(plant("energy-web"), scenarios("energy-web"), num_envs=1)
    with pytest.raises(ValueError, match="saved state does not fit"):
        simulation.restore_state(saved)
    with pytest.raises(ValueError, match="saved state does not fit"):
        start_plant("biogas").restore_state(saved)


@pytest.mark.parametrize("name", SMALL)
def test_traced_heat_adds_up(name: str) -> None:
    """The origins of what a consumer took add up to what it took, to 1e-9; nothing is negative."""
    district = plant(name)
    days = DAYS[:2]
    n = len(days)
    simulation = Simulation(district, scenarios(name), num_envs=n, threads=1, trace_origins=True)
    simulation.reset(
        np.arange(n), np.zeros(n, dtype=np.int64), np.array(days) * DAY_S, 7 + np.array(days)
    )
    plain = _simulation(name, days, threads=1)
    c = simulation.columns
    for p in _points(name, n, 40):
        outputs = simulation.advance(p, SUB_STEPS)
        np.testing.assert_array_equal(outputs, plain.advance(p, SUB_STEPS))
        traced = simulation.heat_by_origin_kwh
        assert (traced >= -1e-9).all()
        for u, consumer in enumerate(simulation.consumers):
            if f"{consumer}.demand_kw" in c:
                taken = 0.25 * outputs[:, c[f"{consumer}.heat_kw"]]
                assert traced[:, u].sum(axis=1) == pytest.approx(taken, rel=1e-9, abs=1e-9)
