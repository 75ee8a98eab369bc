"""A training run from configuration to the best policy: search, PPO, scores, checkpoints."""

import contextlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task
from heatrouter.training.checkpoints import (
    Snapshot,
    newest_snapshot,
    restore_random,
    restore_snapshot,
)
from heatrouter.training.config import TrainingConfig, factor_per_step
from heatrouter.training.cost_baseline import BaselineLookup
from heatrouter.training.imitation.anchor import AnchoredPolicy
from heatrouter.training.imitation.shaping import ReferenceValue
from heatrouter.training.imitation.start import Start, begin_from, start_by_imitation
from heatrouter.training.onnx_export import ExportedPolicy
from heatrouter.training.policy import HeatPolicy
from heatrouter.training.preparation import Preparation, TrainingInputs, prepare
from heatrouter.training.progress import TrainingProgress
from heatrouter.training.rollout_boundary import RolloutBoundary, keep_policy
from heatrouter.training.run_folder import RunFolder, scenario_ids, versions, write_json
from heatrouter.training.sb3_vec_env import DistrictVecEnv
from heatrouter.training.tracking import Tracker
from heatrouter.training.validation import TorchController, Validation


def start_training(config: TrainingConfig, folder: Path, console: Console) -> dict[str, Any]:
    """Train from the beginning.

    Args:
        config: The configuration.
        folder: Where the run shall be; new or empty.
        console: Where progress goes.

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
    try:
        inputs, validation, prepared = _prepared(config, task, district, run, console)
        start = _imitated(inputs, run, validation, console)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_nothing_learnt(run)) from None
    return _run(inputs, run, validation, prepared, start, None, console)


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
    config: TrainingConfig, task: Task, district: District, run: RunFolder, console: Console
) -> tuple[TrainingInputs, Validation, Preparation]:
    """Everything before PPO, and its record in the run's folder."""
    console.print(f"{run.name}: scenarios, rules on validation weeks", highlight=False)
    inputs = TrainingInputs.load(config, task, district)
    validation = Validation(district, task, inputs.validation, config.evaluation)
    prepared = prepare(inputs, run, console)
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


def resume_training(folder: Path, console: Console) -> dict[str, Any]:
    """Go on with an interrupted run from its newest checkpoint.

    Args:
        folder: The run's folder.
        console: Where progress goes.

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
    return _run(inputs, run, validation, prepared, start, snapshot, console)


def build_model(inputs: TrainingInputs, env: DistrictVecEnv, start: FloatArray) -> PPO:
    """Make PPO as the configuration says.

    Args:
        inputs: What the run is made of.
        env: What it steps.
        start: Normalised action that the policy starts from, shape ``(n_action,)``.
    """
    config, ppo = inputs.config, inputs.config.ppo
    dt_s = inputs.task.control_dt_s
    first, last = ppo.learning_rate, ppo.learning_rate_end
    model = PPO(
        AnchoredPolicy if config.anchor.enabled else HeatPolicy,
        env,
        learning_rate=lambda remaining: last + (first - last) * remaining,
        n_steps=ppo.rollout_steps,
        batch_size=ppo.minibatch,
        n_epochs=ppo.epochs,
        gamma=factor_per_step(ppo.discount_h, dt_s),
        gae_lambda=factor_per_step(ppo.gae_h, dt_s),
        clip_range=ppo.clip,
        # SB3's weight of the entropy; an anchored policy puts its divergence there
        ent_coef=config.anchor.weight if config.anchor.enabled else ppo.entropy_weight,
        vf_coef=ppo.value_weight,
        max_grad_norm=ppo.max_gradient_norm,
        target_kl=ppo.target_kl,
        policy_kwargs={"contract": env.batch.contract, "settings": config.network},
        seed=config.seed,
        device="cpu",
    )
    # Without outputs: progress and tracking read its values.
    model.set_logger(Logger(folder=None, output_formats=[]))
    assert isinstance(model.policy, HeatPolicy)
    model.policy.start_at(start)
    return model


def _run(
    inputs: TrainingInputs,
    run: RunFolder,
    validation: Validation,
    prepared: Preparation,
    start: Start | None,
    snapshot: Snapshot | None,
    console: Console,
) -> dict[str, Any]:
    config = inputs.config
    with _torch_threads(config.torch_threads):
        env = _environment(inputs, prepared, start)
        model = build_model(inputs, env, prepared.normalised)
        if start is not None:
            assert isinstance(model.policy, HeatPolicy)
            begin_from(model.policy, start.policy)
        batch = env.batch
        assert isinstance(batch, DistrictBatch)
        resumed = None
        if snapshot is not None:
            batch.restore_state(restore_snapshot(model, snapshot))
            resumed = snapshot.content["progress"]
        tracking_run = resumed["tracking_run"] if resumed is not None else None
        tracker = Tracker(config.tracking, run.name, tracking_run)
        if resumed is None:
            tracker.params(config.model_dump(mode="json"))
            tracker.text("config.yaml", (run.path / "config.yaml").read_text(encoding="utf-8"))
        with TrainingProgress(config.total_steps, model.num_timesteps, console) as progress:
            boundary = RolloutBoundary(config, run, batch, validation, tracker, progress, resumed)
            learn(model, boundary, snapshot, tracker)
    summary = _summary(run, config, boundary, validation)
    write_json(run.summary, summary)
    tracker.text("summary.json", json.dumps(summary, indent=1))
    tracker.close()
    return summary


def _environment(
    inputs: TrainingInputs, prepared: Preparation, start: Start | None
) -> DistrictVecEnv:
    """What PPO steps: years, or the weeks of imitation where rewards are shaped by its courses."""
    config, task, library = inputs.config, inputs.training_task, inputs.train
    imitation = start.imitation if start is not None and config.shaping.enabled else None
    if imitation is not None:
        library = imitation.weeks
        task = task.model_copy(update={"episode_hours": config.imitation.labels.hours})
    batch = DistrictBatch(
        inputs.district, task, library, num_envs=config.ppo.environments, seed=config.seed
    )
    value, lookup = None, None
    if imitation is not None:
        value = ReferenceValue(batch, imitation.courses, config.shaping.price_share)
    elif prepared.baseline is not None:
        lookup = BaselineLookup(prepared.baseline, batch, library)
    return DistrictVecEnv(
        batch, reward_scale_eur=config.reward_scale_eur, baseline_eur=lookup, shaping=value
    )


def learn(
    model: PPO, boundary: RolloutBoundary, snapshot: Snapshot | None, tracker: Tracker
) -> None:
    """Let PPO learn up to the configured number of steps.

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
        "constant_price_saving": first["validation/saving"],
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
