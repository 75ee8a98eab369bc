"""Faults of sensors: what is shown, what is valid, and that the guard never passes a NaN."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatrouter.envs.actuate import guard_limits
from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.guard import Reading, check, initial_memory
from heatrouter.envs.observe import build_contract
from heatrouter.envs.observe.sensor_faults import SensorFaults
from heatrouter.envs.spec.events import (
    CommunicationDelay,
    SensorBias,
    SensorDropout,
    SensorEvent,
    SensorFreeze,
)
from heatrouter.envs.spec.loading import load_district, load_task

DISTRICT = load_district("energy-web")
CONTRACT = build_contract(DISTRICT, load_task("energy-web"))
MEASURED = [c.name for c in CONTRACT.observation if c.source == "measured"]
N = len(CONTRACT.observation)
DT = 900


def at(contract: Contract, name: str) -> int:
    return contract.observation_index(name)


def truth(step: int, envs: int = 1) -> FloatArray:
    """Readings that differ in every channel and step."""
    return np.tile(np.arange(N) + 1000.0 * step, (envs, 1)).astype(np.float64)


def shown(
    events: list[SensorEvent], steps: int, envs: int = 1
) -> tuple[list[FloatArray], list[BoolArray]]:
    """What the sensors show from step 0 on, and what is valid."""
    faults = SensorFaults(CONTRACT, [events], envs)
    faults.begin(np.arange(envs), truth(0, envs))
    values, valid = [], []
    for step in range(1, steps + 1):
        raw = truth(step, envs)
        ok = faults.apply(raw, np.zeros(envs, np.int64), np.full(envs, step * DT))
        values.append(raw)
        valid.append(ok)
    return values, valid


def test_a_bias_is_added_while_it_lasts_and_nobody_knows() -> None:
    bias = SensorBias(
        kind="sensor_bias", from_day=1.0, hours=0.5, channels=("site.ambient_temp_c",), bias=-4.0
    )
    values, valid = shown([bias], 4)
    channel = at(CONTRACT, "site.ambient_temp_c")
    off = [value[0, channel] - truth(k + 1)[0, channel] for k, value in enumerate(values)]
    assert off == [-4.0, -4.0, 0.0, 0.0]
    assert all(ok.all() for ok in valid)
    others = np.delete(values[0], channel, axis=1)
    np.testing.assert_array_equal(others, np.delete(truth(1), channel, axis=1))


def test_a_frozen_channel_keeps_its_last_reading() -> None:
    freeze = SensorFreeze(
        kind="sensor_freeze", from_day=1.0 + 1800 / 86400, hours=0.5, channels=("tank.level",)
    )
    values, valid = shown([freeze], 6)
    channel = at(CONTRACT, "tank.level")
    course = [value[0, channel] - channel for value in values]
    assert course == [1000.0, 2000.0, 2000.0, 2000.0, 5000.0, 6000.0]
    assert all(ok.all() for ok in valid)


def test_a_missing_channel_shows_its_last_reading_and_is_invalid() -> None:
    dropout = SensorDropout(kind="sensor_dropout", from_day=1.0, hours=0.5)
    values, valid = shown([dropout], 3)
    measured = np.array([c.source == "measured" for c in CONTRACT.observation])
    np.testing.assert_array_equal(values[1][0, measured], truth(0)[0, measured])
    np.testing.assert_array_equal(values[1][0, ~measured], truth(2)[0, ~measured])
    assert not valid[0][0, measured].any()
    assert valid[0][0, ~measured].all()
    assert valid[2].all()


def test_late_readings_are_those_of_before() -> None:
    late = CommunicationDelay(kind="communication_delay", from_day=1.0, hours=24, delay_s=1000.0)
    values, _ = shown([late], 5)
    channel = at(CONTRACT, "main.return_temp_c")
    # 1000 s are two control steps; before the start there is only the first reading
    assert [v[0, channel] - channel for v in values] == [0.0, 0.0, 1000.0, 2000.0, 3000.0]


def test_faults_belong_to_their_scenario_and_state_is_restored() -> None:
    freeze = SensorFreeze(kind="sensor_freeze", from_day=1, hours=24, channels=("tank.level",))
    faults = SensorFaults(CONTRACT, [(), (freeze,)], 2)
    faults.begin(np.arange(2), truth(0, 2))
    scenario, channel = np.array([0, 1]), at(CONTRACT, "tank.level")
    saved = faults.save_state()
    for _ in range(2):
        raw = truth(1, 2)
        faults.apply(raw, scenario, np.full(2, DT))
        assert raw[:, channel].tolist() == [1000.0 + channel, channel]
        faults.restore_state(saved)


def test_channels_that_nobody_measures_are_named() -> None:
    freeze = SensorFreeze(kind="sensor_freeze", from_day=1, hours=1, channels=("tank.lvl", "x"))
    with pytest.raises(ScenarioError) as caught:
        SensorFaults(CONTRACT, [(freeze,)], 1)
    assert "'tank.lvl' is no measured channel" in str(caught.value)
    assert len(caught.value.mistakes) == 2


WHEN_AND_WHERE: dict[str, st.SearchStrategy[object]] = {
    "from_day": st.floats(1.0, 1.2),
    "hours": st.floats(0.1, 8.0),
    "channels": st.lists(st.sampled_from(MEASURED), min_size=1, max_size=4, unique=True).map(tuple),
}


def fault(
    event: type[SensorEvent], kind: str, **more: st.SearchStrategy[object]
) -> st.SearchStrategy[SensorEvent]:
    return st.builds(event, kind=st.just(kind), **WHEN_AND_WHERE, **more)


FAULTS = st.lists(
    st.one_of(
        fault(SensorBias, "sensor_bias", bias=st.floats(-1e6, 1e6)),
        fault(SensorFreeze, "sensor_freeze"),
        fault(SensorDropout, "sensor_dropout"),
        fault(CommunicationDelay, "communication_delay", delay_s=st.floats(1.0, 7200.0)),
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(FAULTS, st.integers(0, 2**31))
def test_no_fault_makes_a_set_point_that_is_no_number(events: list[SensorEvent], seed: int) -> None:
    limits = guard_limits(DISTRICT, CONTRACT)
    rng = np.random.default_rng(seed)
    faults = SensorFaults(CONTRACT, [events], 1)
    memory = initial_memory(limits, np.zeros(1))
    low, high = CONTRACT.bounds("observation")
    faults.begin(np.arange(1), rng.uniform(low, high)[np.newaxis])
    for step in range(1, 24):
        raw = rng.uniform(low, high)[np.newaxis]
        valid = faults.apply(raw, np.zeros(1, np.int64), np.array([step * DT]))
        assert np.isfinite(raw).all()
        proposal = rng.uniform(limits.low, limits.high)[np.newaxis]
        proposal[rng.random(proposal.shape) < 0.1] = np.nan
        reading = Reading(np.array([float(step * DT)]), raw, valid)
        executed, _, memory = check(limits, memory, reading, proposal, None)
        assert np.isfinite(executed).all()
        assert np.all((executed >= limits.low) & (executed <= limits.high))
