"""Whether a training configuration fits its task, its district and the scenarios that judge."""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import Mistake, ScenarioError, TaskError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.scenario_file import load_scenario_file
from heatrouter.envs.scenarios.sources import SOURCES, scenario_path
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_task
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import ScenarioSettings, TrainingConfig
from heatrouter.training.constraint_signals import constraint_mistakes, missing_kinds

EMBARGO: Final = timedelta(days=7)
"""Between what is learnt from and what judges: weather and stores remember some days."""

Use = Literal["train", "validation", "test"]


def configured_task(config: TrainingConfig) -> Task:
    """Load the task that a configuration names, with the actions that it wants.

    Raises:
        TaskError: The task cannot be used.
    """
    task = load_task(config.task)
    if config.parametrisation is None:
        return task
    return task.model_copy(update={"parametrisation": config.parametrisation})


def fitting_mistakes(config: TrainingConfig, task: Task, district: District) -> list[Mistake]:
    """Find everything in a configuration that does not fit what it is to be trained on.

    Args:
        config: The configuration, sound in itself.
        task: The task that it names.
        district: The district of that task.
    """
    mistakes = []
    dt_s = task.sim_dt_s if config.sim_dt_s is None else config.sim_dt_s
    if task.control_dt_s % dt_s:
        message = f"{dt_s:g} must divide the task's control_dt_s {task.control_dt_s:g}"
        mistakes.append(Mistake("sim_dt_s", message))
    try:
        mistakes += action_mistakes(config, build_contract(district, task))
    except TaskError as error:
        mistakes += [Mistake("task", str(mistake)) for mistake in error.mistakes]
    if config.algorithm == "lagrangian-ppo":
        mistakes += constraint_mistakes(district, config.lagrangian.constraints)
    mistakes += missing_kinds(district, [fine.kind for fine in config.fines], "fines")
    return [*mistakes, *overlap_mistakes(config.scenarios)]


def action_mistakes(config: TrainingConfig, contract: Contract) -> list[Mistake]:
    """Find out why an algorithm cannot act on a contract.

    All algorithms here answer with bounded continuous numbers, which is what every
    parametrisation takes, as long as there is something to decide. SAC and TQC steer the entropy
    of their actions: a channel whose range is a single value would take a share of it.
    """
    if not contract.action:
        message = (
            f"{config.algorithm!r} has nothing to decide: {contract.district!r} has no action "
            f"with parametrisation {contract.parametrisation!r}; take another one in the task"
        )
        return [Mistake("algorithm", message)]
    fixed = [channel.name for channel in contract.action if channel.low >= channel.high]
    if not fixed or config.algorithm not in ("sac", "tqc"):
        return []
    message = (
        f"{config.algorithm!r} does not fit actions with a single value ({', '.join(fixed)}); "
        "take ppo, or give them a range"
    )
    return [Mistake("algorithm", message)]


class _Period(NamedTuple):
    path: str
    name: str
    use: Use
    start: datetime
    end: datetime


def overlap_mistakes(scenarios: ScenarioSettings) -> list[Mistake]:
    """Find scenarios that are kept for something else, or share days with those that judge.

    Generated years of two splits never share data. Files are compared by their dates, whatever
    the place: neighbouring regions share their weather and their exchange prices.
    """
    named: list[tuple[str, str, Use]] = [
        ("scenarios.train", scenarios.train, "train"),
        ("scenarios.validation", scenarios.validation, "validation"),
    ]
    named += [(f"scenarios.test[{i}]", name, "test") for i, name in enumerate(scenarios.test)]
    mistakes: list[Mistake] = []
    periods: list[_Period] = []
    for path, name, use in named:
        if name in SOURCES:
            if name == "try" and use != "test":
                message = "'try' judges policies, so nothing may be fitted to it; take 'generated'"
                mistakes.append(Mistake(path, message))
            continue
        try:
            file = load_scenario_file(scenario_path(name))
        except (ScenarioError, OSError) as error:
            mistakes.append(Mistake(path, str(error)))
            continue
        if file.split != use:
            message = f"{name!r} is kept for {file.split}, not for {use}; name another scenario"
            mistakes.append(Mistake(path, message))
        start = datetime.strptime(file.start_utc, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        periods.append(_Period(path, name, use, start, start + timedelta(days=file.days)))
    for number, one in enumerate(periods):
        for other in periods[number + 1 :]:
            if one.use == other.use:
                continue
            if one.start < other.end + EMBARGO and other.start < one.end + EMBARGO:
                message = (
                    f"{other.name!r} ({other.start:%Y-%m-%d} to {other.end:%Y-%m-%d}) lies within "
                    f"{EMBARGO.days} days of {one.name!r} of {one.use}; what judges must be new"
                )
                mistakes.append(Mistake(other.path, message))
    return mistakes
