"""Standard load profiles of the BDEW, which the package demandlib carries."""

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.catalogue import STEPS_PER_DAY, STEPS_PER_HOUR
from heatrouter.envs.units import KWH_PER_MWH


def standard_load(
    profile: str,
    year: int,
    calendar: tuple[FloatArray, FloatArray, FloatArray],
    annual_mwh: float | None,
) -> FloatArray:
    """Return a standard load profile on the scenario's local clock.

    Args:
        profile: ``h0``, ``g0`` to ``g6``, ``l0`` to ``l2``.
        year: Year of the scenario, which places the weekends.
        calendar: Local hour, weekday and day of the year at the start of each step.
        annual_mwh: Energy of the year; without it the highest quarter hour of the year is 1.

    Returns:
        The shape of the calendar's arrays: kW, or the share of the highest.

    Raises:
        ScenarioError: demandlib is not installed.
    """
    try:
        from demandlib.bdew import ElecSlp
    except ImportError as error:
        message = f"standard load profiles come with demandlib, which cannot be loaded: {error}"
        raise ScenarioError(message) from error
    table = np.asarray(ElecSlp(year).get_profiles(profile)[profile], dtype=np.float64)
    hour, _, day = calendar
    quarter = np.floor(hour * STEPS_PER_HOUR).astype(np.int64)
    # The last hours of a year in UTC are those of 1 January on a clock ahead of it.
    values = table[((day.astype(np.int64) - 1) * STEPS_PER_DAY + quarter) % table.size]
    if annual_mwh is None:
        return np.asarray(values / table.max(), dtype=np.float64)
    energy = annual_mwh * KWH_PER_MWH * STEPS_PER_HOUR
    return np.asarray(values / table.sum() * energy, dtype=np.float64)
