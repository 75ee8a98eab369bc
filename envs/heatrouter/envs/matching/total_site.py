"""Targets of several zones: each for itself, through a common medium, and as one process."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from heatrouter.envs.matching.curves import site_streams
from heatrouter.envs.matching.problem_table import ProblemTable, problem_table
from heatrouter.envs.matching.streams import DEFAULT_DT_MIN_K, Stream


@dataclass(frozen=True, eq=False)
class SiteTargets:
    """Targets of a site by how its zones may exchange heat.

    Attributes:
        zones: Targets of each zone by name, in order of their first stream.
        direct: Every stream may exchange heat with every other.
        medium: Zones exchange what is left of theirs through a medium, water or steam at any
            temperature; a limit for any real choice of levels. Its recovery includes the zones'.
        medium_dt_k: Temperature difference that the medium costs, K, beyond the streams' own.
    """

    zones: dict[str, ProblemTable]
    direct: ProblemTable
    medium: ProblemTable
    medium_dt_k: float

    @property
    def zonal_hot_utility_kw(self) -> float:
        """Hot utility where zones exchange nothing, kW."""
        return sum(table.hot_utility_kw for table in self.zones.values())

    @property
    def zonal_cold_utility_kw(self) -> float:
        """Cold utility where zones exchange nothing, kW."""
        return sum(table.cold_utility_kw for table in self.zones.values())


def site_targets(streams: Sequence[Stream], dt_min_k: float | None = None) -> SiteTargets:
    """Return the targets of a site.

    Heat that goes through a medium crosses two exchangers, so that source and sink of the zones'
    profiles lie a second least temperature difference apart (Klemes et al., Appl. Therm. Eng. 17
    (1997) 993).

    Args:
        streams: Of all zones.
        dt_min_k: As in :func:`~heatrouter.envs.matching.problem_table.problem_table`; the medium
            costs the same, 10 K where streams have contributions of their own.
    """
    names = dict.fromkeys(stream.zone for stream in streams)
    zones = {
        zone: problem_table([s for s in streams if s.zone == zone], dt_min_k) for zone in names
    }
    left = [part for zone, table in zones.items() for part in site_streams(table, zone)]
    medium_dt_k = DEFAULT_DT_MIN_K if dt_min_k is None else dt_min_k
    medium = problem_table(left, medium_dt_k)
    inside = sum(table.recovery_kw for table in zones.values())
    medium = replace(medium, recovery_kw=medium.recovery_kw + inside)
    return SiteTargets(zones, problem_table(streams, dt_min_k), medium, medium_dt_k)
