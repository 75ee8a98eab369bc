"""Which faults are present, and why: from what a tick met to the names of the mode machine."""

from collections.abc import Sequence

import numpy as np

from heatrouter.deploy.modes import Fault
from heatrouter.deploy.policy_worker import FaultKind, WorkerFault
from heatrouter.deploy.validity import Cause, CheckedInputs
from heatrouter.envs.arrays import FloatArray

COMPETING_TICKS = 3
"""So many ticks in a row with foreign values in our tags mean another writer (fault board, 15)."""

REJECTED_TICKS = 2
"""A refused write is tried once more (fault board, row 14)."""

OVERRUN_TICKS = 5
"""So many ticks in a row that were longer than their period; one may be the machine's scheduler."""

LEAST_OVERRUN_S = 0.1
"""Real seconds: a shorter tick overruns nothing but the speed of a virtual plant."""

POLICY_FAULTS: dict[FaultKind, Fault] = {
    FaultKind.LATE: Fault.POLICY_LATE,
    FaultKind.OUTPUT: Fault.POLICY_OUTPUT,
    FaultKind.DEAD: Fault.WORKER_DEAD,
}


class FaultWatch:
    """Faults present now, each with its cause for the log.

    Args:
        input_names: Names of the inputs, in the order of the readings.
        set_point_names: Names of the set-points.
        tolerance: By how much a read-back may differ from what was written, per set-point.
    """

    def __init__(
        self,
        input_names: Sequence[str],
        set_point_names: Sequence[str],
        *,
        tolerance: FloatArray,
    ) -> None:
        self.causes: dict[str, str] = {}
        self._present: set[Fault] = set()
        self._input_names = tuple(input_names)
        self._set_point_names = tuple(set_point_names)
        self._tolerance = tolerance
        self._foreign = 0
        self._rejected = 0
        self._overruns = 0

    @property
    def present(self) -> frozenset[Fault]:
        """Faults that are present now."""
        return frozenset(self._present)

    def note(self, fault: Fault, cause: str | None) -> None:
        """A fault is present for this cause, or not where it is None.

        What it began with is kept as its cause until it is over.
        """
        if cause is None:
            self._present.discard(fault)
        elif fault not in self._present:
            self._present.add(fault)
            self.causes[str(fault)] = cause

    def note_inputs(self, checked: CheckedInputs) -> None:
        """Critical inputs that have been invalid for too long."""
        if not checked.fault:
            self.note(Fault.CRITICAL_INPUT, None)
            return
        bad = [
            f"{self._input_names[i]} ({Cause(int(checked.causes[i])).name})"
            for i in np.flatnonzero(checked.faulty)
        ]
        self.note(Fault.CRITICAL_INPUT, ", ".join(bad))

    def note_forecast(self, cause: str | None) -> None:
        """Why no forecast is good enough, or None while one is."""
        self.note(Fault.FORECAST, cause)

    def note_worker(self, cause: str | None) -> None:
        """The worker is dead for this cause, or ready where it is None."""
        self.note(Fault.WORKER_DEAD, cause)

    def note_decision(self, fault: WorkerFault | None) -> None:
        """How the last question to the policy ended."""
        for kind in (Fault.POLICY_LATE, Fault.POLICY_OUTPUT):
            self.note(kind, None)
        if fault is not None:
            self.note(POLICY_FAULTS[fault.kind], str(fault))

    def note_read_back(self, applied: FloatArray) -> None:
        """What the plant applies, NaN where that is not known."""
        unknown = [n for n, v in zip(self._set_point_names, applied, strict=True) if np.isnan(v)]
        cause = f"no valid read-back of {', '.join(unknown)}"
        self.note(Fault.READ_BACK, cause if unknown else None)

    def note_tags(self, written: FloatArray | None, found: FloatArray) -> None:
        """Compare what we wrote last with what stands in the tags now.

        Args:
            written: Values that the plant took in the last tick; None where nothing was written.
            found: Values in the tags; NaN where they could not be read.
        """
        if written is None:
            self._foreign = 0
            self.note(Fault.COMPETING_WRITER, None)
            return
        foreign = np.abs(found - written) > self._tolerance
        if not np.count_nonzero(foreign):
            self._foreign = 0
            self.note(Fault.COMPETING_WRITER, None)
            return
        self._foreign += 1
        names = [self._set_point_names[i] for i in np.flatnonzero(foreign)]
        cause = f"foreign values in {', '.join(names)} for {self._foreign} ticks"
        self.note(Fault.COMPETING_WRITER, cause if self._foreign >= COMPETING_TICKS else None)

    def note_writes(self, refused: Sequence[str]) -> None:
        """Which of the tags written in this tick the plant refused."""
        self._rejected = self._rejected + 1 if refused else 0
        cause = f"the plant refused {', '.join(refused)}"
        self.note(Fault.WRITE_REJECTED, cause if self._rejected >= REJECTED_TICKS else None)

    def note_duration(self, duration_s: float, period_s: float) -> None:
        """How long a tick took, real seconds."""
        late = duration_s > max(period_s, LEAST_OVERRUN_S)
        self._overruns = self._overruns + 1 if late else 0
        cause = f"{self._overruns} ticks in a row beyond {1e3 * period_s:.0f} ms"
        self.note(Fault.TICK_OVERRUN, cause if self._overruns >= OVERRUN_TICKS else None)
