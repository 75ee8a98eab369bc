"""The learner of a run: made as the configuration says, and let learn to the end."""

import contextlib
import sys
from collections.abc import Callable, Iterator

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from heatrouter.envs.arrays import FloatArray
from heatrouter.training.algorithms.building import build_learner
from heatrouter.training.batch_protocols import Shaping
from heatrouter.training.checkpoints import Snapshot, restore_random
from heatrouter.training.constraint_signals import ConstraintSignals
from heatrouter.training.limit_fines import LimitFines
from heatrouter.training.preparation import TrainingInputs
from heatrouter.training.rollout_boundary import RolloutBoundary
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.sb3_vec_env import DistrictVecEnv
from heatrouter.training.tracking import Tracker
from heatrouter.training.training_batches import ResumableBatch


class TrainingEndedError(Exception):
    """Whoever watches the scores has seen enough."""


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
    fines = None
    if config.fines:
        fines = LimitFines(inputs.district, config.fines, batch.columns, inputs.task.control_dt_s)
    return DistrictVecEnv(
        batch,
        reward_scale_eur=config.reward_scale_eur,
        baseline_eur=baseline,
        shaping=shaping,
        signals=signals,
        fines=fines,
    )


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
            raise KeyboardInterrupt(nothing_learnt(boundary.run)) from None
        msg = f"kept at step {steps:,}; to go on: heatrouter train --resume {boundary.run.path}"
        raise KeyboardInterrupt(msg) from None
    except TrainingEndedError:
        tracker.close("KILLED")
        raise
    except BaseException:
        tracker.close("FAILED")
        raise


def nothing_learnt(run: RunFolder) -> str:
    """What an interruption before the first checkpoint is answered with."""
    return f"nothing learnt yet; remove {run.path} and start again"


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let PyTorch use so many threads, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
