"""The limits: every mistake at once, JSON there and back, arrays that cannot be written to."""

import dataclasses
import json

import numpy as np
import pytest

from heatrouter.envs.errors import ConfigError
from heatrouter.envs.guard import GuardLimits, Interlock, PredictedLimit, SetPointLimits
from heatrouter.envs.guard.limit_rows import limit_rows

GOOD = SetPointLimits(name="a.b", low=0.0, high=1.0, safe=0.0)
BOILER = SetPointLimits(
    name="boiler.load_share", low=0.0, high=1.0, safe=0.0, switchable=True, min_load=0.3
)


def paths_of(error: ConfigError) -> list[str]:
    return [mistake.path for mistake in error.mistakes]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"low": 2.0, "safe": 2.0}, "low"),
        ({"safe": 1.1}, "safe"),
        ({"rate_up_per_s": 0.0}, "rate_up_per_s"),
        ({"rate_down_per_s": -1.0}, "rate_down_per_s"),
        ({"dead_band": -0.1}, "dead_band"),
        ({"high": np.inf}, "high"),
        ({"low": np.nan}, "low"),
        ({"min_load": 0.3}, "min_load"),
        ({"stop_below": 0.3}, "min_load"),
        ({"min_run_s": 60.0}, "min_run_s"),
        ({"min_stop_s": 60.0}, "min_run_s"),
        ({"min_stop_s": -60.0, "switchable": True}, "min_stop_s"),
        ({"switchable": True, "high": 0.0}, "low"),
        ({"switchable": True, "min_run_s": 60.0}, "min_load"),
        ({"switchable": True, "stop_below": 0.1}, "stop_below"),
        ({"switchable": True, "min_load": 0.0}, "min_load"),
        ({"switchable": True, "min_load": 1.1}, "min_load"),
        ({"switchable": True, "min_load": 0.3, "stop_below": 0.4}, "stop_below"),
        ({"switchable": True, "min_load": 0.3, "stop_below": 0.0}, "stop_below"),
    ],
)
def test_mistakes_of_a_set_point(changes: dict[str, float], path: str) -> None:
    entry = dataclasses.replace(GOOD, **changes)  # type: ignore[arg-type]  # names from the table
    with pytest.raises(ConfigError) as caught:
        GuardLimits(set_points=(BOILER, entry))
    assert paths_of(caught.value) == [f"set_points[1].{path}"]


