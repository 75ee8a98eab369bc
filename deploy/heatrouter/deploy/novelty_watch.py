"""Each tick: is the plant where the policy has been? Each control step: do the sensors agree?

Novelty of weather and plant is a fault and leaves the policy out. Prices beyond those of training
are an alarm, for a spike of hours costs little. Where they stay, as in another market, the policy
is left out, too: policies that knew German prices alone cost more than their rules on Danish years.
Drift is an alarm, since whoever sees that two sensors disagree does not know yet which one errs.
"""

import numpy as np

from heatrouter.agents.monitor import MARKET, NOTHING, PHYSICAL, Finding, Monitor, MonitorScorer
from heatrouter.deploy.alarms import Alarm, AlarmBoard
from heatrouter.deploy.control_cycle import ControlCycle
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.modes import Fault
from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.units import SECONDS_PER_HOUR

NOVEL_TICKS = 3
"""So many ticks in a row: a single sample may be wrong (fault board, row 28 allows five)."""

KNOWN_TICKS = 10
"""So many ticks within the limit end it, lest a plant on the edge come and go."""


CLEARED_RATIO = 0.8
"""Of its limit, below which an alarm is over."""


class NoveltyWatch:
    """Watches with the monitor of the policy in force.

    Args:
        cycle: Holds observation and readings.
        watch: Learns of novelty.
        alarms: Learns of drift and of prices.
        unknown_prices_h: Hours of unknown prices in a row that are a fault; None for never.
    """

    def __init__(
        self,
        cycle: ControlCycle,
        watch: FaultWatch,
        alarms: AlarmBoard,
        *,
        unknown_prices_h: float | None,
    ) -> None:
        self._cycle = cycle
        self._watch = watch
        self._alarms = alarms
        self._scorer: MonitorScorer | None = None
        self._physical: BoolArray = np.zeros(0, dtype=np.bool_)
        self._market: BoolArray = np.zeros(0, dtype=np.bool_)
        self._memory: FloatArray = np.zeros((0, 0))
        self._novel_ticks = 0
        self._known_ticks = 0
        self._unknown_prices_h = unknown_prices_h
        self._prices_since_s: float | None = None
        self._physical_cause: str | None = None
        self.novelty = NOTHING
        self.drift = NOTHING

    def look(self, monitor: Monitor | None, now_s: float, *, decided: bool) -> None:
        """Look at one tick.

        Args:
            monitor: Of the policy in force; None watches nothing.
            now_s: Now.
            decided: Whether a control step began in this tick.
        """
        self._follow(monitor)
        scorer, cycle = self._scorer, self._cycle
        if scorer is None or cycle.observation is None:
            return
        reading = cycle.guard_reading(now_s)
        values, valid = reading.values[0], reading.valid[0]
        self._note_novelty(scorer.novelty(values, valid & self._physical))
        prices_cause = self._note_prices(scorer.novelty(values, valid & self._market), now_s)
        self._watch.note(Fault.OUT_OF_DISTRIBUTION, self._physical_cause or prices_cause)
        if decided:
            self._note_drift(scorer, cycle.observation[0], valid)

    def status(self) -> dict[str, object]:
        """For people: ratios to the limit and the channels they come from."""
        if self._scorer is None:
            return {"watched": False}
        return {
            "watched": True,
            "novelty": round(self.novelty.ratio, 4),
            "novelty_channel": self.novelty.channel,
            "drift": round(self.drift.ratio, 4),
            "drift_channel": self.drift.channel,
            "false_alarms_per_day": self._scorer.monitor.false_alarms_per_day,
        }

    def _follow(self, monitor: Monitor | None) -> None:
        """Take another policy's monitor, and begin anew with it."""
        before = None if self._scorer is None else self._scorer.monitor
        if monitor is before:
            return
        self._scorer = None
        if monitor is not None:
            self._scorer = scorer = MonitorScorer(monitor, self._cycle.contract)
            self._physical = scorer.members(PHYSICAL)
            self._market = scorer.members(MARKET)
            self._memory = scorer.no_drift()
        self._novel_ticks = 0
        self._prices_since_s = None
        self.novelty = self.drift = NOTHING
        self._alarms.note(Alarm.DRIFT, None)
        self._alarms.note(Alarm.UNKNOWN_PRICES, None)
        if monitor is None:
            self._physical_cause = None
            self._watch.note(Fault.OUT_OF_DISTRIBUTION, None)

    def _note_novelty(self, finding: Finding) -> None:
        self.novelty = finding
        # Not `<= 1`: a statistic that is no number is no proof of being at home.
        novel = not finding.ratio <= 1.0
        self._novel_ticks = self._novel_ticks + 1 if novel else 0
        self._known_ticks = 0 if novel else self._known_ticks + 1
        if self._novel_ticks >= NOVEL_TICKS:
            self._physical_cause = (
                f"{finding.channel} is {finding.value:.4g}, {finding.ratio:.1f} times as far from "
                "what the policy has seen as its limit"
            )
        elif self._known_ticks >= KNOWN_TICKS:
            self._physical_cause = None

    def _note_prices(self, finding: Finding, now_s: float) -> str | None:
        """Why prices leave the policy out, or None while they do not."""
        if finding.ratio < CLEARED_RATIO:
            self._alarms.note(Alarm.UNKNOWN_PRICES, None)
            self._prices_since_s = None
            return None
        if finding.ratio > 1.0:
            cause = f"{finding.channel} is {finding.value:.4g}, beyond the prices of training"
            self._alarms.note(Alarm.UNKNOWN_PRICES, cause)
            if self._prices_since_s is None:
                self._prices_since_s = now_s
        if self._prices_since_s is None or self._unknown_prices_h is None:
            return None
        if now_s - self._prices_since_s < self._unknown_prices_h * SECONDS_PER_HOUR:
            return None
        return (
            f"{finding.channel} is {finding.value:.4g}; prices are beyond those of training "
            f"for {self._unknown_prices_h:g} h"
        )

    def _note_drift(self, scorer: MonitorScorer, observation: FloatArray, valid: BoolArray) -> None:
        finding, self._memory = scorer.drift(self._memory, observation, valid)
        self.drift = finding
        if finding.ratio > 1.0:
            cause = f"{finding.channel} is {finding.value:+.3g} off what the other sensors say"
            self._alarms.note(Alarm.DRIFT, cause)
        elif finding.ratio < CLEARED_RATIO:
            self._alarms.note(Alarm.DRIFT, None)
