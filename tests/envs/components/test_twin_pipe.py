"""Twin and single pipes against an independent multipole solution by collocation."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from heatrouter.envs.components.pipe_loss import (
    SURFACE_FILM_M2K_W,
    BuriedPipe,
    pair_conductance,
    single_conductance,
    twin_conductance,
)

Complex = npt.NDArray[np.complex128]
Matrix = npt.NDArray[np.float64]
ORDER = 10
POINTS = 72


def _inside(z: Complex, r: float, big: float, half: float) -> tuple[Matrix, Matrix, Matrix]:
    """Harmonic functions of the insulation: sources and multipoles of the pipes, polynomials.

    Each with its gradient; the real part of an analytic f has the gradient (Re f', -Im f').
    """
    values = [np.ones(z.shape)]
    slopes = [np.zeros_like(z)]
    for centre in (half, -half):
        values.append(np.log(np.abs(z - centre)))
        slopes.append(1.0 / (z - centre))
    for n in range(1, ORDER + 1):
        for a in (1.0, 1j):
            for centre in (half, -half):
                f = a * (r / (z - centre)) ** n
                values.append(f.real)
                slopes.append(-n * f / (z - centre))
            f = a * (z / big) ** n
            values.append(f.real)
            slopes.append(n * f / z)
    slope = np.array(slopes).T
    return np.array(values).T, slope.real, -slope.imag


def _soil(z: Complex, big: float, depth: float) -> tuple[Matrix, Matrix, Matrix]:
    """The same for the soil, with images that keep the surface at zero."""
    mirror = np.conj(z) + 2j * depth
    values = [np.log(np.abs(z)) - np.log(np.abs(mirror))]
    slope = 1.0 / z
    image = 1.0 / mirror
    dx = [slope.real - image.real]
    dy = [-slope.imag - image.imag]
    for n in range(1, ORDER + 1):
        for a in (1.0, 1j):
            f, fm = a * (big / z) ** n, a * (big / mirror) ** n
            slope, image = -n * f / z, -n * fm / mirror
            values.append(f.real - fm.real)
            dx.append(slope.real - image.real)
            dy.append(-slope.imag - image.imag)
    return np.array(values).T, np.array(dx).T, np.array(dy).T


def _heat_of_a_pipe(
    r: float, big: float, half: float, depth: float, k_i: float, k_g: float, other: float
) -> float:
    """Heat that a pipe at 1 K loses per metre while its partner is at ``other`` K, W/m."""
    circle = np.exp(2j * np.pi * np.arange(POINTS) / POINTS)
    inner, inner_x, inner_y = _inside(big * circle, r, big, half)
    outer, outer_x, outer_y = _soil(big * circle, big, depth)
    nx, ny = circle.real[:, None] * big, circle.imag[:, None] * big
    empty = np.zeros_like(outer)
    system = np.vstack(
        [
            np.hstack([_inside(half + r * circle, r, big, half)[0], empty]),
            np.hstack([_inside(-half + r * circle, r, big, half)[0], empty]),
            np.hstack([inner, -outer]),
            np.hstack([k_i * (inner_x * nx + inner_y * ny), -k_g * (outer_x * nx + outer_y * ny)])
            / k_g,
        ]
    )
    wanted = np.concatenate([np.ones(POINTS), np.full(POINTS, other), np.zeros(2 * POINTS)])
    solution, *_ = np.linalg.lstsq(system, wanted, rcond=None)
    assert np.abs(system @ solution - wanted).max() < 2e-3
    return float(-2.0 * math.pi * k_i * solution[1])


@pytest.mark.parametrize(
    ("outer_m", "casing_m", "gap_m"),
    [(0.0337, 0.140, 0.019), (0.0603, 0.200, 0.020), (0.1143, 0.315, 0.025), (0.1683, 0.45, 0.04)],
)
@pytest.mark.parametrize(("k_i", "k_g"), [(0.024, 1.6), (0.030, 1.0), (1.2, 1.2)])
def test_twin_pipes_against_multipoles(
    outer_m: float, casing_m: float, gap_m: float, k_i: float, k_g: float
) -> None:
    axis = outer_m + gap_m
    pipe = BuriedPipe(
        inner_diameter_m=outer_m - 1e-9,
        wall_thickness_m=0.5e-9,
        casing_diameter_m=casing_m,
        wall_conductivity_w_mk=50.0,
        insulation_conductivity_w_mk=k_i,
        soil_conductivity_w_mk=k_g,
        burial_depth_m=0.9,
    )
    twin = twin_conductance(pipe, axis_distance_m=axis)
    depth = 0.9 + SURFACE_FILM_M2K_W * k_g
    geometry = (0.5 * outer_m, 0.5 * casing_m, 0.5 * axis, depth, k_i, k_g)
    same = _heat_of_a_pipe(*geometry, 1.0)
    opposite = _heat_of_a_pipe(*geometry, -1.0)
    assert twin.to_ground == pytest.approx(same, rel=4e-3)
    assert twin.to_ground + 2.0 * twin.between == pytest.approx(opposite, rel=0.065)


DN50 = BuriedPipe(
    inner_diameter_m=0.0545,
    wall_thickness_m=0.0029,
    casing_diameter_m=0.20,
    wall_conductivity_w_mk=50.0,
    insulation_conductivity_w_mk=0.027,
    soil_conductivity_w_mk=1.6,
    burial_depth_m=0.8,
)


def test_twin_pipes_lose_less_than_two_single_ones() -> None:
    """The reason for twin pipes; DN50 in 200 mm against DN50 in 125 mm."""
    twin = twin_conductance(DN50, axis_distance_m=0.0803)
    single = single_conductance(DN50._replace(casing_diameter_m=0.125))
    assert 0.5 * single.to_ground < twin.to_ground < 0.9 * single.to_ground
    assert twin.between > 0.0


def test_single_pipe_is_a_pair_far_apart() -> None:
    single = single_conductance(DN50)
    pair = pair_conductance(DN50, axis_distance_m=1e5)
    assert single.to_ground == pytest.approx(pair.to_ground, rel=1e-6)
    assert single.between == 0.0


@pytest.mark.parametrize("axis_m", [0.05, 0.15])
def test_pipes_that_do_not_fit_are_refused(axis_m: float) -> None:
    with pytest.raises(ValueError, match=r"axis distance .* does not fit"):
        twin_conductance(DN50, axis_distance_m=axis_m)
