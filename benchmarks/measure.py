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
    """

    name: str
    p50_s: float
    p99_s: float
    repeats: int
    calls: int = 1
    limit_s: float | None = None


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
    if os.environ.get(SMOKE_VARIABLE):
        repeats, calls, warmup = 1, 1, 0
    times_s = np.empty(repeats)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for index in range(-warmup, repeats):
            start = time.perf_counter()
            for _ in range(calls):
                function()
            elapsed_s = time.perf_counter() - start
            if index >= 0:
                times_s[index] = elapsed_s / calls
    finally:
        if collecting:
            gc.enable()
    p50_s, p99_s = np.percentile(times_s, [50, 99])
    return Measurement(name, float(p50_s), float(p99_s), repeats, calls, limit_s)
