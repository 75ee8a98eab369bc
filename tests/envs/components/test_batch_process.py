"""Queue of charges: no charge lost, starts neither early nor needlessly late."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.batch_process import batch_step, charge_heat_w, preheat_share

DT = 60.0
State = tuple[float, float, float, float]


def _run(
    releases: list[float],
    *,
    interval: float = 3600.0,
    slack: float = 1800.0,
    duration: float = 2400.0,
    levels: list[float] | None = None,
) -> tuple[State, list[int], float, float]:
    """State at the end, steps in which a charge started, heating time, lateness."""
    state: State = (DT, 0.0, 0.0, 0.0)
    starts: list[int] = []
    heated = late = 0.0
    for step, release in enumerate(releases):
        level = 1.0 if levels is None else levels[step]
        *new, started, heating, delay = batch_step(
            *state, level, release, DT, interval, slack, duration
        )
        state = (new[0], new[1], new[2], new[3])
        if started:
            starts.append(step)
        heated += heating
        late += delay
    return state, starts, heated, late


def test_released_at_once() -> None:
    """Due at the end of step 0 and each hour from then on."""
    _, starts, heated, late = _run([1.0] * 180)
    assert starts == [1, 61, 121]
    assert heated == pytest.approx(3 * 2400.0)
    assert late == 0.0


def test_forced_at_the_latest_start() -> None:
    """Half an hour of slack is 30 steps."""
    _, starts, _, late = _run([0.0] * 180)
    assert starts == [31, 91, 151]
    assert late == 0.0


def test_release_in_between() -> None:
    releases = [0.0] * 60
    releases[10] = 1.0
    _, starts, _, _ = _run(releases)
    assert starts == [10]


def test_charges_longer_than_the_interval_run_late() -> None:
    """Each charge takes 40 min, one is due every 30: the n-th starts 10 n min after it was due."""
    state, starts, _, late = _run([1.0] * 161, interval=1800.0, slack=0.0, duration=2400.0)
    assert starts == [1, 41, 81, 121]
    assert late > 0.0
    assert state[1] >= 1.0


def test_two_interval_overdue_charges_count_twice() -> None:
    *_, late = batch_step(1e9, 3.0, 5000.0, 9e9, 0.0, 0.0, DT, 3600.0, 600.0, 2400.0)
    assert late == 2.0 * DT


def test_nothing_becomes_due_while_the_process_rests() -> None:
    state, starts, heated, _ = _run([1.0] * 100, levels=[0.0] * 100)
    assert state == (DT, 0.0, 0.0, 0.0)
    assert not starts
    assert heated == 0.0


@given(
    releases=st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=300),
    interval=st.integers(1, 120),
    slack=st.integers(0, 90),
    duration=st.integers(1, 120),
)
def test_every_charge_waits_runs_or_has_run(
    releases: list[float], interval: int, slack: int, duration: int
) -> None:
    state, starts, heated, late = _run(
        releases, interval=interval * DT, slack=slack * DT, duration=duration * DT
    )
    due = (len(releases) - 1) // interval + 1
    assert len(starts) + state[1] == due
    assert heated + state[3] == pytest.approx(len(starts) * duration * DT)
    assert all(b - a >= duration for a, b in itertools.pairwise(starts))
    assert 0.0 < state[0] <= interval * DT
    if duration <= interval:
        assert late == 0.0
        assert state[2] <= slack * DT + DT


def test_heat_of_a_charge_and_what_the_network_brings() -> None:
    """20 t of water from 15 to 75 degC in 40 min: 20e3 * 4186 * 60 / 2400 W."""
    assert charge_heat_w(20e3, 4186.0, 15.0, 75.0, 2400.0) == pytest.approx(2.093e6)
    assert preheat_share(65.0, 5.0, 15.0, 75.0) == pytest.approx(0.75)
    assert preheat_share(95.0, 5.0, 15.0, 75.0) == 1.0
    assert preheat_share(15.0, 5.0, 15.0, 75.0) == 0.0
    assert preheat_share(65.0, 5.0, 75.0, 75.0) == 0.0
