"""A very small training of the real district that starts by imitation."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from heatrouter.agents.bundle import load_bundle
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.spec.loading import load_district
from heatrouter.training.checkpoints import load_tensors
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.export import export_run
from heatrouter.training.learning import TrainingEndedError
from heatrouter.training.train import RunOptions, resume_training, start_training
from heatrouter.training.validation import Score

CHANGES = [
    "total_steps=288",
    "sim_dt_s=300",
    "ppo.environments=8",
    "ppo.rollout_steps=12",
    "ppo.minibatch=48",
    "ppo.critic_rollouts=1",
    "network.policy_layers=[16]",
    "network.value_layers=[16]",
    "scenarios.train_years=1",
    "scenarios.validation_years=1",
    "imitation.labels.weeks=2",
    "imitation.labels.rounds=1",
    "imitation.labels.round_weeks=2",
    "imitation.labels.hours=72",
    "imitation.labels.environments=2",
    "imitation.labels.horizon_hours=6",
    "imitation.labels.replan_hours=6",
    "imitation.labels.supply_levels_k=[0.0]",
    "imitation.labels.processes=1",
    "imitation.clone.epochs=2",
    "imitation.clone.minibatch=64",
    "evaluation.weeks=2",
    "evaluation.hours=3",
    "evaluation.every_rollouts=1",
    "checkpoints.every_rollouts=1",
    "tracking.enabled=false",
]


def configured(folder: Path) -> TrainingConfig:
    return load_training_config("energy-web", [*CHANGES, f"imitation.folder={folder / 'labels'}"])


def trained(folder: Path, name: str, options: RunOptions | None = None) -> str:
    console = Console(file=io.StringIO())
    more = [] if options is None else [options]
    start_training(configured(folder), folder / name, console, *more)
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


@pytest.mark.slow
def test_the_same_run_again_and_after_an_interruption(tmp_path: Path) -> None:
    first = trained(tmp_path, "whole")
    assert "imitation, round 1" in first
    files = sorted(tmp_path.glob("labels/*.npz"))
    assert len(files) == 2
    times = [file.stat().st_mtime_ns for file in files]

    def enough(steps: int, score: Score) -> None:
        if steps >= 192:
            raise TrainingEndedError

    with pytest.raises(TrainingEndedError):
        trained(tmp_path, "broken", RunOptions(on_score=enough))
    assert [file.stat().st_mtime_ns for file in files] == times, "labels were made again"
    resume_training(tmp_path / "broken", Console(file=io.StringIO()))
    one, other = (load_tensors(tmp_path / name / "best.pt") for name in ("whole", "broken"))
    assert one["cost_eur"] == other["cost_eur"]
    for name, weights in one["policy"].items():
        assert torch.equal(weights, other["policy"][name]), name
    curves = [
        [
            {key: value for key, value in json.loads(line).items() if not key.startswith("time/")}
            for line in (tmp_path / name / "learning_curve.jsonl").read_text().splitlines()
        ]
        for name in ("whole", "broken")
    ]
    assert curves[0] == curves[1]
    assert len(curves[0]) == 4

    report = export_run(tmp_path / "whole", tmp_path / "bundle")
    assert report.parity.max_abs_error_normalised <= 1e-5
    bundle = load_bundle(tmp_path / "bundle", load_district("energy-web"))
    assert bundle.manifest.task.parametrisation == "absolute"
    # observations are scaled by statistics in the graph, and nothing of the anchor is left
    assert float(one["policy"]["features_extractor.limit"]) > 1.0
    assert not any(name.startswith("prior") for name in one["policy"])
    assert np.isfinite(one["cost_eur"])


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (["anchor.enabled=true"], "anchor.enabled"),
        (["shaping.enabled=true"], "shaping.enabled"),
        (["imitation.labels.hours=72", "imitation.labels.horizon_hours=60"], "imitation.labels"),
        (["imitation.labels.rounds=-1"], "imitation.labels.rounds"),
        (["imitation.lables.weeks=3"], "imitation.lables"),
    ],
)
def test_settings_that_do_not_fit_are_named(changes: list[str], path: str) -> None:
    with pytest.raises(TrainingConfigError, match=path):
        load_training_config("demo", changes)


def test_only_ppo_starts_from_a_clone() -> None:
    with pytest.raises(TrainingConfigError, match="starts from no clone"):
        load_training_config("energy-web-sac", ["imitation.enabled=true"])
