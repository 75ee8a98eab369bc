"""Alarms that change no mode: raised once, cleared once, each under one name.

What leads to a mode is a fault (:mod:`.modes`); what a person should look at without that is an
alarm.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Alarm(StrEnum):
    """What somebody should look at."""

    UNSIGNED_BUNDLE = "UNSIGNED_BUNDLE"
    BUNDLE_REFUSED = "BUNDLE_REFUSED"
    CHALLENGER = "CHALLENGER"
    UNKNOWN_PRICES = "UNKNOWN_PRICES"
    DRIFT = "DRIFT"
    SENSOR_JUMP = "SENSOR_JUMP"
    HISTORY = "HISTORY"
    SETTINGS = "SETTINGS"
    RESTART_NEEDED = "RESTART_NEEDED"


ALARM_MEANING: Final[Mapping[Alarm, str]] = {
    Alarm.UNSIGNED_BUNDLE: "nobody vouches for the policy in force; name trusted_keys",
    Alarm.BUNDLE_REFUSED: "a bundle was refused; the one in force stays",
    Alarm.CHALLENGER: "the challenger in shadow does not answer",
    Alarm.UNKNOWN_PRICES: "prices are beyond those that the policy was trained with",
    Alarm.DRIFT: "a sensor disagrees with what the others say of it",
    Alarm.SENSOR_JUMP: "a temperature stepped further within a tick than it ever moves",
    Alarm.HISTORY: "the history cannot be written; trends and settlement have a gap",
    Alarm.SETTINGS: "the settings file is bad; those in force stay",
    Alarm.RESTART_NEEDED: "settings were changed that hold from the next start on",
}


class AlarmChange(NamedTuple):
    """An alarm that began or ended."""

    alarm: Alarm
    raised: bool
    cause: str


class AlarmBoard:
    """Alarms that are present, each with the cause that it began with."""

    def __init__(self) -> None:
        self.present: dict[Alarm, str] = {}
        self._changes: list[AlarmChange] = []

    def note(self, alarm: Alarm, cause: str | None) -> None:
        """An alarm is present for this cause, or not where it is None."""
        if cause is None:
            before = self.present.pop(alarm, None)
            if before is not None:
                self._changes.append(AlarmChange(alarm, raised=False, cause=before))
        elif alarm not in self.present:
            self.present[alarm] = cause
            self._changes.append(AlarmChange(alarm, raised=True, cause=cause))

    def take_changes(self) -> list[AlarmChange]:
        """What began or ended since the last call."""
        changes, self._changes = self._changes, []
        return changes
