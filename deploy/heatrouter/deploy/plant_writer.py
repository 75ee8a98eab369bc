"""The one place from which the service writes to the plant."""

import logging
from typing import NamedTuple

import numpy as np

from heatrouter.deploy.field_link import FieldLink, FieldValue
from heatrouter.deploy.modes import ModeState
from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.contract import Contract

_log = logging.getLogger(__name__)

HEARTBEAT_MODULUS = 2**32
"""The heartbeat is an unsigned 32-bit counter that starts again."""


class WriteResult(NamedTuple):
    """What became of one batch.

    Attributes:
        sent: Whether set-points were sent.
        refused: Tags that the plant refused.
        kept: Set-points that it refused, shape ``(n_set_points,)``.
    """

    sent: bool
    refused: tuple[str, ...]
    kept: BoolArray


class PlantWriter:
    """Writes set-points and the hand-shake, and nothing else.

    A write of set-points needs three things: tags of the contract (the names are formed here and
    nowhere else), a mode that writes, and values that the guard let through, which are looked at
    once more: finite, inside the contract's range.

    Args:
        link: The plant.
        contract: Names and ranges of the set-points.
    """

    def __init__(self, link: FieldLink, contract: Contract) -> None:
        self._link = link
        self._tags = tuple(f"set_point:{point.name}" for point in contract.set_points)
        self._low, self._high = contract.bounds("set_points")
        self._heartbeat = 0
        self.refused_before_write = 0

    async def write(self, state: ModeState, set_points: FloatArray | None) -> WriteResult:
        """Write one batch.

        Args:
            state: Who is in control; its mode is part of the hand-shake.
            set_points: What the guard let through, shape ``(n_set_points,)``; None says only who
                is in control, when the service lets go.

        Raises:
            LinkLostError: The plant did not answer.
        """
        nothing = np.zeros(len(self._tags), dtype=np.bool_)
        values: dict[str, FieldValue] = {"control:mode": str(state.actual)}
        if set_points is not None:
            inside = (set_points >= self._low) & (set_points <= self._high)
            # NaN is not inside.
            if not state.may_write or not bool(inside.all()):
                self.refused_before_write += 1
                _log.error("not written in mode %s: %s", state.actual, set_points)
                return WriteResult(sent=False, refused=(), kept=nothing)
            self._heartbeat = (self._heartbeat + 1) % HEARTBEAT_MODULUS
            values["control:heartbeat"] = self._heartbeat
            values |= {tag: float(value) for tag, value in zip(self._tags, set_points, strict=True)}
        refused = await self._link.write(values)
        kept = np.array([tag in refused for tag in self._tags], dtype=np.bool_)
        return WriteResult(set_points is not None, refused, kept)
