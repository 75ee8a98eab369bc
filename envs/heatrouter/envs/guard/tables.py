"""The limits as a person writes and reads them, one entry per set-point, interlock, channel."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from heatrouter.envs.errors import Mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPointLimits:
    """Limits of one set-point, in its own unit.

    Attributes:
        name: As in the contract, ``<unit>.<quantity>``.
        low: Least value; off, where the set-point is switchable.
        high: Greatest value.
        safe: Value that is safe when nothing else is known.
        rate_up_per_s: Fastest rise per second; ``None`` for no limit. Of a switchable set-point
            the rate counts over the running range: between off and ``min_load`` it may jump.
        rate_down_per_s: Fastest fall per second; ``None`` for no limit.
        dead_band: Changes smaller than this are not executed.
        switchable: Whether ``low`` means off, with minimum load and dwell.
        min_load: Least value while running, above ``low``; ``None`` where every value above
            ``low`` will do, which leaves no value to run on through a minimum run time.
        stop_below: A running unit stops when the proposal falls below this, and runs at
            ``min_load`` in between; ``None`` for half way between ``low`` and ``min_load``.
        min_run_s: Least time from start to stop.
        min_stop_s: Least time from stop to start.
    """

    name: str
    low: float
    high: float
    safe: float
    rate_up_per_s: float | None = None
    rate_down_per_s: float | None = None
    dead_band: float = 0.0
    switchable: bool = False
    min_load: float | None = None
    stop_below: float | None = None
    min_run_s: float = 0.0
    min_stop_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interlock:
    """A reading that overrules proposals while it stands beyond a threshold.

    Attributes:
        name: For the log, e.g. ``supply_too_hot``.
        channel: Index of the reading. Readings may be clipped to the channel's bounds, so the
            threshold has to lie inside them.
        above: True trips above the threshold, false below.
        threshold: Where it trips; ``None`` trips on an invalid reading only.
        release: Where it lets go again, on the other side of the threshold; ``None`` for the
            threshold itself.
        on_invalid: Whether an invalid reading trips it. If not, it stays as it was.
        immediate: Whether it overrules the rate limits, too. It always overrules dwell.
        caps: Greatest value while tripped, by set-point; below ``min_load`` means off.
        floors: Least value while tripped, by set-point. Where both apply, the cap wins.
    """

    name: str
    channel: int
    above: bool
    threshold: float | None
    release: float | None = None
    on_invalid: bool = False
    immediate: bool = False
    caps: Mapping[str, float] = field(default_factory=dict)
    floors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedLimit:
    """Hard limit of a channel that predictions are held against; ``None`` for no limit."""

    name: str
    low: float | None = None
    high: float | None = None


def mistakes_of_set_points(set_points: Sequence[SetPointLimits]) -> Iterator[Mistake]:
    """Yield every mistake of the set-point table, each with its path."""
    if not set_points:
        yield Mistake("set_points", "is empty; the guard needs at least one set-point")
    seen: set[str] = set()
    for index, entry in enumerate(set_points):
        path = f"set_points[{index}]"
        if entry.name in seen:
            yield Mistake(f"{path}.name", f"{entry.name!r} is used twice; name each once")
        seen.add(entry.name)
        numbers = {
            key: getattr(entry, key)
            for key in (
                "low", "high", "safe", "rate_up_per_s", "rate_down_per_s", "dead_band",
                "min_load", "stop_below", "min_run_s", "min_stop_s",
            )
        }  # fmt: skip
        wrong = [
            Mistake(f"{path}.{key}", f"{value!r} is no finite number")
            for key, value in numbers.items()
            if value is not None and not math.isfinite(value)
        ]
        yield from wrong
        if not wrong:
            yield from _mistakes_of_set_point(path, entry)


def _mistakes_of_set_point(path: str, entry: SetPointLimits) -> Iterator[Mistake]:
    if entry.low > entry.high or (entry.switchable and entry.low == entry.high):
        yield Mistake(f"{path}.low", f"{entry.low} must lie below high {entry.high}")
    elif not entry.low <= entry.safe <= entry.high:
        yield Mistake(f"{path}.safe", f"{entry.safe} must lie in {entry.low}..{entry.high}")
    for key in ("rate_up_per_s", "rate_down_per_s"):
        rate = getattr(entry, key)
        if rate is not None and rate <= 0.0:
            yield Mistake(f"{path}.{key}", f"{rate} must be > 0, or null for no limit")
    for key in ("dead_band", "min_run_s", "min_stop_s"):
        if getattr(entry, key) < 0.0:
            yield Mistake(f"{path}.{key}", f"{getattr(entry, key)} must be >= 0")
    if not entry.switchable:
        if entry.min_load is not None or entry.stop_below is not None:
            yield Mistake(f"{path}.min_load", "needs switchable: true; remove it or switch")
        if entry.min_run_s or entry.min_stop_s:
            yield Mistake(f"{path}.min_run_s", "dwell needs switchable: true; set it to 0")
        return
    if entry.min_load is None:
        if entry.min_run_s:
            yield Mistake(
                f"{path}.min_load",
                f"null leaves nothing to run on for min_run_s {entry.min_run_s}; give a small "
                "load, e.g. 0.01, or set min_run_s to 0",
            )
        if entry.stop_below is not None:
            yield Mistake(f"{path}.stop_below", "needs a min_load; remove it")
    elif not entry.low < entry.min_load <= entry.high:
        yield Mistake(
            f"{path}.min_load",
            f"{entry.min_load} must lie above low {entry.low} (which means off) and not above "
            f"high {entry.high}",
        )
    elif entry.stop_below is not None and not entry.low < entry.stop_below <= entry.min_load:
        yield Mistake(
            f"{path}.stop_below",
            f"{entry.stop_below} must lie above low {entry.low} and not above "
            f"min_load {entry.min_load}",
        )


def mistakes_of_interlocks(
    interlocks: Sequence[Interlock], set_points: Sequence[SetPointLimits]
) -> Iterator[Mistake]:
    """Yield every mistake of the interlock table, each with its path."""
    known = {entry.name: entry for entry in set_points}
    for index, lock in enumerate(interlocks):
        path = f"interlocks[{index}]"
        if lock.channel < 0:
            yield Mistake(f"{path}.channel", f"{lock.channel} must be >= 0")
        if lock.threshold is None and not lock.on_invalid:
            yield Mistake(f"{path}.threshold", "null needs on_invalid: true, else it never trips")
        if lock.release is not None:
            threshold = lock.release if lock.threshold is None else lock.threshold
            beyond = lock.release > threshold if lock.above else lock.release < threshold
            if beyond or lock.threshold is None:
                yield Mistake(
                    f"{path}.release",
                    f"{lock.release} must lie on the safe side of threshold {lock.threshold}",
                )
        if not lock.caps and not lock.floors:
            yield Mistake(f"{path}.caps", "caps or floors have to name a set-point")
        for key, number in (("threshold", lock.threshold), ("release", lock.release)):
            if number is not None and not math.isfinite(number):
                yield Mistake(f"{path}.{key}", f"{number!r} is no finite number")
        for name, value in lock.caps.items():
            yield from _mistakes_of_forced(f"{path}.caps.{name}", known.get(name), value)
        for name, value in lock.floors.items():
            yield from _mistakes_of_forced(f"{path}.floors.{name}", known.get(name), value)
            entry = known.get(name)
            if (
                entry is not None
                and entry.min_load is not None
                and entry.low < value < entry.min_load
            ):
                yield Mistake(
                    f"{path}.floors.{name}",
                    f"{value} lies between off and min_load {entry.min_load}; no unit runs there",
                )


def _mistakes_of_forced(path: str, entry: SetPointLimits | None, value: float) -> Iterator[Mistake]:
    if entry is None:
        yield Mistake(path, "is no set-point of the table")
    elif not entry.low <= value <= entry.high:
        yield Mistake(path, f"{value} must lie in {entry.low}..{entry.high}")


def mistakes_of_predicted(predicted: Sequence[PredictedLimit]) -> Iterator[Mistake]:
    """Yield every mistake of the table of predicted channels, each with its path."""
    for index, entry in enumerate(predicted):
        path = f"predicted[{index}]"
        for key, number in (("low", entry.low), ("high", entry.high)):
            if number is not None and not math.isfinite(number):
                yield Mistake(f"{path}.{key}", f"{number!r} is no finite number")
        if entry.low is not None and entry.high is not None and not entry.low < entry.high:
            yield Mistake(f"{path}.low", f"{entry.low} must lie below high {entry.high}")
