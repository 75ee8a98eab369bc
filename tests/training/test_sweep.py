"""Sweeps: planned as a whole, kept run by run, summed up over seeds."""

import io
import json
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.training.conftest import TINY

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.sweep import interquartile_mean, markdown, run_sweep, table_rows
from heatrouter.training.sweep_local import Outcome, local_outcomes
from heatrouter.training.sweep_plan import Cell, parse_seeds, plan_sweep
from heatrouter.training.sweep_ray import ray_outcomes


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


class Recorded:
    """Writes the summaries that trainings would leave; one of them fails."""

    def __init__(self, failing: str = "") -> None:
        self.asked: list[str] = []
        self._failing = failing

    def __call__(self, out: Path, cells: Sequence[Cell], watch: Any) -> Iterator[Outcome]:
        for cell in cells:
            self.asked.append(cell.name)
            if cell.name == self._failing:
                yield Outcome(cell.name, "no room")
                continue
            summary = {
                "best_saving": 0.01 * cell.config.seed,
                "start_saving": 0.005,
                "seconds": 10.0,
            }
            text = json.dumps(summary)
            (out / cell.name / "summary.json").write_text(text, encoding="utf-8")
            yield Outcome(cell.name, None)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("1..3", (1, 2, 3)), ("7", (7,)), ("1..2,9,2", (1, 2, 9)), ("0", (0,))],
)
def test_seeds_are_numbers_and_ranges(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "3..1", "1..", "-1", "0..99999"])
def test_seeds_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(TrainingConfigError, match="--seeds"):
        parse_seeds(text)


def test_a_plan_is_every_configuration_on_every_preset_with_every_seed(source: str) -> None:
    cells = plan_sweep([source], ["energy-web", "battery-fab"], (1, 2), ["total_steps=960"])
    assert [cell.name for cell in cells] == [
        "tiny-on-energy-web/seed-1",
        "tiny-on-energy-web/seed-2",
        "tiny-on-battery-fab/seed-1",
        "tiny-on-battery-fab/seed-2",
    ]
    assert {cell.config.total_steps for cell in cells} == {960}
    assert [cell.district.name for cell in cells][::2] == ["energy-web", "battery-fab"]
    assert plan_sweep([source], [], ())[0].name == "tiny/seed-1"


def test_two_configurations_of_one_name_are_refused(source: str) -> None:
    with pytest.raises(TrainingConfigError, match="planned twice"):
        plan_sweep([source, source], [], (1,))


def test_a_configuration_that_does_not_fit_a_preset_is_told_before_anything_runs(
    source: str,
) -> None:
    changes = [
        "algorithm=lagrangian-ppo",
        "lagrangian.constraints=[{kind: crop, allowed_share: .1}]",
    ]
    with pytest.raises(TrainingConfigError, match="has no limit of kind 'crop'"):
        plan_sweep([source], ["battery-fab"], (1,), changes)


def test_what_has_ended_is_not_trained_again(source: str, tmp_path: Path) -> None:
    out = tmp_path / "sweep"
    cells = plan_sweep([source], [], parse_seeds("1..3"))
    first = Recorded(failing="tiny/seed-2")
    swept = run_sweep(cells, out, first, quiet())
    assert swept.failed == {"tiny/seed-2": "no room"}
    assert swept.rows[0].seeds == (1, 3)
    second = Recorded()
    more = plan_sweep([source], [], parse_seeds("1..4"))
    swept = run_sweep(more, out, second, quiet())
    assert second.asked == ["tiny/seed-2", "tiny/seed-4"]
    assert swept.failed == {}
    record = json.loads((out / "sweep.json").read_text(encoding="utf-8"))
    assert record["table"][0]["saving"] == pytest.approx(0.025)
    with pytest.raises(TrainingConfigError, match="begun with other settings"):
        run_sweep(plan_sweep([source], [], (1,), ["total_steps=960"]), out, second, quiet())


