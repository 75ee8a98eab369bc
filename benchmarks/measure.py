"""How a benchmark is timed and reported."""

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SMOKE_VARIABLE = "HEATROUTER_BENCH_SMOKE"
"""Set by ``run.py --smoke``: every benchmark runs once, to see that it still runs."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The times of one subject.

    Attributes:
        name: What was timed, as in ``kernel step, energy-web, 64 environments``.
        p50_s: Median time of one call.
        p99_s: 99th percentile of the time of one call.
        repeats: Number of timings; each covers `calls` calls.
        calls: Number of calls per timing.
        limit_s: What the design promises for `p50_s`, if it does.
        best_s: Least time of one call: what remains where other work disturbs.
    """

    name: str
    p50_s: float
    p99_s: float
    repeats: int
    calls: int = 1
    limit_s: float | None = None
    best_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is no time, such as a rate, a share or a size.

    Attributes:
        name: What it is.
        value: The number.
        unit: Its unit, ``1`` where it has none.
        least: What the design promises at least, if it does.
    """

    name: str
    value: float
    unit: str = "1"
    least: float | None = None


def smoke() -> bool:
    """Whether everything runs once only."""
    return bool(os.environ.get(SMOKE_VARIABLE))


def measure(
    name: str,
    function: Callable[[], object],
    *,
    repeats: int = 50,
    calls: int = 1,
    warmup: int = 1,
    limit_s: float | None = None,
) -> Measurement:
    """Time a function.

    Args:
        name: What is timed.
        function: Called without arguments; it prepares nothing inside.
        repeats: Number of timings, at least 1.
        calls: Calls per timing; more than one where a call takes less than about 10 µs.
        warmup: Timings thrown away first (compilation, caches).
        limit_s: What the design promises for the median.

    Returns:
        Median and 99th percentile per call.
    """
    if smoke():
        repeats, calls, warmup = 1, 1, 0

    def timed() -> None:
        for _ in range(calls):
            function()

    return _timings(name, timed, time.perf_counter, repeats, calls, warmup, limit_s)


def measure_cpu(
    name: str, function: Callable[[], object], *, calls: int, repeats: int = 15
) -> Measurement:
    """Measure CPU time, of all threads of this process: a busy machine matters less.

    Args:
        name: What is timed.
        function: Called without arguments; makes `calls` calls itself.
        calls: Number of calls, or of whatever one call's time is asked of.
        repeats: Number of timings, after one that is thrown away.
    """
    if smoke():
        repeats = 1
    return _timings(name, function, time.process_time, repeats, calls, 1, None)


def _timings(
    name: str,
    function: Callable[[], object],
    clock: Callable[[], float],
    repeats: int,
    calls: int,
    warmup: int,
    limit_s: float | None,
) -> Measurement:
    times_s = np.empty(repeats)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for index in range(-warmup, repeats):
            start = clock()
            function()
            elapsed_s = clock() - start
            if index >= 0:
                # The clock of the process may be too coarse for a single run.
                times_s[index] = max(elapsed_s / calls, 1e-9)
    finally:
        if collecting:
            gc.enable()
    p50_s, p99_s = np.percentile(times_s, [50, 99])
    best_s = float(times_s.min())
    return Measurement(name, float(p50_s), float(p99_s), repeats, calls, limit_s, best_s)
