"""What a run of the service leaves behind: counters, timings, faults with their times."""

import math
import sys
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from heatrouter.deploy.modes import ModeState
from heatrouter.envs.guard import Reason, Verdict

HEAVY_MODULES = (
    "gymnasium",
    "llvmlite",
    "numba",
    "onnxruntime",
    "scipy",
    "torch",
    "heatrouter.agents.bundle",
    "heatrouter.envs.components",
    "heatrouter.envs.network",
    "heatrouter.envs.simulation",
)
"""What the guard process must never load: it could compile, hang or bring down the loop."""

_REASON_NAMES = tuple((int(r), f"reason_{str(r.name).lower()}") for r in Reason)

TIMINGS_KEPT = 100_000
FAULTS_KEPT = 1_000


def heavy_modules() -> list[str]:
    """Which of the forbidden modules this process has loaded; empty in a sound guard process."""
    return [name for name in HEAVY_MODULES if name in sys.modules]


@dataclass(slots=True)
class Timings:
    """Durations of one kind, the last hundred thousand of them."""

    values_s: deque[float] = field(default_factory=lambda: deque(maxlen=TIMINGS_KEPT))

    def add(self, seconds: float) -> None:
        """Note one."""
        self.values_s.append(seconds)

    @property
    def last_s(self) -> float:
        """The last one; NaN before there was one."""
        return self.values_s[-1] if self.values_s else math.nan

    def summary(self) -> dict[str, float | int | None]:
        """Count, p50, p99 and maximum in ms; None where there was none."""
        if not self.values_s:
            return {"count": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}
        p50, p99, most = np.percentile(1e3 * np.array(self.values_s), [50.0, 99.0, 100.0])
        return {
            "count": len(self.values_s),
            "p50_ms": round(float(p50), 4),
            "p99_ms": round(float(p99), 4),
            "max_ms": round(float(most), 4),
        }


@dataclass(slots=True)
class RunRecord:
    """Counters of one run, from its first tick on."""

    ticks: int = 0
    fallback_ticks: int = 0
    failed_ticks: int = 0
    decisions: int = 0
    decision_faults: int = 0
    writes: int = 0
    write_failures: int = 0
    read_failures: int = 0
    refused_before_write: int = 0
    overruns: int = 0
    skipped_ticks: int = 0
    modes: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    tick: Timings = field(default_factory=Timings)
    compute: Timings = field(default_factory=Timings)
    decision: Timings = field(default_factory=Timings)
    inference: Timings = field(default_factory=Timings)
    faults: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=FAULTS_KEPT))
    mode_changes: deque[dict[str, object]] = field(
        default_factory=lambda: deque(maxlen=FAULTS_KEPT)
    )

    def note_state(
        self, state: ModeState, tick: int, time_s: float, causes: Mapping[str, str]
    ) -> None:
        """Count the mode of a tick, and note faults that began or ended in it."""
        self.modes[str(state.actual)] += 1
        if state.target == "POLICY" and state.actual != "POLICY":
            self.fallback_ticks += 1
        for event, names in (("raised", state.raised), ("cleared", state.cleared)):
            for name in names:
                self.faults.append(
                    {
                        "event": event,
                        "fault": str(name),
                        "tick": tick,
                        "time_s": round(time_s, 3),
                        "cause": causes.get(str(name), "") if event == "raised" else "",
                    }
                )
        if state.changed:
            self.mode_changes.append(
                {"mode": str(state.actual), "tick": tick, "time_s": round(time_s, 3),
                 "reason": state.reason}
            )  # fmt: skip

    def note_verdict(self, verdict: Verdict) -> None:
        """Count what the guard did to a proposal: as a whole, and each reason once per tick."""
        self.verdicts["accepted" if bool(verdict.accepted.all()) else "refused"] += 1
        present = int(np.bitwise_or.reduce(verdict.reasons, axis=None))
        if present == 0:
            self.verdicts["unchanged"] += 1
        for bit, name in _REASON_NAMES:
            if present & bit:
                self.verdicts[name] += 1

    def summary(self) -> dict[str, object]:
        """Everything, as JSON types."""
        return {
            "ticks": self.ticks,
            "modes": dict(self.modes),
            "fallback_ticks": self.fallback_ticks,
            "failed_ticks": self.failed_ticks,
            "decisions": self.decisions,
            "decision_faults": self.decision_faults,
            "writes": self.writes,
            "write_failures": self.write_failures,
            "read_failures": self.read_failures,
            "refused_before_write": self.refused_before_write,
            "overruns": self.overruns,
            "skipped_ticks": self.skipped_ticks,
            "guard_verdicts": dict(self.verdicts),
            "tick": self.tick.summary(),
            "compute": self.compute.summary(),
            "decision": self.decision.summary(),
            "inference": self.inference.summary(),
            "faults": list(self.faults),
            "mode_changes": list(self.mode_changes),
            "guard_modules_heavy": heavy_modules(),
        }
