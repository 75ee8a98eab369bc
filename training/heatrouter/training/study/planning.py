"""The trainings of a part of a study, checked before the first one starts."""

import json
from dataclasses import dataclass
from pathlib import Path

from heatrouter.agents.shipped_bundles import shipped_bundle, shipped_config
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.spec.loading import load_district
from heatrouter.training.config_fit import configured_task, fitting_mistakes
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.study.settings import Method, Part, Study
from heatrouter.training.sweep_plan import Cell


@dataclass(frozen=True, slots=True)
class Training:
    """One training of a part.

    Attributes:
        preset: What is controlled.
        method: How.
        cell: The training as a sweep runs it.
        bundle: The shipped policy where it came from this very training, which is then not run.
    """

    preset: str
    method: Method
    cell: Cell
    bundle: Path | None = None


def plan_trainings(study: Study, part: Part, labels: Path) -> tuple[Training, ...]:
    """Lay out the trainings of a part.

    Args:
        study: The study.
        part: Which of its parts.
        labels: Folder that trainings keep their labels in; who finds some there pays for them all
            the same.

    Raises:
        TrainingConfigError: A configuration cannot be used.
    """
    found: list[Training] = []
    for preset in part.presets:
        for name in part.methods:
            method = study.method(name)
            always = _always(study, method, preset, labels)
            changes = [*always, *method.changes(preset)]
            config = load_training_config(method.config or preset, changes)
            task = configured_task(config).model_copy(update={"guard": method.guard})
            district = load_district(task.district)
            mistakes = fitting_mistakes(config, task, district)
            if mistakes:
                subject = f"study {study.name}, {name} on {preset}"
                raise TrainingConfigError(subject, mistakes)
            for seed in part.seeds:
                own = config.model_copy(update={"seed": seed})
                cell = Cell(f"{preset}/{name}", own, task, district)
                found.append(Training(preset, method, cell, _shipped(method, cell, always)))
    return tuple(found)


def _shipped(method: Method, cell: Cell, always: list[str]) -> Path | None:
    """The policy that comes with a preset, if it is what this training would end with."""
    made_by = shipped_config(cell.district.name) if method.shipped else None
    if made_by is None:
        return None
    made = load_training_config(made_by, always)
    same = (made.digest, configured_task(made)) == (cell.config.digest, cell.task)
    return shipped_bundle(cell.district.name) if same else None


def _always(study: Study, method: Method, preset: str, labels: Path) -> list[str]:
    budget = study.budget_s(method)
    return [
        f"task={json.dumps(preset)}",
        f"budget_core_s={json.dumps(budget)}",
        "tracking.enabled=false",
        f"imitation.folder={json.dumps(str(labels.resolve()))}",
        # trainings run side by side, which is what cores are for here
        "imitation.labels.processes=1",
    ]
