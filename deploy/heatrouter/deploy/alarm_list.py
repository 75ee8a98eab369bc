"""Alarms for people: each fault once, from its beginning until somebody has seen its end.

The mode machine raises and clears faults, the alarm board what changes no mode. An alarm here is
one such stretch with a number, a priority, and whether a person has taken note of it. It leaves the
list of open ones when it is over *and* acknowledged, as the standards for alarm systems (ISA-18.2,
IEC 62682) have it.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal

from heatrouter.deploy.alarms import ALARM_MEANING, AlarmChange
from heatrouter.deploy.modes import FAULT_RECOVERY, Mode, ModeState, Recovery

Priority = Literal["high", "medium", "low"]

CLOSED_KEPT: Final = 200
"""Alarms that are over and acknowledged; the audit log has them all."""

OPEN_KEPT: Final = 500
"""Alarms that are over and not acknowledged; beyond, the oldest of them go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAlarm:
    """One fault from beginning to end.

    Attributes:
        alarm_id: Unique over restarts: when the service started, and a number.
        fault: By the name of the log.
        priority: ``high`` stops writing, ``medium`` leaves the policy out, ``low`` passes.
        cause: What it began with.
        meaning: What the fault means, for the operator.
        recovery: What ends its consequences.
        raised_at: POSIX time, s.
        raised_s: Plant time since the service started, s.
        cleared_at: POSIX time, s; None while it lasts.
        acknowledged_at: POSIX time, s; None until a person has taken note.
        acknowledged_by: Who has.
    """

    alarm_id: str
    fault: str
    priority: Priority
    cause: str
    meaning: str
    recovery: str
    raised_at: float
    raised_s: float
    cleared_at: float | None = None
    acknowledged_at: float | None = None
    acknowledged_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether it lasts, or waits for a person."""
        return self.cleared_at is None or self.acknowledged_at is None


class AlarmList:
    """The alarms of one run of the service.

    Args:
        started_at: POSIX time, s, of the start; part of every alarm's number.
    """

    def __init__(self, started_at: float) -> None:
        self._prefix = f"{datetime.fromtimestamp(started_at, UTC):%Y%m%d-%H%M%S}"
        self._count = 0
        self._alarms: OrderedDict[str, ListedAlarm] = OrderedDict()
        self._lasting: dict[str, str] = {}
        self._shown: tuple[ListedAlarm, ...] = ()

    def note(
        self,
        state: ModeState,
        causes: Mapping[str, str],
        changes: Sequence[AlarmChange],
        *,
        now_s: float,
        wall: float,
    ) -> None:
        """Take over what a tick raised and cleared.

        Args:
            state: The mode machine after the tick.
            causes: What each fault began with, by its name.
            changes: Alarms without a mode that began or ended.
            now_s: Plant time since the service started, s.
            wall: POSIX time, s.
        """
        if not (state.raised or state.cleared or changes):
            return
        for fault in state.raised:
            rule = FAULT_RECOVERY[fault]
            self._raise(
                str(fault),
                priority=_priority(rule.mode, rule.recovery),
                cause=causes.get(str(fault), ""),
                meaning=rule.meaning,
                recovery=str(rule.recovery),
                now_s=now_s,
                wall=wall,
            )
        for change in changes:
            if change.raised:
                self._raise(
                    str(change.alarm),
                    priority="low",
                    cause=change.cause,
                    meaning=ALARM_MEANING[change.alarm],
                    recovery=str(Recovery.AT_ONCE),
                    now_s=now_s,
                    wall=wall,
                )
        over = [*map(str, state.cleared), *(str(c.alarm) for c in changes if not c.raised)]
        for name in over:
            alarm_id = self._lasting.pop(name, None)
            if alarm_id is not None:
                self._alarms[alarm_id] = replace(self._alarms[alarm_id], cleared_at=wall)
        self._trim()

    def acknowledge(self, alarm_id: str, user: str, wall: float) -> str | None:
        """Note that a person has seen an alarm; a text says why that cannot be."""
        alarm = self._alarms.get(alarm_id)
        if alarm is None:
            return f"there is no alarm {alarm_id}"
        if alarm.acknowledged_at is not None:
            return f"alarm {alarm_id} was acknowledged by {alarm.acknowledged_by} already"
        self._alarms[alarm_id] = replace(alarm, acknowledged_at=wall, acknowledged_by=user)
        self._trim()
        return None

    @property
    def alarms(self) -> tuple[ListedAlarm, ...]:
        """Oldest first; the same object until something changes."""
        return self._shown

    def _raise(
        self,
        name: str,
        *,
        priority: Priority,
        cause: str,
        meaning: str,
        recovery: str,
        now_s: float,
        wall: float,
    ) -> None:
        self._count += 1
        alarm_id = f"{self._prefix}-{self._count:04d}"
        self._lasting[name] = alarm_id
        self._alarms[alarm_id] = ListedAlarm(
            alarm_id=alarm_id,
            fault=name,
            priority=priority,
            cause=cause,
            meaning=meaning,
            recovery=recovery,
            raised_at=wall,
            raised_s=now_s,
        )

    def _trim(self) -> None:
        over = [a for a in self._alarms.values() if a.cleared_at is not None]
        closed = [a.alarm_id for a in over if a.acknowledged_at is not None]
        waiting = [a.alarm_id for a in over if a.acknowledged_at is None]
        for alarm_id in (*closed[:-CLOSED_KEPT], *waiting[:-OPEN_KEPT]):
            del self._alarms[alarm_id]
        self._shown = tuple(self._alarms.values())


def _priority(mode: Mode, recovery: Recovery) -> Priority:
    if mode in {Mode.HOLD, Mode.LOCAL}:
        return "high"
    return "low" if recovery is Recovery.AT_ONCE else "medium"
