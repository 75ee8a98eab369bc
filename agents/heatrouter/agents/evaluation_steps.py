"""Every step of every controller and week as a table: Parquet, or CSV."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from heatrouter.agents.evaluation import Judged
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError

Block = tuple[dict[str, str | int], list[str], dict[str, FloatArray]]
"""What is the same in all rows of a week, its times, and a column for each quantity."""


def check_steps_file(path: Path) -> None:
    """Refuse a file that cannot be written, before anything is run.

    Raises:
        ConfigError: It is neither Parquet nor CSV, or pyarrow is missing.
    """
    if path.suffix not in {".parquet", ".csv"}:
        msg = f"--steps {path}: name a file that ends in .parquet or .csv"
        raise ConfigError(msg)
    if path.suffix == ".parquet" and find_spec("pyarrow") is None:
        msg = (
            f"--steps {path}: Parquet needs pyarrow (pip install 'heatrouter[study]'); "
            "or name a .csv file"
        )
        raise ConfigError(msg)


def steps_files(path: Path, judged: Sequence[Judged]) -> list[Path]:
    """One file for each district, whose columns differ: its name is added to the file's."""
    if len(judged) == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{one.evaluation.district}") for one in judged]


def write_steps(path: Path, judged: Judged, store: ResultStore) -> None:
    """Write one row for each step of each week of each controller.

    Columns: ``controller``, ``week``, ``scenario``, ``seed``, ``step``, ``time_utc`` (end of the
    step), every output of the simulator, ``set_point.<name>`` as the guard let it through, and
    ``term.<name>_eur`` of the objective.

    Args:
        path: The file, ``.parquet`` or ``.csv``; it appears whole or not at all.
        judged: What was judged, with steps kept.
        store: Where they are kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stage = path.with_name(f".{path.name}")
    try:
        if path.suffix == ".parquet":
            _write_parquet(stage, _blocks(judged, store))
        else:
            _write_csv(stage, _blocks(judged, store))
        stage.replace(path)
    finally:
        stage.unlink(missing_ok=True)


def _blocks(judged: Judged, store: ResultStore) -> Iterator[Block]:
    columns = judged.examples.columns
    for unit in judged.units:
        arrays = dict(store.steps(unit))
        points = store.record(unit).set_points
        terms = {
            name.removeprefix("term."): value
            for name, value in arrays.items()
            if name.startswith("term.")
        }
        for position, number in enumerate(unit.weeks):
            week = judged.evaluation.weeks[number]
            start = datetime.fromisoformat(week.start_utc)
            count = arrays["outputs"].shape[0]
            step = timedelta(seconds=judged.evaluation.control_dt_s)
            times = [(start + (index + 1) * step).isoformat() for index in range(count)]
            values = {name: arrays["outputs"][:, position, i] for name, i in columns.items()}
            values |= {
                f"set_point.{name}": arrays["set_points"][:, position, i]
                for i, name in enumerate(points)
            }
            values |= {f"term.{name}_eur": value[:, position] for name, value in terms.items()}
            same: dict[str, str | int] = {
                "controller": unit.controller,
                "week": number,
                "scenario": week.scenario,
                "seed": week.seed,
            }
            yield same, times, values


def _write_parquet(path: Path, blocks: Iterator[Block]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    writer = None
    try:
        for same, times, values in blocks:
            count = len(times)
            content = {name: [value] * count for name, value in same.items()}
            table = pa.table(
                content | {"step": np.arange(count), "time_utc": times} | values,
            )
            if writer is None:
                writer = parquet.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _write_csv(path: Path, blocks: Iterator[Block]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number, (same, times, values) in enumerate(blocks):
            if number == 0:
                writer.writerow([*same, "step", "time_utc", *values])
            table = np.stack(list(values.values()), axis=1).tolist()
            writer.writerows(
                [*same.values(), step, time, *row]
                for step, (time, row) in enumerate(zip(times, table, strict=True))
            )
