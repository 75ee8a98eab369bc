"""Runs that are taken together: of one task, district and algorithm, on the same scenarios."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import Mistake, TrainingConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.training.checkpoints import load_tensors
from heatrouter.training.config import TrainingConfig
from heatrouter.training.onnx_export import ExportedPolicy
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.sb3_controller import best_graph


@dataclass(frozen=True, slots=True)
class Member:
    """A run with its best policy, as read from its folder.

    Attributes:
        run: Its folder.
        config: Its configuration.
        task: Its task.
        district: Its district.
        contract: Of both.
        graph: Its best policy.
        best: The checkpoint of that, with its score.
        scenarios: What it was fitted to and chosen with: split to sha256 of the series.
    """

    run: RunFolder
    config: TrainingConfig
    task: Task
    district: District
    contract: Contract
    graph: ExportedPolicy
    best: dict[str, Any]
    scenarios: dict[str, str]


def read_members(folders: Sequence[Path], subject: str) -> tuple[Member, ...]:
    """Read runs that shall act as one.

    Args:
        folders: Of the runs, at least one.
        subject: What they are read for, to begin a message.

    Raises:
        ConfigError: A folder is no run or has no policy yet, or the runs do not fit together: all
            that differs.
    """
    members = tuple(_read(folder) for folder in folders)
    mistakes = _unlike(members)
    if mistakes:
        raise TrainingConfigError(subject, mistakes)
    return members


def _read(folder: Path) -> Member:
    run = RunFolder(folder)
    config, task, district = run.read_inputs()
    contract = build_contract(district, task)
    graph = best_graph(run, config, contract)
    best = load_tensors(run.best)
    record = json.loads(run.record.read_text(encoding="utf-8"))
    scenarios = {split: str(ids["sha256"]) for split, ids in record["scenarios"].items()}
    return Member(run, config, task, district, contract, graph, best, scenarios)


def _unlike(members: Sequence[Member]) -> list[Mistake]:
    """All mistakes of runs whose mean would be no policy of one task."""
    first = members[0]
    mistakes: list[Mistake] = []
    for number, other in enumerate(members[1:], start=1):
        unlike = {
            "district": other.district.digest != first.district.digest,
            "task": other.task != first.task,
            "algorithm": other.config.algorithm != first.config.algorithm,
            "scenarios": other.scenarios != first.scenarios,
        }
        remedy = f"differs from that of {first.run.path}; take runs that differ by their seed alone"
        mistakes += [
            Mistake(f"{other.run.path}: {name}", remedy) for name, wrong in unlike.items() if wrong
        ]
        if any(other.run.path.resolve() == one.run.path.resolve() for one in members[:number]):
            mistakes.append(Mistake(str(other.run.path), "named twice"))
    return mistakes