@pytest.mark.parametrize(
    ("lock", "path"),
    [
        (Interlock(name="x", channel=-1, above=True, threshold=1.0, caps={"a.b": 0.0}), "channel"),
        (
            Interlock(name="x", channel=0, above=True, threshold=None, caps={"a.b": 0.0}),
            "threshold",
        ),
        (Interlock(name="x", channel=0, above=True, threshold=1.0), "caps"),
        (Interlock(name="x", channel=0, above=True, threshold=1.0, caps={"a": 0.0}), "caps.a"),
        (Interlock(name="x", channel=0, above=True, threshold=1.0, caps={"a.b": 2.0}), "caps.a.b"),
        (
            Interlock(name="x", channel=0, above=True, threshold=1.0, floors={"a.b": np.nan}),
            "floors.a.b",
        ),
        (Interlock(name="x", channel=0, above=True, threshold=1.0, floors={"c": 0.0}), "floors.c"),
        (
            Interlock(
                name="x", channel=0, above=True, threshold=1.0, floors={"boiler.load_share": 0.2}
            ),
            "floors.boiler.load_share",
        ),
        (
            Interlock(
                name="x", channel=0, above=True, threshold=1.0, release=1.1, caps={"a.b": 0.0}
            ),
            "release",
        ),
        (
            Interlock(
                name="x", channel=0, above=False, threshold=1.0, release=0.9, caps={"a.b": 0.0}
            ),
            "release",
        ),
        (
            Interlock(
                name="x",
                channel=0,
                above=True,
                threshold=None,
                release=1.0,
                on_invalid=True,
                caps={"a.b": 0.0},
            ),
            "release",
        ),
        (
            Interlock(name="x", channel=0, above=True, threshold=np.inf, caps={"a.b": 0.0}),
            "threshold",
        ),
        (
            Interlock(
                name="x", channel=0, above=True, threshold=1.0, release=-np.inf, caps={"a.b": 0.0}
            ),
            "release",
        ),
    ],
)
def test_mistakes_of_an_interlock(lock: Interlock, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GuardLimits(set_points=(GOOD, BOILER), interlocks=(lock,))
    assert paths_of(caught.value) == [f"interlocks[0].{path}"]


def test_what_lies_on_an_edge_is_allowed() -> None:
    on_or_off = dataclasses.replace(BOILER, name="pump.load_share", min_load=1.0, stop_below=1.0)
    locks = [
        Interlock(
            name="edge",
            channel=0,
            above=above,
            threshold=1.0,
            release=1.0,
            caps={"a.b": 1.0},
            floors={"a.b": 0.0, "boiler.load_share": load, "pump.load_share": 1.0},
        )
        for above, load in ((True, 0.0), (False, 0.3))
    ]
    predicted = (PredictedLimit(name="x", low=10.0), PredictedLimit(name="y", high=90.0))
    limits = GuardLimits(
        set_points=(GOOD, BOILER, on_or_off), interlocks=tuple(locks), predicted=predicted
    )
    assert limits.least_on.tolist() == [0.0, 0.3, 1.0]
    assert limits.stop_below.tolist()[1:] == [0.15, 1.0]


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (PredictedLimit(name="x", low=np.nan), "low"),
        (PredictedLimit(name="x", low=-np.inf), "low"),
        (PredictedLimit(name="x", high=np.inf), "high"),
        (PredictedLimit(name="x", low=1.0, high=1.0), "low"),
    ],
)
def test_mistakes_of_a_predicted_channel(entry: PredictedLimit, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GuardLimits(set_points=(GOOD,), predicted=(entry,))
    assert paths_of(caught.value) == [f"predicted[0].{path}"]


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        GuardLimits(
            set_points=(GOOD, GOOD),
            predicted=(
                PredictedLimit(name="x", low=2.0, high=1.0),
                PredictedLimit(name="y", high=np.nan),
            ),
            max_elapsed_s=0.0,
            prediction_max_age_s=np.inf,
            prediction_min_horizon_s=-1.0,
        )
    assert paths_of(caught.value) == [
        "set_points[1].name",
        "predicted[0].low",
        "predicted[1].high",
        "max_elapsed_s",
        "prediction_max_age_s",
        "prediction_min_horizon_s",
    ]
    assert "set_points[1].name: 'a.b' is used twice" in str(caught.value)
    with pytest.raises(ConfigError, match="at least one set-point"):
        GuardLimits(set_points=())


def test_json_there_and_back(limits: GuardLimits) -> None:
    again = GuardLimits.from_json(limits.to_json())
    assert again.digest == limits.digest
    assert " " not in limits.to_json()
    assert again.set_points == limits.set_points
    assert again.interlocks == limits.interlocks
    assert again.predicted == limits.predicted
    for field in dataclasses.fields(limits):
        if not field.init:
            np.testing.assert_array_equal(getattr(again, field.name), getattr(limits, field.name))


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("{", "", "no JSON"),
        ("[]", "schema_version", "must be 1"),
        ("{}", "schema_version", "must be 1"),
        ('{"schema_version":2}', "schema_version", "must be 1"),
        ('{"schema_version":1}', "set_points", "at least one set-point"),
        ('{"schema_version":1,"set_points":[{"name":"a"}]}', "", "low"),
        ('{"schema_version":1,"set_points":[1]}', "", "mapping"),
        ('{"schema_version":1,"set_points":[],"colour":1}', "", "colour"),
        (
            '{"schema_version":1,"set_points":[{"name":"a","low":"0","high":1,"safe":0}]}',
            "",
            "must be real number",
        ),
    ],
)
def test_json_that_is_none_of_ours(text: str, path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        GuardLimits.from_json(text)
    assert paths_of(caught.value) == [path]


def test_what_nobody_names() -> None:
    limits = GuardLimits(set_points=(GOOD,))
    assert (limits.interlocks, limits.predicted) == ((), ())
    assert limits.max_elapsed_s == 900.0
    assert limits.prediction_max_age_s == 900.0
    assert limits.prediction_min_horizon_s == 0.0


def test_no_time_is_as_long_as_what_stands_for_no_limit() -> None:
    with pytest.raises(ConfigError, match="max_elapsed_s"):
        GuardLimits(set_points=(GOOD,), max_elapsed_s=1e30)


def test_nothing_can_be_changed(limits: GuardLimits) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        limits.max_elapsed_s = 1.0  # type: ignore[misc]  # the point of the test
    with pytest.raises(ValueError, match="read-only"):
        limits.high[0] = 2.0
    for row in limit_rows(limits, 2):
        with pytest.raises(ValueError, match="read-only"):
            row[...] = 0.0


def test_names_and_shapes(limits: GuardLimits) -> None:
    assert limits.names[3] == "main.supply_temp_c"
    assert limits.n_set_points == 5
    assert limits.n_interlocks == 3
    assert limits.switchable_index.tolist() == [0, 1, 2]
    assert limits.interlock_cap.shape == (3, 5)
    assert json.loads(limits.to_json())["schema_version"] == 1
