"""What happens between two rollouts: log, score, keep the best, remember where to resume."""

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.algorithms.building import trained_policy
from heatrouter.training.algorithms.learner_state import has_memory
from heatrouter.training.checkpoints import (
    SCHEMA_VERSION,
    Snapshot,
    save_tensors,
    take_snapshot,
    write_snapshot,
)
from heatrouter.training.config import PpoSettings, TrainingConfig
from heatrouter.training.core_time import CoreTime
from heatrouter.training.onnx_export import ExportedPolicy
from heatrouter.training.policy import TrainedPolicy
from heatrouter.training.progress import TrainingProgress
from heatrouter.training.run_folder import RunFolder, write_json, write_text
from heatrouter.training.sb3_vec_env import DistrictVecEnv
from heatrouter.training.tracking import Tracker
from heatrouter.training.training_batches import ResumableBatch, TrainingBatches
from heatrouter.training.validation import Score, TorchController, Validation

_TRAIN: Final = "train/"
_LEFT_OUT: Final = ("train/n_updates", "train/clip_range")
"""Known beforehand; all other numbers that a learner tells are kept."""


class RolloutBoundary(BaseCallback):
    """Called by SB3; works between rollouts only.

    Args:
        config: The run's configuration.
        run: Its folder.
        batch: The closed loop that it trains on.
        validation: Weeks to score on.
        tracker: Where metrics go.
        progress: What a person sees.
        resumed: Plain data of the snapshot that the run goes on from.
        stages: Makes the batch of another stage of a curriculum; None for one stage.
        on_score: Told steps and score on validation weeks; may raise to end the training.
    """

    def __init__(
        self,
        config: TrainingConfig,
        run: RunFolder,
        batch: ResumableBatch,
        validation: Validation,
        tracker: Tracker,
        progress: TrainingProgress,
        resumed: dict[str, Any] | None = None,
        *,
        stages: TrainingBatches | None = None,
        on_score: Callable[[int, Score], None] | None = None,
    ) -> None:
        super().__init__()
        self._stages, self._on_score = stages, on_score
        self.run = run
        self._config, self._batch = config, batch
        self._validation, self._tracker, self._progress = validation, tracker, progress
        earlier = resumed or {}
        self.curve: list[dict[str, float]] = [dict(row) for row in earlier.get("curve", [])]
        self.best: dict[str, float] = dict(earlier.get("best", {}))
        self._seconds_before = float(earlier.get("seconds", 0.0))
        self._begin = time.perf_counter()
        self._core = CoreTime(run.imitation, earlier.get("core_s"))
        self._core_scores: list[list[float]] = [list(row) for row in earlier.get("core_scores", [])]
        self._ended_at: int | None = None
        self._skip_boundary = resumed is not None
        self.stage = int(earlier.get("stage", 0))
        self.snapshot: Snapshot | None = None
        self._written = 0

    @property
    def seconds(self) -> float:
        """Wall time of the run, earlier parts included."""
        return self._seconds_before + time.perf_counter() - self._begin

    @property
    def total_steps(self) -> int:
        """Control steps of the whole run, all environments together."""
        return self._config.total_steps

    @property
    def simulated_hours(self) -> float:
        """Hours of plant time that training took, all environments together."""
        hours: float = self._batch.contract.control_dt_s / SECONDS_PER_HOUR
        # Not the model's count: a run that was killed after its last checkpoint learns no more, and
        # SB3 never hands over the model then.
        return self.curve[-1]["steps"] * hours

    @property
    def _rollouts(self) -> int:
        return self.model.num_timesteps // self._config.rollout_size

    @property
    def _policy(self) -> TrainedPolicy:
        return trained_policy(self.model)

    @property
    def _done_share(self) -> float:
        """How much of the training is done, by steps or by core-seconds, whichever is more."""
        budget = self._config.budget_core_s
        by_time = 0.0 if budget is None else self._core.total_s / budget
        return min(max(self.model.num_timesteps / self.total_steps, by_time), 1.0)

    def _on_training_start(self) -> None:
        if self._config.budget_core_s is None:
            return
        by_steps = self.model.lr_schedule

        def rate(remaining: float) -> float:
            return by_steps(min(remaining, 1.0 - self._done_share))

        self.model.lr_schedule = rate

    def _on_rollout_start(self) -> None:
        budget = self._config.budget_core_s
        ended = budget is not None and self._core.total_s >= budget
        if self._skip_boundary and not ended:
            # The boundary that the run was resumed at is done already.
            self._written = self.model.num_timesteps
        else:
            self._boundary(last=ended)
        self._skip_boundary = False
        if ended:
            self._ended_at = self.model.num_timesteps
        else:
            self._change_stage()

    def _on_training_end(self) -> None:
        if self._ended_at is None:
            self._boundary(last=True)
        else:
            # SB3 takes a step more before it asks whether to go on; nothing is learnt from it.
            self.model.num_timesteps = self._ended_at

    def _on_step(self) -> bool:
        if self._ended_at is not None:
            return False
        self._progress.update(self.model.num_timesteps)
        return True

    def _on_rollout_end(self) -> None:
        assert isinstance(self.training_env, DistrictVecEnv)
        dt_h = self._batch.contract.control_dt_s / SECONDS_PER_HOUR
        terms, fines = self.training_env.drain_terms()
        row = {f"reward/{name}": -value for name, value in (terms | fines).items()}
        row["train/cost_eur_per_h"] = sum(terms.values()) / dt_h
        row["steps"] = float(self.model.num_timesteps)
        self.curve.append(row)
        self._progress.update(self.model.num_timesteps, row["train/cost_eur_per_h"])
        acting = self._config.acting
        if not isinstance(acting, PpoSettings):
            return
        # `train` comes next: at first only the value learns, or noise of an untrained value
        # would pull the policy away from its start.
        learns = self._rollouts > acting.critic_rollouts
        for parameter in self._policy.policy_parameters():
            parameter.requires_grad_(learns)
        anchor = self._config.anchor
        if anchor.enabled:
            assert isinstance(self.model, OnPolicyAlgorithm)
            fall = anchor.weight_end - anchor.weight
            self.model.ent_coef = anchor.weight + fall * self._done_share

    def _boundary(self, *, last: bool) -> None:
        steps = self.model.num_timesteps
        if self.curve and self.curve[-1]["steps"] == steps:
            values = self.model.logger.name_to_value
            found = {
                name: float(value)
                for name, value in values.items()
                if name.startswith(_TRAIN) and name not in _LEFT_OUT
            }
            self.curve[-1] |= {k: v for k, v in found.items() if math.isfinite(v)}
        every = self._config.evaluation.every_rollouts
        if last or self._rollouts % every == 0:
            self._score(steps)
        if self.curve:
            speed = {"time/steps_per_s": self._progress.steps_per_s, "time/seconds": self.seconds}
            self._tracker.metrics(self.curve[-1] | speed, steps)
        due = last or (steps and self._rollouts % self._config.checkpoints.every_rollouts == 0)
        if due or not has_memory(self.model):
            self._remember()
        if due:
            self.write_checkpoint()

    def _change_stage(self) -> None:
        """Go on with the batch of the next stage, if its time has come; all episodes start anew."""
        if self._stages is None:
            return
        stage = self._stages.stage_at(self.model.num_timesteps)
        if stage == self.stage:
            return
        self.stage = stage
        made = self._stages.make(stage)
        self._batch = made.batch
        assert isinstance(self.training_env, DistrictVecEnv)
        first = self.training_env.replace_batch(made.batch, made.baseline_eur)
        self.model._last_obs = first  # noqa: SLF001  # SB3 has no accessor
        self.model._last_episode_starts = np.ones(len(first), dtype=np.bool_)  # noqa: SLF001

    def _score(self, steps: int) -> None:
        contract = self._batch.contract
        graph = ExportedPolicy(self._policy, contract)
        score = self._validation.score(TorchController(graph, contract.parametrisation))
        row = {
            "steps": float(steps),
            "validation/cost_eur": score.cost_eur,
            "validation/saving": score.saving,
            "validation/fines_eur": score.fines_eur,
            **{f"validation/{name}_eur": value for name, value in score.terms_eur.items()},
        }
        if self.curve and self.curve[-1]["steps"] == steps:
            self.curve[-1] |= row
        else:
            self.curve.append(row)
        better = not self.best or _fined(row) < _fined(self.best)
        if better:
            self.best = row
            keep_policy(self.run, self._policy, steps, score)
        budget = self._config.budget_core_s
        spent = None if budget is None else f"{self._core.total_s:.0f}/{budget:.0f} core-s"
        self._progress.scored(steps, score, best=better, spent=spent)
        self._core_scores = [told for told in self._core_scores if told[0] != steps]
        self._core_scores.append([steps, round(self._core.total_s, 2), score.saving])
        if self._on_score is not None:
            self._on_score(steps, score)

    def _remember(self) -> None:
        progress = {
            "curve": [dict(row) for row in self.curve],
            "best": dict(self.best),
            "seconds": self.seconds,
            "stage": self.stage,
            "core_s": self._core.total_s,
            "core_scores": [list(told) for told in self._core_scores],
        }
        self.snapshot = take_snapshot(self.model, self._batch.save_state(), progress)

    def write_checkpoint(self) -> int:
        """Write the newest snapshot and the learning curve; returns the steps of what is on disk.

        Raises:
            StorageError: The disk refused it.
        """
        if self.snapshot is None:
            return self._written
        write_snapshot(self.run.checkpoints, self.snapshot, keep=self._config.checkpoints.keep)
        lines = [json.dumps(row) for row in self.curve]
        write_text(self.run.curve, "".join(f"{line}\n" for line in lines))
        # Apart from the curve, which a run that was interrupted repeats to the last digit.
        cost = {"core_s": self._core.total_s, "labels_core_s": self._core.labels_s}
        write_json(self.run.core_seconds, cost | {"scores": self._core_scores})
        self._written = self.snapshot.steps
        if has_memory(self.model):
            # It shares the memory, which goes on changing.
            self.snapshot = None
        return self._written


def _fined(row: Mapping[str, float]) -> float:
    """What a score is compared by: cost and fines, €."""
    # runs from before fines have none to go on from
    return row["validation/cost_eur"] + row.get("validation/fines_eur", 0.0)


def keep_policy(run: RunFolder, policy: TrainedPolicy, steps: int, score: Score) -> None:
    """Write a policy as the run's best one.

    Args:
        run: The run.
        policy: What scored best so far.
        steps: Control steps that it has learnt from, all environments together.
        score: On validation weeks.
    """
    weights = policy.state_dict()
    content = {
        "schema_version": SCHEMA_VERSION,
        "steps": steps,
        # without what an anchored policy only learns with
        "policy": {name: weights[name] for name in weights if not name.startswith("prior.")},
        "saving": score.saving,
        "cost_eur": score.cost_eur,
        "rules_cost_eur": score.rules_cost_eur,
    }
    save_tensors(run.best, content)
