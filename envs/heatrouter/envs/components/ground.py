"""Yearly temperature wave in undisturbed ground, moved from one depth to another.

T(z, t) = T_mean - A exp(-z/d) cos(2 pi/P (t - t_0) - z/d), d = sqrt(P a / pi), P = 365 d: T. Kusuda
and P. R. Achenbach, ASHRAE Transactions 71 (1965) 61.
"""

import math

YEAR_D = 365.0


def depth_ratio(
    depth_m: float, reference_depth_m: float, diffusivity_m2_d: float
) -> tuple[float, float]:
    """How the yearly wave at a depth compares with that at a reference depth.

    T(depth, t) = mean + ratio (T(reference, t - lag) - mean); a depth above the reference has a
    ratio over one and a negative lag.

    Args:
        depth_m: m, not negative.
        reference_depth_m: m, not negative.
        diffusivity_m2_d: of the ground, m2/d; 0.04 to 0.09 for moist soils.

    Returns:
        Ratio of the amplitudes and lag in days.

    Raises:
        ValueError: if a depth is negative or the diffusivity not positive.
    """
    if depth_m < 0.0 or reference_depth_m < 0.0:
        message = f"depths {depth_m} m and {reference_depth_m} m must not be negative"
        raise ValueError(message)
    if diffusivity_m2_d <= 0.0:
        message = f"diffusivity {diffusivity_m2_d} m2/d must be positive"
        raise ValueError(message)
    depths = (depth_m - reference_depth_m) / math.sqrt(YEAR_D * diffusivity_m2_d / math.pi)
    return math.exp(-depths), depths * YEAR_D / (2.0 * math.pi)