def test_a_folder_with_something_else_in_it_is_left_alone(source: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingConfigError, match="holds no sweep"):
        run_sweep(plan_sweep([source], [], (1,)), tmp_path, Recorded(), quiet())


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=30))
def test_the_interquartile_mean_lies_between_the_quartiles(values: list[float]) -> None:
    found = interquartile_mean(values)
    assert min(values) - 1e-12 <= found <= max(values) + 1e-12
    if len(values) >= 4:  # a single wild seed moves it no further than the others reach
        wild = [*sorted(values)[:-1], 1e6]
        assert interquartile_mean(wild) <= max(values) + 1e-9


def test_the_table_is_markdown_with_a_row_for_each_recipe(source: str, tmp_path: Path) -> None:
    cells = plan_sweep([source], ["energy-web", "battery-fab"], (1, 2))
    run_sweep(cells, tmp_path / "s", Recorded(), quiet())
    lines = markdown(table_rows(tmp_path / "s", cells)).splitlines()
    assert len(lines) == 4
    assert "| tiny-on-battery-fab | 2 | +1.50 % | +1.00 % | +2.00 % |" in lines[3]


# --- real trainings


def curves(out: Path, cells: Sequence[Cell]) -> list[list[dict[str, float]]]:
    files = [out / cell.name / "learning_curve.jsonl" for cell in cells]
    return [[json.loads(row) for row in f.read_text(encoding="utf-8").splitlines()] for f in files]


@pytest.mark.slow
def test_a_training_whose_process_is_killed_goes_on_from_its_checkpoint(
    source: str, tmp_path: Path
) -> None:
    sac = "sac: {environments: 8, rollout_steps: 12, updates: 2, batch: 16, warmup_steps: 100}"
    Path(source).write_text(f"{TINY.partition('ppo:')[0]}algorithm: sac\n{sac}\n", encoding="utf-8")
    cells = plan_sweep([source], [], (1,), ["total_steps=960"])
    names = [cell.name for cell in cells]
    killed: list[int] = []

    def kill_once(running: Sequence[str]) -> None:
        checkpoints = tmp_path / "out" / names[0] / "checkpoints"
        if killed or not checkpoints.is_dir() or len([*checkpoints.glob("step-*")]) < 2:
            return
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        for child in children:
            line = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"sweep_worker" in line and names[0].encode() in line:
                os.kill(int(child), signal.SIGKILL)
                killed.append(int(child))

    def execute(out: Path, left: Sequence[Cell], watch: Any) -> Iterator[Outcome]:
        return local_outcomes(out, [cell.name for cell in left], 1, kill_once)

    def plain(out: Path, left: Sequence[Cell], watch: Any) -> Iterator[Outcome]:
        return local_outcomes(out, [cell.name for cell in left], 1, watch)

    swept = run_sweep(cells, tmp_path / "out", execute, quiet())
    assert len(killed) == 1
    assert swept.failed == {}
    run_sweep(cells, tmp_path / "whole", plain, quiet())
    assert curves(tmp_path / "out", cells) == curves(tmp_path / "whole", cells)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_node_that_dies_loses_no_finished_run_and_its_others_are_repeated(
    source: str, tmp_path: Path
) -> None:
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cells = plan_sweep([source], [], parse_seeds("1..3"))
    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    second = cluster.add_node(num_cpus=1)
    try:
        cluster.wait_for_nodes()
        ended: list[str] = []
        removed: list[bool] = []

        def execute(out: Path, left: Sequence[Cell], watch: Any) -> Iterator[Outcome]:
            names = [cell.name for cell in left]
            for outcome in ray_outcomes(out, names, [1] * len(names), cluster.address, watch):
                ended.append(outcome.name)
                if not removed:  # while another run is on it
                    cluster.remove_node(second, allow_graceful=False)
                    removed.append(True)
                yield outcome

        swept = run_sweep(cells, tmp_path / "out", execute, quiet())
    finally:
        cluster.shutdown()
    assert swept.failed == {}
    assert sorted(ended) == sorted(cell.name for cell in cells)
    assert swept.rows[0].seeds == (1, 2, 3)
    savings = [curve[-1]["validation/saving"] for curve in curves(tmp_path / "out", cells)]
    assert np.isfinite(savings).all()
