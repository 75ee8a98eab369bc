"""Which held-out weeks an evaluation uses: the same for every controller, over all seasons."""

from datetime import UTC, datetime, timedelta

import numpy as np

from heatrouter.agents.evaluation_results import Season, Week
from heatrouter.envs.arrays import IntArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

_SEASON_OF_MONTH: tuple[Season, ...] = (
    ("winter",) * 2 + ("spring",) * 3 + ("summer",) * 3 + ("autumn",) * 3 + ("winter",)
)


def draw_weeks(
    library: ScenarioLibrary, count: int, *, seed: int, hours: float = 168.0
) -> tuple[Week, ...]:
    """Draw weeks that are spread over the year by construction.

    The span of the scenarios is cut into `count` equal parts; one week starts in each, at the
    beginning of a day. The scenarios take turns in random order, so that none is used twice before
    every other was used once.

    Args:
        library: Scenarios of the split to judge on.
        count: Number of weeks, at least 1.
        seed: Of the draw; the same seed gives the same weeks.
        hours: Length of a week, h.

    Returns:
        The weeks in the order of their start within the year.

    Raises:
        ScenarioError: The scenarios are shorter than one week, or there is none.
    """
    n_scenarios, n_steps, _ = library.values.shape
    length = round(hours * SECONDS_PER_HOUR / library.step_s)
    day = round(SECONDS_PER_DAY / library.step_s)
    if n_scenarios == 0 or n_steps < length:
        message = (
            f"{library.split} scenarios: {n_scenarios} of {n_steps} steps, but a week takes "
            f"{length} steps; give at least one scenario of {hours:g} h"
        )
        raise ScenarioError(message)
    random = np.random.default_rng(seed)
    last_day = (n_steps - length) // day
    edges = np.linspace(0.0, last_day + 1.0, count + 1)
    days = np.floor(random.uniform(edges[:-1], edges[1:])).astype(np.int64)
    rounds = -(-count // n_scenarios)
    turns = np.concatenate([random.permutation(n_scenarios) for _ in range(rounds)])[:count]
    return tuple(
        _describe(library, int(scenario), int(start) * day, length)
        for scenario, start in zip(turns, days, strict=True)
    )


def starts(weeks: tuple[Week, ...]) -> tuple[IntArray, IntArray]:
    """Scenario and start step of each week, as ``DistrictBatch.reset_to`` takes them."""
    scenario = np.array([week.scenario_index for week in weeks], dtype=np.int64)
    start_step = np.array([week.start_step for week in weeks], dtype=np.int64)
    return scenario, start_step


def levels(weeks: tuple[Week, ...]) -> tuple[IntArray, IntArray]:
    """The levels at which weeks depend on each other.

    Args:
        weeks: The weeks of an evaluation.

    Returns:
        For each week the number of its year and of its dates within the year: weeks of one year
        share weather and prices, and so do the seeds of the same dates.
    """
    years = [week.year or week.scenario for week in weeks]
    dates = [(year, week.start_step) for year, week in zip(years, weeks, strict=True)]
    year_numbers = {year: number for number, year in enumerate(dict.fromkeys(years))}
    date_numbers = {date: number for number, date in enumerate(dict.fromkeys(dates))}
    return (
        np.array([year_numbers[year] for year in years], dtype=np.int64),
        np.array([date_numbers[date] for date in dates], dtype=np.int64),
    )


def representative(weeks: tuple[Week, ...], seasons: tuple[Season, ...]) -> int | None:
    """Position of the week with the median outdoor temperature among some seasons.

    Args:
        weeks: The weeks of an evaluation.
        seasons: Seasons to choose from.

    Returns:
        The position, or None where no week lies in these seasons.
    """
    candidates = [i for i, week in enumerate(weeks) if week.season in seasons]
    candidates.sort(key=lambda i: weeks[i].ambient_mean_c)
    # Of an even number the colder one: heat matters more there.
    return candidates[(len(candidates) - 1) // 2] if candidates else None


def _describe(library: ScenarioLibrary, scenario: int, start: int, length: int) -> Week:
    first = datetime.fromisoformat(library.start_utc[scenario])
    if first.tzinfo is None:
        first = first.replace(tzinfo=UTC)
    begin = first + timedelta(seconds=start * library.step_s)
    middle = begin + timedelta(seconds=length * library.step_s / 2)
    ambient = library.values[scenario, start : start + length, library.column("ambient_temp_c")]
    return Week(
        scenario=library.names[scenario],
        scenario_index=scenario,
        year=library.names[scenario],
        start_step=start,
        start_utc=begin.isoformat(),
        season=_SEASON_OF_MONTH[middle.month - 1],
        ambient_mean_c=float(ambient.mean()),
    )
