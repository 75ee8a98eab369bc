"""Forecasts: every mistake is refused with its reason, and what is in use grows old."""

import json
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.deploy.forecast_desk import ForecastDesk, Standing
from heatrouter.deploy.forecast_input import Forecast, ForecastJudge, Refused
from heatrouter.deploy.forecast_profile import Profile, Windows
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.scenarios.forecast import Forecaster
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

HOUR = 3600.0
SERIES = ("ambient_temp_c", "electricity_eur_per_mwh", "irradiance_w_m2")
ISSUED = "2026-01-15T06:00:00Z"
ISSUED_S = 1768456800.0


@pytest.fixture(scope="session")
def judge(contract: Contract) -> ForecastJudge:
    return ForecastJudge(contract)


def arrays(**changes: object) -> dict[str, FloatArray]:
    found: dict[str, object] = {
        "ambient_temp_c": np.linspace(-3.0, 4.0, 8),
        "electricity_eur_per_mwh": np.full(8, 92.0),
        "irradiance_w_m2": np.zeros(8),
    }
    return {n: np.asarray(v, dtype=float) for n, v in (found | changes).items() if v is not None}


def document(**changes: object) -> dict[str, object]:
    hourly: dict[str, dict[str, object]] = {
        "ambient_temp_c": {"unit": "degC", "step_s": 3600, "values": [-3.0] * 24},
        "electricity_eur_per_mwh": {"unit": "ct/kWh", "step_s": 3600, "values": [9.2] * 24},
        "irradiance_w_m2": {"unit": "W/m2", "step_s": 900, "values": [0.0] * 96},
    }
    for key, value in changes.items():
        if key in hourly and isinstance(value, Mapping):
            hourly[key] = {k: v for k, v in {**hourly[key], **value}.items() if v is not None}
    rest = {k: v for k, v in changes.items() if k not in hourly}
    return {"issued": ISSUED, "series": hourly} | rest


def reasons(judged: Forecast | Refused) -> str:
    assert isinstance(judged, Refused), judged
    return "\n".join(judged.reasons)


# --- profiles ---


def test_a_profile_has_the_means_of_the_windows_it_was_made_of(judge: ForecastJudge) -> None:
    means = np.arange(8.0)
    profile = judge.windows.profile(means)
    assert profile.means(judge.windows.start_s, judge.windows.end_s) == pytest.approx(means)


def test_means_over_parts_of_steps() -> None:
    profile = Profile(np.array([0.0, 1.0, 2.0, 4.0]) * HOUR, np.array([0.0, 6.0, 12.0]))
    start, end = np.array([0.5, 1.5, 3.0]) * HOUR, np.array([1.5, 3.5, 4.0]) * HOUR
    assert profile.means(start, end) == pytest.approx([3.0, 10.5, 12.0])


@given(st.lists(st.floats(-50.0, 50.0), min_size=24, max_size=24), st.integers(0, 60))
def test_beyond_its_end_each_day_is_like_the_last(values: list[float], hour: int) -> None:
    edges: FloatArray = HOUR * np.arange(25.0)
    profile = Profile(edges, np.array(values))
    mean = profile.means(np.array([hour * HOUR]), np.array([(hour + 1) * HOUR]))
    assert mean == pytest.approx([values[hour % 24]], abs=1e-9)


