"""Heat loss of buried pipes: conductances of a supply-return pair to ground and to each other.

Multipole zeroth order for a pair of single pipes (P. Wallenten 1991; EN 13941-1 annex):
R_i = sum ln(r_{k+1}/r_k) / (2 pi k_k), R_s = ln(4 H'/D_c) / (2 pi k_s), H' = H + 0.0685 k_s,
R_h = ln(1 + (2 H'/E)^2) / (4 pi k_s).

Twin pipes in one casing need the first order: P. Wallenten, Steady-state heat loss from insulated
pipes (thesis, Lund 1991), here without the surface's small share in the last denominator. Against
a converged multipole solution it is within 0.4 % (symmetric) and 6.5 % (antisymmetric) for DN25 to
DN150, see the tests; the zeroth order misses the loss to ground by 6 to 20 %.
"""

import math
from typing import NamedTuple

SURFACE_FILM_M2K_W = 0.0685
"""Resistance of the ground's surface film, as a depth per conductivity (EN 13941-1)."""


class BuriedPipe(NamedTuple):
    """A pipe, or two equal ones in one casing, in the ground."""

    inner_diameter_m: float
    wall_thickness_m: float
    casing_diameter_m: float  # outer, of the insulation's casing
    wall_conductivity_w_mk: float
    insulation_conductivity_w_mk: float  # of what fills the casing
    soil_conductivity_w_mk: float
    burial_depth_m: float  # of the casing's axis

    @property
    def outer_diameter_m(self) -> float:
        """Of the wall."""
        return self.inner_diameter_m + 2.0 * self.wall_thickness_m

    @property
    def depth_m(self) -> float:
        """Burial depth with the ground's surface film."""
        return self.burial_depth_m + SURFACE_FILM_M2K_W * self.soil_conductivity_w_mk


class PairConductance(NamedTuple):
    """Conductances per metre of trench, W/(m K)."""

    to_ground: float
    between: float


def pair_conductance(pipe: BuriedPipe, *, axis_distance_m: float) -> PairConductance:
    """Conductance of each pipe to undisturbed ground and between the two pipes.

    q_supply = G_g (T_s - T_g) + G_x (T_s - T_r), and the return alike with signs changed. From the
    symmetric and antisymmetric problems: G_g = 1/(R_i + R_s + R_h) and
    G_x = (1/(R_i + R_s - R_h) - G_g) / 2.

    Raises:
        ValueError: if the casings overlap so that the antisymmetric resistance is not positive.
    """
    outer, depth = pipe.outer_diameter_m, pipe.depth_m
    r_wall = math.log(outer / pipe.inner_diameter_m) / (2.0 * math.pi * pipe.wall_conductivity_w_mk)
    r_insulation = math.log(pipe.casing_diameter_m / outer) / (
        2.0 * math.pi * pipe.insulation_conductivity_w_mk
    )
    r_soil = math.log(4.0 * depth / pipe.casing_diameter_m) / (
        2.0 * math.pi * pipe.soil_conductivity_w_mk
    )
    r_pair = math.log(1.0 + (2.0 * depth / axis_distance_m) ** 2) / (
        4.0 * math.pi * pipe.soil_conductivity_w_mk
    )
    own = r_wall + r_insulation + r_soil
    if own - r_pair <= 0.0:
        message = (
            f"axis distance {axis_distance_m} m leaves no resistance between the pipes; "
            f"it must exceed the casing diameter {pipe.casing_diameter_m} m"
        )
        raise ValueError(message)
    to_ground = 1.0 / (own + r_pair)
    return PairConductance(to_ground, 0.5 * (1.0 / (own - r_pair) - to_ground))


