"""What goes wrong in a week beside a plant: one fault an hour, drawn, and the same for one seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

HOUR_S: Final = 3600.0
EARLIEST_S: Final = 120.0
"""Plant seconds of each hour before a fault begins."""
LATEST_S: Final = 900.0

VIRTUAL_KINDS: Final[dict[str, tuple[float, float]]] = {
    "plain tag bad": (60.0, 1500.0),
    "critical tag bad": (60.0, 1200.0),
    "tag uncertain": (60.0, 1200.0),
    "no number": (60.0, 1200.0),
    "stuck value": (600.0, 2400.0),
    "spike": (60.0, 60.0),
    "unit swap": (60.0, 1200.0),
    "old stamps": (600.0, 1500.0),
    "source clock jumps": (300.0, 1200.0),
    "forecasts stop": (900.0, 2400.0),
    "plant does not answer": (60.0, 1500.0),
    "write refused": (60.0, 900.0),
    "competing writer": (240.0, 900.0),
    "override": (60.0, 1800.0),
    "enable withdrawn": (60.0, 1800.0),
    "policy late": (900.0, 900.0),
    "policy answers NaN": (900.0, 900.0),
    "policy beyond its range": (900.0, 900.0),
    "worker dies": (60.0, 60.0),
    "guard killed": (60.0, 600.0),
    "audit disk full": (60.0, 600.0),
}
"""Kind -> least and longest duration, plant seconds; decisions are a quarter of an hour apart."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One fault and when it is present.

    Attributes:
        kind: What is wrong.
        begin_s: Since the start of the run, plant seconds.
        end_s: Same clock.
        draw: In 0..1, for whatever else the fault leaves open, such as the tag.
    """

    kind: str
    begin_s: float
    end_s: float
    draw: float

    def active(self, time_s: float) -> bool:
        """Whether it is present."""
        return self.begin_s <= time_s < self.end_s


def draw_outages(
    seed: int, duration_s: float, kinds: dict[str, tuple[float, float]] = VIRTUAL_KINDS
) -> tuple[Outage, ...]:
    """One fault in each hour but the first, in which the service takes over.

    Args:
        seed: Equal seeds make equal weeks.
        duration_s: Length of the run, plant seconds.
        kinds: Kinds to draw from, with their durations.
    """
    random = np.random.default_rng(seed)
    names: Sequence[str] = tuple(kinds)
    outages = []
    for hour in range(1, int(duration_s // HOUR_S)):
        kind = names[int(random.integers(len(names)))]
        begin_s = hour * HOUR_S + float(random.uniform(EARLIEST_S, LATEST_S))
        length_s = float(random.uniform(*kinds[kind]))
        outages.append(Outage(kind, begin_s, begin_s + length_s, float(random.random())))
    return tuple(outages)
