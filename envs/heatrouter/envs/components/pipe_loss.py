"""Heat loss of buried pipes: conductances of a supply-return pair to ground and to each other.

Multipole zeroth order for a pair of single pipes (P. Wallenten 1991; EN 13941-1 annex):
R_i = sum ln(r_{k+1}/r_k) / (2 pi k_k), R_s = ln(4 H'/D_c) / (2 pi k_s), H' = H + 0.0685 k_s,
R_h = ln(1 + (2 H'/E)^2) / (4 pi k_s).
"""

import math
from typing import NamedTuple

SURFACE_FILM_M2K_W = 0.0685
"""Resistance of the ground's surface film, as a depth per conductivity (EN 13941-1)."""


class PairConductance(NamedTuple):
    """Conductances per metre of trench, W/(m K)."""

    to_ground: float
    between: float


def pair_conductance(
    *,
    inner_diameter_m: float,
    wall_thickness_m: float,
    casing_diameter_m: float,
    wall_conductivity_w_mk: float,
    insulation_conductivity_w_mk: float,
    soil_conductivity_w_mk: float,
    burial_depth_m: float,
    axis_distance_m: float,
) -> PairConductance:
    """Conductance of each pipe to undisturbed ground and between the two pipes.

    q_supply = G_g (T_s - T_g) + G_x (T_s - T_r), and the return alike with signs changed. From the
    symmetric and antisymmetric problems: G_g = 1/(R_i + R_s + R_h) and
    G_x = (1/(R_i + R_s - R_h) - G_g) / 2.

    Raises:
        ValueError: if the casings overlap so that the antisymmetric resistance is not positive.
    """
    outer = inner_diameter_m + 2.0 * wall_thickness_m
    depth = burial_depth_m + SURFACE_FILM_M2K_W * soil_conductivity_w_mk
    r_wall = math.log(outer / inner_diameter_m) / (2.0 * math.pi * wall_conductivity_w_mk)
    r_insulation = math.log(casing_diameter_m / outer) / (
        2.0 * math.pi * insulation_conductivity_w_mk
    )
    r_soil = math.log(4.0 * depth / casing_diameter_m) / (2.0 * math.pi * soil_conductivity_w_mk)
    r_pair = math.log(1.0 + (2.0 * depth / axis_distance_m) ** 2) / (
        4.0 * math.pi * soil_conductivity_w_mk
    )
    own = r_wall + r_insulation + r_soil
    if own - r_pair <= 0.0:
        message = (
            f"axis distance {axis_distance_m} m leaves no resistance between the pipes; "
            f"it must exceed the casing diameter {casing_diameter_m} m"
        )
        raise ValueError(message)
    to_ground = 1.0 / (own + r_pair)
    return PairConductance(to_ground, 0.5 * (1.0 / (own - r_pair) - to_ground))
