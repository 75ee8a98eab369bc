"""Novelty and drift: the limits hold what they state, and a fault beyond them is found."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.agents.monitor import Group, Monitor, MonitorScorer, parse_monitor
from heatrouter.agents.monitor_fitting import (
    MEMORIES_H,
    conformal_limit,
    drift_course,
    fit_monitor,
    group_of,
)
from heatrouter.envs.contract import Channel, Contract, ObservationSource
from heatrouter.envs.errors import BundleError, ConfigError

DAYS, RUNS, STEPS = 4, 60, 96
ALARMS = 1.0 / 30.0
YEARS = np.array([[-12.0, 33.0], [-14.0, 34.0], [-11.0, 31.0]])  # extremes outdoors of each


def channel(
    name: str, unit: str, low: float, high: float, source: ObservationSource = "measured"
) -> Channel:
    return Channel(name=name, unit=unit, low=low, high=high, source=source, origin=name)


@pytest.fixture(scope="module")
def contract() -> Contract:
    """Weather, a flow, two temperatures that agree with each other, a price."""
    return Contract(
        district="small",
        district_digest="0" * 64,
        parametrisation="heat_price",
        control_dt_s=900.0,
        observation=(
            channel("site.ambient_temp_c", "degC", -30.0, 40.0),
            channel("main.supply_temp_c", "degC", 5.0, 110.0),
            channel("town.supply_temp_c", "degC", 5.0, 110.0),
            channel("boiler.heat_kw", "kW", 0.0, 5000.0),
            channel("tariff.gas", "EUR/MWh", 0.0, 300.0, "tariff"),
            channel("clock.hour_sin", "1", -1.0, 1.0, "clock"),
        ),
        action=(),
        set_points=(),
    )


def observed(seed: int, runs: int = RUNS) -> np.ndarray:
    """Days of a plant that is never twice the same; shape ``(n_steps, n_runs, 6)``."""
    random = np.random.default_rng(seed)
    time = np.arange(DAYS * STEPS)[:, np.newaxis]
    phase = 2.0 * np.pi * time / STEPS
    mean = random.normal(8.0, 5.0, runs).clip(-8.0, 24.0)
    ambient = mean - 4.0 * np.cos(phase) + 0.5 * random.standard_normal((time.size, runs))
    supply = 90.0 - 0.8 * ambient + 0.3 * random.standard_normal(ambient.shape)
    town = supply - 3.0 + 0.3 * random.standard_normal(ambient.shape)
    heat = (60.0 * (20.0 - ambient)).clip(50.0, None)
    gas = np.broadcast_to(random.uniform(20.0, 80.0, runs), ambient.shape)
    sine = np.broadcast_to(np.sin(phase), ambient.shape)
    return np.stack([ambient, supply, town, heat, gas, sine], axis=-1)


@pytest.fixture(scope="module")
def monitor(contract: Contract) -> Monitor:
    fitted = fit_monitor(contract, [observed(1)], [observed(2)], {"ambient_temp_c": YEARS}, ALARMS)
    return parse_monitor(fitted.to_json(), contract)


@pytest.fixture(scope="module")
def scorer(monitor: Monitor, contract: Contract) -> MonitorScorer:
    return MonitorScorer(monitor, contract)


def days_with_alarms(ratio: np.ndarray) -> float:
    """Share of days with a ratio above 1; steps by runs by whatever."""
    worst = ratio.reshape(ratio.shape[0], ratio.shape[1], -1).max(axis=2)
    return float((worst.reshape(DAYS, STEPS, -1).max(axis=1) > 1.0).mean())


@given(st.integers(0, 10_000), st.integers(29, 200), st.floats(0.04, 0.5))
def test_a_conformal_limit_is_exceeded_as_often_as_stated(seed: int, n: int, share: float) -> None:
    """Of n + 1 exchangeable scores, at most a share exceeds the limit of the others."""
    scores = np.random.default_rng(seed).exponential(size=n + 1)
    exceeded = [scores[i] > conformal_limit(np.delete(scores, i), share) for i in range(n + 1)]
    assert np.mean(exceeded) <= share


def test_too_few_days_say_nothing() -> None:
    assert conformal_limit(np.arange(29.0), ALARMS) == 28.0
    with pytest.raises(ConfigError, match="28 days of validation, a limit needs 29"):
        conformal_limit(np.arange(28.0), ALARMS)


def test_days_that_nobody_calibrated_with_raise_few_alarms(scorer: MonitorScorer) -> None:
    fresh = observed(3, runs=200)
    # 800 days at 1/30 each; twice that leaves room for chance.
    assert days_with_alarms(scorer.novelty_of(fresh)) <= 2.0 * ALARMS
    assert days_with_alarms(drift_course(scorer, fresh)) <= 2.0 * ALARMS


def test_a_frost_beyond_training_is_new_and_one_within_it_is_not(scorer: MonitorScorer) -> None:
    now = observed(4, runs=1)[50, 0]
    everything = np.ones(6, dtype=np.bool_)
    assert scorer.novelty(now, everything).ratio <= 1.0
    now[0] = -13.0  # below these runs, but not below the years of training
    assert scorer.novelty(now, everything).ratio <= 1.0
    now[0] = -25.0
    found = scorer.novelty(now, everything)
    assert (found.channel, found.value) == ("site.ambient_temp_c", -25.0)
    assert found.ratio > 1.0
    known = everything.copy()
    known[0] = False
    assert scorer.novelty(now, known).ratio <= 1.0, "what is not believed is no novelty"


def test_a_limit_leaves_room_for_another_year(monitor: Monitor) -> None:
    """The coldest year was 2 K colder than the next."""
    assert monitor.limits["weather"] >= 2.0 / 48.0
    assert (monitor.low[0], monitor.high[0]) == (-14.0, 34.0)


def test_a_unit_at_rest_is_nothing_new(scorer: MonitorScorer) -> None:
    now = observed(4, runs=1)[50, 0]
    now[3] = 0.0
    assert scorer.novelty(now, np.ones(6, dtype=np.bool_)).ratio <= 1.0


def test_a_bias_of_two_kelvin_is_found_within_the_hour(
    scorer: MonitorScorer, contract: Contract
) -> None:
    course = observed(5, runs=1)[:, 0]
    course[STEPS:, 2] += 2.0
    memory = scorer.no_drift()
    everything = np.ones(6, dtype=np.bool_)
    found = []
    for step in course:
        finding, memory = scorer.drift(memory, step, everything)
        found.append(finding)
    first = next(i for i, finding in enumerate(found) if finding.ratio > 1.0)
    assert STEPS <= first <= STEPS + 4
    assert found[first].channel in {"town.supply_temp_c", "main.supply_temp_c"}


def test_an_invalid_sensor_waits(scorer: MonitorScorer) -> None:
    now = observed(5, runs=1)[0, 0]
    now[2] = np.nan
    memory = scorer.no_drift() + 0.01
    _, after = scorer.drift(memory, now, np.ones(6, dtype=np.bool_))
    assert np.isfinite(after).all()
    assert (after == memory).any(), "relations that need it keep their mean"


def test_groups_follow_from_the_contract(contract: Contract, monitor: Monitor) -> None:
    groups = ("weather", "plant", "plant", "plant", "market", "unwatched")
    assert monitor.groups == groups
    assert tuple(group_of(c) for c in contract.observation) == groups
    assert set(monitor.limits) == {"weather", "plant", "market"}
    assert monitor.memories_h == MEMORIES_H
    assert monitor.calibration_days == DAYS * RUNS


@pytest.mark.parametrize(
    "change",
    [
        {"groups": []},
        {"span": [0.0] * 6},
        {"limits": {}},
        {"drift_limit": -1.0},
        {"schema_version": 2},
        {"low": [float("nan")] * 6},
        {"extra": 1},
    ],
)
def test_what_fits_nothing_is_refused(
    monitor: Monitor, contract: Contract, change: dict[str, object]
) -> None:
    content = json.loads(monitor.to_json()) | change
    with pytest.raises(BundleError, match=r"monitor\.json"):
        parse_monitor(json.dumps(content).encode(), contract)


def test_a_monitor_without_relations_watches_novelty_only(contract: Contract) -> None:
    n = len(contract.observation)
    group: Group = "weather"
    bare = Monitor(
        false_alarms_per_day=0.1,
        calibration_days=9,
        groups=(group,) * n,
        low=(0.0,) * n,
        high=(1.0,) * n,
        span=(1.0,) * n,
        limits={"weather": 1.0},
        memories_h=(1.0, 24.0),
        relations=(),
        drift_limit=1.0,
    )
    scorer = MonitorScorer(parse_monitor(bare.to_json(), contract), contract)
    values, valid = np.full(n, 3.0), np.ones(n, dtype=np.bool_)
    assert scorer.novelty(values, valid).ratio == pytest.approx(2.0)
    finding, memory = scorer.drift(scorer.no_drift(), values, valid)
    assert finding.ratio == 0.0
    assert memory.shape == (2, 0)
