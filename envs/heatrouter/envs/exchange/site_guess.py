"""Where a district lies, as far as coordinates say: weather region and local metres."""

import math
from collections.abc import Iterable
from typing import Final

_STATIONS: Final = {
    1: (53.53, 8.58),
    2: (54.18, 12.08),
    3: (53.63, 10.00),
    4: (52.38, 13.06),
    5: (51.40, 6.97),
    6: (50.66, 7.96),
    7: (51.30, 9.44),
    8: (51.72, 10.60),
    9: (50.79, 12.87),
    10: (50.31, 11.88),
    11: (50.43, 12.95),
    12: (49.52, 8.55),
    13: (48.28, 12.50),
    14: (48.67, 9.86),
    15: (47.48, 11.06),
}
"""Stations of the regions of the DWD test reference years 2010, degrees north and east."""

_METRES_PER_DEGREE: Final = 111_195.0


def nearest_region(latitude_deg: float, longitude_deg: float) -> int:
    """The region of the German test reference years whose station lies nearest."""

    def distance(region: int) -> float:
        east, north = local_metres(*_STATIONS[region], latitude_deg, longitude_deg)
        return math.hypot(east, north)

    return min(_STATIONS, key=distance)


def local_metres(
    latitude_deg: float, longitude_deg: float, origin_lat: float, origin_lon: float
) -> tuple[float, float]:
    """East and north of an origin, m (equirectangular, good for a town)."""
    east = (longitude_deg - origin_lon) * math.cos(math.radians(origin_lat)) * _METRES_PER_DEGREE
    return east, (latitude_deg - origin_lat) * _METRES_PER_DEGREE


def centre(points: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
    """Mean of some points; None if there are none."""
    rows = [*points]
    if not rows:
        return None
    return sum(p[0] for p in rows) / len(rows), sum(p[1] for p in rows) / len(rows)
