"""The trainings of a part of a study, checked before the first one starts."""

import json
from dataclasses import dataclass
from pathlib import Path

from heatrouter.agents.manifest import MANIFEST_FILE, parse_manifest
from heatrouter.agents.shipped_bundles import shipped_bundle, shipped_config
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.spec.loading import load_district
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import TrainingConfig
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
            shipped = shipped_config(preset) if method.shipped else None
            made = None if shipped is None else load_training_config(shipped, always)
            for seed in part.seeds:
                own = config.model_copy(update={"seed": seed})
                cell = Cell(f"{preset}/{name}", own, task, district)
                same = made is not None and _inputs(made) == (own.digest, task)
                bundle = _of_one_run(shipped_bundle(preset)) if same else None
                found.append(Training(preset, method, cell, bundle))
    return tuple(found)


def _of_one_run(bundle: Path | None) -> Path | None:
    """A bundle that one training made; the mean of several answers for none of them."""
    if bundle is None or parse_manifest((bundle / MANIFEST_FILE).read_bytes()).training.members:
        return None
    return bundle


def _inputs(config: TrainingConfig) -> tuple[str, Task]:
    return config.digest, configured_task(config)


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
