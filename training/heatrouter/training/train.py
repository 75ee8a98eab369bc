"""A training run from configuration to the best policy: search, learning, scores, checkpoints."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from stable_baselines3.common.base_class import BaseAlgorithm

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import HeatrouterError, TrainingConfigError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task
from heatrouter.training.algorithms.building import build_learner
from heatrouter.training.batch_protocols import Shaping
from heatrouter.training.checkpoints import (
    Snapshot,
    newest_snapshot,
    restore_random,
    restore_snapshot,
)
from heatrouter.training.config import TrainingConfig
from heatrouter.training.constraint_signals import ConstraintSignals
from heatrouter.training.imitation.start import (
    Start,
    begin_from,
    course_value,
    on_weeks,
    start_by_imitation,
)
from heatrouter.training.onnx_export import ExportedPolicy
from heatrouter.training.policy import HeatPolicy
from heatrouter.training.preparation import Preparation, TrainingInputs, prepare
from heatrouter.training.progress import TrainingProgress
from heatrouter.training.rollout_boundary import RolloutBoundary, keep_policy
from heatrouter.training.run_folder import RunFolder, scenario_ids, versions, write_json
from heatrouter.training.sb3_vec_env import DistrictVecEnv
from heatrouter.training.tracking import Tracker
from heatrouter.training.training_batches import ResumableBatch, TrainingBatches
from heatrouter.training.validation import Score, TorchController, Validation


class TrainingEndedError(Exception):
    """Whoever watches the scores has seen enough."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What does not change the policy.

    Attributes:
        send: Whether results are sent to MLflow; else they stay in the run's folder.
        on_score: Told steps and score on validation weeks; may raise
            :class:`TrainingEndedError`.
        prepared: What an equal configuration has found before, so that it is not sought again.
    """

    send: bool = True
    prepared: Preparation | None = None
    on_score: Callable[[int, Score], None] | None = None


PLAIN_RUN = RunOptions()


def start_training(
    config: TrainingConfig, folder: Path, console: Console, options: RunOptions = PLAIN_RUN
) -> dict[str, Any]:
    """Train from the beginning.

    Args:
        config: The configuration.
        folder: Where the run shall be; new or empty.
        console: Where progress goes.
        options: What does not change the policy.

    Returns:
        The summary, as ``summary.json`` holds it.

    Raises:
        ConfigError: Configuration, task, district or folder cannot be used.
        KeyboardInterrupt: The user stopped it; a checkpoint is kept and named.
    """
    task = load_task(config.task)
    if config.parametrisation is not None:
        task = task.model_copy(update={"parametrisation": config.parametrisation})
    district = load_district(task.district)
    run = RunFolder(folder)
    run.create()
    run.write_inputs(config, task, district)
    return start_prepared(run, console, options)


def start_prepared(
    run: RunFolder, console: Console, options: RunOptions = PLAIN_RUN
) -> dict[str, Any]:
    """Train from the beginning what a folder describes; as :func:`start_training`.

    Args:
        run: Its folder, with configuration, task and district.
        console: Where progress goes.
        options: What does not change the policy.
    """
    config, task, district = run.read_inputs()
    try:
        inputs, validation, prepared = _prepared(
            config, task, district, run, console, options.prepared
        )
        start = _imitated(inputs, run, validation, console)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_nothing_learnt(run)) from None
    return _run(inputs, run, validation, prepared, start, None, console, options)


def _imitated(
    inputs: TrainingInputs, run: RunFolder, validation: Validation, console: Console
) -> Start | None:
    """The start by imitation, if the configuration wants one; each round's policy is scored."""
    if not inputs.config.imitation.enabled:
        return None

    def score(number: int, policy: HeatPolicy) -> None:
        graph = ExportedPolicy(policy, policy.contract)
        found = validation.score(TorchController(graph, policy.contract.parametrisation))
        console.print(
            f"imitation, round {number}: saves {100.0 * found.saving:+.2f} % of the rules' cost",
            highlight=False,
        )
        keep_policy(run, policy, 0, found)

    with _torch_threads(inputs.config.torch_threads):
        return start_by_imitation(inputs, run, console, score)


