"""A sweep: many trainings, side by side, each of them kept once it has ended."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from scipy.stats import trim_mean

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.nested_runs import NestedRuns
from heatrouter.training.run_folder import RunFolder, write_json
from heatrouter.training.sweep_local import Outcome
from heatrouter.training.sweep_plan import Cell
from heatrouter.training.tracking_journal import Journal

RECORD: Final = "sweep.json"
_CUT: Final = 0.25
"""Share that an interquartile mean leaves out at each end (Agarwal et al. 2021)."""

Execute = Callable[[Path, Sequence[Cell], Callable[[Sequence[str]], None]], Iterator[Outcome]]
"""Trains cells whose folders hold their inputs, and tells of each as it ends."""


@dataclass(frozen=True, slots=True)
class Row:
    """Seeds of one recipe, taken together. Savings are shares of the rules' cost.

    Attributes:
        recipe: Configuration and preset.
        seeds: Of the trainings that have ended.
        saving: Interquartile mean over the seeds; the plain mean of fewer than four.
        worst: Least saving of a seed.
        best: Largest one.
        start: Mean saving of what each began with: a constant price, or a clone.
        seconds: Mean time of a training.
    """

    recipe: str
    seeds: tuple[int, ...]
    saving: float
    worst: float
    best: float
    start: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Swept:
    """What came out of a sweep.

    Attributes:
        rows: One for each recipe with a training that has ended.
        failed: Name of a run to the reason.
    """

    rows: tuple[Row, ...]
    failed: dict[str, str]


def run_sweep(cells: Sequence[Cell], out: Path, execute: Execute, console: Console) -> Swept:
    """Train all cells that have not been trained in this folder yet.

    Args:
        cells: What to train.
        out: Folder of the sweep; another sweep must not be in it.
        execute: Where and how many at a time.
        console: Where progress goes.

    Raises:
        TrainingConfigError: The folder holds something else.
        KeyboardInterrupt: The user stopped it; what has ended is kept.
    """
    _prepare(cells, out)
    done = [cell for cell in cells if _summary(out, cell) is not None]
    left = [cell for cell in cells if cell not in done]
    if done:
        console.print(f"{len(done)} of {len(cells)} have ended before", highlight=False)
    names = [cell.name for cell in cells]

    def warn(message: str) -> None:
        console.print(message, style="yellow", highlight=False, soft_wrap=True)

    runs = NestedRuns(cells[0].config.tracking, f"sweep {out.resolve().name}", out, names, warn)
    failed: dict[str, str] = {}
    ended = len(done)
    totals = {cell.name: cell.config.total_steps for cell in cells}
    # Shown on a terminal only.
    status = console.status("")

    def watch(running: Sequence[str]) -> None:
        runs.watch(running)
        shares = (
            f"{name} {max(Journal(out / name).last_step(), 0) / totals[name]:.0%}"
            for name in running
        )
        status.update(f"{ended}/{len(cells)} ended; {', '.join(shares)}")

    status.start()
    try:
        for name, error in execute(out, left, watch):
            ended += 1
            runs.send([name])
            cell = next(cell for cell in left if cell.name == name)
            summary = _summary(out, cell)
            if summary is None:
                failed[name] = error or "it left no summary"
                told = f"failed: {failed[name]}"
            else:
                told = f"saves {100.0 * summary['best_saving']:+.2f} %, {summary['seconds']:.0f} s"
            console.print(f"{ended}/{len(cells)} {name}: {told}", highlight=False, soft_wrap=True)
    except KeyboardInterrupt:
        runs.close("KILLED", {}, {})
        msg = f"{ended} of {len(cells)} kept; the same command goes on in {out}"
        raise KeyboardInterrupt(msg) from None
    finally:
        status.stop()
    rows = table_rows(out, cells)
    write_json(out / RECORD, _record(cells, rows, failed))
    numbers = {f"saving/{row.recipe}": row.saving for row in rows}
    tables = {"table.md": markdown(rows), "sweep.json": (out / RECORD).read_text(encoding="utf-8")}
    runs.close("FAILED" if failed else "FINISHED", numbers, tables)
    return Swept(rows, failed)


def table_rows(out: Path, cells: Sequence[Cell]) -> tuple[Row, ...]:
    """Take the seeds of every recipe together, as far as they have ended."""
    rows = []
    for recipe in dict.fromkeys(cell.recipe for cell in cells):
        own = [cell for cell in cells if cell.recipe == recipe]
        ended = [(c.config.seed, s) for c in own if (s := _summary(out, c)) is not None]
        if not ended:
            continue
        savings = np.array([summary["best_saving"] for _, summary in ended])
        rows.append(
            Row(
                recipe,
                tuple(seed for seed, _ in ended),
                interquartile_mean(savings.tolist()),
                float(savings.min()),
                float(savings.max()),
                float(np.mean([summary["start_saving"] for _, summary in ended])),
                float(np.mean([summary["seconds"] for _, summary in ended])),
            )
        )
    return tuple(rows)


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half; of all where there are fewer than four."""
    return float(trim_mean(np.asarray(values, dtype=np.float64), _CUT))


def markdown(rows: Sequence[Row]) -> str:
    """Return the table as Markdown, savings in percent of the rules' cost."""
    lines = [
        "| recipe | seeds | saving, IQM | worst | best | at the start | s a training |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        shares = (row.saving, row.worst, row.best, row.start)
        cells = " | ".join(f"{100.0 * share:+.2f} %" for share in shares)
        lines.append(f"| {row.recipe} | {len(row.seeds)} | {cells} | {row.seconds:.0f} |")
    return "\n".join(lines) + "\n"


def _prepare(cells: Sequence[Cell], out: Path) -> None:
    """Write every run's inputs, or check that they are those of this sweep."""
    asked = {cell.name: cell.config.digest for cell in cells}
    if (out / RECORD).is_file():
        known = json.loads((out / RECORD).read_text(encoding="utf-8"))["plan"]
        other = sorted(name for name in asked if name in known and known[name] != asked[name])
        if other:
            msg = (
                f"{out}: {other[0]} was begun with other settings there; name a new folder with "
                "--out, or the same settings"
            )
            raise TrainingConfigError(msg)
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = f"{out} exists and holds no sweep; name a new folder with --out"
        raise TrainingConfigError(msg)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / RECORD, _record(cells, (), {}))
    for cell in cells:
        run = RunFolder(out / cell.name)
        if not (run.path / "config.yaml").is_file():
            run.path.mkdir(parents=True, exist_ok=True)
            run.write_inputs(cell.config, cell.task, cell.district)


def _record(cells: Sequence[Cell], rows: Sequence[Row], failed: dict[str, str]) -> dict[str, Any]:
    return {
        "plan": {cell.name: cell.config.digest for cell in cells},
        "table": [{name: getattr(row, name) for name in Row.__dataclass_fields__} for row in rows],
        "failed": failed,
    }


def _summary(out: Path, cell: Cell) -> dict[str, Any] | None:
    path = RunFolder(out / cell.name).summary
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
