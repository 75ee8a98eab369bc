"""What the audit log holds beyond readings and set-points so that a replay can follow.

Every so many ticks, and after anything that a replay could not repeat (a lost record, a failed
tick), the service puts all that its computation remembers on record. A replay begins at a start of
the service or at such a state.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

import numpy as np

from heatrouter.envs.errors import HeatrouterError

START_EVENT: Final = "service started"
STATE_EVENT: Final = "state of the computation"

_TYPES: Final = frozenset({"float64", "float32", "int64", "int32", "bool"})


class ReplayError(HeatrouterError):
    """An audit log cannot be replayed with what is there."""


def packed(arrays: Mapping[str, np.ndarray]) -> dict[str, object]:
    """Arrays as JSON types, bit for bit: type, shape, and the bytes in base64."""
    return {
        name: [
            str(array.dtype),
            list(array.shape),
            base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii"),
        ]
        for name, array in arrays.items()
    }


def unpacked(content: object) -> dict[str, np.ndarray]:
    """The arrays again, fresh and writable.

    Raises:
        ReplayError: Not what :func:`packed` wrote.
    """
    entries: dict[str, list[object]] = content if isinstance(content, dict) else {"": []}
    try:
        return {name: _array(*entry) for name, entry in entries.items()}
    except (TypeError, ValueError, binascii.Error) as error:
        message = f"a state of the computation is damaged or of another version: {error}"
        raise ReplayError(message) from error


def _array(kind: object, shape: object, data: object) -> np.ndarray:
    if not (isinstance(shape, list) and isinstance(data, str) and kind in _TYPES):
        message = f"an array of type {kind} and shape {shape}"
        raise ValueError(message)
    return (
        np.frombuffer(base64.b64decode(data, validate=True), dtype=str(kind)).reshape(shape).copy()
    )
