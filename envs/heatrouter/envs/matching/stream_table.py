"""Stream tables in CSV: one row a stream, several cases in a file, every mistake with its line."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from heatrouter.envs.errors import ConfigError, Mistake
from heatrouter.envs.matching.streams import DEFAULT_DT_MIN_K, Stream, wrong_way

HEAT, CAPACITY = "heat_flow_kW", "heat_capacity_rate_kW_per_K"
CONTRIBUTION = "dt_min_contribution_K"
_REQUIRED: Final = ("stream", "kind", "t_supply_C", "t_target_C")
_ABSOLUTE_ZERO_C: Final = -273.15
_AGREES: Final = 0.01
"""By which heat and capacity times span may differ, as a share: both are rounded."""
_SMALL_KW: Final = 5.0
"""Median heat of a case below which the column is suspected of holding kW/K."""
_UNNAMED: Final = "streams"


class StreamTableError(ConfigError):
    """A stream table that cannot be used."""


@dataclass(frozen=True)
class StreamTable:
    """What a file holds.

    Attributes:
        cases: Streams by case, in the order of the file; a file without a column ``case`` has one,
            ``"streams"``.
        notes: By case what was taken for granted, where that changes the targets.
    """

    cases: dict[str, tuple[Stream, ...]]
    notes: dict[str, tuple[str, ...]]


def read_stream_table(path: Path, *, heat_flow_is_capacity: bool = False) -> StreamTable:
    """Read a stream table.

    Columns: ``stream``, ``kind`` (hot or cold), ``t_supply_C``, ``t_target_C``, ``heat_flow_kW`` or
    ``heat_capacity_rate_kW_per_K`` or both, and where wanted ``case``, ``zone`` and
    ``dt_min_contribution_K``. Others are left aside.

    Args:
        path: A CSV file, UTF-8, with a header.
        heat_flow_is_capacity: Take the column of heat for heat capacity rates, kW/K.

    Raises:
        StreamTableError: Everything that is wrong with the file, each mistake with its line.
    """
    rows, mistakes = _rows(path)
    streams: dict[str, list[Stream]] = {}
    notes: dict[str, list[str]] = {}
    first: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        same = first.setdefault(tuple(row.values()), line)
        if same != line:
            mistakes.append(Mistake(f"line {line}", f"the same as line {same}; keep one"))
            continue
        case = row.get("case") or _UNNAMED
        stream, remark, found = _stream(row, heat_flow_is_capacity=heat_flow_is_capacity)
        mistakes += [Mistake(f"line {line}", message) for message in found]
        if stream is not None:
            streams.setdefault(case, []).append(stream)
        if remark:
            notes.setdefault(case, []).append(f"line {line}: {remark}")
    if not rows and not mistakes:
        mistakes.append(Mistake("line 2", "no streams below the header"))
    if mistakes:
        raise StreamTableError(str(path), mistakes)
    for case, some in streams.items():
        notes.setdefault(case, [])
        notes[case] += _suspicions(some, heat_flow_is_capacity=heat_flow_is_capacity)
        if rows and CONTRIBUTION not in rows[0][1]:
            notes[case].append(
                f"no column {CONTRIBUTION}: streams come as close as {DEFAULT_DT_MIN_K:g} K"
            )
    return StreamTable(
        {case: tuple(some) for case, some in streams.items()},
        {case: tuple(some) for case, some in notes.items()},
    )


def _rows(path: Path) -> tuple[list[tuple[int, dict[str, str]]], list[Mistake]]:
    """Rows with their lines, cells stripped; and what is wrong with the file as a whole."""
    mistakes: list[Mistake] = []
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [cell.strip() for cell in next(reader, [])]
            missing = [name for name in _REQUIRED if name not in header]
            if HEAT not in header and CAPACITY not in header:
                missing.append(f"{HEAT} (or {CAPACITY})")
            twice = sorted({name for name in header if header.count(name) > 1})
            known = ", ".join(header) or "none"
            mistakes += [
                Mistake("line 1", f"no column {name}; there are: {known}") for name in missing
            ]
            mistakes += [Mistake("line 1", f"column {name!r} is given twice") for name in twice]
            if mistakes:
                return [], mistakes
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                line = reader.line_num
                if len(cells) != len(header):
                    message = f"{len(cells)} cells, the header has {len(header)}"
                    mistakes.append(Mistake(f"line {line}", message))
                    continue
                stripped = [cell.strip() for cell in cells]
                rows.append((line, dict(zip(header, stripped, strict=True))))
    except FileNotFoundError:
        mistakes.append(Mistake("", "there is no such file"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        mistakes.append(Mistake("", f"cannot be read: {error}"))
    return rows, mistakes


def _stream(
    row: Mapping[str, str], *, heat_flow_is_capacity: bool
) -> tuple[Stream | None, str, list[str]]:
    """The stream of a row, what was assumed about it, and what is wrong with it."""
    found: list[str] = []
    name, kind = row["stream"], row["kind"].lower()
    if not name:
        found.append("column stream: empty; name the stream")
    if kind not in {"hot", "cold"}:
        found.append(f"column kind: {row['kind']!r} is neither hot nor cold")
    supply = _number(row, "t_supply_C", found, low=_ABSOLUTE_ZERO_C, required=True)
    target = _number(row, "t_target_C", found, low=_ABSOLUTE_ZERO_C, required=True)
    heat = _number(row, HEAT, found, low=0.0)
    capacity = _number(row, CAPACITY, found, low=0.0)
    contribution = _number(row, CONTRIBUTION, found)
    if not row.get(HEAT) and not row.get(CAPACITY):
        found.append(f"neither {HEAT} nor {CAPACITY} is given; give one")
    if supply is not None and target is not None and kind in {"hot", "cold"}:
        span = supply - target if kind == "hot" else target - supply
        if span < 0.0:
            found.append(wrong_way(kind, supply, target))
        if span == 0.0 and (heat is None or heat_flow_is_capacity) and not found:
            found.append(
                f"no span of temperature at {supply:g} degC, so its heat cannot come from a "
                f"capacity; give {HEAT} in kW"
            )
    if found or supply is None or target is None:
        return None, "", found
    span = abs(supply - target)
    heat_kw, remark, mistake = _heat_kw(heat, capacity, span, as_capacity=heat_flow_is_capacity)
    if mistake:
        return None, "", [mistake]
    stream = Stream(
        name=name,
        zone=row.get("zone", ""),
        kind="hot" if kind == "hot" else "cold",
        supply_temp_c=supply,
        target_temp_c=target,
        heat_kw=heat_kw,
        dt_contribution_k=0.5 * DEFAULT_DT_MIN_K if contribution is None else contribution,
    )
    return stream, remark, []


def _heat_kw(
    heat: float | None, capacity: float | None, span_k: float, *, as_capacity: bool
) -> tuple[float, str, str]:
    """Heat of a stream, kW; a remark where the columns differ; a mistake where none can be right.

    Without span the capacity says nothing.
    """
    if heat is None:
        return (capacity or 0.0) * span_k, "", ""
    if as_capacity:
        return heat * span_k, "", ""
    if capacity is None or span_k == 0.0 or _close(heat, capacity * span_k):
        return heat, "", ""
    if _close(heat, capacity):
        remark = (
            f"{HEAT} {heat:g} is the heat capacity rate once more, not {capacity:g} kW/K times "
            f"{span_k:g} K; taken: {capacity * span_k:g} kW"
        )
        return capacity * span_k, remark, ""
    if _close(heat, 1000.0 * capacity * span_k) or _close(1000.0 * heat, capacity * span_k):
        unit = "W and kW" if heat > capacity * span_k else "kW and MW"
        mistake = (
            f"{HEAT} {heat:g} and {capacity:g} kW/K times {span_k:g} K differ by a thousand, as "
            f"if {unit} were mixed; correct one or leave it out"
        )
        return 0.0, "", mistake
    mistake = (
        f"{HEAT} {heat:g} and {capacity:g} kW/K times {span_k:g} K, {capacity * span_k:g} kW, "
        f"differ by more than {_AGREES:.0%}; correct one or leave it out"
    )
    return 0.0, "", mistake


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=_AGREES, abs_tol=1e-3)


def _number(
    row: Mapping[str, str],
    column: str,
    found: list[str],
    *,
    low: float = -math.inf,
    required: bool = False,
) -> float | None:
    """The number in a column; None where the cell is empty or wrong."""
    text = row.get(column, "")
    if not text:
        if required:
            found.append(f"column {column}: empty; give a number")
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        found.append(f"column {column}: {text!r} is no number")
        return None
    if value < low:
        found.append(f"column {column}: {value:g} lies below {low:g}")
        return None
    return value


def _suspicions(streams: list[Stream], *, heat_flow_is_capacity: bool) -> list[str]:
    """What the numbers of a case as a whole give reason to doubt."""
    middle = median(stream.heat_kw for stream in streams)
    if heat_flow_is_capacity or middle >= _SMALL_KW:
        return []
    suspicion = (
        f"heat flows are taken in kW though half of them lie below {middle:.3g} kW, which is "
        "little for a process: if the column holds kW/K, give --heat-flow-is-capacity"
    )
    return [suspicion]
