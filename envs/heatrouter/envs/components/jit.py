"""The one way in which kernels are compiled, typed so that callers keep their signatures."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

KERNEL_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
"""How every kernel is compiled, drivers included."""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with Numba; division by zero gives inf as in NumPy, and no fast-math reorders sums.

    Compiled functions own no memory: they get every array and allocate none. So Numba need not
    count references, which would cost more than the physics (an atomic add for every view of a row
    and for every array of every tuple that is passed).

    Only the drivers in ``simulation.compile`` are cached on disk; what they call is compiled with
    them.
    """
    return cast("Callable[P, R]", numba.njit(**KERNEL_OPTIONS)(function))