def _prepared(
    config: TrainingConfig,
    task: Task,
    district: District,
    run: RunFolder,
    console: Console,
    known: Preparation | None,
) -> tuple[TrainingInputs, Validation, Preparation]:
    """Everything before the learning, and its record in the run's folder."""
    console.print(f"{run.name}: scenarios, rules on validation weeks", highlight=False)
    inputs = TrainingInputs.load(config, task, district)
    validation = Validation(district, task, inputs.validation, config.evaluation)
    prepared = prepare(inputs, run, console) if known is None else known
    record = {
        "name": run.name,
        "config": config.name,
        "config_digest": config.digest,
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": config.seed,
        "versions": versions(),
        "scenarios": {
            "train": scenario_ids(inputs.train),
            "validation": scenario_ids(inputs.validation),
        },
        "validation_weeks": validation.starts,
        "prepared": prepared.to_record(),
    }
    write_json(run.record, record)
    return inputs, validation, prepared


def _nothing_learnt(run: RunFolder) -> str:
    return f"nothing learnt yet; remove {run.path} and start again"


def resume_training(
    folder: Path, console: Console, options: RunOptions = PLAIN_RUN
) -> dict[str, Any]:
    """Go on with an interrupted run from its newest checkpoint.

    Args:
        folder: The run's folder.
        console: Where progress goes.
        options: What does not change the policy.

    Returns:
        The summary. Policy and learning curve are those of a run without interruption.

    Raises:
        ConfigError: The folder is no run, or holds no checkpoint.
        KeyboardInterrupt: As in :func:`start_training`.
    """
    run = RunFolder(folder)
    config, task, district = run.read_inputs()
    snapshot = newest_snapshot(run.checkpoints)
    record = json.loads(run.record.read_text(encoding="utf-8"))
    inputs = TrainingInputs.load(config, task, district)
    for name, library in (("train", inputs.train), ("validation", inputs.validation)):
        if record["scenarios"][name] != scenario_ids(library):
            msg = (
                f"{run.path}: its {name} scenarios come out different with this version "
                f"({versions()['heatrouter']}); resume with {record['versions']['heatrouter']}, "
                "or train again"
            )
            raise TrainingConfigError(msg)
    validation = Validation(district, task, inputs.validation, config.evaluation)
    console.print(f"{run.name}: going on at step {snapshot.steps:,}", highlight=False)
    prepared = Preparation.from_record(record["prepared"])
    start = _imitated(inputs, run, validation, console)
    return _run(inputs, run, validation, prepared, start, snapshot, console, options)


def build_model(inputs: TrainingInputs, env: DistrictVecEnv, start: FloatArray) -> BaseAlgorithm:
    """Make the learner as the configuration says.

    Args:
        inputs: What the run is made of.
        env: What it steps.
        start: Normalised action that the policy starts from, shape ``(n_action,)``.
    """
    return build_learner(inputs.config, inputs.task.control_dt_s, env, start)


def build_env(
    inputs: TrainingInputs,
    batch: ResumableBatch,
    baseline: Callable[[], FloatArray] | None,
    shaping: Shaping | None = None,
) -> DistrictVecEnv:
    """Make what the learner steps.

    Args:
        inputs: What the run is made of.
        batch: The closed loop.
        baseline: What rewards are counted from; None for zero.
        shaping: What is added to them besides.
    """
    config = inputs.config
    signals = None
    if config.algorithm == "lagrangian-ppo":
        signals = ConstraintSignals(
            inputs.district,
            config.lagrangian.constraints,
            batch.columns,
            inputs.task.control_dt_s,
        )
    return DistrictVecEnv(
        batch,
        reward_scale_eur=config.reward_scale_eur,
        baseline_eur=baseline,
        shaping=shaping,
        signals=signals,
    )


def _run(
    inputs: TrainingInputs,
    run: RunFolder,
    validation: Validation,
    prepared: Preparation,
    start: Start | None,
    snapshot: Snapshot | None,
    console: Console,
    options: RunOptions,
) -> dict[str, Any]:
    config = inputs.config
    resumed = None if snapshot is None else snapshot.content["progress"]
    with _torch_threads(config.torch_threads):
        shaped = start is not None and config.shaping.enabled
        batches = (
            TrainingBatches(on_weeks(inputs, start), None)
            if start is not None and shaped
            else TrainingBatches(inputs, prepared.baseline)
        )
        batch, baseline = batches.make(0 if resumed is None else int(resumed["stage"]))
        value = course_value(batch, start, config.shaping) if start is not None and shaped else None
        env = build_env(inputs, batch, baseline, value)
        model = build_model(inputs, env, prepared.normalised)
        if start is not None:
            assert isinstance(model.policy, HeatPolicy)
            begin_from(model.policy, start.policy)
        if snapshot is not None:
            batch.restore_state(restore_snapshot(model, snapshot))
        tracker = _tracker(run, config, console, options)
        with TrainingProgress(config.total_steps, model.num_timesteps, console) as progress:
            boundary = RolloutBoundary(
                config,
                run,
                batch,
                validation,
                tracker,
                progress,
                resumed,
                stages=batches,
                on_score=options.on_score,
            )
            learn(model, boundary, snapshot, tracker)
    summary = _summary(run, config, boundary, validation)
    write_json(run.summary, summary)
    _finish(run, config, summary, tracker)
    return summary


