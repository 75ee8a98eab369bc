"""Position of the sun and clear-sky irradiance on the horizontal.

Good to about 0.1 degree and to the 5 % that a spreading of hourly energy over quarters needs.
"""

import math

import numpy as np

from heatrouter.envs.arrays import FloatArray

_HAURWITZ_SCALE_W_M2 = 1098.0
_HAURWITZ_EXTINCTION = 0.059


def equation_of_time_h(day_of_year: FloatArray) -> FloatArray:
    """Return true minus mean solar time in hours (Spencer 1971)."""
    g = 2.0 * math.pi * (day_of_year - 1.0) / 365.0
    minutes = 229.18 * (
        0.000075
        + 0.001868 * np.cos(g)
        - 0.032077 * np.sin(g)
        - 0.014615 * np.cos(2.0 * g)
        - 0.040849 * np.sin(2.0 * g)
    )
    return np.asarray(minutes / 60.0, dtype=np.float64)


def cos_zenith(hours_utc: FloatArray, latitude_deg: float, longitude_deg: float) -> FloatArray:
    """Return the cosine of the sun's zenith angle, negative at night.

    Declination and equation of time after Spencer (1971).

    Args:
        hours_utc: Hours since 1 January 0 h UTC of a year.
        latitude_deg: North positive, degrees.
        longitude_deg: East positive, degrees.

    Returns:
        The shape of ``hours_utc``, -1..1.
    """
    day = hours_utc / 24.0 + 1.0
    g = 2.0 * math.pi * (day - 1.0) / 365.0
    declination = (
        0.006918
        - 0.399912 * np.cos(g)
        + 0.070257 * np.sin(g)
        - 0.006758 * np.cos(2.0 * g)
        + 0.000907 * np.sin(2.0 * g)
        - 0.002697 * np.cos(3.0 * g)
        + 0.00148 * np.sin(3.0 * g)
    )
    solar_hour = hours_utc + longitude_deg / 15.0 + equation_of_time_h(day)
    hour_angle = math.pi / 12.0 * (solar_hour - 12.0)
    phi = math.radians(latitude_deg)
    return np.asarray(
        math.sin(phi) * np.sin(declination)
        + math.cos(phi) * np.cos(declination) * np.cos(hour_angle),
        dtype=np.float64,
    )


def clear_sky_w_m2(hours_utc: FloatArray, latitude_deg: float, longitude_deg: float) -> FloatArray:
    """Return global horizontal irradiance under a clear sky, W/m2 (Haurwitz 1945).

    ``1098 cos(z) exp(-0.059 / cos(z))``, zero when the sun is down. Arguments as `cos_zenith`.
    """
    cosine = np.maximum(cos_zenith(hours_utc, latitude_deg, longitude_deg), 0.0)
    up = cosine > 1e-4
    safe = np.where(up, cosine, 1.0)
    irradiance = _HAURWITZ_SCALE_W_M2 * safe * np.exp(-_HAURWITZ_EXTINCTION / safe)
    return np.where(up, irradiance, 0.0)


def solar_noon_utc_h(longitude_deg: float, day_of_year: FloatArray) -> FloatArray:
    """Return the UTC hour at which the sun culminates."""
    return 12.0 - longitude_deg / 15.0 - equation_of_time_h(day_of_year)
