"""What a sweep trains: every configuration on every preset with every seed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from heatrouter.envs.errors import Mistake, TrainingConfigError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_fit import configured_task, fitting_mistakes
from heatrouter.training.config_loading import load_training_config

_SEEDS: Final = re.compile(r"^(\d+)\.\.(\d+)$")
MAX_SEEDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One training of a sweep.

    Attributes:
        recipe: Configuration and preset; its seeds are judged together.
        config: The configuration, with preset and seed.
        task: The task that it names.
        district: The district of that task.
    """

    recipe: str
    config: TrainingConfig
    task: Task
    district: District

    @property
    def name(self) -> str:
        """Folder of the run inside that of the sweep."""
        return f"{self.recipe}/seed-{self.config.seed}"


def plan_sweep(
    configs: Sequence[str],
    presets: Sequence[str],
    seeds: Sequence[int],
    changes: Sequence[str] = (),
) -> tuple[Cell, ...]:
    """Lay out all trainings of a sweep, checked before the first one starts.

    Args:
        configs: Files or names of training configurations.
        presets: Presets in place of the configurations' own tasks; none leaves those.
        seeds: Of the trainings; none leaves the configurations' own.
        changes: As in ``heatrouter train --set``.

    Raises:
        TrainingConfigError: A configuration cannot be used, or two of them would share a folder.
    """
    cells: list[Cell] = []
    for source in configs:
        for preset in presets or (None,):
            named = [] if preset is None else [f"task={preset}"]
            config = load_training_config(source, [*changes, *named])
            recipe = config.name if preset is None else f"{config.name}-on-{preset}"
            task = configured_task(config)
            district = load_district(task.district)
            mistakes = fitting_mistakes(config, task, district)
            if mistakes:
                subject = f"configuration {config.name} on {config.task}"
                raise TrainingConfigError(subject, mistakes)
            cells += [
                Cell(recipe, config.model_copy(update={"seed": seed}), task, district)
                for seed in seeds or (config.seed,)
            ]
    names = [cell.name for cell in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        mistakes = [
            Mistake(name, "is planned twice; give each configuration a name of its own")
            for name in twice
        ]
        subject = "sweep"
        raise TrainingConfigError(subject, mistakes)
    return tuple(cells)


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read seeds: ``1..5``, ``1,4,9``, or both, e.g. ``1..3,10``.

    Raises:
        TrainingConfigError: A part is no number and no range.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = _SEEDS.match(part.strip())
        if found:
            first, last = int(found[1]), int(found[2])
            if not first <= last < first + MAX_SEEDS:
                msg = f"--seeds: {part!r} must rise, and name at most {MAX_SEEDS} seeds"
                raise TrainingConfigError(msg)
            seeds += range(first, last + 1)
        elif part.strip().isdigit():
            seeds.append(int(part))
        else:
            msg = f"--seeds: {part!r} must be a number or a range such as 1..5"
            raise TrainingConfigError(msg)
    return tuple(dict.fromkeys(seeds))
