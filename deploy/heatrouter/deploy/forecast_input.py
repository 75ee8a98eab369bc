"""Forecasts as they arrive: judged whole, refused with every reason at once.

A forecast has a time of issue, and a unit for each series. One from tags has the windows of the
contract; a document (file or HTTP) has steps of its own::

    {"issued": "2026-01-15T06:00:00Z",
     "series": {"ambient_temp_c": {"unit": "degC", "step_s": 3600, "values": [-3.1, -3.4, …]}}}

``issued`` is a time with its zone, or a number: seconds on the plant's clock. ``start`` (the same)
may be earlier than it; without it the first step begins at the time of issue.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from heatrouter.deploy.forecast_profile import Profile, Windows
from heatrouter.deploy.plant_units import conversion, convertible
from heatrouter.deploy.tags import origins
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract

RANGE_MARGIN: Final = 0.1
"""Share of a channel's range by which a forecast may leave it before it is called wrong."""

MOST_BYTES: Final = 1_000_000
MOST_VALUES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast that may be used.

    Attributes:
        issued_s: When it was made: plant seconds, or POSIX seconds where `civil`.
        civil: Whether `issued_s` is on the civil clock.
        profiles: One per series of the contract, in its order.
        windows: Its windows as they came, shape ``(n_series, n_windows)``; None for a document.
    """

    issued_s: float
    civil: bool
    profiles: tuple[Profile, ...]
    windows: FloatArray | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a forecast is not used; every reason that was found."""

    reasons: tuple[str, ...]


