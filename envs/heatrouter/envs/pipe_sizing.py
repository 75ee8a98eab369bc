"""Pipe series that keep the pressure gradient of the design day within practice."""

from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.design_flow import design_flow
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import PipeSeries

_DIMENSIONS: Final = {
    "dn32": (0.0372, 0.0026, 0.110),
    "dn40": (0.0431, 0.0026, 0.110),
    "dn50": (0.0545, 0.0029, 0.125),
    "dn65": (0.0703, 0.0029, 0.140),
    "dn80": (0.0825, 0.0032, 0.160),
    "dn100": (0.1071, 0.0036, 0.200),
    "dn125": (0.1325, 0.0036, 0.225),
    "dn150": (0.1603, 0.0040, 0.250),
    "dn200": (0.2101, 0.0045, 0.315),
    "dn250": (0.2630, 0.0050, 0.400),
    "dn300": (0.3127, 0.0056, 0.450),
    "dn350": (0.3444, 0.0056, 0.500),
    "dn400": (0.3938, 0.0063, 0.560),
    "dn500": (0.4954, 0.0063, 0.710),
    "dn600": (0.5958, 0.0071, 0.800),
    "dn800": (0.7970, 0.0080, 1.000),
    "dn1000": (0.9960, 0.0100, 1.200),
}
_CONDUCTIVITY_W_MK: Final = 0.030
_SOURCE: Final = "EN 253 series 1, foam aged"
_ROUNDS: Final = 40
_AXIS_GAP_M: Final = 0.15
"""Between the casings of a pair, EN 13941-2."""
_LEAST_AXIS_M: Final = 0.5


STEEL_SERIES: Final = tuple(
    PipeSeries(
        name=name,
        inner_diameter_m=inner,
        wall_thickness_m=wall,
        casing_diameter_m=casing,
        insulation_conductivity_w_mk=_CONDUCTIVITY_W_MK,
        source=_SOURCE,
    )
    for name, (inner, wall, casing) in _DIMENSIONS.items()
)
"""Steel pipe of EN 10220 in a bonded casing of EN 253, insulation series 1, small to large."""


def sized(district: District, most_pa_m: float = 150.0) -> District:
    """Give every pipe the smallest steel series that keeps its gradient.

    Both cases of the design day count: sources feeding in, and everything from the root. In rings
    the flow shifts with the sizes, so that sizes are chosen again until they stay; a pipe never
    becomes smaller than in the round before, which makes that end.

    Args:
        district: The description; its pipes may name any series.
        most_pa_m: Largest gradient by friction, Pa/m.

    Returns:
        The district with the series in use, small to large, and their axis distances.
    """
    size = np.zeros(len(district.pipes), dtype=np.int64)
    for _ in range(_ROUNDS):
        trial = _with_series(district, size)
        gradient = _gradient(trial)
        grown = np.minimum(size + (gradient > most_pa_m), len(STEEL_SERIES) - 1)
        if np.array_equal(grown, size):
            break
        size = grown
    return _with_series(district, size, only_used=True)


def _gradient(district: District) -> FloatArray:
    cases = [design_flow(district, sources_run=run) for run in (True, False)]
    return np.asarray(np.max([case.gradient_pa_m for case in cases], axis=0))


def _with_series(district: District, size: np.ndarray, *, only_used: bool = False) -> District:
    chosen = [STEEL_SERIES[i] for i in size]
    pipes = tuple(
        pipe.model_copy(
            update={
                "series": series.name,
                "axis_distance_m": max(
                    _LEAST_AXIS_M, round(series.casing_diameter_m + _AXIS_GAP_M, 2)
                ),
            }
        )
        for pipe, series in zip(district.pipes, chosen, strict=True)
    )
    used = {series.name for series in chosen}
    series = tuple(s for s in STEEL_SERIES if not only_used or s.name in used)
    return district.model_copy(update={"pipes": pipes, "pipe_series": series})