def single_conductance(pipe: BuriedPipe) -> PairConductance:
    """Conductance of a pipe that lies far from its partner: G_g = 1/(R_i + R_s), G_x = 0."""
    outer, depth = pipe.outer_diameter_m, pipe.depth_m
    resistance = (
        math.log(outer / pipe.inner_diameter_m) / pipe.wall_conductivity_w_mk
        + math.log(pipe.casing_diameter_m / outer) / pipe.insulation_conductivity_w_mk
        + math.log(4.0 * depth / pipe.casing_diameter_m) / pipe.soil_conductivity_w_mk
    )
    return PairConductance(2.0 * math.pi / resistance, 0.0)


def twin_conductance(pipe: BuriedPipe, *, axis_distance_m: float) -> PairConductance:
    """Conductance of each of two equal pipes in one casing to ground, and between them.

    With pipe radius r, casing radius R, half the axis distance D, depth H, conductivities k_i of
    insulation and k_g of soil, s = (k_i - k_g)/(k_i + k_g) and g = 2 (1 - s^2)/(1 - s (R/2H)^2),
    the resistances times 2 pi k_i are

    symmetric:     2 k_i/k_g ln(2H/R) + ln(R^2/(2 D r)) + s ln(R^4/(R^4 - D^4))
                   - (r/2D - 2 s r D^3/(R^4 - D^4))^2
                     / (1 + (r/2D)^2 + s (2 r R^2 D/(R^4 - D^4))^2)
    antisymmetric: ln(2D/r) + s ln((R^2 + D^2)/(R^2 - D^2)) - g (D/2H)^2
                   - (r/2D - g D r/(4 H^2) + 2 s r R^2 D/(R^4 - D^4))^2
                     / (1 - (r/2D)^2 + 2 s r^2 R^2 (R^4 + D^4)/(R^4 - D^4)^2)

    Args:
        pipe: of two in a common casing.
        axis_distance_m: between the axes of the two pipes inside the casing.

    Raises:
        ValueError: if the pipes touch each other or the casing.
    """
    r = 0.5 * pipe.inner_diameter_m + pipe.wall_thickness_m
    big = 0.5 * pipe.casing_diameter_m
    half = 0.5 * axis_distance_m
    if half <= r or half + r >= big:
        message = (
            f"axis distance {axis_distance_m} m does not fit two pipes of {2.0 * r:.4g} m into a "
            f"casing of {pipe.casing_diameter_m} m; it must lie between {2.0 * r:.4g} and "
            f"{2.0 * (big - r):.4g} m"
        )
        raise ValueError(message)
    k_i = pipe.insulation_conductivity_w_mk
    k_g = pipe.soil_conductivity_w_mk
    depth = pipe.depth_m
    s = (k_i - k_g) / (k_i + k_g)
    g = 2.0 * (1.0 - s * s) / (1.0 - s * (0.5 * big / depth) ** 2)
    span = big**4 - half**4
    near = 0.5 * r / half
    cross = 2.0 * s * r * big**2 * half / span
    symmetric = (
        2.0 * k_i / k_g * math.log(2.0 * depth / big)
        + math.log(big**2 / (2.0 * half * r))
        + s * math.log(big**4 / span)
        - (near - 2.0 * s * r * half**3 / span) ** 2
        / (1.0 + near**2 + s * (2.0 * r * big**2 * half / span) ** 2)
    )
    antisymmetric = (
        math.log(2.0 * half / r)
        + s * math.log((big**2 + half**2) / (big**2 - half**2))
        - g * (0.5 * half / depth) ** 2
        - (near - g * half * r / (4.0 * depth**2) + cross) ** 2
        / (1.0 - near**2 + 2.0 * s * r**2 * big**2 * (big**4 + half**4) / span**2)
    )
    wall = math.log(2.0 * r / pipe.inner_diameter_m) / (2.0 * math.pi * pipe.wall_conductivity_w_mk)
    to_ground = 1.0 / (symmetric / (2.0 * math.pi * k_i) + wall)
    opposite = 1.0 / (antisymmetric / (2.0 * math.pi * k_i) + wall)
    return PairConductance(to_ground, 0.5 * (opposite - to_ground))
