"""Weeks of training scenarios as a library of their own.

Each week closes on itself, as whole years do: what lies ahead of its end is its beginning. So
whatever was planned, measured or priced in a week is found again by its number and the time in it,
and an episode that covers it starts at its beginning.
"""

import numpy as np

from heatrouter.agents.evaluation_weeks import draw_weeks
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.units import SECONDS_PER_HOUR


def cut_weeks(library: ScenarioLibrary, count: int, *, seed: int, hours: float) -> ScenarioLibrary:
    """Draw weeks that are spread over the year, as scenarios of their own.

    Args:
        library: Whole years.
        count: Number of weeks.
        seed: Of the draw.
        hours: Length of each, h.

    Returns:
        One scenario for each week, in the order of their start within the year.

    Raises:
        ScenarioError: The scenarios are shorter than one week.
    """
    weeks = draw_weeks(library, count, seed=seed, hours=hours)
    length = round(hours * SECONDS_PER_HOUR / library.step_s)
    values = np.stack(
        [
            library.values[week.scenario_index, week.start_step : week.start_step + length]
            for week in weeks
        ]
    )
    return ScenarioLibrary(
        names=tuple(
            f"{week.scenario}-{seed}-{number:05d}-{week.start_step}"
            for number, week in enumerate(weeks)
        ),
        split=library.split,
        series=library.series,
        step_s=library.step_s,
        start_utc=tuple(week.start_utc for week in weeks),
        values=values,
        provenance=tuple(library.provenance[week.scenario_index] for week in weeks),
    )


def join(libraries: list[ScenarioLibrary]) -> ScenarioLibrary:
    """Libraries of weeks of equal length one after the other."""
    first = libraries[0]
    return ScenarioLibrary(
        names=tuple(name for library in libraries for name in library.names),
        split=first.split,
        series=first.series,
        step_s=first.step_s,
        start_utc=tuple(start for library in libraries for start in library.start_utc),
        values=np.concatenate([library.values for library in libraries]),
        provenance=tuple(part for library in libraries for part in library.provenance),
    )
