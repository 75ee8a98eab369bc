"""A run that was interrupted and resumed ends exactly like one that was not."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from stable_baselines3.common.base_class import BaseAlgorithm

from heatrouter.agents.protocol import Controller
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.checkpoints import (
    SCHEMA_VERSION,
    checkpoint_files,
    load_tensors,
    newest_snapshot,
    restore_snapshot,
    save_tensors,
    take_snapshot,
    write_snapshot,
)
from heatrouter.training.config import TrackingSettings, TrainingConfig
from heatrouter.training.learning import build_model, learn
from heatrouter.training.progress import TrainingProgress
from heatrouter.training.rollout_boundary import RolloutBoundary
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.sb3_vec_env import DistrictVecEnv
from heatrouter.training.tracking import Tracker
from heatrouter.training.validation import Score

START = np.array([0.1, -0.2])
ROLLOUT = 8 * 64


class ToyValidation:
    """Scores a policy by its answer to one observation; draws no random numbers."""

    def score(self, controller: Controller) -> Score:
        action = controller.act(np.full((1, 5), 50.0, dtype=np.float32))
        cost = 100.0 + float(action[0, 0])
        return Score(cost, 200.0, 1.0 - cost / 200.0, {"energy": cost})


class Run:
    """One training of the toy, or a part of one."""

    def __init__(
        self,
        folder: Path,
        config: TrainingConfig,
        make_batch: Callable[..., Any],
        resume: bool,
        signals: Callable[..., Any] | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.batch = make_batch(config.acting.environments, seed=config.seed)
        env = DistrictVecEnv(self.batch, reward_scale_eur=config.reward_scale_eur, signals=signals)
        inputs: Any = SimpleNamespace(config=config, task=SimpleNamespace(control_dt_s=900.0))
        self.model = build_model(inputs, env, START)
        self.snapshot = newest_snapshot(folder / "checkpoints") if resume else None
        resumed = None
        if self.snapshot is not None:
            self.batch.restore_state(restore_snapshot(self.model, self.snapshot))
            resumed = self.snapshot.content["progress"]
        self.tracker = Tracker(TrackingSettings(enabled=False), "toy")
        console = Console(file=io.StringIO())
        self.progress = TrainingProgress(config.total_steps, self.model.num_timesteps, console)
        validation: Any = ToyValidation()
        self.boundary = RolloutBoundary(
            config, RunFolder(folder), self.batch, validation, self.tracker, self.progress, resumed
        )

    def go(self) -> None:
        with self.progress:
            learn(self.model, self.boundary, self.snapshot, self.tracker)


def weights(model: BaseAlgorithm) -> list[torch.Tensor]:
    return [value.clone() for value in model.policy.state_dict().values()]


def untimed(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{k: v for k, v in row.items() if not k.startswith("time/")} for row in rows]


@pytest.mark.parametrize(
    ("algorithm", "stop_after", "kept"),
    [
        ("ppo", 1, 1),
        ("ppo", 3.5, 3),
        ("ppo", 6.01, 6),
        ("lagrangian-ppo", 3.5, 3),
        # Their memory is written at checkpoints only, every third rollout.
        ("sac", 4.5, 3),
        ("sac", 6.01, 6),
        ("tqc", 4.5, 3),
    ],
)
def test_resume_is_exact(
    tmp_path: Path,
    make_config: Callable[[str], TrainingConfig],
    make_batch: Callable[..., Any],
    signals: Callable[..., Any],
    algorithm: str,
    stop_after: float,
    kept: int,
) -> None:
    config = make_config(algorithm)
    whole = Run(tmp_path / "whole", config, make_batch, False, signals)
    whole.go()
    assert whole.model.num_timesteps == config.total_steps

    parted = Run(tmp_path / "parted", config, make_batch, False, signals)
    step = parted.batch.step
    calls = 0

    def interrupted(action: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > stop_after * config.acting.rollout_steps:
            raise KeyboardInterrupt
        return step(action)

    parted.batch.step = interrupted
    with pytest.raises(KeyboardInterrupt, match=r"kept at step \d.*train --resume"):
        parted.go()
    resumed = Run(tmp_path / "parted", config, make_batch, True, signals)
    assert resumed.model.num_timesteps == kept * ROLLOUT
    resumed.go()

    for one, other in zip(weights(whole.model), weights(resumed.model), strict=True):
        assert torch.equal(one, other)
    assert untimed(resumed.boundary.curve) == untimed(whole.boundary.curve)
    assert resumed.boundary.best == whole.boundary.best
    best = [load_tensors(tmp_path / name / "best.pt")["policy"] for name in ("whole", "parted")]
    assert all(torch.equal(best[0][key], best[1][key]) for key in best[0])


def test_an_interrupt_before_the_first_rollout_ends_says_so(
    tmp_path: Path, config: TrainingConfig, make_batch: Callable[..., Any]
) -> None:
    run = Run(tmp_path, config, make_batch, resume=False)

    def interrupted(action: Any) -> Any:
        raise KeyboardInterrupt

    run.batch.step = interrupted
    with pytest.raises(KeyboardInterrupt, match="nothing learnt yet"):
        run.go()


def test_the_curve_is_one_json_object_per_rollout(
    tmp_path: Path, config: TrainingConfig, make_batch: Callable[..., Any]
) -> None:
    run = Run(tmp_path, config, make_batch, resume=False)
    run.go()
    lines = (tmp_path / "learning_curve.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["steps"] for row in rows] == [ROLLOUT * i for i in range(9)]
    for row in rows[1:]:
        assert {"reward/energy", "reward/wear", "train/cost_eur_per_h"} <= set(row)
        assert "train/approx_kl" in row
    assert {"validation/saving", "validation/cost_eur"} <= set(rows[-1])
    # It learnt something: the action follows the observation.
    assert rows[-1]["train/cost_eur_per_h"] < 0.8 * rows[1]["train/cost_eur_per_h"]


def test_only_the_value_learns_at_first(
    tmp_path: Path, config: TrainingConfig, make_batch: Callable[..., Any]
) -> None:
    run = Run(tmp_path, config, make_batch, resume=False)
    policy, before = run.boundary, {}
    start = policy._on_rollout_start

    def recorded() -> None:
        start()
        parts = run.model.policy.state_dict()
        before[run.model.num_timesteps] = {k: v.clone() for k, v in parts.items()}

    policy._on_rollout_start = recorded  # type: ignore[method-assign]
    run.go()
    first, second, third = (before[i * ROLLOUT] for i in range(3))
    assert torch.equal(first["action_net.weight"], second["action_net.weight"])
    assert not torch.equal(first["value_net.weight"], second["value_net.weight"])
    assert not torch.equal(second["action_net.weight"], third["action_net.weight"])


def test_equal_seeds_give_equal_policies_and_others_do_not(
    tmp_path: Path, config: TrainingConfig, make_batch: Callable[..., Any]
) -> None:
    short = config.model_copy(update={"total_steps": 2 * ROLLOUT})
    runs = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run = Run(
            tmp_path / name, short.model_copy(update={"seed": seed}), make_batch, resume=False
        )
        run.go()
        runs.append(weights(run.model))
    assert all(torch.equal(one, other) for one, other in zip(runs[0], runs[1], strict=True))
    assert not all(torch.equal(one, other) for one, other in zip(runs[0], runs[2], strict=True))


def test_only_the_newest_checkpoints_stay(
    tmp_path: Path, config: TrainingConfig, make_batch: Callable[..., Any]
) -> None:
    run = Run(tmp_path, config, make_batch, resume=False)
    run.model.learn(ROLLOUT)
    for steps in (100, 300, 200):
        run.model.num_timesteps = steps
        snapshot = take_snapshot(run.model, run.batch.save_state(), {})
        write_snapshot(tmp_path / "c", snapshot, keep=2)
    assert [p.name for p in checkpoint_files(tmp_path / "c")] == [
        "step-000000000200.pt",
        "step-000000000300.pt",
    ]
    assert newest_snapshot(tmp_path / "c").steps == 300


def test_a_damaged_checkpoint_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "step-1.pt"
    save_tensors(path, {"schema_version": SCHEMA_VERSION, "x": torch.zeros(3)})
    assert torch.equal(load_tensors(path)["x"], torch.zeros(3))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(TrainingConfigError, match=r"cannot be read .*older checkpoint"):
        load_tensors(path)


def test_a_checkpoint_holds_no_code(tmp_path: Path) -> None:
    torch.save({"schema_version": SCHEMA_VERSION, "x": Path("x")}, tmp_path / "step-1.pt")
    with pytest.raises(TrainingConfigError, match="cannot be read"):
        load_tensors(tmp_path / "step-1.pt")


def test_nothing_to_resume_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingConfigError, match="holds no checkpoint"):
        newest_snapshot(tmp_path)
