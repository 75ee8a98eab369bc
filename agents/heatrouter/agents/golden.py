"""Golden vectors: observations with the actions and the guarded set-points they must lead to."""

import io
import math
import zipfile
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from heatrouter.agents.bundle_files import ZIP_ERRORS
from heatrouter.agents.manifest import GOLDEN_FILE
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError

GOLDEN_TOLERANCE: Final = 1e-5
"""Largest deviation from a golden action or set-point, in half ranges of its channel."""


MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
"""Of all arrays together; an archive may claim to hold far more than it is long."""


@dataclass(frozen=True, slots=True)
class GoldenVectors:
    """Observations and what they must lead to.

    Attributes:
        observation: Shape ``(n, n_observation)``, physical units.
        action: Shape ``(n, n_action)``, physical units, from the graph.
        set_points: Shape ``(n, n_set_points)``, after decoding and guard, each row on its own from
            the memory described in :mod:`heatrouter.agents.golden_chain`.
    """

    observation: Float32Array
    action: Float32Array
    set_points: FloatArray

    def to_bytes(self) -> bytes:
        """The bytes of ``golden.npz``, equal for equal vectors."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            observation=self.observation.astype(np.float32),
            action=self.action.astype(np.float32),
            set_points=self.set_points.astype(np.float64),
        )
        return buffer.getvalue()


def parse_golden(data: bytes, contract: Contract) -> GoldenVectors:
    """Read golden vectors.

    Args:
        data: The bytes of ``golden.npz``.
        contract: What they must fit.

    Raises:
        BundleError: No archive, or arrays of another kind or shape.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            arrays = _arrays(archive)
    except ZIP_ERRORS:
        msg = f"{GOLDEN_FILE}: no NumPy archive; copy or export the bundle again"
        raise BundleError(msg) from None
    wanted = {
        "observation": (len(contract.observation), np.float32),
        "action": (len(contract.action), np.float32),
        "set_points": (len(contract.set_points), np.float64),
    }
    rows = {array.shape[0] for array in arrays.values() if array.ndim}
    fits = (
        set(arrays) == set(wanted)
        and len(rows) == 1
        and min(rows) > 0
        and all(
            arrays[name].ndim == 2  # rows and channels
            and arrays[name].shape[1] == width
            and arrays[name].dtype == dtype
            and bool(np.isfinite(arrays[name]).all())
            for name, (width, dtype) in wanted.items()
        )
    )
    if not fits:
        found = {name: f"{array.dtype}{array.shape}" for name, array in sorted(arrays.items())}
        msg = (
            f"{GOLDEN_FILE}: holds {found}; the contract asks for finite "
            f"{ {name: width for name, (width, _) in wanted.items()} } channels with equal rows; "
            "export the run again"
        )
        raise BundleError(msg)
    return GoldenVectors(arrays["observation"], arrays["action"], arrays["set_points"])


def _arrays(archive: zipfile.ZipFile) -> "dict[str, npt.NDArray[Any]]":
    """Read the arrays, each name once, without making room for what a header merely claims.

    Raises:
        ValueError: Duplicate names, too much of it, or an array whose size is not its shape's.
    """
    entries = archive.infolist()
    names = [entry.orig_filename for entry in entries]
    if len(set(names)) != len(names) or sum(e.file_size for e in entries) > MAX_UNPACKED_BYTES:
        raise ValueError
    return {entry.filename.removesuffix(".npy"): _array(archive.read(entry)) for entry in entries}


def _array(data: bytes) -> "npt.NDArray[Any]":
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    values = data[stream.tell() :]
    # An object array would be a pickle; none is ever opened.
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(values):
        raise ValueError
    return np.frombuffer(values, dtype).reshape(shape, order="F" if fortran else "C").copy()


def compare_golden(
    found: FloatArray | Float32Array,
    wanted: FloatArray | Float32Array,
    contract: Contract,
    part: Literal["action", "set_points"],
) -> None:
    """Compare actions or set-points with golden ones, channel by channel.

    Args:
        found: Shape ``(n, channels)``, physical units.
        wanted: The golden ones, same shape.
        contract: Names and ranges of the channels.
        part: Which vector it is.

    Raises:
        BundleError: A channel is off by more than :data:`GOLDEN_TOLERANCE` half ranges.
    """
    low, high = contract.bounds(part)
    half_range = np.maximum((high - low) / 2.0, 1e-9)
    error = np.abs(found.astype(np.float64) - wanted.astype(np.float64)) / half_range
    # Not `error > limit`: a NaN must count as a deviation.
    if not bool((error <= GOLDEN_TOLERANCE).all()):
        row, column = np.unravel_index(
            int(np.argmax(np.nan_to_num(error, nan=np.inf))), error.shape
        )
        names = [channel.name for channel in getattr(contract, part)]
        msg = (
            f"golden vector {row}: {part} {names[column]!r} is {found[row, column]:.9g}, the "
            f"bundle says {wanted[row, column]:.9g} (limit {GOLDEN_TOLERANCE:g} half ranges); this "
            "machine or version computes something else: export the run again here"
        )
        raise BundleError(msg)
