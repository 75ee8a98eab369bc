"""Whether each input may be believed, and what stands in for it where it may not.

Per tag: number, quality, range, age, gradient, freeze time. Ages run on the monotonic clock from
the moment at which a source's time stamp last *changed*, so that no clock that is set back or
forth, here or at the source, makes a value look old. Pure, with explicit memory; arrays are of
shape ``(n_tags,)``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.errors import Mistake, ServiceConfigError

QualityArray: TypeAlias = npt.NDArray[np.int8]
"""0 good, 1 uncertain, 2 bad, as in ``field_link.Quality``."""

CauseArray: TypeAlias = npt.NDArray[np.uint8]
"""One :class:`Cause` mask per tag."""

DEFAULT_TOLERATED_TICKS: Final = 3
"""Consecutive bad ticks of a critical tag that are a fault (practice of Honeywell Profit)."""

_LEAST_STEP_S: Final = 1.0e-3
"""Two ticks are never closer; keeps a gradient finite when the clock stands still."""


class Cause(IntFlag):
    """Why a value is not believed."""

    QUALITY = 1
    NOT_FINITE = 2
    RANGE = 4
    STALE = 8
    GRADIENT = 16
    FROZEN = 32


# Typed once: making a NumPy scalar of an enum member takes longer than the arithmetic with it.
_QUALITY: Final = np.uint8(Cause.QUALITY)
_NOT_FINITE: Final = np.uint8(Cause.NOT_FINITE)
_RANGE: Final = np.uint8(Cause.RANGE)
_STALE: Final = np.uint8(Cause.STALE)
_GRADIENT: Final = np.uint8(Cause.GRADIENT)
_FROZEN: Final = np.uint8(Cause.FROZEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagLimits:
    """What a tag's values have to keep to, in the unit of the contract.

    Attributes:
        name: Name of the tag.
        low: Least value that can be true.
        high: Greatest value that can be true.
        substitute: Stands in until there has been a good value.
        max_gradient_per_s: Fastest true change; a faster sample is rejected, and a true step is
            believed once it would have had the time.
        freeze_s: A value that has not moved by more than ``freeze_band`` for as long is stuck.
            Infinite for tags that may stand still, such as the flow of a unit that is off.
        freeze_band: Movement that does not count, e.g. the resolution.
        max_age_s: Longest time without a new sample from the source.
        critical: Whether control without it is a fault after a few ticks.
        accept_uncertain: Whether quality *uncertain* is good enough.
    """

    name: str
    low: float
    high: float
    substitute: float
    max_gradient_per_s: float = math.inf
    freeze_s: float = math.inf
    freeze_band: float = 0.0
    max_age_s: float = math.inf
    critical: bool = False
    accept_uncertain: bool = False


_NUMBERS: Final = (
    "low",
    "high",
    "substitute",
    "max_gradient_per_s",
    "freeze_s",
    "freeze_band",
    "max_age_s",
)


@dataclass(frozen=True, eq=False)
class ValidityLimits:
    """The limits of all tags, as arrays made from the table once.

    Attributes:
        tags: One entry per tag, in the order of the samples.
        tolerated_ticks: So many consecutive bad ticks of a critical tag are a fault.

    Raises:
        ServiceConfigError: With every mistake of the table.
    """

    tags: tuple[TagLimits, ...]
    tolerated_ticks: int = DEFAULT_TOLERATED_TICKS
    low: FloatArray = field(init=False, repr=False)
    high: FloatArray = field(init=False, repr=False)
    substitute: FloatArray = field(init=False, repr=False)
    max_gradient_per_s: FloatArray = field(init=False, repr=False)
    freeze_s: FloatArray = field(init=False, repr=False)
    freeze_band: FloatArray = field(init=False, repr=False)
    max_age_s: FloatArray = field(init=False, repr=False)
    critical: BoolArray = field(init=False, repr=False)
    worst_quality: QualityArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        mistakes = _mistakes(self.tags, self.tolerated_ticks)
        if mistakes:
            subject = "validity limits"
            raise ServiceConfigError(subject, mistakes)
        for name in _NUMBERS:
            numbers = np.array([getattr(tag, name) for tag in self.tags], dtype=np.float64)
            object.__setattr__(self, name, numbers)
        critical = np.array([tag.critical for tag in self.tags], dtype=np.bool_)
        object.__setattr__(self, "critical", critical)
        worst = np.array([int(tag.accept_uncertain) for tag in self.tags], dtype=np.int8)
        object.__setattr__(self, "worst_quality", worst)


class ValidityMemory(NamedTuple):
    """What is remembered of each tag; times are monotonic seconds.

    Attributes:
        good: Last value that was believed; the substitute before there was one.
        good_s: When that was; minus infinity before there was one.
        source_time_s: Time stamp of the last sample, on the source's clock; NaN without one.
        arrived_s: When that stamp was first seen here.
        moved: Value at the last movement beyond the freeze band; NaN before the first sample.
        moved_s: When that was.
        bad_ticks: Consecutive ticks without a value to believe.
    """

    good: FloatArray
    good_s: FloatArray
    source_time_s: FloatArray
    arrived_s: FloatArray
    moved: FloatArray
    moved_s: FloatArray
    bad_ticks: IntArray


class CheckedInputs(NamedTuple):
    """Inputs as control may use them.

    Attributes:
        values: Believed values, and the last good ones where there is none; never NaN.
        valid: Where the value of this very tick is believed.
        causes: Why not, a mask of :class:`Cause` per tag.
        age_s: Time since the source last gave a new sample.
        faulty: Critical tags that have been bad for too many ticks.
    """

    values: FloatArray
    valid: BoolArray
    causes: CauseArray
    age_s: FloatArray
    faulty: BoolArray

    @property
    def fault(self) -> bool:
        """Whether control without the critical inputs that are missing is a fault."""
        return bool(self.faulty.any())


def initial_validity(limits: ValidityLimits, now_s: float) -> ValidityMemory:
    """Memory of a service that has not read anything yet."""
    n = len(limits.tags)
    return ValidityMemory(
        good=limits.substitute.copy(),
        good_s=np.full(n, -math.inf),
        source_time_s=np.full(n, np.nan),
        arrived_s=np.full(n, now_s),
        moved=np.full(n, np.nan),
        moved_s=np.full(n, now_s),
        bad_ticks=np.zeros(n, dtype=np.int64),
    )


def check_inputs(
    limits: ValidityLimits,
    memory: ValidityMemory,
    values: FloatArray,
    quality: QualityArray,
    source_time_s: FloatArray,
    now_s: float,
) -> tuple[CheckedInputs, ValidityMemory]:
    """Judge one reading of all tags.

    Args:
        limits: The limits.
        memory: What the last call returned, or :func:`initial_validity`.
        values: What was read; NaN where nothing was.
        quality: What the source says about it.
        source_time_s: Time stamps of the source, on any clock; NaN where it gives none, which
            counts as a new sample each time.
        now_s: Monotonic time of the reading.

    Returns:
        What control may use, and the new memory.
    """
    finite = np.isfinite(values)
    # Any change of the stamp is a sign of life, backwards too: only a clock was set.
    stamped = np.isfinite(source_time_s)
    news = ~stamped | (source_time_s != memory.source_time_s)
    arrived_s = np.where(news, now_s, memory.arrived_s)
    age_s = np.maximum(now_s - arrived_s, 0.0)

    # What stands still is judged on the raw value: a stuck sensor sends good quality.
    move = np.abs(values - memory.moved)
    moved = finite & ~(move <= limits.freeze_band)
    moved_s = np.where(moved, now_s, memory.moved_s)

    since_s = np.maximum(now_s - memory.good_s, _LEAST_STEP_S)
    # Before the first good value since_s is infinite, and so is what may have happened in it.
    reach = limits.max_gradient_per_s * since_s

    causes: CauseArray = np.zeros(values.shape, dtype=np.uint8)
    for bit, failed in (
        (_QUALITY, quality > limits.worst_quality),
        (_NOT_FINITE, ~finite),
        (_RANGE, (values < limits.low) | (values > limits.high)),
        (_STALE, age_s > limits.max_age_s),
        (_GRADIENT, np.abs(values - memory.good) > reach),
        (_FROZEN, now_s - moved_s > limits.freeze_s),
    ):
        # Nearly always nothing failed, and counting costs a fraction.
        if np.count_nonzero(failed):
            causes |= failed * bit

    valid = causes == 0
    good = np.where(valid, values, memory.good)
    bad_ticks = np.where(valid, 0, memory.bad_ticks + 1)
    faulty = limits.critical & (bad_ticks >= limits.tolerated_ticks)
    after = ValidityMemory(
        good=good,
        good_s=np.where(valid, now_s, memory.good_s),
        source_time_s=np.where(stamped, source_time_s, memory.source_time_s),
        arrived_s=arrived_s,
        moved=np.where(moved, values, memory.moved),
        moved_s=moved_s,
        bad_ticks=bad_ticks,
    )
    return CheckedInputs(good.copy(), valid, causes, age_s, faulty), after


def _mistakes(tags: Sequence[TagLimits], tolerated_ticks: int) -> list[Mistake]:
    mistakes = []
    if tolerated_ticks < 1:
        mistakes.append(Mistake("tolerated_ticks", f"{tolerated_ticks} must be >= 1"))
    for index, tag in enumerate(tags):
        path = f"tags[{index}] ({tag.name})"
        numbers = {name: getattr(tag, name) for name in _NUMBERS}
        mistakes += [
            Mistake(f"{path}.{name}", f"{numbers[name]} must be finite")
            for name in ("low", "high", "substitute", "freeze_band")
            if not math.isfinite(numbers[name])
        ]
        if not tag.low < tag.high:
            mistakes.append(Mistake(f"{path}.low", f"{tag.low} must lie below high {tag.high}"))
        if not tag.low <= tag.substitute <= tag.high:
            message = f"{tag.substitute} must lie in {tag.low}..{tag.high}"
            mistakes.append(Mistake(f"{path}.substitute", message))
        if not tag.freeze_band >= 0.0:
            mistakes.append(Mistake(f"{path}.freeze_band", f"{tag.freeze_band} must be >= 0"))
        mistakes += [
            Mistake(f"{path}.{name}", f"{numbers[name]} must be > 0, infinite for no limit")
            for name in ("max_gradient_per_s", "freeze_s", "max_age_s")
            if not numbers[name] > 0.0
        ]
    return mistakes
