"""Compiled drivers over the environments, cached on disk under a digest of all kernel sources.

Numba's own cache looks at the file of the cached function only: an edited callee in another module
goes unnoticed. So the cache folder is named after a digest over every kernel source, the versions
and the interpreter; any change compiles anew.
"""

import functools
import hashlib
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import config

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import KERNEL_OPTIONS
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.kernel import advance_env
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import State, env_state
from heatrouter.envs.simulation.stock import total_stock
from heatrouter.envs.simulation.work import Work

KERNEL_FOLDERS = ("components", "network", "simulation")
NOT_COMPILED = {
    "batch_step.py",
    "consumer_table.py",
    "district_batch.py",
    "episode_starts.py",
    "indices.py",
    "initial.py",
    "parameter_builder.py",
    "pipe_data.py",
    "producer_table.py",
    "simulation.py",
    "warm_up.py",
}
"""Modules of those folders that only call the kernels: editing them compiles nothing anew."""

CACHE_VARIABLE = "HEATROUTER_CACHE_DIR"
CACHE_SETTING = "CACHE_DIR"

Driver = Callable[..., None]


def kernel_digest() -> str:
    """Digest over kernel sources, package versions and interpreter."""
    here = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for folder in KERNEL_FOLDERS:
        for path in sorted((here / folder).glob("*.py")):
            if path.name not in NOT_COMPILED:
                digest.update(path.name.encode())
                digest.update(path.read_bytes())
    for package in ("numba", "llvmlite", "numpy"):
        digest.update(f"{package}={version(package)}".encode())
    digest.update(sys.version.encode())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled kernels are kept: $HEATROUTER_CACHE_DIR, else the user's cache folder."""
    given = os.environ.get(CACHE_VARIABLE)
    if given:
        return Path(given) / kernel_digest()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "heatrouter" / "kernels" / kernel_digest()


def _advance_range(
    begin: int,
    end: int,
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    state: State,
    work: Work,
    values: FloatArray,
    set_points: FloatArray,
    sub_steps: int,
    dt: float,
    step_s: int,
    aggregation: IntArray,
    out: FloatArray,
    traced: FloatArray,
    status: IntArray,
) -> None:
    for e in range(begin, end):
        status[e] = advance_env(
            e, net, pipes, par, state, work, values, set_points[e], sub_steps, dt, step_s,
            aggregation, out[e], traced[e],
        )  # fmt: skip


def _measure_stock(
    envs: IntArray,
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    state: State,
    scratch: FloatArray,
    unit_s: float,
) -> None:
    for e in envs:
        total, _ = total_stock(net, pipes, par, env_state(state, e), unit_s, scratch)
        state.stock[e] = total


def _compile(function: Driver) -> Driver:
    """Decorate with the cache folder set for just this function."""
    # numba's stubs do not know this setting, hence getattr and setattr
    before = getattr(config, CACHE_SETTING)
    setattr(config, CACHE_SETTING, str(cache_folder()))
    try:
        compiled: Any = njit(cache=True, nogil=True, **KERNEL_OPTIONS)(function)
    finally:
        setattr(config, CACHE_SETTING, before)
    driver: Driver = compiled
    return driver


@functools.cache
def range_driver() -> Driver:
    """Advance a range of environments without the GIL, so that threads run side by side."""
    return _compile(_advance_range)


@functools.cache
def stock_driver() -> Driver:
    """Recompute the stock of some environments."""
    return _compile(_measure_stock)
