"""Core-seconds of a training: CPU time, so that a busy machine does not shorten what is learnt.

What counts: everything that the training's process computes from :func:`restart` on (scenarios,
the search for a constant price, fitting, learning, scores on validation weeks), and the labels that
it learns from, whoever has collected them and when. What a label took stands in its file.
"""

import json
import time
from pathlib import Path
from typing import Final

LABELS: Final = "labels.json"
"""Beside the networks of imitation: what the labels of the run took."""

_origin = [0.0]


def restart() -> None:
    """Count from now on; without, from the start of the process. Compiling is no learning."""
    _origin[0] = time.process_time()


def spent_s() -> float:
    """CPU time of this process, all threads together, since :func:`restart`, s."""
    return time.process_time() - _origin[0]


class CoreTime:
    """Core-seconds of one training, those before an interruption included.

    Args:
        imitation: Folder of the run's imitation, where there may be :data:`LABELS`.
        before_s: What had been spent at the checkpoint that the run goes on from; None for a new
            run.
    """

    def __init__(self, imitation: Path, before_s: float | None) -> None:
        file = imitation / LABELS
        content = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        self.labels_s = float(content.get("core_s", 0.0))
        """Of all labels, s."""
        if before_s is None:
            # the process's own share of collecting stands in the labels' files already
            self._offset = self.labels_s - float(content.get("own_core_s", 0.0))
        else:
            self._offset = before_s - spent_s()

    @property
    def total_s(self) -> float:
        """Of the whole training up to now, s."""
        return self._offset + spent_s()
