"""Measured series on the steps of a simulation."""

import numpy as np

from heatrouter.envs.arrays import FloatArray


def step_means(time: FloatArray, values: FloatArray, edges: FloatArray) -> FloatArray:
    """Mean of a piecewise linear series over each step, exact.

    A front that is sampled pointwise at steps of 10 s and more is off by 1 to 2 K on a short pipe;
    its step mean carries the right heat at any step.

    Args:
        time: Of the samples, s, increasing, shape (n,).
        values: Shape (n,).
        edges: Of the steps, s, increasing, shape (m + 1,). Outside the samples the first or last
            value holds.

    Returns:
        Shape (m,).
    """
    at_edge = np.interp(edges, time, values)
    # integral up to each sample, then up to each edge
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (values[1:] + values[:-1]) * np.diff(time))])
    i = np.clip(np.searchsorted(time, edges, side="right") - 1, 0, time.size - 1)
    inside = np.clip(edges, time[0], time[-1])
    up_to = integral[i] + 0.5 * (values[i] + at_edge) * (inside - time[i])
    up_to += np.where(edges < time[0], (edges - time[0]) * values[0], 0.0)
    up_to += np.where(edges > time[-1], (edges - time[-1]) * values[-1], 0.0)
    means: FloatArray = np.diff(up_to) / np.diff(edges)
    return means


def step_edges(begin_s: float, end_s: float, dt_s: float) -> FloatArray:
    """Edges of whole steps that cover a span, s."""
    steps = max(int(np.ceil((end_s - begin_s) / dt_s - 1e-9)), 1)
    edges: FloatArray = begin_s + dt_s * np.arange(steps + 1, dtype=np.float64)
    return edges


def at_times(edges: FloatArray, means: FloatArray, time: FloatArray) -> FloatArray:
    """Read a series of step means at single times, linear between the middles of the steps."""
    middles = 0.5 * (edges[1:] + edges[:-1])
    return np.asarray(np.interp(time, middles, means), dtype=np.float64)
