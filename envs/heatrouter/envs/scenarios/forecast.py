"""Forecasts of exogenous series as means over windows ahead.

Three kinds, all pure functions of scenario and issue step (no memory, any order of calls), all
closing at the end of the year:

* ``perfect``: what will come.
* ``persistence``: from what has been measured until now. Every day ahead is like the last 24 h;
  temperatures, wind and ground add today's difference from yesterday, which fades over a day.
* ``noisy``: what will come plus an error that grows with lead time (`forecast_error`) and has two
  parts: one belongs to the hour forecast (later runs repeat it, smaller), one to the run (it shifts
  all windows together). Both are correlated noise seeded by the name of the scenario.

Cumulative sums make the mean of any window the difference of two reads.
"""

import hashlib

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.scenarios.catalogue import CALENDAR_SERIES, kind_of
from heatrouter.envs.scenarios.forecast_error import (
    ISSUE_CORRELATION_H,
    ISSUE_SHARE,
    TARGET_CORRELATION_H,
    TARGET_SHARE,
    error_of,
)
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.noise import correlated, stream
from heatrouter.envs.spec.task import ForecastWindows

_FADING_SERIES = ("ambient_temp_c", "ground_temp_c", "wind_speed_m_s")
_FADING_H = 24.0


class Forecaster:
    """Window means ahead for many environments at once.

    Args:
        library: Scenarios; at least one day each.
        windows: Kind of forecast, series, and start and end of each window in hours ahead.

    Raises:
        ScenarioError: A series is not in the library or is a calendar series, or a window is
            empty, no whole number of steps, or longer than the scenario.
    """

    def __init__(self, library: ScenarioLibrary, windows: ForecastWindows) -> None:
        starts, ends = _window_steps(library, windows)
        self.kind = windows.kind
        self.series = windows.series
        self.n_values = len(windows.series) * starts.size
        self._n_steps = library.n_steps
        self._day = round(86400 / library.step_s)
        columns = [library.column(name) for name in windows.series]
        values = library.values[:, :, columns]
        self._past = self._day + 1
        self._ahead = int(ends.max(initial=1))
        self._sums = self._cumulate(values)
        self._length = (ends - starts).astype(np.float64)[:, None]
        self._edges = np.concatenate([starts, ends])
        self._low, self._high = _bounds(windows.series)
        if self.kind == "persistence":
            self._days, self._into_day = np.divmod(self._edges, self._day)
            self._fade = _fade(windows.series, starts, ends, self._day)
        elif self.kind == "noisy":
            self._add_noise(library, values, starts, ends)

    def windows_at(self, scenario: IntArray, step: IntArray) -> FloatArray:
        """Return the forecast issued at the start of a step.

        Args:
            scenario: Index of the scenario in the library, shape ``(num_envs,)``.
            step: Step of issue, >= 0, shape ``(num_envs,)``; wraps at the end of the scenario.

        Returns:
            Mean over each window, shape ``(num_envs, n_series, n_windows)``, in the units of the
            series. Steps before ``step`` are known, those from ``step`` on are ahead.
        """
        first = step % self._n_steps
        origin = (first + self._past)[:, None]
        if self.kind == "persistence":
            means = self._persistence(scenario[:, None], origin)
            return np.ascontiguousarray(means.transpose(0, 2, 1))
        at = self._sums[scenario[:, None], origin + self._edges].transpose(1, 2, 0)
        means = (at[self._length.size :] - at[: self._length.size]) / self._length[:, None]
        if self.kind == "noisy":
            means = self._disturbed(means, self._issue[scenario, first].T, self._scale[scenario].T)
        return np.ascontiguousarray(means.transpose(2, 1, 0))

    def windows_along(self, scenario: int, step: int, count: int) -> FloatArray:
        """Return the forecasts issued at consecutive steps of one scenario.

        Args:
            scenario: Index of the scenario in the library.
            step: First step of issue, >= 0.
            count: Number of steps.

        Returns:
            What :meth:`windows_at` returns for them, shape ``(count, n_series, n_windows)``.
        """
        first = step % self._n_steps
        last = first + count
        if self.kind == "persistence" or last > self._n_steps:
            return self.windows_at(np.full(count, scenario), np.arange(step, step + count))
        sums = self._sums[scenario, first + self._past :]
        steps = np.empty((self._length.size, count, sums.shape[1]))
        edges = zip(steps, *self._edges.reshape(2, -1).tolist(), strict=True)
        for difference, start, end in edges:
            np.subtract(sums[end : end + count], sums[start : start + count], out=difference)
        means = np.ascontiguousarray(steps.transpose(0, 2, 1))
        means /= self._length[:, None]
        if self.kind == "noisy":
            issue = np.ascontiguousarray(self._issue[scenario, first:last].T)
            means = self._disturbed(means, issue, self._scale[scenario, :, np.newaxis])
        return np.ascontiguousarray(means.transpose(2, 1, 0))

    def _disturbed(self, means: FloatArray, issue: FloatArray, scale: FloatArray) -> FloatArray:
        """Means with their error, ``(n_windows, n_series, n)``.

        Args:
            means: Of the series and of the noise that belongs to the hours forecast, beside each
                other along the second axis. Written over.
            issue: Noise of the run, ``(n_series, n)``.
            scale: Of absolute errors, ``(n_series, n)`` or one that broadcasts to it.
        """
        n_series = issue.shape[0]
        means, error = means[:, :n_series], means[:, n_series:]
        error *= TARGET_SHARE
        error += ISSUE_SHARE * issue * np.where(self._relative[:, np.newaxis], means, scale)
        error *= self._deviation[:, :, np.newaxis]
        means += error
        low, high = self._low[:, np.newaxis], self._high[:, np.newaxis]
        return np.minimum(np.maximum(means, low, out=means), high, out=means)

    def _persistence(self, rows: IntArray, origin: IntArray) -> FloatArray:
        # Integral of the last day, repeated for ever, from now to each edge.
        begin = self._sums[rows, origin - self._day]
        last_day = self._sums[rows, origin] - begin
        into_day = self._sums[rows, origin - self._day + self._into_day] - begin
        at = self._days[:, None] * last_day + into_day
        count = self._length.size
        means = (at[:, count:] - at[:, :count]) / self._length
        now = self._sums[rows, origin] - self._sums[rows, origin - 1]
        day_ago = self._sums[rows, origin - self._day] - self._sums[rows, origin - self._day - 1]
        means += self._fade * (now - day_ago)
        return np.asarray(np.clip(means, self._low, self._high), dtype=np.float64)

    def _cumulate(self, values: FloatArray) -> FloatArray:
        """Cumulative sums with the last day in front and the first windows behind.

        Entry ``past + t`` holds the sum of all steps before step ``t``.
        """
        n_scenarios, n_steps, n_series = values.shape
        order = np.arange(-self._past, n_steps + self._ahead) % n_steps
        sums = np.zeros((n_scenarios, order.size + 1, n_series))
        np.cumsum(values[:, order], axis=1, out=sums[:, 1:])
        return sums

    def _add_noise(
        self, library: ScenarioLibrary, values: FloatArray, starts: IntArray, ends: IntArray
    ) -> None:
        growth = [error_of(name) for name in self.series]
        centres_h = (starts + ends) / 2.0 * library.step_s / 3600.0
        self._deviation = np.array(
            [[g.deviation(float(h)) for g in growth] for h in centres_h], dtype=np.float64
        ).reshape(centres_h.size, len(growth))
        self._relative = np.array([g.measure == "relative" for g in growth])
        spread = np.array([g.measure == "spread" for g in growth])
        self._scale = np.where(spread, values.std(axis=1), 1.0)
        per_hour = 3600.0 / library.step_s
        self._issue = np.empty(values.shape)
        target = np.empty(values.shape)
        for row, name in enumerate(library.names):
            key = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")]
            for column, series in enumerate(self.series):
                for part, hours, noise in (
                    ("issue", ISSUE_CORRELATION_H, self._issue),
                    ("target", TARGET_CORRELATION_H, target),
                ):
                    rng = stream(key, f"forecast/{series}/{part}")
                    noise[row, :, column] = correlated(rng, self._n_steps, hours * per_hour)
        basis = np.where(self._relative, values, self._scale[:, None, :])
        # beside the sums of the series, so that one read finds both
        self._sums = np.concatenate((self._sums, self._cumulate(target * basis)), axis=2)


