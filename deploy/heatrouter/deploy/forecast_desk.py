"""Which forecast is in use now, how old it is, and what was refused.

fresh      not older than its maximum age
persisted  older, and for a configured time good enough: shifted, each day like the last
stale      older than that: the policy is left out
none       there has been none yet
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from heatrouter.deploy.forecast_input import Forecast, ForecastJudge, Refused
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract

FUTURE_TOLERANCE_S: Final = 300.0
"""Clocks of two machines may differ by so much; a forecast from later than that is refused."""


class Standing(StrEnum):
    """How good the forecast in use is."""

    NONE = "none"
    FRESH = "fresh"
    PERSISTED = "persisted"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class News:
    """Something about forecasts that belongs on record."""

    event: str
    detail: Mapping[str, object]


class ForecastDesk:
    """Takes what arrives and answers with the windows of now.

    Ages run on the monotonic clock from the moment of arrival, so that no clock that is set makes
    a forecast old or young.

    Args:
        contract: Series, units, windows and length of a control step.
        max_age_s: Plant seconds for which a forecast is fresh.
        persistence_s: Plant seconds after that for which it goes on.
    """

    def __init__(self, contract: Contract, *, max_age_s: float, persistence_s: float) -> None:
        self.judge = ForecastJudge(contract)
        self._step_s = contract.control_dt_s
        self._max_age_s = max_age_s
        self._persistence_s = persistence_s
        self._current: Forecast | None = None
        self._age_then_s = 0.0
        self._arrived_s = 0.0
        self._plant_time_s = float("nan")
        self._last_arrays: tuple[dict[str, FloatArray], float] | None = None
        self._refusal: tuple[str, ...] = ()
        self._standing = Standing.NONE
        self._news: list[News] = []

    # --- what arrives ---

    def take_arrays(
        self, arrays: Mapping[str, FloatArray], issued_s: float, plant_time_s: float, now_s: float
    ) -> None:
        """Take what the plant's tags hold in this tick.

        Args:
            arrays: Windows by series; without those that are not good.
            issued_s: Plant time of issue; NaN where not good.
            plant_time_s: The plant's clock; NaN where not good.
            now_s: Monotonic plant seconds.
        """
        if self._current is not None and plant_time_s < self._plant_time_s - self._step_s:
            # The plant's clock was set back: what it says of an issue compares with nothing before.
            # The forecast in use stays, its age runs on our own clock.
            self._current = replace(self._current, issued_s=-math.inf)
        if np.isfinite(plant_time_s):
            self._plant_time_s = plant_time_s
        if self._seen(arrays, issued_s):
            return
        arrival = self.judge.of_arrays(arrays, issued_s)
        self.take(arrival, plant_time_s, now_s)
        # What came at the wrong time is looked at again: the clock goes on.
        known = isinstance(arrival, Refused) or self.uses(arrival)
        self._last_arrays = (dict(arrays), issued_s) if known else None

    def take(self, arrival: Forecast | Refused, clock_s: float, now_s: float) -> None:
        """Take a forecast that was judged.

        Args:
            arrival: As judged.
            clock_s: Now, on the clock of its time of issue; NaN where that is not known.
            now_s: Monotonic plant seconds.
        """
        if isinstance(arrival, Refused):
            self._refuse(arrival.reasons)
            return
        reasons = self._untimely(arrival, clock_s)
        if reasons:
            self._refuse(reasons)
            return
        self._current = arrival
        self._age_then_s = max(clock_s - arrival.issued_s, 0.0)
        self._arrived_s = now_s
        if self._refusal:
            self._news.append(News("forecast accepted again", {"issued_s": arrival.issued_s}))
            self._refusal = ()

    def _untimely(self, arrival: Forecast, clock_s: float) -> tuple[str, ...]:
        if not np.isfinite(clock_s):
            return ("the plant's clock is not known, so its age is not",)
        age_s = clock_s - arrival.issued_s
        current = self._current
        if age_s < -FUTURE_TOLERANCE_S:
            return (f"issued {-age_s:.0f} s in the future; a clock or its time zone is wrong",)
        if age_s > self._max_age_s:
            return (f"issued {age_s:.0f} s ago, the limit is {self._max_age_s:.0f} s",)
        same_clock = current is not None and current.civil == arrival.civil
        if same_clock and current is not None and arrival.issued_s < current.issued_s:
            back_s = current.issued_s - arrival.issued_s
            return (f"issued {back_s:.0f} s before the one in use; time goes backwards",)
        return ()

    def _seen(self, arrays: Mapping[str, FloatArray], issued_s: float) -> bool:
        if self._last_arrays is None:
            return False
        before, issued_before_s = self._last_arrays
        if issued_s != issued_before_s or before.keys() != arrays.keys():
            return False
        return all(_same(before[name], array) for name, array in arrays.items())

    def _refuse(self, reasons: tuple[str, ...]) -> None:
        # The same mistake with other numbers is no news.
        if _without_numbers(reasons) != _without_numbers(self._refusal):
            self._news.append(News("forecast refused", {"reasons": list(reasons)}))
        self._refusal = reasons

    # --- what is in use ---

    def uses(self, forecast: Forecast) -> bool:
        """Whether this is the forecast in use."""
        return self._current is forecast

    def age_s(self, now_s: float) -> float:
        """Age of the forecast in use, plant seconds; NaN where there is none."""
        if self._current is None:
            return float("nan")
        return self._age_then_s + now_s - self._arrived_s

    def windows(self, now_s: float) -> FloatArray | None:
        """Means over the windows ahead of now, shape ``(n_series, n_windows)``; None without any.

        Values of a stale forecast are given, too: the rules look at none of them, and the policy
        is left out.
        """
        if self._current is None:
            return None
        age_s = self.age_s(now_s)
        if self._current.windows is not None and age_s < self._step_s:
            return self._current.windows
        ahead = self.judge.windows
        rows = [p.means(ahead.start_s + age_s, ahead.end_s + age_s) for p in self._current.profiles]
        return np.array(rows).reshape(len(rows), ahead.start_s.size)

    def standing(self, now_s: float) -> Standing:
        """How good the forecast in use is; a change of it is news."""
        age_s = self.age_s(now_s)
        if self._current is None:
            standing = Standing.NONE
        elif age_s <= self._max_age_s:
            standing = Standing.FRESH
        elif age_s <= self._max_age_s + self._persistence_s:
            standing = Standing.PERSISTED
        else:
            standing = Standing.STALE
        if standing is not self._standing:
            detail = {"before": str(self._standing), "age_s": None if age_s != age_s else age_s}
            self._standing = standing
            self._news.append(News(f"forecast {standing}", detail))
        return standing

    def fault(self, now_s: float) -> str | None:
        """Why the policy cannot be asked; None while a forecast is good enough."""
        if not self.judge.series:
            return None
        standing = self.standing(now_s)
        if standing in {Standing.FRESH, Standing.PERSISTED}:
            return None
        refused = f"; refused: {'; '.join(self._refusal)}" if self._refusal else ""
        if standing is Standing.NONE:
            return f"no forecast yet{refused}"
        limit_s = self._max_age_s + self._persistence_s
        return f"age {self.age_s(now_s):.0f} s, limit {limit_s:.0f} s{refused}"

    def news(self) -> tuple[News, ...]:
        """What happened since the last call."""
        news, self._news = tuple(self._news), []
        return news

    def status(self, now_s: float) -> dict[str, object]:
        """For the status file."""
        age_s = self.age_s(now_s)
        return {
            "standing": str(self._standing),
            "age_s": None if np.isnan(age_s) else round(age_s, 1),
            "refused": list(self._refusal),
        }


def _same(before: FloatArray, array: FloatArray) -> bool:
    """Whether two arrays hold the same, NaN for NaN, in a fraction of NumPy's own time."""
    if before.shape != array.shape:
        return False
    equal = (before == array) | ((before != before) & (array != array))
    return bool(equal.all())


def _without_numbers(reasons: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(re.sub(r"-?\d+(\.\d+)?", "", reason) for reason in reasons)
