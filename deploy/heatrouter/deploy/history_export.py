"""The history as a table: CSV for people, Parquet for programs."""

import csv
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from heatrouter.deploy.history_file import HistoryError
from heatrouter.deploy.history_reading import HistoryRow
from heatrouter.deploy.validity import Cause

FIXED = ("time_utc", "run", "time_s", "plant_time_s", "mode", "target", "written")
_CHUNK = 5_000


def write_csv(path: Path, rows: Iterable[HistoryRow], names: Sequence[str]) -> int:
    """Write rows as CSV; empty fields are not known.

    The last column names the inputs that were not believed, and why.

    Args:
        path: The file; one that is there is replaced.
        rows: Oldest first.
        names: Series, in the order of the columns.

    Returns:
        How many rows.
    """
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*FIXED, *names, "not_believed"])
        for row in rows:
            values = ["" if math.isnan(v) else repr(v) for v in _values(row, names)]
            writer.writerow([*_fixed(row), *values, _not_believed(row)])
            count += 1
    return count


def write_parquet(path: Path, rows: Iterable[HistoryRow], names: Sequence[str]) -> int:
    """Write rows as Parquet, with the same columns; null is not known.

    Raises:
        HistoryError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        message = "Parquet needs pyarrow: pip install pyarrow, or export to a .csv file"
        raise HistoryError(message) from error
    number, text = pa.float64(), pa.string()
    schema = pa.schema(
        [
            ("time_utc", pa.timestamp("ms", tz="UTC")),
            ("run", pa.int64()),
            ("time_s", number),
            ("plant_time_s", number),
            ("mode", text),
            ("target", text),
            ("written", pa.bool_()),
            *((name, number) for name in names),
            ("not_believed", text),
        ]
    )
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        for chunk in _chunks(rows):
            table = [
                [
                    datetime.fromtimestamp(row.wall_time, tz=UTC),
                    row.run,
                    row.time_s,
                    _known(row.plant_time_s),
                    row.mode,
                    row.target,
                    row.written,
                    *map(_known, _values(row, names)),
                    _not_believed(row),
                ]
                for row in chunk
            ]
            columns = [list(column) for column in zip(*table, strict=True)]
            arrays = [pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(chunk)
    return count


def _chunks(rows: Iterable[HistoryRow]) -> Iterable[list[HistoryRow]]:
    chunk: list[HistoryRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _fixed(row: HistoryRow) -> list[object]:
    moment = datetime.fromtimestamp(row.wall_time, tz=UTC).isoformat(timespec="milliseconds")
    plant_time = "" if math.isnan(row.plant_time_s) else repr(row.plant_time_s)
    written = "" if not row.mode else int(row.written)
    return [moment, row.run, repr(row.time_s), plant_time, row.mode, row.target, written]


def _values(row: HistoryRow, names: Sequence[str]) -> list[float]:
    position = {name: i for i, name in enumerate(row.layout.names)}
    return [float(row.series[position[n]]) if n in position else math.nan for n in names]


def _not_believed(row: HistoryRow) -> str:
    if row.causes is None:
        return ""
    bad = zip(row.layout.inputs, row.causes.tolist(), strict=True)
    return " ".join(f"{name}:{_causes(mask)}" for name, mask in bad if mask)


def _causes(mask: int) -> str:
    names = [str(cause.name) for cause in Cause if mask & cause]
    return "NOT_READ" if mask > sum(Cause) else "|".join(names)