def test_overlapping_windows_and_gaps() -> None:
    windows = Windows(np.array([0.0, 0.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    profile = windows.profile(np.array([1.0, 5.0, 9.0]))
    assert profile.edges_s.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert profile.values.tolist() == [1.0, 5.0, 5.0, 9.0]


# --- judging ---


def test_good_arrays_are_used_as_they_are(judge: ForecastJudge) -> None:
    judged = judge.of_arrays(arrays(), 900.0)
    assert isinstance(judged, Forecast)
    assert judged.windows is not None
    assert judged.windows[0].tolist() == np.linspace(-3.0, 4.0, 8).tolist()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ambient_temp_c": None}, "ambient_temp_c: no good value"),
        ({"ambient_temp_c": np.zeros(7)}, "7 values, the contract has 8"),
        ({"ambient_temp_c": np.zeros((2, 4))}, "8 values"),
        ({"ambient_temp_c": [math.nan] + [0.0] * 7}, "1 values are NaN"),
        ({"ambient_temp_c": [math.inf] * 8}, "8 values are NaN or infinite"),
        ({"ambient_temp_c": np.full(8, 273.0)}, "another unit"),
        ({"irradiance_w_m2": np.full(8, -500.0)}, "outside"),
    ],
)
def test_every_mistake_of_arrays(
    judge: ForecastJudge, changes: dict[str, object], words: str
) -> None:
    assert words in reasons(judge.of_arrays(arrays(**changes), 900.0))


def test_an_issue_time_that_is_no_number(judge: ForecastJudge) -> None:
    assert "time of issue" in reasons(judge.of_arrays(arrays(), math.nan))


def test_a_good_document_in_its_own_units_and_steps(judge: ForecastJudge) -> None:
    judged = judge.of_document(json.dumps(document()).encode())
    assert isinstance(judged, Forecast)
    assert (judged.issued_s, judged.civil) == (ISSUED_S, True)
    at = SERIES.index("electricity_eur_per_mwh")
    means = judged.profiles[at].means(judge.windows.start_s, judge.windows.end_s)
    assert means == pytest.approx(np.full(8, 92.0))


def test_a_document_may_begin_before_it_was_issued(judge: ForecastJudge) -> None:
    values = [100.0, *range(25)]
    changes = {"unit": "degF", "start": "2026-01-15T05:00:00Z", "values": values}
    judged = judge.of_document(json.dumps(document(ambient_temp_c=changes)).encode())
    assert isinstance(judged, Forecast)
    first = judged.profiles[0].means(np.array([0.0]), np.array([HOUR]))
    assert first == pytest.approx([(0.0 - 32.0) * 5.0 / 9.0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issued": "2026-01-15T06:00:00"}, "no time zone"),
        ({"issued": "yesterday"}, "no time as in"),
        ({"issued": None}, "no time"),
        ({"issued": True}, "no time"),
        ({"series": []}, "series"),
        ({"ambient_temp_c": {"unit": None}}, "no unit"),
        ({"ambient_temp_c": {"unit": "bar"}}, "cannot become degC"),
        ({"ambient_temp_c": {"unit": 7}}, "cannot become"),
        ({"ambient_temp_c": {"unit": "degF", "values": [280.0] * 24}}, "another unit"),
        ({"ambient_temp_c": {"values": [270.0] * 24}}, "another unit"),
        ({"ambient_temp_c": {"values": [1.0] * 23}}, "reaches 23 h ahead, 24 h are needed"),
        ({"ambient_temp_c": {"values": []}}, "must be a list"),
        ({"ambient_temp_c": {"values": [1.0, None, "2"] * 8}}, "16 values are no numbers"),
        ({"ambient_temp_c": {"values": [True] * 24}}, "24 values are no numbers"),
        ({"ambient_temp_c": {"values": [1e999] * 24}}, "no numbers"),
        ({"ambient_temp_c": {"step_s": 0}}, "step_s"),
        ({"ambient_temp_c": {"step_s": "1h"}}, "step_s"),
        ({"ambient_temp_c": {"start": "2026-01-15T07:00:00Z"}}, "begins 3600 s after"),
        ({"ambient_temp_c": {"start": 12.0}}, "another clock"),
    ],
)
def test_every_mistake_of_a_document(
    judge: ForecastJudge, changes: dict[str, object], words: str
) -> None:
    assert words in reasons(judge.of_document(json.dumps(document(**changes)).encode()))


@pytest.mark.parametrize(
    "data", [b"", b'{"issued": ', b"[]", b"null", b"\xff", b"[" * 5000, b" " * 1_000_001]
)
def test_what_is_no_document(judge: ForecastJudge, data: bytes) -> None:
    assert reasons(judge.of_document(data))


def test_all_mistakes_of_a_document_at_once(judge: ForecastJudge) -> None:
    wrong = document(
        issued="soon", ambient_temp_c={"unit": "bar"}, irradiance_w_m2={"values": [math.nan] * 96}
    )
    found = reasons(judge.of_document(json.dumps(wrong).encode()))
    assert [word in found for word in ("issued", "ambient_temp_c", "irradiance")] == [True] * 3


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_bring_the_judge_down(judge: ForecastJudge, data: bytes) -> None:
    assert isinstance(judge.of_document(data), Refused)


# --- in use ---


def desk(contract: Contract) -> ForecastDesk:
    return ForecastDesk(contract, max_age_s=7200.0, persistence_s=3600.0)


def test_fresh_persisted_stale(contract: Contract) -> None:
    found = desk(contract)
    assert found.fault(0.0) == "no forecast yet"
    found.take_arrays(arrays(), 900.0, 900.0, 0.0)
    standings = {}
    for now_s in (0.0, 7200.0, 7200.1, 10_800.0, 10_800.1):
        fault = found.fault(now_s)
        standings[now_s] = (found.standing(now_s), fault is None)
    assert standings == {
        0.0: (Standing.FRESH, True),
        7200.0: (Standing.FRESH, True),
        7200.1: (Standing.PERSISTED, True),
        10_800.0: (Standing.PERSISTED, True),
        10_800.1: (Standing.STALE, False),
    }
    events = [news.event for news in found.news()]
    assert events == ["forecast fresh", "forecast persisted", "forecast stale"]


def test_an_older_forecast_is_shifted_by_its_age(contract: Contract) -> None:
    found = desk(contract)
    found.take_arrays(arrays(ambient_temp_c=np.arange(8.0)), 0.0, 0.0, 0.0)
    now = found.windows(0.0)
    later = found.windows(HOUR)
    assert now is not None
    assert later is not None
    # Windows are 0..1 1..2 2..3 3..6 6..9 9..12 12..18 18..24 h.
    assert now[0].tolist() == list(range(8))
    third = (3.0 + 3.0 + 4.0) / 3.0
    assert later[0][:4] == pytest.approx([1.0, 2.0, 3.0, third])
    assert later[0][-1] == pytest.approx((5 * 7.0 + 0.0) / 6.0)


@pytest.mark.parametrize(
    ("issued_s", "plant_s", "words"),
    [
        (2000.0, 1000.0, "in the future"),
        (0.0, 7201.0, "the limit is 7200"),
        (100.0, 2000.0, "time goes backwards"),
        (math.nan, 2000.0, "time of issue"),
    ],
)
def test_what_comes_at_the_wrong_time_is_refused_and_the_last_one_stays(
    contract: Contract, issued_s: float, plant_s: float, words: str
) -> None:
    found = desk(contract)
    found.take_arrays(arrays(), 900.0, 900.0, 0.0)
    found.news()
    found.take_arrays(arrays(ambient_temp_c=np.full(8, 9.0)), issued_s, plant_s, 60.0)
    windows = found.windows(60.0)
    assert windows is not None
    assert windows[0][0] == -3.0
    assert found.fault(60.0) is None
    (news,) = [n for n in found.news() if n.event == "forecast refused"]
    assert words in str(news.detail)
    assert words in str(found.status(60.0)["refused"])


def test_a_refusal_is_told_once_and_so_is_its_end(contract: Contract) -> None:
    found = desk(contract)
    found.take_arrays(arrays(), 900.0, 900.0, 0.0)
    for k in range(1, 6):
        found.take_arrays(arrays(), 9000.0, 900.0 + k, float(k))
    found.take_arrays(arrays(), 1800.0, 1800.0, 900.0)
    found.standing(900.0)
    events = [news.event for news in found.news()]
    assert events.count("forecast refused") == 1
    assert events.count("forecast accepted again") == 1


def test_a_clock_that_is_set_makes_no_forecast_old(contract: Contract) -> None:
    found = desk(contract)
    found.take_arrays(arrays(), 900.0, 900.0, 0.0)
    # The plant's clock jumps an hour ahead, its forecast stays.
    found.take_arrays(arrays(), 900.0, 4500.0, 60.0)
    assert found.age_s(60.0) == 60.0


def test_a_clock_that_is_set_back_keeps_the_forecast_and_takes_the_next(contract: Contract) -> None:
    found = desk(contract)
    found.take_arrays(arrays(), 9000.0, 9000.0, 0.0)
    found.take_arrays(arrays(), 9000.0, 5400.0, 60.0)
    assert found.fault(60.0) is None
    assert found.age_s(60.0) == 60.0
    found.take_arrays(arrays(ambient_temp_c=np.ones(8)), 6300.0, 6300.0, 960.0)
    windows = found.windows(960.0)
    assert windows is not None
    assert windows[0][0] == 1.0, "issued before the one in use, by a clock that was set"


def test_a_plant_that_begins_anew_is_believed(contract: Contract) -> None:
    found = desk(contract)
    found.take_arrays(arrays(), 90_000.0, 90_000.0, 0.0)
    found.take_arrays(arrays(ambient_temp_c=np.ones(8)), 0.0, 0.0, 60.0)
    windows = found.windows(60.0)
    assert windows is not None
    assert windows[0][0] == 1.0


def test_an_hourly_document_gives_what_the_simulator_gives(
    contract: Contract, district: District, task: Task
) -> None:
    """The same weather, once from the simulator's forecaster, once over JSON."""
    library = build_library(district, "test", 1, seed=3, scenario="generated")
    perfect = Forecaster(library, task.forecast.model_copy(update={"kind": "perfect"}))
    first, step = np.zeros(1, dtype=np.int64), np.array([400], dtype=np.int64)
    steps = slice(400, 400 + round(24 * HOUR / library.step_s))
    units = {"ambient_temp_c": "degC", "irradiance_w_m2": "W/m2"}
    series = {
        name: {
            "unit": units.get(name, "eur/MWh"),
            "step_s": library.step_s,
            "values": library.values[0, steps, library.column(name)].tolist(),
        }
        for name in task.forecast.series
    }
    found = desk(contract)
    issued_s = 400.0 * library.step_s
    judged = found.judge.of_document(json.dumps({"issued": issued_s, "series": series}).encode())
    found.take(judged, issued_s, 0.0)
    windows = found.windows(0.0)
    assert windows is not None
    assert windows == pytest.approx(perfect.windows_at(first, step)[0], abs=1e-6)
