"""Stream tables: what is read, what is refused and where, and the targets of real cases."""

import os
from pathlib import Path

import pytest

from heatrouter.envs.matching.problem_table import problem_table
from heatrouter.envs.matching.stream_table import StreamTableError, read_stream_table

FOLDER = os.environ.get("HEATROUTER_DATA", "")
SHARED = Path(FOLDER) / "industry" / "pinch_stream_tables.csv"

# Hot utility, cold utility (kW) and shifted pinch (degC) that OpenPinch 0.1.13 (PyPI) finds for the
# streams of the file, heat flows as given; None where it has none of either utility to pinch.
OPENPINCH = {
    "pulp mill": (155528.905, 58413.668, 100.8),
    "refinery": (65569.1126, 62816.1126, 261.0),
    "locally integrated": (0.0, 172.68, None),
    "Kaviani et al": (25.296, 63.813, 85.0),
    "Martinez-Rodriguez (case study 1)": (294.782, 260.678, 57.4),
    "Linhoff and Ahmad": (23999.8, 31719.8, 166.23),
    "Bjork and Pettersson": (9800.0, 7425.0, 113.0),
    "Kim and Bagajewicz": (20374.6216, 8593.6056, 203.435),
    "Gundersen et al": (10049.6212, 7799.6212, 160.0),
    "Faria et al": (11.9077, 115.3677, 98.0),
    "Ahmad (example 3)": (15399.4, 9794.4, 51.0),
    "Ciric and Floudas": (229.9686, 513.7386, 147.45),
    "illustrative": (750.0, 1000.0, 145.0),
}

HEAD = (
    "case,zone,stream,kind,t_supply_C,t_target_C,"
    "heat_flow_kW,heat_capacity_rate_kW_per_K,dt_min_contribution_K\n"
)
GOOD = (
    HEAD
    + """one,A,h,hot,120,40,160,2,5
one,A,steam,hot,130,130,50,,5
one,B,c,cold,20,70,,1,2.5
two,,c,cold,20,70,50,,
"""
)


def written(folder: Path, text: str) -> Path:
    path = folder / "streams.csv"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(StreamTableError) as caught:
        read_stream_table(written(folder, text))
    return [str(mistake) for mistake in caught.value.mistakes]


def test_heat_comes_from_flow_or_capacity(tmp_path: Path) -> None:
    table = read_stream_table(written(tmp_path, GOOD))
    assert list(table.cases) == ["one", "two"]
    assert [s.heat_kw for s in table.cases["one"]] == [160.0, 50.0, 50.0]
    assert [s.dt_contribution_k for s in table.cases["one"]] == [5.0, 5.0, 2.5]
    assert table.cases["two"][0].dt_contribution_k == 5.0
    assert table.notes["one"] == ()


def test_every_mistake_is_said_with_its_line(tmp_path: Path) -> None:
    head = HEAD
    found = mistakes(
        tmp_path,
        head
        + "one,A,warms,hot,40,120,160,,5\n"
        + "one,A,cools,cold,70,20,50,,5\n"
        + "one,A,text,cold,a,20,50,,5\n"
        + "one,A,none,cold,10,20,,,5\n"
        + "one,A,boils,cold,100,100,,7,5\n"
        + "one,A,lukewarm,warm,10,20,5,,5\n"
        + "one,A,good,hot,120,40,160,2,5\n"
        + "one,A,good,hot,120,40,160,2,5\n"
        + "one,A,short,hot,120\n"
        + "one,A,negative,hot,120,40,-160,,5\n"
        + "one,A,watts,hot,120,40,160000,2,5\n"
        + "one,A,other,hot,120,40,190,2,5\n",
    )
    expected = {
        "line 2": "warms up",
        "line 3": "cools down",
        "line 4": "'a' is no number",
        "line 5": "neither heat_flow_kW nor heat_capacity_rate_kW_per_K",
        "line 6": "no span of temperature",
        "line 7": "'warm' is neither hot nor cold",
        "line 9": "the same as line 8",
        "line 10": "5 cells, the header has 9",
        "line 11": "-160 lies below 0",
        "line 12": "W and kW",
        "line 13": "differ by more than 1%",
    }
    assert len(found) == len(expected)
    for line, part in expected.items():
        assert any(m.startswith(f"{line}: ") and part in m for m in found), (line, found)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "stream,t_supply_C\nh,100\n")
    assert [m.split(";")[0] for m in found] == [
        "line 1: no column kind",
        "line 1: no column t_target_C",
        "line 1: no column heat_flow_kW (or heat_capacity_rate_kW_per_K)",
    ]


def test_a_file_without_streams_or_without_a_file_is_refused(tmp_path: Path) -> None:
    assert "no streams" in mistakes(tmp_path, HEAD)[0]
    with pytest.raises(StreamTableError, match="no such file"):
        read_stream_table(tmp_path / "missing.csv")


def test_a_capacity_in_the_column_of_heat_is_found_and_said(tmp_path: Path) -> None:
    head = "stream,kind,t_supply_C,t_target_C,heat_flow_kW,heat_capacity_rate_kW_per_K\n"
    table = read_stream_table(written(tmp_path, head + "h,hot,110,80,12,12\nc,cold,20,30,90,9\n"))
    assert [s.heat_kw for s in table.cases["streams"]] == [360.0, 90.0]
    assert "line 2: heat_flow_kW 12 is the heat capacity rate" in table.notes["streams"][0]
    assert "taken: 360 kW" in table.notes["streams"][0]


def test_small_heat_flows_are_doubted_and_may_be_taken_as_capacities(tmp_path: Path) -> None:
    head = "stream,kind,t_supply_C,t_target_C,heat_flow_kW,dt_min_contribution_K\n"
    path = written(tmp_path, head + "h,hot,110,80,1.333,5\nc,cold,50,135,1.228,5\n")
    assert "--heat-flow-is-capacity" in read_stream_table(path).notes["streams"][0]
    taken = read_stream_table(path, heat_flow_is_capacity=True)
    assert [s.heat_kw for s in taken.cases["streams"]] == pytest.approx([39.99, 104.38])
    assert taken.notes["streams"] == ()


@pytest.mark.skipif(not FOLDER, reason="HEATROUTER_DATA names no data folder with stream tables")
def test_targets_of_all_shared_cases_are_those_of_openpinch() -> None:
    table = read_stream_table(SHARED)
    assert set(table.cases) == set(OPENPINCH)
    for case, (hot, cold, pinch) in OPENPINCH.items():
        found = problem_table(table.cases[case])
        assert found.hot_utility_kw == pytest.approx(hot, rel=1e-6, abs=1e-4), case
        assert found.cold_utility_kw == pytest.approx(cold, rel=1e-6, abs=1e-4), case
        assert (found.pinch_temps_c[0] if found.pinch_temps_c else None) == pinch, case
    assert "--heat-flow-is-capacity" in table.notes["locally integrated"][0]
    as_capacity = read_stream_table(SHARED, heat_flow_is_capacity=True)
    found = problem_table(as_capacity.cases["locally integrated"])
    assert found.hot_utility_kw == pytest.approx(97.696)
    assert found.cold_utility_kw == pytest.approx(56.766)
