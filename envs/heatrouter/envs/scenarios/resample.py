"""From hours (or any whole number of quarter hours) to the step of the scenarios."""

import numpy as np

from heatrouter.envs.arrays import FloatArray


def hold(values: FloatArray, parts: int) -> FloatArray:
    """Return every value repeated over its ``parts`` steps, as a tariff is."""
    return np.repeat(values, parts)


def linear(values: FloatArray, parts: int, *, periodic: bool) -> FloatArray:
    """Return values on straight lines between the centres of the intervals.

    Args:
        values: Means over intervals, shape ``(n,)``.
        parts: Steps in each interval.
        periodic: Whether the first interval follows on the last; else the outer half intervals
            keep their value.

    Returns:
        Shape ``(n * parts,)``.
    """
    if parts == 1:
        return values.copy()
    centres = np.arange(values.size) + 0.5
    wanted = (np.arange(values.size * parts) + 0.5) / parts
    if periodic:
        centres = np.concatenate([[-0.5], centres, [values.size + 0.5]])
        values = np.concatenate([values[-1:], values, values[:1]])
    return np.interp(wanted, centres, values)


def spread_energy(
    values: FloatArray, parts: int, clear_sky: FloatArray, *, shift_steps: int = 0
) -> FloatArray:
    """Return irradiance that keeps each interval's energy and follows the clear sky inside it.

    A straight line would put sun before sunrise and lose the energy of the edges of the day.

    Args:
        values: Mean irradiance over intervals, shape ``(n,)``, W/m2, >= 0.
        parts: Steps in each interval.
        clear_sky: Irradiance under a clear sky at each step, shape ``(n * parts,)``, W/m2.
        shift_steps: How many steps later the intervals really lie than their stamps say; the
            series closes at its end.

    Returns:
        Shape ``(n * parts,)``, W/m2. Intervals with the sun down are constant: what is measured
        there is twilight.
    """
    shape = np.roll(clear_sky, -shift_steps).reshape(values.size, parts)
    mean = shape.mean(axis=1, keepdims=True)
    # Below 1 W/m2 the shape says nothing: the sun is down, or up for the last minute only.
    share = np.where(mean > 1.0, shape / np.maximum(mean, 1.0), 1.0)
    return np.roll((values[:, None] * share).reshape(-1), shift_steps)
