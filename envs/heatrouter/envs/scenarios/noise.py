"""Random streams named by what they are for, and periodic correlated noise.

Every random array of a scenario has a stream of its own, so that a unit added to a district leaves
the weather, the prices and all other units as they were.
"""

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from heatrouter.envs.arrays import FloatArray


def stream(key: Sequence[int], purpose: str) -> np.random.Generator:
    """Return the random generator of one purpose.

    Args:
        key: Whole numbers >= 0 that identify the scenario.
        purpose: What is drawn, e.g. ``weather/temperature``.

    Returns:
        The same bits for the same arguments on every machine and for every NumPy from 2.0 (PCG64
        and SeedSequence are stable by NumPy's policy).
    """
    digest = hashlib.sha256(purpose.encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
    # The length keeps keys apart of which one is the beginning of another.
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([len(key), *key, *words])))


def correlated(rng: np.random.Generator, n_steps: int, correlation_steps: float) -> FloatArray:
    """Return standard normal noise with exponential correlation that closes at the end.

    ``x[n] = phi x[n-1] + sqrt(1-phi^2) e[n]`` with ``phi = exp(-1/correlation_steps)``, where step
    -1 is the last one: a year has no seam where forecasts look past its end.

    Args:
        rng: Source of the innovations.
        n_steps: Length.
        correlation_steps: Steps after which the correlation is 1/e, > 0 and well below ``n_steps``.

    Returns:
        Shape ``(n_steps,)``, expectation 0, variance 1.
    """
    innovations = rng.standard_normal(n_steps)
    phi = math.exp(-1.0 / correlation_steps)
    total = innovations
    # sum_k phi^k e[n-k] by doubling: log2 passes of NumPy instead of a loop over steps.
    shift, weight = 1, phi
    while weight > 1e-9:
        total = total + weight * np.roll(total, shift)
        shift, weight = 2 * shift, weight * weight
    # The recursion runs round the year endlessly: (1 + q) / (1 - q), q = phi^n, is what it adds.
    closed = phi**n_steps
    return total * math.sqrt((1.0 - phi * phi) * (1.0 - closed) / (1.0 + closed))


def moving_mean(values: FloatArray, width: int) -> FloatArray:
    """Return the centred mean over ``width`` >= 2 steps of a series that closes at its end."""
    before = width // 2
    padded = np.concatenate([values[-before:], values, values[: width - before]])
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    return np.asarray((sums[width : width + values.size] - sums[: values.size]) / width)
