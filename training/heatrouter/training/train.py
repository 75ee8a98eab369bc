"""A training run from configuration to the best policy: search, learning, scores, checkpoints."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district
from heatrouter.envs.spec.task import Task
from heatrouter.training.checkpoints import (
    Snapshot,
    newest_snapshot,
    restore_snapshot,
)
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_fit import configured_task
from heatrouter.training.imitation.start import (
    Start,
    begin_from,
    course_value,
    on_weeks,
    start_by_imitation,
)
from heatrouter.training.imitation.teachers import read_teachers
from heatrouter.training.learning import (
    build_env,
    build_model,
    learn,
    nothing_learnt,
    torch_threads,
)
from heatrouter.training.onnx_export import ExportedPolicy
from heatrouter.training.policy import HeatPolicy
from heatrouter.training.preparation import Preparation, TrainingInputs, prepare
from heatrouter.training.progress import TrainingProgress
from heatrouter.training.rollout_boundary import RolloutBoundary, keep_policy
from heatrouter.training.run_folder import RunFolder, scenario_ids, versions, write_json
from heatrouter.training.run_results import keep_results, make_tracker, summarise
from heatrouter.training.training_batches import TrainingBatches
from heatrouter.training.validation import Score, TorchController, Validation


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What does not change the policy.

    Attributes:
        send: Whether results are sent to MLflow; else they stay in the run's folder.
        on_score: Told steps and score on validation weeks; may raise
            :class:`~.learning.TrainingEndedError`.
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
    task = configured_task(config)
    district = load_district(task.district)
    read_teachers(config, task, district)  # before there is a folder
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
    read_teachers(config, task, district)  # before hours of labels
    try:
        inputs, validation, prepared = _prepared(
            config, task, district, run, console, options.prepared
        )
        start = _imitated(inputs, run, validation, console)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(nothing_learnt(run)) from None
    return _run(inputs, run, validation, prepared, start, None, console, options)


def _imitated(
    inputs: TrainingInputs, run: RunFolder, validation: Validation, console: Console
) -> Start | None:
    """The start by imitation, if the configuration wants one; all that is fitted is scored."""
    if not inputs.config.imitation.enabled:
        return None

    def score(fitted: str, policy: HeatPolicy) -> None:
        graph = ExportedPolicy(policy, policy.contract)
        found = validation.score(TorchController(graph, policy.contract.parametrisation))
        console.print(
            f"{fitted}: saves {100.0 * found.saving:+.2f} % of the rules' cost",
            highlight=False,
        )
        keep_policy(run, policy, 0, found)

    with torch_threads(inputs.config.torch_threads):
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
    validation = Validation(district, task, inputs.validation, config.evaluation, config.fines)
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
    validation = Validation(district, task, inputs.validation, config.evaluation, config.fines)
    console.print(f"{run.name}: going on at step {snapshot.steps:,}", highlight=False)
    prepared = Preparation.from_record(record["prepared"])
    start = _imitated(inputs, run, validation, console)
    return _run(inputs, run, validation, prepared, start, snapshot, console, options)


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
    with torch_threads(config.torch_threads):
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
        tracker = make_tracker(run, config, console, send=options.send)
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
    summary = summarise(run, config, boundary, validation)
    keep_results(run, config, summary, tracker)
    return summary
