"""``heatrouter match``."""

import json
from pathlib import Path

import pytest

from heatrouter.envs.cli import main

HEAD = "case,zone,stream,kind,t_supply_C,t_target_C,heat_flow_kW,dt_min_contribution_K\n"
SMITH = (
    "s,a,feed 1,cold,20,180,32000,5\ns,a,product 1,hot,250,40,31500,5\n"
    "s,b,feed 2,cold,140,230,27000,5\ns,b,product 2,hot,200,80,30000,5\n"
)


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "streams.csv"
    path.write_text(HEAD + SMITH + "t,,only,hot,90,40,100,5\n")
    return str(path)


def test_a_table_lists_the_targets_of_its_cases(
    table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["match", table, "--json"]) == 0
    cases = json.loads(capsys.readouterr().out)["cases"]
    assert cases["s"]["hot_utility_kw"] == pytest.approx(7500.0)
    assert cases["t"]["cold_utility_kw"] == pytest.approx(100.0)
    assert main(["match", table]) == 0
    shown = capsys.readouterr().out
    assert "7,500" in shown
    assert "10,000" in shown


def test_a_case_has_zones_curves_and_pairs(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "new" / "curves.png"
    assert main(["match", table, "--case", "s", "--json", "--plot", str(picture)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["targets"]["pinch_shifted_temps_c"] == [145.0]
    assert set(found["zones"]) == {"a", "b"}
    assert len(found["matches"]) == 4
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["match", table, "--case", "s", "--dt-min", "20", "--top", "1"]) == 0
    shown = capsys.readouterr().out
    assert "zones through a medium" in shown
    assert "least difference: 20 K" in shown


def test_one_sided_cases_are_drawn_too(table: str, tmp_path: Path) -> None:
    picture = tmp_path / "curves.png"
    assert main(["match", table, "--case", "t", "--plot", str(picture)]) == 0
    assert picture.is_file()


def test_a_district_has_targets_and_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["match", "energy-web", "--top", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    recovered = found["targets"]["recovery_kw"] * 8.76
    assert 0.0 < found["without_store"]["recovery_mwh"] < recovered
    assert len(found["matches"]) == 3
    best = found["matches"][0]
    product = best["grade"] * best["simultaneity"] * best["distance"]
    assert best["score"] == pytest.approx(product)
    assert main(["match", "energy-web", "--scenario", "try", "--by", "heat"]) == 0
    assert "without a store" in capsys.readouterr().out


def test_wrong_use_is_2_and_a_bad_file_is_78(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["match", "energy-web", "--case", "s"]) == 2
    assert main(["match", table, "--plot", str(tmp_path / "x.png")]) == 2
    assert main(["match", table, "--case", "u"]) == 78
    assert "there are: s, t" in capsys.readouterr().err
    bad = tmp_path / "bad.csv"
    bad.write_text(HEAD + "s,a,x,hot,20,180,32000,5\ns,a,y,cold,90,80,z,5\n")
    assert main(["match", str(bad)]) == 78
    said = capsys.readouterr().err
    assert "line 2: a hot stream that warms up" in said
    assert "line 3: column heat_flow_kW: 'z' is no number" in said
