"""The table of every step holds what the example weeks and the costs say."""

import csv
from pathlib import Path

import numpy as np
import pytest

from heatrouter.agents.evaluation import Judged, evaluate_all
from heatrouter.agents.evaluation_controllers import (
    ControllerSettings,
    Entrant,
    make_entrants,
)
from heatrouter.agents.evaluation_pool import Case
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_steps import check_steps_file, steps_files, write_steps
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.spec.district import District


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "work")


@pytest.fixture
def judged(question: Question, district: District, store: ResultStore) -> Judged:
    entrants = make_entrants(("rules", "constant-price"), ControllerSettings(district))
    # Nothing of this one may be taken up again, and yet its steps are wanted.
    own = entrants["constant-price"]
    entrants["constant-price"] = Entrant(own.controller, own.origin, slow=True, storable=False)
    (found,) = evaluate_all([Case(question, entrants)], store=store, keep_steps=True)
    return found


def test_csv_holds_every_step(judged: Judged, store: ResultStore, tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    write_steps(path, judged, store)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    check(judged, rows)
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_parquet_holds_every_step(judged: Judged, store: ResultStore, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "steps.parquet"
    write_steps(path, judged, store)
    check(judged, parquet.read_table(path).to_pylist())


def check(judged: Judged, rows: list[dict[str, object]]) -> None:
    evaluation = judged.evaluation
    steps, weeks = 96, len(evaluation.weeks)
    assert len(rows) == 2 * weeks * steps
    for result in evaluation.controllers:
        for number, found in enumerate(result.weeks):
            own = [
                row
                for row in rows
                if row["controller"] == result.name and int(str(row["week"])) == number
            ]
            assert [int(str(row["step"])) for row in own] == list(range(steps))
            terms = [name for name in own[0] if name.startswith("term.")]
            cost = sum(float(str(row[term])) for row in own for term in terms)
            assert cost == pytest.approx(found.cost_eur)
    (week, course), *_ = judged.examples.outputs["rules"].items()
    own = [r for r in rows if r["controller"] == "rules" and int(str(r["week"])) == week]
    for name, column in judged.examples.columns.items():
        assert np.array_equal([float(str(row[name])) for row in own], course[:, column])
    share = [float(str(row["set_point.fab_heat_pump.load_share"])) for row in own]
    assert 0.0 < max(share) <= 1.0


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.parquet or \.csv"):
        check_steps_file(tmp_path / "steps.xlsx")


def test_every_district_has_a_file_of_its_own(judged: Judged, tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    assert steps_files(path, [judged]) == [path]
    assert [p.name for p in steps_files(path, [judged, judged])] == ["steps-energy-web.csv"] * 2
