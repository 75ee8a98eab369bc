"""The one way in which kernels are compiled, typed so that callers keep their signatures."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with Numba; division by zero gives inf as in NumPy, and no fast-math reorders sums.

    Only the drivers in ``simulation.compile`` are cached on disk; what they call is compiled with
    them.
    """
    return cast("Callable[P, R]", numba.njit(error_model="numpy")(function))
