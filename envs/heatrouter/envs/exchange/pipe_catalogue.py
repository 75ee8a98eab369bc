"""Steel pipes of EN 10220 in bonded casings of EN 253, and series that meet a given heat loss."""

import math
from typing import Final, NamedTuple

from heatrouter.envs.components.pipe_loss import SURFACE_FILM_M2K_W
from heatrouter.envs.exchange.draft import PipeKind
from heatrouter.envs.spec.network import PipePair, Soil

AGED_FOAM_W_MK: Final = 0.030
_STEEL_W_MK: Final = 50.0
_LEAST_CONDUCTIVITY, _MOST_CONDUCTIVITY = 0.0051, 1.0
"""Bounds of a pipe series."""
_COVER_M: Final = 0.6
_CLEARANCE_M: Final = 0.15


class Size(NamedTuple):
    """A nominal size, mm."""

    outer_mm: float
    wall_mm: float
    casing_mm: float

    @property
    def inner_m(self) -> float:
        """Inner diameter, m."""
        return (self.outer_mm - 2.0 * self.wall_mm) / 1000.0


SIZES: Final[dict[int, Size]] = {
    20: Size(26.9, 2.6, 90.0),
    25: Size(33.7, 2.6, 90.0),
    32: Size(42.4, 2.6, 110.0),
    40: Size(48.3, 2.6, 110.0),
    50: Size(60.3, 2.9, 125.0),
    65: Size(76.1, 2.9, 140.0),
    80: Size(88.9, 3.2, 160.0),
    100: Size(114.3, 3.6, 200.0),
    125: Size(139.7, 3.6, 225.0),
    150: Size(168.3, 4.0, 250.0),
    200: Size(219.1, 4.5, 315.0),
    250: Size(273.0, 5.0, 400.0),
    300: Size(323.9, 5.6, 450.0),
    350: Size(355.6, 5.6, 500.0),
    400: Size(406.4, 6.3, 560.0),
    450: Size(457.0, 6.3, 630.0),
    500: Size(508.0, 6.3, 710.0),
    600: Size(610.0, 7.1, 800.0),
    700: Size(711.0, 8.0, 900.0),
    800: Size(813.0, 8.8, 1000.0),
    900: Size(914.0, 10.0, 1100.0),
    1000: Size(1016.0, 11.0, 1200.0),
    1200: Size(1219.0, 12.5, 1400.0),
}
"""EN 10220 pipes in EN 253 casings, insulation series 1, by nominal size."""


def nominal(dn: int, roughness_mm: float = 0.05) -> PipeKind | None:
    """The pipe of a nominal size with aged foam; None if there is none."""
    size = SIZES.get(dn)
    if size is None:
        return None
    return PipeKind(
        inner_diameter_m=round(size.inner_m, 5),
        wall_thickness_m=size.wall_mm / 1000.0,
        casing_diameter_m=size.casing_mm / 1000.0,
        insulation_conductivity_w_mk=AGED_FOAM_W_MK,
        roughness_mm=roughness_mm,
        source=f"DN {dn}, EN 10220 in EN 253 series 1, foam aged",
    )


def nearest(inner_diameter_m: float) -> tuple[int, Size]:
    """The nominal size with the nearest inner diameter."""
    dn = min(SIZES, key=lambda n: abs(math.log(SIZES[n].inner_m / inner_diameter_m)))
    return dn, SIZES[dn]


def wall_and_casing(inner_diameter_m: float) -> tuple[float, float]:
    """Wall and casing for an inner diameter, m, scaled from the nearest nominal size."""
    _, size = nearest(inner_diameter_m)
    wall_m = size.wall_mm / 1000.0
    ratio = size.casing_mm / size.outer_mm
    return wall_m, round(ratio * (inner_diameter_m + 2.0 * wall_m), 4)


def burial_depth_m(casing_diameter_m: float) -> float:
    """Depth of the axis: the default, or the usual cover over a large casing."""
    default = float(PipePair.model_fields["burial_depth_m"].default)
    return max(default, round(casing_diameter_m / 2.0 + _COVER_M, 3))


def axis_distance_m(casing_diameter_m: float) -> float:
    """Distance of the two axes: the default, or room for two large casings."""
    default = float(PipePair.model_fields["axis_distance_m"].default)
    return max(default, round(casing_diameter_m + _CLEARANCE_M, 3))


def with_heat_loss(
    inner_diameter_m: float, roughness_mm: float, u_w_m2k: float
) -> tuple[PipeKind, float]:
    """A pipe that lies alone and loses what a coefficient of the inner surface says.

    The insulation's conductivity is chosen so that 1/(2 pi) [ln(d_o/d)/k_w + ln(D/d_o)/k_i +
    ln(4H'/D)/k_s] = 1/(u pi d), the sum of `components.pipe_loss.single_conductance`.

    Args:
        inner_diameter_m: of the pipe.
        roughness_mm: of the pipe.
        u_w_m2k: per square metre of the inner surface, over undisturbed ground; >= 0.

    Returns:
        The pipe and the coefficient that it has, W/(m2 K), which differs where no insulation
        would do.
    """
    wall_m, casing_m = wall_and_casing(inner_diameter_m)
    outer_m = inner_diameter_m + 2.0 * wall_m
    soil = float(Soil.model_fields["conductivity_w_mk"].default)
    depth_m = burial_depth_m(casing_m) + SURFACE_FILM_M2K_W * soil
    wall = math.log(outer_m / inner_diameter_m) / _STEEL_W_MK
    ground = math.log(4.0 * depth_m / casing_m) / soil
    layer = math.log(casing_m / outer_m)
    wanted = 2.0 / (u_w_m2k * inner_diameter_m) if u_w_m2k > 0.0 else math.inf
    left = wanted - wall - ground
    conductivity = layer / left if left > 0.0 else math.inf
    conductivity = min(max(conductivity, _LEAST_CONDUCTIVITY), _MOST_CONDUCTIVITY)
    conductivity = float(f"{conductivity:.8g}")
    reached = 2.0 / (inner_diameter_m * (wall + ground + layer / conductivity))
    kind = PipeKind(
        inner_diameter_m=inner_diameter_m,
        wall_thickness_m=wall_m,
        casing_diameter_m=casing_m,
        insulation_conductivity_w_mk=conductivity,
        roughness_mm=roughness_mm,
        laying="single",
        assumed=(f"wall and casing as steel DN {nearest(inner_diameter_m)[0]}",),
        source=f"insulation chosen for {u_w_m2k:g} W/(m2 K) of the inner surface",
    )
    return kind, reached
