"""What the control loop knows of the field: one reading in, one batch of writes out.

The loop sees the plant through :class:`FieldLink` only, so that it runs the same on OPC UA, on
another protocol, or on a link without sockets in a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import PlantUnreachableError

FieldValue = float | int | bool | str
"""What one tag holds when written."""


class Quality(IntEnum):
    """What the source says about its own value (OPC UA Part 4, severity of a StatusCode)."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class LinkLostError(PlantUnreachableError):
    """The plant answered before and does not now; the link is already trying again."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One batched read of every scalar tag and every forecast array.

    Attributes:
        names: Names of the scalars, as in :meth:`TagMap.scalars`.
        values: Values in the contract's units, shape ``(n,)``; NaN where the source gave none.
        quality: :class:`Quality` of each, shape ``(n,)``.
        source_time_s: POSIX time the source stamped on each, shape ``(n,)``; NaN without a stamp.
        arrays: Forecast windows by series; a series whose quality is not good is left out.
    """

    names: tuple[str, ...]
    values: FloatArray
    quality: "np.ndarray[tuple[int], np.dtype[np.int8]]"
    source_time_s: FloatArray
    arrays: Mapping[str, FloatArray]


class FieldLink(Protocol):
    """A connection to the plant that heals itself."""

    @property
    def connected(self) -> bool:
        """Whether the next call has a chance."""
        ...

    @property
    def reconnects(self) -> int:
        """How many times the connection came back after a loss."""
        ...

    async def open(self) -> None:
        """Connect for the first time; raises PlantUnreachableError when nobody answers."""
        ...

    async def close(self) -> None:
        """Disconnect and stop trying."""
        ...

    async def read(self) -> Snapshot:
        """Read every tag in one request; raises LinkLostError."""
        ...

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        """Write tags in one request; returns the names refused. Raises LinkLostError.

        Names are ``set_point:<name>`` and ``control:<name>``. The plant may take some of a batch
        and refuse others: a batch is not atomic.
        """
        ...
