"""The scenarios and weeks that an evaluation with several seeds uses."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from heatrouter.agents.evaluation_results import Week
from heatrouter.agents.evaluation_weeks import draw_weeks
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.scenarios.library import ScenarioLibrary, concatenate
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.units import SECONDS_PER_HOUR

_MOST_SCENARIOS: Final = 16
"""Years of one seed that the weeks are drawn from; each takes about 10 MB."""


def build_scenarios(
    district: District,
    split: Literal["train", "validation", "test"],
    count: int,
    seeds: Sequence[int],
    *,
    data: Path | None = None,
    scenario: str | None = None,
    hours: float = 168.0,
) -> tuple[ScenarioLibrary, tuple[Week, ...]]:
    """Make the scenarios of all seeds and draw weeks, the same dates for every seed.

    Args:
        district: The district.
        split: What the scenarios are kept for.
        count: Weeks of each seed.
        seeds: At least one; the first one draws the weeks.
        data: Folder of the data of a scenario file.
        scenario: Name of a source or of a scenario file; generated if not given.
        hours: Length of a week, h.

    Returns:
        One library with the scenarios of all seeds, and the weeks, seed by seed.

    Raises:
        ConfigError: There is no seed, or one is named twice.
        ScenarioError: The scenarios cannot be made.
    """
    if not seeds or len(set(seeds)) != len(seeds):
        msg = f"seeds {', '.join(map(str, seeds)) or 'none'}: name at least one, and none twice"
        raise ConfigError(msg)
    # Scenarios of one file share its weather and prices: more of them only look like more years.
    one_year = scenario not in {None, "generated"}
    number = 1 if one_year else min(count, _MOST_SCENARIOS)
    libraries = [
        build_library(district, split, number, seed=seed, data_dir=data, scenario=scenario)
        for seed in seeds
    ]
    drawn = draw_weeks(libraries[0], count, seed=seeds[0], hours=hours)
    weeks = [
        week.model_copy(
            update={
                "scenario": library.names[week.scenario_index],
                "scenario_index": week.scenario_index + position * number,
                "seed": seed,
                "year": libraries[0 if one_year else position].names[week.scenario_index],
            }
        )
        for position, (seed, library) in enumerate(zip(seeds, libraries, strict=True))
        for week in drawn
    ]
    together = concatenate(libraries) if len(libraries) > 1 else libraries[0]
    return together, tuple(_with_weather(week, together, hours) for week in weeks)


def _with_weather(week: Week, library: ScenarioLibrary, hours: float) -> Week:
    """The week with the outdoor temperature of its own scenario."""
    length = round(hours * SECONDS_PER_HOUR / library.step_s)
    steps = slice(week.start_step, week.start_step + length)
    ambient = library.values[week.scenario_index, steps, library.column("ambient_temp_c")]
    return week.model_copy(update={"ambient_mean_c": float(ambient.mean())})
