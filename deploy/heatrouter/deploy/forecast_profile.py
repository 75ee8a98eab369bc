"""A forecast as steps in time, and the means over windows that an observation wants of it."""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One series: a value from each edge to the next.

    Attributes:
        edges_s: Seconds from the time of issue, rising, shape ``(n + 1,)``; the first is <= 0.
        values: Means of the steps, shape ``(n,)``.
    """

    edges_s: FloatArray
    values: FloatArray

    def means(self, start_s: FloatArray, end_s: FloatArray) -> FloatArray:
        """Means over windows that begin and end so many seconds after the issue.

        Beyond its end the profile goes on like its last day (as the simulator's persistence does),
        or like all of it where it is shorter than a day.
        """
        means: FloatArray = (self._integral(end_s) - self._integral(start_s)) / (end_s - start_s)
        return means

    def _integral(self, at_s: FloatArray) -> FloatArray:
        """Integral from the time of issue, s times unit."""
        sums = np.concatenate([[0.0], np.cumsum(self.values * np.diff(self.edges_s))])
        sums -= np.interp(0.0, self.edges_s, sums)
        end = float(self.edges_s[-1])
        period = min(DAY_S, end)
        last = float(sums[-1])
        begin = float(np.interp(end - period, self.edges_s, sums))
        beyond = np.maximum(at_s - end, 0.0)
        turns, rest = np.divmod(beyond, period)
        repeated = turns * (last - begin) + np.interp(end - period + rest, self.edges_s, sums)
        inside = np.interp(at_s, self.edges_s, sums)
        integral: FloatArray = np.where(at_s <= end, inside, last - begin + repeated)
        return integral


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of an observation, seconds ahead, shape ``(n_windows,)`` each."""

    start_s: FloatArray
    end_s: FloatArray

    def profile(self, means: FloatArray) -> Profile:
        """Steps whose means over these windows are the given ones.

        Where windows lie over each other the shorter one counts; a gap takes the value before it.
        """
        edges = np.unique(np.concatenate([[0.0], self.start_s, self.end_s]))
        middle = 0.5 * (edges[:-1] + edges[1:])
        order = np.argsort(self.end_s - self.start_s, kind="stable")
        values = np.full(middle.shape, np.nan)
        for window in order[::-1]:
            inside = (middle > self.start_s[window]) & (middle < self.end_s[window])
            values[inside] = means[window]
        first = float(means[np.argmin(self.start_s)])
        for i in range(values.size):
            if np.isnan(values[i]):
                values[i] = values[i - 1] if i else first
        return Profile(edges, values)
