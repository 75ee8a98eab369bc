"""A start as the mean of runs that have ended, fitted to one network."""

from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from heatrouter.envs.errors import Mistake, TrainingConfigError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.training.checkpoints import SCHEMA_VERSION, load_tensors, save_tensors
from heatrouter.training.config import TrainingConfig
from heatrouter.training.imitation.distillation import distil
from heatrouter.training.onnx_export import ExportedMean, ExportedPolicy
from heatrouter.training.policy import HeatPolicy
from heatrouter.training.preparation import TrainingInputs
from heatrouter.training.run_members import Member, read_members

DISTILLED = "distilled.pt"
"""In the run's folder of fitted networks: what it has begun as."""


def read_teachers(config: TrainingConfig, task: Task, district: District) -> tuple[Member, ...]:
    """Read the runs whose mean a training begins as.

    Args:
        config: Of the training; its teachers may be none.
        task: Of the training.
        district: Of the training.

    Raises:
        ConfigError: A teacher is no run or has no policy, they do not fit together, or do not fit
            the training: everything that differs.
    """
    if not config.imitation.teachers:
        return ()
    subject = f"configuration {config.name}, imitation.teachers"
    members = read_members([Path(folder) for folder in config.imitation.teachers], subject)
    first = members[0]
    unlike = {
        "district": first.district.digest != district.digest,
        "task": first.task != task,
        "algorithm": first.config.algorithm not in ("ppo", "lagrangian-ppo"),
        # else what chooses the best policy here may be what a teacher was fitted to
        "scenarios": first.config.scenarios != config.scenarios,
        "randomisation": first.config.randomisation != config.randomisation,
    }
    mistakes = [
        Mistake(f"{first.run.path}: {name}", "differs from this training's; take runs that have it")
        for name, wrong in unlike.items()
        if wrong
    ]
    if mistakes:
        raise TrainingConfigError(subject, mistakes)
    return members


def _shape(config: TrainingConfig) -> tuple[object, ...]:
    return (config.network.policy_layers, config.network.activation)


def begin_as_mean(
    policy: HeatPolicy, inputs: TrainingInputs, folder: Path, console: Console
) -> bool:
    """Fit a policy to the mean of the teachers, or read what the run has fitted before.

    Args:
        policy: Its scaling and policy network are changed.
        inputs: What the run is made of.
        folder: Where the run keeps its fitted networks.
        console: Where progress goes.

    Returns:
        Whether it was fitted now.

    Raises:
        ConfigError: As :func:`read_teachers` says.
        HeatrouterError: The disk is full.
    """
    file = folder / DISTILLED
    if file.is_file():
        policy.load_state_dict(load_tensors(file)["policy"])
        return False
    config = inputs.config
    members = read_teachers(config, inputs.task, inputs.district)
    first = members[0]
    # a network of other layers begins as what the labels have made of it
    alike = _shape(first.config) == _shape(config)
    student, report = distil(
        ExportedMean([member.graph for member in members]),
        first.graph if alike else ExportedPolicy(policy, first.contract),
        inputs.district,
        inputs.training_task,
        inputs.train,
        config.imitation.distil,
        seed=config.seed,
        console=console,
    )
    parts = policy.mean_parts()
    for mine, fitted in (
        (parts.scaling, student.scaling),
        (parts.body, student.body),
        (parts.head, student.head),
    ):
        mine.load_state_dict(fitted.state_dict())
    teachers = [
        {"run": m.run.name, "seed": m.config.seed, "steps": int(m.best["steps"])} for m in members
    ]
    content = {"schema_version": SCHEMA_VERSION, "policy": policy.state_dict()}
    save_tensors(file, content | {"report": asdict(report), "teachers": teachers})
    return True
