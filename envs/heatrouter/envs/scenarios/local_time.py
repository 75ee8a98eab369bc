"""Calendar series in the time zone of the site, clock changes included."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import Mistake, ScenarioError


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        ScenarioError: This machine does not know it.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        message = (
            f"{name!r} is no time zone that this machine knows; write an IANA name such as "
            "'Europe/Berlin', and install the package tzdata where the system has no zone data"
        )
        subject = "district site"
        raise ScenarioError(subject, [Mistake("site.timezone", message)]) from None


def local_seconds(start_utc: datetime, n_steps: int, step_s: int, timezone: str) -> IntArray:
    """Return what a wall clock shows at each step, as seconds since 1970-01-01 of that clock.

    Args:
        start_utc: Time of step 0.
        n_steps: Number of steps.
        step_s: Step, s; divides a day.
        timezone: IANA name.

    Returns:
        Shape ``(n_steps,)``. Jumps forward in spring and back in autumn where the clock does.
    """
    zone = time_zone(timezone)
    start = round(start_utc.timestamp())
    utc = start + step_s * np.arange(n_steps, dtype=np.int64)
    per_day = 86400 // step_s
    edges = [*range(0, n_steps, per_day), n_steps]
    offsets = np.empty(n_steps, dtype=np.int64)
    # Asking the zone for every step is slow; only the days of a clock change need it.
    at_edges = [_offset_s(zone, start + step_s * edge) for edge in edges]
    for k, (begin, end) in enumerate(pairwise(edges)):
        if at_edges[k] == at_edges[k + 1]:
            offsets[begin:end] = at_edges[k]
        else:
            offsets[begin:end] = [_offset_s(zone, int(second)) for second in utc[begin:end]]
    return utc + offsets


def calendar(local_s: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return local hour (0..24), weekday (0 = Monday) and day of the year (1..366)."""
    hour = (local_s % 86400) / 3600.0
    days = local_s // 86400
    # 1970-01-01 was a Thursday.
    weekday = (days + 3) % 7
    dates = days.astype("datetime64[D]")
    first = dates.astype("datetime64[Y]").astype("datetime64[D]")
    day_of_year = (dates - first).astype(np.int64) + 1
    return hour, weekday.astype(np.float64), day_of_year.astype(np.float64)


def _offset_s(zone: ZoneInfo, second_utc: int) -> int:
    moment = datetime.fromtimestamp(second_utc, tz=UTC).astimezone(zone)
    return round((moment.utcoffset() or timedelta()).total_seconds())
