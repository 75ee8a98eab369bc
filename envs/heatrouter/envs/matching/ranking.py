"""Which source suits which user: grade, simultaneity and distance, and a score from them.

    score = grade * simultaneity * distance, each 0..1

grade: part of the user's heat that comes from the source, the rest being electricity of a heat pump
or heat of something hotter. simultaneity: part of the heat that the two could exchange over a year
which they exchange in the very hour. distance: part of the delivered heat's worth that is left when
a pipe of its own has lost its heat and been paid for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.matching.distance import PipeProxy, Route, Routes, pipe_proxy
from heatrouter.envs.matching.district_streams import HourlyStream
from heatrouter.envs.matching.grade import Grade, grade
from heatrouter.envs.matching.streams import Stream
from heatrouter.envs.spec.district import District
from heatrouter.envs.units import KWH_PER_MWH

HEAT_WORTH_EUR_MWH: Final = 40.0
"""What a megawatt-hour at the user is worth when a pipe is weighed, as fuel that it spares."""
ANNUITY: Final = 0.065
"""Of a pipe: 30 years at 5 %."""
_HOURS_PER_YEAR: Final = 8760.0


@dataclass(frozen=True)
class Match:
    """A source and a user, with the parts of their score.

    Attributes:
        source: Name of the source.
        user: Name of the user.
        grade: By temperatures.
        simultaneity: 0..1; None where nothing is known about time.
        distance: 0..1; None where nothing is known about places.
        waste_heat: Heat that the source gives in the hours when the user wants it: MWh/a, or kW
            where nothing is known about time.
        potential: The same with a perfect store.
        delivered: Heat of the user that this makes, with electricity and what tops it.
        source_share: ``waste_heat`` over all heat of the source, 0..1.
        user_share: ``delivered`` over all heat of the user, 0..1.
        route: From source to user; None as ``distance``.
        pipe: What a pair of pipes for this match alone would lose and cost; None as ``distance``.
    """

    source: str
    user: str
    grade: Grade
    simultaneity: float | None
    distance: float | None
    waste_heat: float
    potential: float
    delivered: float
    source_share: float
    user_share: float
    route: Route | None = None
    pipe: PipeProxy | None = None

    @property
    def score(self) -> float:
        """Product of the parts that are known, 0..1."""
        known = [part for part in (self.simultaneity, self.distance) if part is not None]
        return float(np.prod([self.grade.waste_share, *known]))


@dataclass(frozen=True, eq=False)
class _Exchange:
    """Heat between a source and a user over time."""

    together: FloatArray
    potential: float

    @property
    def simultaneity(self) -> float:
        return float(self.together.sum()) / self.potential if self.potential > 0.0 else 0.0


def _exchange(found: Grade, source_kw: FloatArray, user_kw: FloatArray) -> _Exchange:
    """What source and user exchange hour by hour, and would with a perfect store."""
    offered, wanted = found.usable_share * source_kw, found.waste_share * user_kw
    return _Exchange(
        np.asarray(np.minimum(offered, wanted)), float(min(offered.sum(), wanted.sum()))
    )


def rank_district(
    district: District,
    sources: Sequence[HourlyStream],
    users: Sequence[HourlyStream],
    ground_c: float,
    dt_min_k: float,
) -> list[Match]:
    """Return every pair of source and user, best first.

    A user counts as one unit with the network temperatures that it is designed for, since it is
    the water of a network that brings the heat.

    Args:
        district: Whose streams they are.
        sources: From :func:`~heatrouter.envs.matching.district_streams.district_streams`.
        users: From the same.
        ground_c: Undisturbed ground at pipe depth, mean of the year, degC.
        dt_min_k: Least temperature difference between source and network water, K.
    """
    routes = Routes(district)
    units: dict[str, list[HourlyStream]] = {}
    for user in users:
        units.setdefault(user.unit, []).append(user)
    matches = [
        _district_match(district, routes, source, parts, ground_c, dt_min_k)
        for source in sources
        for parts in units.values()
    ]
    return ranked(matches)


def _district_match(
    district: District,
    routes: Routes,
    source: HourlyStream,
    parts: Sequence[HourlyStream],
    ground_c: float,
    dt_min_k: float,
) -> Match:
    user = parts[0]
    assert user.network_supply_c is not None
    assert user.network_return_c is not None
    user_kw = np.asarray(np.sum([part.heat_kw for part in parts], axis=0))
    found = grade(
        source.stream.high_temp_c,
        source.stream.low_temp_c,
        user.network_return_c,
        user.network_supply_c,
        dt_min_k,
    )
    exchange = _exchange(found, source.heat_kw, user_kw)
    waste_mwh = float(exchange.together.sum()) / KWH_PER_MWH
    delivered_mwh = waste_mwh / found.waste_share if found.waste_share > 0.0 else 0.0
    route = pipe = distance = None
    if source.location is not None and user.location is not None:
        route = routes.between(source.location, user.location)
        distance = 0.0
        if delivered_mwh > 0.0:
            peak_kw = float(exchange.together.max()) / found.waste_share
            pipe = pipe_proxy(
                district, peak_kw, user.network_supply_c, user.network_return_c, ground_c
            )
            distance = distance_part(route.length_m, pipe, delivered_mwh)
    return Match(
        source.unit,
        user.unit,
        found,
        exchange.simultaneity,
        distance,
        waste_mwh,
        exchange.potential / KWH_PER_MWH,
        delivered_mwh,
        _ratio(waste_mwh * KWH_PER_MWH, float(source.heat_kw.sum())),
        _ratio(delivered_mwh * KWH_PER_MWH, float(user_kw.sum())),
        route,
        pipe,
    )


def distance_part(length_m: float, pipe: PipeProxy, delivered_mwh: float) -> float:
    """Return what a pipe leaves of the worth of the heat that it brings in a year, 0..1.

    1 - (lost heat + annual cost / 40 EUR/MWh) / delivered heat, not below 0.

    Args:
        length_m: Of the trench.
        pipe: What it loses and costs.
        delivered_mwh: In a year, > 0.
    """
    lost_mwh = pipe.loss_kw_per_km * length_m / 1000.0 * _HOURS_PER_YEAR / KWH_PER_MWH
    paid_mwh = ANNUITY * pipe.cost_eur_per_m * length_m / HEAT_WORTH_EUR_MWH
    return max(0.0, 1.0 - (lost_mwh + paid_mwh) / delivered_mwh)


def rank_table(streams: Sequence[Stream], dt_min_k: float | None = None) -> list[Match]:
    """Return every pair of a hot and a cold stream of a stream table, best first.

    Time and places are unknown: the score is the grade alone, and heat is in kW.

    Args:
        streams: Hot and cold ones.
        dt_min_k: Least temperature difference, K; by default the sum of the contributions.
    """
    matches = []
    for hot in (s for s in streams if s.is_hot):
        for cold in (s for s in streams if not s.is_hot):
            dt_k = cold.shift_k(dt_min_k) - hot.shift_k(dt_min_k)
            found = grade(hot.high_temp_c, hot.low_temp_c, cold.low_temp_c, cold.high_temp_c, dt_k)
            exchange = _exchange(found, np.array([hot.heat_kw]), np.array([cold.heat_kw]))
            waste = exchange.potential
            delivered = waste / found.waste_share if found.waste_share > 0.0 else 0.0
            share = _ratio(waste, hot.heat_kw)
            matches.append(
                Match(
                    _label(hot), _label(cold), found, None, None, waste, waste, delivered, share,
                    _ratio(delivered, cold.heat_kw),
                )
            )  # fmt: skip
    return ranked(matches)


def ranked(matches: Sequence[Match], by: str = "score") -> list[Match]:
    """Return matches in order, best first.

    Args:
        matches: Any.
        by: ``score``, then heat; or ``heat``, the waste heat itself.
    """
    if by == "heat":
        return sorted(matches, key=lambda m: (m.waste_heat, m.score), reverse=True)
    return sorted(matches, key=lambda m: (m.score, m.waste_heat), reverse=True)


def _label(stream: Stream) -> str:
    return f"{stream.zone}: {stream.name}" if stream.zone else stream.name


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0
