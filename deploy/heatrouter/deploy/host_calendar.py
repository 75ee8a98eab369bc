"""The calendar of the site by the clock of this machine, for plants that have no tags for it."""

from collections.abc import Callable
from datetime import UTC, datetime

from heatrouter.deploy.tags import CLOCK_TAGS
from heatrouter.envs.scenarios.local_time import time_zone


class HostCalendar:
    """What the tags of the group ``clock`` would say.

    Args:
        timezone: IANA name of the site's time zone.
        utc_s: POSIX time of this machine, s.
    """

    def __init__(self, timezone: str, utc_s: Callable[[], float]) -> None:
        self._zone = time_zone(timezone)
        self._utc_s = utc_s

    def read(self) -> dict[str, float]:
        """Local hour (0..24), weekday (0 = Monday), day of the year (1..366) and POSIX time."""
        return self.at(self._utc_s())

    def at(self, utc_s: float) -> dict[str, float]:
        """The same at a POSIX time."""
        local = datetime.fromtimestamp(utc_s, tz=UTC).astimezone(self._zone)
        seconds = local.hour * 3600.0 + local.minute * 60.0 + local.second
        values = (
            seconds / 3600.0,
            float(local.weekday()),
            float(local.timetuple().tm_yday),
            utc_s,
        )
        return {f"clock:{name}": value for name, value in zip(CLOCK_TAGS, values, strict=True)}
