"""Pinch targets by the problem table.

Linnhoff & Flower, AIChE J. 24 (1978) 633; the steps are those of Kemp, Pinch Analysis and Process
Integration (2007), section 3.9. Temperatures are shifted by each stream's share of the least
temperature difference. Between two neighbouring shifted temperatures the streams give off

    dH_i = (sum CP_hot - sum CP_cold) (S_i - S_i+1),

and what passes S_i from above to below is R_i = Q_H + sum of dH above it. The hot utility Q_H is
the least that keeps every R_i >= 0; what passes the lowest temperature is the cold utility. Heat of
a stream without temperature span enters where it condenses or evaporates, so that a temperature
has two rows, before and after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.matching.streams import Stream

_ROUNDING = 1e-9
"""Heat that is rounding, as a share of all heat."""


@dataclass(frozen=True, eq=False)
class ProblemTable:
    """Targets of a set of streams, and the cascade that they follow from.

    Attributes:
        temps_c: Shifted temperatures, falling, degC, shape ``(n_rows,)``; twice where heat is
            given off or taken up at one temperature.
        cascade_kw: Heat that passes each temperature, >= 0, shape ``(n_rows,)``. Over ``temps_c``
            it is the grand composite curve.
        hot_utility_kw: Least heat from outside.
        cold_utility_kw: Least heat to outside.
        recovery_kw: Most heat that streams give each other.
        pinch_temps_c: Shifted temperatures that no heat passes, falling; none in a threshold
            problem, where one utility is not needed at all.
    """

    temps_c: FloatArray
    cascade_kw: FloatArray
    hot_utility_kw: float
    cold_utility_kw: float
    recovery_kw: float
    pinch_temps_c: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Intervals:
    """Shifted temperature rows of a set of streams, whatever heat the streams have.

    Attributes:
        temps_c: As in :class:`ProblemTable`.
        shares: Share of each stream's heat that enters between a row and the next, positive for
            hot streams, shape ``(n_rows - 1, n_streams)``.
    """

    temps_c: FloatArray
    shares: FloatArray


def intervals(streams: Sequence[Stream], dt_min_k: float | None = None) -> Intervals:
    """Return the rows of the problem table.

    Args:
        streams: Hot and cold streams, at least one.
        dt_min_k: Least temperature difference of any two streams, K; by default the sum of their
            contributions.
    """
    shifts = [stream.shift_k(dt_min_k) for stream in streams]
    low = np.array([s.low_temp_c + k for s, k in zip(streams, shifts, strict=True)])
    high = np.array([s.high_temp_c + k for s, k in zip(streams, shifts, strict=True)])
    sign = np.array([1.0 if s.is_hot else -1.0 for s in streams])
    latent = high <= low
    temps: list[float] = []
    for temp in sorted({*low.tolist(), *high.tolist()}, reverse=True):
        temps += [temp, temp] if bool(np.any(latent & (low == temp))) else [temp]
    rows = np.array(temps)
    upper, lower = rows[:-1, np.newaxis], rows[1:, np.newaxis]
    overlap = np.clip(np.minimum(upper, high) - np.maximum(lower, low), 0.0, None)
    shares = overlap / np.where(latent, 1.0, high - low)
    shares = np.where(latent, (upper == lower) & (low == upper), shares)
    return Intervals(rows, np.asarray(sign * shares, dtype=np.float64))


def problem_table(streams: Sequence[Stream], dt_min_k: float | None = None) -> ProblemTable:
    """Return the pinch targets of a set of streams.

    Args:
        streams: Hot and cold streams; without any all targets are 0.
        dt_min_k: Least temperature difference of any two streams, K; by default the sum of their
            contributions.
    """
    if not streams:
        return ProblemTable(np.zeros(0), np.zeros(0), 0.0, 0.0, 0.0, ())
    rows = intervals(streams, dt_min_k)
    heat = np.array([stream.heat_kw for stream in streams])
    hot_kw = float(sum(s.heat_kw for s in streams if s.is_hot))
    cold_kw = float(sum(s.heat_kw for s in streams if not s.is_hot))
    cascade = np.concatenate([[0.0], np.cumsum(rows.shares @ heat)])
    hot_utility = max(0.0, -float(cascade.min()))
    cascade = cascade + hot_utility
    none = _ROUNDING * max(hot_kw + cold_kw, 1e-12)
    cascade[np.abs(cascade) < none] = 0.0
    hot_utility = 0.0 if hot_utility < none else hot_utility
    recovery = cold_kw - hot_utility
    cold_utility = max(hot_kw - recovery, 0.0)
    return ProblemTable(
        rows.temps_c,
        cascade,
        hot_utility,
        0.0 if cold_utility < none else cold_utility,
        recovery if recovery >= none else 0.0,
        _pinches(rows.temps_c, cascade <= 0.0),
    )


def _pinches(temps_c: FloatArray, dry: BoolArray) -> tuple[float, ...]:
    """Temperatures that no heat passes, without those above and below all heat."""
    wet = np.flatnonzero(~dry)
    if wet.size == 0:
        return ()
    inside = dry[wet[0] : wet[-1] + 1]
    found = temps_c[wet[0] : wet[-1] + 1][inside].tolist()
    return tuple(sorted(set(found), reverse=True))


def hourly_targets(
    streams: Sequence[Stream], heat_kw: FloatArray, dt_min_k: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return hot and cold utility of every time slice, as if nothing could be stored.

    The time slice model of Kemp & Deakin, Chem. Eng. Res. Des. 67 (1989) 495.

    Args:
        streams: Their temperatures count, their heat does not.
        heat_kw: Heat of every stream in every slice, shape ``(n_slices, n_streams)``, >= 0.
        dt_min_k: As in :func:`problem_table`.

    Returns:
        Hot and cold utility, kW, each of shape ``(n_slices,)``.
    """
    rows = intervals(streams, dt_min_k)
    cascade = np.cumsum(heat_kw @ rows.shares.T, axis=1)
    hot_utility = np.maximum(-cascade.min(axis=1, initial=0.0), 0.0)
    end = cascade[:, -1] if cascade.shape[1] else np.zeros(heat_kw.shape[0])
    return np.asarray(hot_utility), np.asarray(np.maximum(hot_utility + end, 0.0))
