"""The mean of several trainings as one policy."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tests.docs.small_sizes import TRAINING

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.envs.actuate import ActionScaling
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.spec.loading import load_district
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.export import export_mean
from heatrouter.training.imitation.settings import DistilSettings
from heatrouter.training.sb3_controller import run_controller
from heatrouter.training.train import start_training

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Two seeds, and a third training on other scenarios."""
    folder = tmp_path_factory.mktemp("runs")
    changes = {"one": [], "two": ["seed=2"], "elsewhere": ["scenarios.train_seed=9"]}
    for name, own in changes.items():
        config = load_training_config("demo", [*TRAINING, *own])
        start_training(config, folder / name, Console(file=io.StringIO()))
    return tuple(folder / name for name in changes)


def test_the_policy_answers_the_mean_of_its_runs(runs: tuple[Path, ...], tmp_path: Path) -> None:
    district = load_district("energy-web")
    report = export_mean(runs[:2], tmp_path / "mean")
    bundle = load_bundle(report.folder, district)
    seen, scaling = bundle.golden.observation, ActionScaling.from_contract(bundle.contract)
    policy = OnnxPolicy(bundle)
    policy.reset(bundle.contract, len(seen))
    own = [scaling.normalise(run_controller(run, district)[0].act(seen)) for run in runs[:2]]
    assert not np.allclose(own[0], own[1])
    answer = scaling.normalise(policy.act(seen))
    np.testing.assert_allclose(answer, np.mean(own, axis=0), atol=1e-4)
    assert report.parity.max_abs_error_normalised <= 1e-5
    record = bundle.manifest.training
    assert [(member.run, member.seed) for member in record.members] == [("one", 1), ("two", 2)]
    assert record.steps == sum(member.steps for member in record.members)
    assert report.best_saving == bundle.manifest.metrics["validation_saving"]


def test_one_network_takes_the_place_of_the_mean(runs: tuple[Path, ...], tmp_path: Path) -> None:
    district = load_district("energy-web")
    told = io.StringIO()
    mean = export_mean(runs[:2], tmp_path / "mean")
    report = export_mean(
        runs[:2],
        tmp_path / "one",
        distilling=DistilSettings(weeks=8, hours=24.0, epochs=2),
        console=Console(file=told),
    )
    assert "distillation, round 3/3" in told.getvalue()
    bundle = load_bundle(report.folder, district)
    assert bundle.manifest.training.distilled
    assert len(bundle.manifest.training.members) == 2
    metrics = bundle.manifest.metrics
    assert metrics["mean_validation_saving"] == mean.best_saving
    assert metrics["validation_saving"] == report.best_saving != mean.best_saving
    assert metrics["distillation_error"] > 0.0
    assert report.model_bytes < 0.6 * mean.model_bytes
    assert report.parity.max_abs_error_normalised <= 1e-5
    with pytest.raises(TrainingConfigError, match="one network already; name at least two"):
        export_mean(runs[:1], tmp_path / "none", distilling=DistilSettings())
    assert not (tmp_path / "none").exists()


def test_runs_that_do_not_fit_together_are_all_named(
    runs: tuple[Path, ...], tmp_path: Path
) -> None:
    with pytest.raises(TrainingConfigError) as caught:
        export_mean((*runs, runs[0]), tmp_path / "mean")
    text = str(caught.value)
    assert "2 mistakes" in text
    assert "elsewhere: scenarios: differs from that of" in text
    assert "named twice" in text
    assert not (tmp_path / "mean").exists()
    with pytest.raises(TrainingConfigError, match="none is named"):
        export_mean((), tmp_path / "mean")
