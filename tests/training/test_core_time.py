"""A budget in core-seconds: what it counts, and how a training ends by it."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from heatrouter.agents.protocol import Controller
from heatrouter.training import core_time
from heatrouter.training.checkpoints import newest_snapshot, restore_snapshot
from heatrouter.training.config import TrackingSettings, TrainingConfig
from heatrouter.training.core_time import LABELS, CoreTime
from heatrouter.training.learning import build_model, learn
from heatrouter.training.progress import TrainingProgress
from heatrouter.training.rollout_boundary import RolloutBoundary
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.sb3_vec_env import DistrictVecEnv
from heatrouter.training.tracking import Tracker
from heatrouter.training.validation import Score

ROLLOUT = 8 * 64


def burn() -> None:
    begin = core_time.spent_s()
    while core_time.spent_s() - begin < 0.01:
        pass


class ToyValidation:
    def score(self, controller: Controller) -> Score:
        burn()
        return Score(100.0, 200.0, 0.5, {"energy": 100.0})


def trained(
    folder: Path, config: TrainingConfig, make_batch: Callable[..., Any], *, resume: bool = False
) -> tuple[Any, RolloutBoundary]:
    folder.mkdir(exist_ok=True)
    batch = make_batch(config.acting.environments, seed=config.seed)
    env = DistrictVecEnv(batch, reward_scale_eur=config.reward_scale_eur)
    inputs: Any = SimpleNamespace(config=config, task=SimpleNamespace(control_dt_s=900.0))
    model = build_model(inputs, env, np.array([0.1, -0.2]))
    snapshot = newest_snapshot(folder / "checkpoints") if resume else None
    resumed = None
    if snapshot is not None:
        batch.restore_state(restore_snapshot(model, snapshot))
        resumed = snapshot.content["progress"]
    tracker = Tracker(TrackingSettings(enabled=False), "toy")
    progress = TrainingProgress(
        config.total_steps, model.num_timesteps, Console(file=io.StringIO())
    )
    validation: Any = ToyValidation()
    boundary = RolloutBoundary(
        config, RunFolder(folder), batch, validation, tracker, progress, resumed
    )
    with progress:
        learn(model, boundary, snapshot, tracker)
    return model, boundary


def test_labels_count_once_whoever_collected_them(tmp_path: Path) -> None:
    core_time.restart()
    text = json.dumps({"core_s": 100.0, "own_core_s": 30.0})
    (tmp_path / LABELS).write_text(text, encoding="utf-8")
    spent = core_time.spent_s()
    new = CoreTime(tmp_path, None)
    # 30 s of collecting are in this process's time and in the files, too
    assert new.labels_s == 100.0
    assert 70.0 + spent <= new.total_s <= 70.0 + core_time.spent_s()
    resumed = CoreTime(tmp_path, 250.0)
    assert 250.0 <= resumed.total_s < 251.0
    before = resumed.total_s
    burn()
    assert resumed.total_s > before


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
def test_a_budget_ends_a_training_at_a_rollout_boundary(
    tmp_path: Path,
    make_config: Callable[[str], TrainingConfig],
    make_batch: Callable[..., Any],
    algorithm: str,
) -> None:
    core_time.restart()
    config = make_config(algorithm).model_copy(update={"budget_core_s": 4.0, "total_steps": 10**9})
    model, boundary = trained(tmp_path / "run", config, make_batch)
    assert 0 < model.num_timesteps < 10**9
    assert model.num_timesteps % ROLLOUT == 0
    assert boundary.curve[-1]["steps"] == model.num_timesteps
    # rates fall with the budget, not with steps that are never reached
    rate = model.policy.optimizer if algorithm == "ppo" else model.actor.optimizer
    assert rate.param_groups[0]["lr"] < 0.9 * config.acting.learning_rate
    told = json.loads((tmp_path / "run" / "core_seconds.json").read_text(encoding="utf-8"))
    assert told["core_s"] >= 4.0
    assert told["labels_core_s"] == 0.0
    assert [steps for steps, _, _ in told["scores"]][-1] == model.num_timesteps
    assert newest_snapshot(tmp_path / "run" / "checkpoints").steps == model.num_timesteps

    # Taken up again, there is nothing left to do.
    again, ended = trained(tmp_path / "run", config, make_batch, resume=True)
    assert again.num_timesteps == model.num_timesteps
    assert ended.curve[-1]["steps"] == model.num_timesteps
    assert ended.best == boundary.best


def test_a_budget_that_is_not_reached_changes_nothing(
    tmp_path: Path, config: TrainingConfig, make_batch: Callable[..., Any]
) -> None:
    core_time.restart()
    plain, first = trained(tmp_path / "plain", config, make_batch)
    ample = config.model_copy(update={"budget_core_s": 1.0e6})
    model, second = trained(tmp_path / "ample", ample, make_batch)
    assert model.num_timesteps == plain.num_timesteps == config.total_steps
    timed = ("time/steps_per_s", "time/seconds")
    assert [{k: v for k, v in row.items() if k not in timed} for row in first.curve] == [
        {k: v for k, v in row.items() if k not in timed} for row in second.curve
    ]


def test_a_budget_is_part_of_the_digest_and_none_leaves_the_digest_of_before(
    config: TrainingConfig,
) -> None:
    # as the digest was made before there were budgets
    before = config.model_dump(mode="json", exclude={"tracking": True, "imitation": {"folder"}})
    assert before.pop("budget_core_s") is None
    assert before.pop("fines") == []  # nor fines
    assert before["imitation"]["labels"].pop("foresight") == "perfect"
    assert before["imitation"].pop("teachers") == []
    before["imitation"].pop("distil")  # read only where there are teachers
    assert before["randomisation"].pop("tariffs") is None  # nor other markets
    text = json.dumps(before, sort_keys=True, separators=(",", ":"))
    assert config.digest == hashlib.sha256(text.encode()).hexdigest()
    limited = config.model_copy(update={"budget_core_s": 300.0})
    assert limited.digest != config.digest
