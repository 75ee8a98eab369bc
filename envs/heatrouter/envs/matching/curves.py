"""Composite curves, and what is left of a grand composite curve without its pockets."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.matching.problem_table import ProblemTable, intervals, problem_table
from heatrouter.envs.matching.streams import Stream


def composite_curve(
    streams: Sequence[Stream], kind: Literal["hot", "cold"]
) -> tuple[FloatArray, FloatArray]:
    """Return the composite curve of all hot or of all cold streams, at their own temperatures.

    Args:
        streams: Hot and cold ones; those of the other kind are left out.
        kind: Which curve.

    Returns:
        Heat from the cold end of the curve, kW, rising, and temperatures, degC, rising; each of
        shape ``(n_rows,)``, empty where there is no such stream.
    """
    chosen = [s for s in streams if s.kind == kind]
    if not chosen:
        return np.zeros(0), np.zeros(0)
    rows = intervals(chosen, 0.0)
    heat = np.abs(rows.shares) @ np.array([s.heat_kw for s in chosen])
    curve = np.concatenate([[0.0], np.cumsum(heat[::-1])])
    return np.asarray(curve), np.asarray(rows.temps_c[::-1])


def placed_composites(
    streams: Sequence[Stream], dt_min_k: float | None = None
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Return the hot and the cold composite curve on one axis of heat.

    The cold curve begins where the cold utility ends: where the two lie above each other, heat is
    recovered (Linnhoff et al., User Guide on Process Integration, IChemE 1982).
    """
    hot, cold = composite_curve(streams, "hot"), composite_curve(streams, "cold")
    moved = cold[0] + problem_table(streams, dt_min_k).cold_utility_kw
    return hot, (moved, cold[1])


def site_streams(table: ProblemTable, zone: str) -> list[Stream]:
    """Return what a zone offers and wants beyond its own recovery, at shifted temperatures.

    Pockets of the grand composite curve, which the zone fills itself, are cut off: at a temperature
    the sink profile has the least heat that passes anywhere above, the source profile the least
    that passes anywhere below (Dhole & Linnhoff, Comput. Chem. Eng. 17 (1993) S101).

    Args:
        table: Targets of the zone.
        zone: Its name.

    Returns:
        Cold streams that add up to its hot utility and hot streams that add up to its cold
        utility; contributions are 0, as the temperatures are shifted already.
    """
    sinks = _profile(table.temps_c, table.cascade_kw)
    sources = _profile(table.temps_c[::-1], table.cascade_kw[::-1])
    found = [
        _segment(f"{zone} sink {i + 1}", zone, part, hot=False) for i, part in enumerate(sinks)
    ]
    return found + [
        _segment(f"{zone} source {i + 1}", zone, part, hot=True) for i, part in enumerate(sources)
    ]


def _profile(temps_c: FloatArray, heat_kw: FloatArray) -> list[tuple[float, float, float]]:
    """Falls of a curve's running minimum: temperature of their begin and end, and their heat."""
    falls = []
    least = float(heat_kw[0]) if heat_kw.size else 0.0
    for i in range(1, heat_kw.size):
        before, now = float(heat_kw[i - 1]), float(heat_kw[i])
        if now >= least:
            continue
        share = (before - least) / (before - now)
        begin = float(temps_c[i - 1] + share * (temps_c[i] - temps_c[i - 1]))
        falls.append((begin, float(temps_c[i]), least - now))
        least = now
    return falls


def _segment(name: str, zone: str, part: tuple[float, float, float], *, hot: bool) -> Stream:
    low, high = sorted(part[:2])
    return Stream(
        name=name,
        zone=zone,
        kind="hot" if hot else "cold",
        supply_temp_c=high if hot else low,
        target_temp_c=low if hot else high,
        heat_kw=part[2],
        dt_contribution_k=0.0,
    )
