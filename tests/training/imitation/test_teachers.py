"""A training that begins as the mean of runs that have ended."""

import io
import json
from pathlib import Path

import pytest
import torch
from rich.console import Console
from tests.training.imitation.test_run import CHANGES

from heatrouter.envs.errors import HeatrouterError, TrainingConfigError
from heatrouter.training.checkpoints import load_tensors
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.imitation.teachers import DISTILLED
from heatrouter.training.learning import TrainingEndedError
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.train import RunOptions, resume_training, start_training
from heatrouter.training.validation import Score

ALONE = ["imitation.enabled=false", "anchor.enabled=false", "shaping.enabled=false"]
UNLIKE = ["scenarios.validation_seed=9", "randomisation.seed=7"]


@pytest.fixture
def teachers(tmp_path: Path) -> tuple[Path, ...]:
    """Two seeds, and a third run on other scenarios."""
    changes = {
        "one": ["seed=1"],
        "two": ["seed=2"],
        "other": UNLIKE,
    }
    for name, own in changes.items():
        config = load_training_config("energy-web", [*CHANGES, *ALONE, *own])
        start_training(config, tmp_path / name, Console(file=io.StringIO()))
    return tuple(tmp_path / name for name in changes)


def student(folder: Path, teachers: tuple[Path, ...], *own: str) -> TrainingConfig:
    return load_training_config(
        "energy-web",
        [
            *CHANGES,
            f"imitation.folder={folder / 'labels'}",
            f"imitation.teachers={json.dumps([str(teacher) for teacher in teachers])}",
            "imitation.distil={weeks: 2, hours: 24.0, epochs: 2, minibatch: 64}",
            *own,
        ],
    )


def trained(config: TrainingConfig, folder: Path, options: RunOptions | None = None) -> str:
    told = io.StringIO()
    start_training(config, folder, Console(file=told), *([] if options is None else [options]))
    return told.getvalue()


def test_a_training_begins_as_the_mean_and_is_taken_up_without_its_teachers(
    teachers: tuple[Path, ...], tmp_path: Path
) -> None:
    config = student(tmp_path, teachers[:2])
    told = trained(config, tmp_path / "whole")
    assert told.index("imitation, round 1") < told.index("distillation, round 3/3")
    assert "fitted to the mean of 2 runs: saves" in told
    kept = load_tensors(RunFolder(tmp_path / "whole").imitation / DISTILLED)
    assert [(one["run"], one["seed"]) for one in kept["teachers"]] == [("one", 1), ("two", 2)]
    # what it begins as has the scaling of its teachers, not that of the labels
    first = load_tensors(teachers[0] / "best.pt")["policy"]
    name = "pi_features_extractor.middle"
    assert torch.equal(kept["policy"][name], first[name])

    def enough(steps: int, score: Score) -> None:
        if steps >= 192:
            raise TrainingEndedError

    with pytest.raises(TrainingEndedError):
        trained(config, tmp_path / "broken", RunOptions(on_score=enough))
    for teacher in teachers:
        (teacher / "best.pt").unlink()
    resume_training(tmp_path / "broken", Console(file=io.StringIO()))
    whole, resumed = (load_tensors(tmp_path / name / "best.pt") for name in ("whole", "broken"))
    for name, values in whole["policy"].items():
        assert torch.equal(values, resumed["policy"][name]), name


def test_a_student_may_be_smaller_than_its_teachers(
    teachers: tuple[Path, ...], tmp_path: Path
) -> None:
    fit = ["imitation.distil.epochs=60", "imitation.distil.learning_rate=0.02"]
    config = student(tmp_path, teachers[:2], "network.policy_layers=[8]", *fit)
    assert "fitted to the mean of 2 runs: saves" in trained(config, tmp_path / "small")
    begun = load_tensors(RunFolder(tmp_path / "small").imitation / DISTILLED)
    cloned = load_tensors(RunFolder(tmp_path / "small").imitation / "round-1.pt")["policy"]
    name = "mlp_extractor.policy_net.0.weight"
    assert begun["policy"][name].shape == cloned[name].shape
    assert begun["policy"][name].shape[0] == 8
    assert not torch.equal(begun["policy"][name], cloned[name])
    # two passes at the usual rate leave 1.4
    assert begun["report"]["error"] < 0.5


def test_teachers_that_do_not_fit_are_told_before_anything_is_made(
    teachers: tuple[Path, ...], tmp_path: Path
) -> None:
    with pytest.raises(TrainingConfigError, match="other: scenarios: differs from that of"):
        trained(student(tmp_path, teachers), tmp_path / "run")
    other = teachers[2]
    twin = other.with_name("twin")
    twin.symlink_to(other)
    with pytest.raises(TrainingConfigError, match="named twice"):
        trained(student(tmp_path, (other, twin)), tmp_path / "run")
    twin.unlink()
    trained(load_training_config("energy-web", [*CHANGES, *ALONE, *UNLIKE, "seed=2"]), twin)
    with pytest.raises(TrainingConfigError) as caught:
        trained(student(tmp_path, (other, twin)), tmp_path / "run")
    text = str(caught.value)
    assert "2 mistakes" in text
    assert "other: randomisation: differs from this training's" in text
    assert "other: scenarios: differs from this training's" in text
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "labels").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (['imitation.teachers=["runs/a"]'], "one run is no mean"),
        (['imitation.teachers=["runs/a", "runs/b"]', *ALONE], "asked after the labels"),
        (['imitation.teachers=["runs/a", "runs/b"]'], "runs/a"),
    ],
)
def test_teachers_that_cannot_be_asked(changes: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(HeatrouterError, match=message):
        trained(load_training_config("energy-web", [*CHANGES, *changes]), tmp_path / "run")
    assert not (tmp_path / "run").exists()