def _window_steps(library: ScenarioLibrary, windows: ForecastWindows) -> tuple[IntArray, IntArray]:
    """Begin and end of the windows in steps ahead, after all checks."""
    mistakes = []
    for position, name in enumerate(windows.series):
        if name not in library.series:
            message = f"{name!r} is not in the scenarios; they have: {', '.join(library.series)}"
            mistakes.append(Mistake(f"forecast.series[{position}]", message))
        elif name in CALENDAR_SERIES:
            message = f"{name!r} is known without a forecast; take it out"
            mistakes.append(Mistake(f"forecast.series[{position}]", message))
    steps = np.array(windows.window_hours, dtype=np.float64).reshape(-1, 2) * (
        3600.0 / library.step_s
    )
    for position, (start, end) in enumerate(steps):
        path = f"forecast.window_hours[{position}]"
        if abs(start - round(start)) > 1e-9 or abs(end - round(end)) > 1e-9:
            message = f"{windows.window_hours[position]} h is no multiple of {library.step_s} s"
            mistakes.append(Mistake(path, message))
        if not 0 <= start < end <= library.n_steps:
            message = (
                f"{windows.window_hours[position]} h must begin at 0 or later, end after it begins "
                f"and within {library.n_steps * library.step_s / 3600:g} h"
            )
            mistakes.append(Mistake(path, message))
    if library.n_steps * library.step_s < 2 * 86400:
        mistakes.append(Mistake("forecast", "the scenarios are shorter than two days"))
    if mistakes:
        subject = "forecast"
        raise ScenarioError(subject, mistakes)
    whole = np.rint(steps).astype(np.int64)
    return whole[:, 0], whole[:, 1]


def _bounds(series: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    kinds = [kind for kind in map(kind_of, series) if kind is not None]
    return np.array([kind.low for kind in kinds]), np.array([kind.high for kind in kinds])


def _fade(series: tuple[str, ...], starts: IntArray, ends: IntArray, day_steps: int) -> FloatArray:
    """Mean over each window of ``exp(-lead / 24 h)``; 0 for series that only repeat the day."""
    time = _FADING_H / 24.0 * day_steps
    mean = time * (np.exp(-starts / time) - np.exp(-ends / time)) / (ends - starts)
    fading = np.array([name in _FADING_SERIES for name in series])
    return np.asarray(mean[:, None] * fading, dtype=np.float64)