def _tracker(
    run: RunFolder, config: TrainingConfig, console: Console, options: RunOptions
) -> Tracker:
    def warn(message: str) -> None:
        console.print(message, style="yellow", highlight=False, soft_wrap=True)

    tracker = Tracker(config.tracking, run.name, run.path, send=options.send, warn=warn)
    if tracker.is_new:
        tracker.params(config.model_dump(mode="json"))
        kinds = {"algorithm": config.algorithm, "task": config.task, "seed": str(config.seed)}
        tracker.tags({f"heatrouter.{name}": value for name, value in kinds.items()})
        for name in ("config.yaml", "task.yaml", "district.yaml", "run.json"):
            tracker.file(name)
    return tracker


def _finish(
    run: RunFolder, config: TrainingConfig, summary: dict[str, Any], tracker: Tracker
) -> None:
    """Keep what came out: summary, curve, and the bundle where it was asked for."""
    tracker.file(run.summary.name)
    tracker.file(run.curve.name)
    settings = config.tracking
    if settings.bundle or settings.registered_model is not None:
        # Down here, since exporting loads much that training does not need.
        from heatrouter.training.export import export_run

        try:
            report = export_run(run.path, run.bundle)
        except HeatrouterError:
            tracker.close("FAILED")
            raise
        tracker.tags({"heatrouter.bundle": report.digest})
        tracker.file(run.bundle.name)
        if settings.registered_model is not None:
            told = {name: summary[name] for name in ("best_saving", "best_step", "seed", "run")}
            told |= {"digest": report.digest, "task": config.task, "algorithm": config.algorithm}
            tracker.register(settings.registered_model, run.bundle.name, told)
    tracker.close()


def learn(
    model: BaseAlgorithm, boundary: RolloutBoundary, snapshot: Snapshot | None, tracker: Tracker
) -> None:
    """Let a learner learn up to the configured number of steps.

    Args:
        model: Freshly made, or restored from the snapshot.
        boundary: What happens between rollouts.
        snapshot: What the run goes on from; None for a new one.
        tracker: Closed where the run does not end well.

    Raises:
        KeyboardInterrupt: The user stopped it; the newest boundary is on disk.
    """
    remaining = boundary.total_steps - model.num_timesteps
    if snapshot is not None:
        # Last, since making tracker and environments may have drawn numbers.
        restore_random(snapshot.content)
    try:
        if remaining > 0:
            model.learn(
                remaining,
                boundary,
                log_interval=sys.maxsize,  # never: there is nowhere to log to
                reset_num_timesteps=snapshot is None,
            )
    except KeyboardInterrupt:
        steps = boundary.write_checkpoint()
        tracker.close("KILLED")
        if not steps:
            raise KeyboardInterrupt(_nothing_learnt(boundary.run)) from None
        msg = f"kept at step {steps:,}; to go on: heatrouter train --resume {boundary.run.path}"
        raise KeyboardInterrupt(msg) from None
    except TrainingEndedError:
        tracker.close("KILLED")
        raise
    except BaseException:
        tracker.close("FAILED")
        raise


def _summary(
    run: RunFolder, config: TrainingConfig, boundary: RolloutBoundary, validation: Validation
) -> dict[str, Any]:
    best = boundary.best
    first = next(row for row in boundary.curve if "validation/saving" in row)
    return {
        "run": run.name,
        "config": config.name,
        "seed": config.seed,
        "steps": int(boundary.curve[-1]["steps"]),
        "simulated_hours": boundary.simulated_hours,
        "seconds": round(boundary.seconds, 1),
        "rules_cost_eur": float(validation.rules_eur.sum()),
        "start_saving": first["validation/saving"],
        "best_step": int(best["steps"]),
        "best_cost_eur": best["validation/cost_eur"],
        "best_saving": best["validation/saving"],
        "versions": versions(),
    }


@contextlib.contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