class ForecastJudge:
    """Judges what arrives against the contract.

    Args:
        contract: Which series, in which units and windows.
    """

    def __init__(self, contract: Contract) -> None:
        self.series = origins(contract, "forecast")
        channels = {
            name: [c for c in contract.observation if c.source == "forecast" and c.origin == name]
            for name in self.series
        }
        self._units = {name: found[0].unit for name, found in channels.items()}
        self._ranges: dict[str, tuple[float, float]] = {}
        for name, found in channels.items():
            low, high = min(c.low for c in found), max(c.high for c in found)
            margin = RANGE_MARGIN * (high - low)
            self._ranges[name] = (low - margin, high + margin)
        first = channels[self.series[0]] if self.series else []
        self.windows = Windows(
            np.array([c.lead_start_s for c in first]), np.array([c.lead_end_s for c in first])
        )

    def of_arrays(self, arrays: Mapping[str, FloatArray], issued_s: float) -> Forecast | Refused:
        """Judge one mean per window and series, in the contract's units."""
        reasons: list[str] = []
        if not math.isfinite(issued_s):
            reasons.append("time of issue: no good value")
        count = self.windows.start_s.size
        rows = []
        for name in self.series:
            values = arrays.get(name)
            if values is None:
                reasons.append(f"{name}: no good value")
            elif values.shape != (count,):
                reasons.append(f"{name}: {values.size} values, the contract has {count} windows")
            else:
                reasons += self._wrong_values(name, values)
                rows.append(values)
        if reasons:
            return Refused(tuple(reasons))
        stacked = np.array(rows).reshape(len(rows), count)
        profiles = tuple(self.windows.profile(row) for row in stacked)
        return Forecast(issued_s, civil=False, profiles=profiles, windows=stacked)

    def of_document(self, data: bytes) -> Forecast | Refused:
        """Judge a JSON document."""
        if len(data) > MOST_BYTES:
            return Refused((f"{len(data)} bytes, the limit is {MOST_BYTES}",))
        try:
            document = json.loads(data, parse_constant=float)
        except (ValueError, RecursionError) as error:
            reason = f"no JSON ({error}); write to another name and rename when it is complete"
            return Refused((reason,))
        if not isinstance(document, dict):
            return Refused(("no JSON object with the keys issued and series",))
        reasons: list[str] = []
        issued = _moment(document.get("issued"), "issued", reasons)
        series = document.get("series")
        if not isinstance(series, dict):
            reasons.append("series: missing, or no object of series by name")
            series = {}
        profiles = []
        for name in self.series:
            entry = series.get(name)
            if not isinstance(entry, dict):
                reasons.append(f"{name}: missing; wanted in {self._units[name]}")
                continue
            profile = self._profile(name, entry, issued, reasons)
            if profile is not None:
                profiles.append(profile)
        if reasons or issued is None:
            return Refused(tuple(reasons))
        return Forecast(issued[0], civil=issued[1], profiles=tuple(profiles), windows=None)

    def _profile(
        self,
        name: str,
        entry: Mapping[str, object],
        issued: tuple[float, bool] | None,
        reasons: list[str],
    ) -> Profile | None:
        before = len(reasons)
        unit, wanted = entry.get("unit"), self._units[name]
        factors = conversion(unit, wanted) if isinstance(unit, str) else None
        if unit is None:
            reasons.append(f"{name}: no unit; say which of {', '.join(convertible(wanted))} it is")
        elif factors is None:
            known = ", ".join(convertible(wanted))
            reasons.append(f"{name}: unit {unit!r} cannot become {wanted}; known: {known}")
        step_s = _number(entry.get("step_s"))
        if step_s is None or not 1.0 <= step_s <= 86_400.0:
            reasons.append(f"{name}: step_s {entry.get('step_s')!r} must be 1..86400 s")
        raw = entry.get("values")
        if not isinstance(raw, list) or not 0 < len(raw) <= MOST_VALUES:
            reasons.append(f"{name}: values must be a list of 1..{MOST_VALUES} numbers")
            raw = []
        numbers = [_number(value) for value in raw]
        none = [i for i, value in enumerate(numbers) if value is None]
        if none:
            reasons.append(f"{name}: {len(none)} values are no numbers, first at [{none[0]}]")
        start = issued
        if "start" in entry:
            start = _moment(entry["start"], f"{name}.start", reasons)
        if len(reasons) > before or factors is None or step_s is None:
            return None
        given = [number for number in numbers if number is not None]
        values = np.array([factors.scale * number + factors.offset for number in given])
        reasons += self._wrong_values(name, values)
        begin = 0.0
        if start is not None and issued is not None:
            if start[1] != issued[1]:
                reasons.append(f"{name}.start: on another clock than issued")
            begin = start[0] - issued[0]
        edges = np.linspace(begin, begin + step_s * values.size, values.size + 1)
        needed = float(self.windows.end_s.max(initial=0.0))
        if begin > 0.0:
            reasons.append(f"{name}: begins {begin:g} s after the time of issue")
        if edges[-1] < needed:
            reasons.append(
                f"{name}: reaches {edges[-1] / 3600.0:g} h ahead, {needed / 3600.0:g} h are needed"
            )
        return Profile(edges, values) if len(reasons) == before else None

    def _wrong_values(self, name: str, values: FloatArray) -> list[str]:
        if not bool(np.isfinite(values).all()):
            return [f"{name}: {int((~np.isfinite(values)).sum())} values are NaN or infinite"]
        low, high = self._ranges[name]
        outside = (values < low) | (values > high)
        if not bool(outside.any()):
            return []
        worst = float(values[outside][0])
        unit = self._units[name]
        return [f"{name}: {worst:g} {unit} lies outside {low:g}..{high:g} {unit}; another unit?"]


def _moment(value: object, path: str, reasons: list[str]) -> tuple[float, bool] | None:
    """Seconds, and whether they are on the civil clock."""
    number = _number(value)
    if number is not None:
        return number, False
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            reasons.append(f"{path}: {value!r} is no time as in 2026-01-15T06:00:00Z")
            return None
        if moment.tzinfo is None:
            reasons.append(f"{path}: {value!r} has no time zone; add Z or an offset")
            return None
        return moment.timestamp(), True
    reasons.append(f"{path}: {value!r} is no time; give ISO 8601 with its zone, or plant seconds")
    return None


def _number(value: object) -> float | None:
    """A finite number; a truth value or a text is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
