"""The one way in which kernels are compiled, typed so that callers keep their signatures."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba.core.registry import CPUDispatcher

P = ParamSpec("P")
R = TypeVar("R")

KERNEL_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
"""How every kernel is compiled, drivers included."""

_UNWRAPPED = {"nopython": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class _Kernel(CPUDispatcher):
    """A dispatcher that other kernels call natively, and Python through a second compilation.

    Wrappers for Python are half of the time that a kernel takes to compile, and within the kernel
    nobody calls them; tests and scripts do, and get them then.
    """

    def __call__(self, *args: object) -> object:
        from_python = self.__dict__.get("from_python")
        if from_python is None:
            from_python = numba.njit(**KERNEL_OPTIONS)(self.py_func)
            self.__dict__["from_python"] = from_python
        result: object = from_python(*args)
        return result


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with Numba; division by zero gives inf as in NumPy, and no fast-math reorders sums.

    Compiled functions own no memory: they get every array and allocate none. So Numba need not
    count references, which would cost more than the physics (an atomic add for every view of a row
    and for every array of every tuple that is passed).

    Only the drivers in ``simulation.compile`` are cached on disk; what they call is compiled with
    them.
    """
    return cast("Callable[P, R]", _Kernel(function, targetoptions=KERNEL_OPTIONS | _UNWRAPPED))
