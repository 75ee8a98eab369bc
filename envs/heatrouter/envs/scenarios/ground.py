"""Undisturbed ground temperature at the depth of the pipes."""

import math

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.district import District

_DAYS_PER_YEAR = 365.0


def pipe_depth_m(district: District) -> float:
    """Return the depth of the pipe axes, weighted by length, m."""
    length = sum(pipe.length_m for pipe in district.pipes)
    return sum(pipe.burial_depth_m * pipe.length_m for pipe in district.pipes) / length


def ground_temp_c(
    ambient_temp_c: FloatArray, depth_m: float, diffusivity_m2_d: float
) -> FloatArray:
    """Return the temperature of undisturbed ground (Kusuda and Achenbach 1965).

    ``T(z,t) = T_mean + A exp(-z/d) cos(w t - phase - z/d)`` with ``d = sqrt(2 alpha / w)``, where
    mean, amplitude ``A`` and phase are those of the annual harmonic of the air temperature.

    Args:
        ambient_temp_c: One year of air temperature at a constant step, degC, shape ``(n,)``.
        depth_m: Depth below the surface, m.
        diffusivity_m2_d: Thermal diffusivity of the soil, m2/d.

    Returns:
        Shape ``(n,)``, degC.
    """
    omega = 2.0 * math.pi / _DAYS_PER_YEAR
    angle = 2.0 * math.pi * (np.arange(ambient_temp_c.size) + 0.5) / ambient_temp_c.size
    mean = ambient_temp_c.mean()
    cosine = 2.0 * np.mean((ambient_temp_c - mean) * np.cos(angle))
    sine = 2.0 * np.mean((ambient_temp_c - mean) * np.sin(angle))
    damping = depth_m * math.sqrt(omega / (2.0 * diffusivity_m2_d))
    lagged = angle - damping
    wave = math.exp(-damping) * (cosine * np.cos(lagged) + sine * np.sin(lagged))
    return np.asarray(mean + wave, dtype=np.float64)
