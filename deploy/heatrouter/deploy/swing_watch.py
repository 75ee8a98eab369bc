"""A policy that swings from end to end: the guard keeps the plant safe, but nobody is served.

Range, rate and minimum times bound what each decision may do. A policy that wants the opposite each
time stays within them for ever, and wears out what it moves. It is told by its actions, neither by
what the guard lets through nor by the switching of the rules that decode them: one that crosses
more than half of its range, back and forth, several decisions in a row.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray

FAR_SHARE: Final = 0.5
"""Of an action's range, from one decision to the next: beyond it is a swing."""

SWINGS: Final = 4
"""So many in a row: three times back. Rules that switch a machine off, on and off swing thrice."""


class SwingWatch:
    """Looks at a policy's actions, decision by decision.

    Args:
        names: Of the actions.
        low: Of their ranges, shape ``(n_action,)``.
        high: Of their ranges, same shape.
    """

    def __init__(self, names: Sequence[str], low: FloatArray, high: FloatArray) -> None:
        self._names = tuple(names)
        self._range = np.maximum(high - low, 1e-9)
        self._bundle = ""
        self._last: FloatArray | None = None
        self._way: FloatArray = np.zeros(len(self._names))
        self._swings: IntArray = np.zeros(len(self._names), dtype=np.int64)

    def look(self, action: FloatArray, bundle: str) -> str | None:
        """Look at one decision.

        Args:
            action: Shape ``(n_action,)``, physical units.
            bundle: Digest of the policy's bundle; another policy begins anew.

        Returns:
            Which actions swing, in words; None where none does. It is over with the first decision
            in which none of them crosses half of its range.
        """
        if bundle != self._bundle:
            self._bundle, self._last = bundle, None
        moved = np.zeros(self._range.shape) if self._last is None else action - self._last
        self._last = action
        way = np.where(np.abs(moved) > FAR_SHARE * self._range, np.sign(moved), 0.0)
        back = way * self._way < 0.0
        self._swings = np.where(way == 0.0, 0, np.where(back, self._swings + 1, 1))
        self._way = way
        at = np.flatnonzero(self._swings >= SWINGS)
        if not at.size:
            return None
        names = ", ".join(self._names[i] for i in at)
        return f"{int(self._swings.max())} decisions in a row swing through most of {names}"
