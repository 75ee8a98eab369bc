"""A very small training of the real district: train, resume, export, load."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from rich.console import Console
from tests.docs.small_sizes import TRAINING

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.evaluation_controllers import ControllerSettings, make_entrants
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.envs.errors import BundleError, TrainingConfigError
from heatrouter.envs.objective import TERMS
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task, parse_district
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.export import export_run
from heatrouter.training.train import resume_training, start_training

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def config() -> TrainingConfig:
    return load_training_config("demo", TRAINING)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, config: TrainingConfig) -> Path:
    folder = tmp_path_factory.mktemp("training") / "run"
    start_training(config, folder, Console(file=io.StringIO()))
    return folder


@pytest.fixture(scope="module")
def bundle(run: Path) -> Path:
    return export_run(run, run.parent / "bundle").folder


def curve(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "learning_curve.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_folder_tells_everything_about_the_run(run: Path, config: TrainingConfig) -> None:
    assert load_training_config(run / "config.yaml") == config
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert record["seed"] == 1
    assert record["config_digest"] == config.digest
    assert {"python", "numpy", "torch", "stable-baselines3", "heatrouter"} <= set(
        record["versions"]
    )
    assert len(record["scenarios"]["train"]["names"]) == 2
    assert len(record["validation_weeks"]) == 2
    assert len(record["prepared"]["search"]["values"]) == 5
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert summary["steps"] == 384
    assert summary["simulated_hours"] == pytest.approx(96.0)
    rows = curve(run)
    assert [row["steps"] for row in rows] == [0.0, 96.0, 192.0, 288.0, 384.0]
    assert {f"reward/{term}" for term in TERMS} <= set(rows[-1])


def test_resume_ends_where_the_whole_run_ends(
    run: Path, config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from heatrouter.envs.simulation.district_batch import DistrictBatch

    quiet = Console(file=io.StringIO())
    step, calls = DistrictBatch.step, 0

    def interrupted(self: DistrictBatch, action: object) -> object:
        nonlocal calls
        calls += self.num_envs == 8 and self.contract.parametrisation == "heat_price"
        # Search and baseline take 24 + 12 calls; then two rollouts and a half.
        if calls > 24 + 12 + 30:
            raise KeyboardInterrupt
        return step(self, action)  # type: ignore[arg-type]

    monkeypatch.setattr(DistrictBatch, "step", interrupted)
    with pytest.raises(KeyboardInterrupt, match="kept at step 192"):
        start_training(config, tmp_path / "parted", quiet)
    monkeypatch.undo()
    resume_training(tmp_path / "parted", quiet)
    assert curve(tmp_path / "parted") == curve(run)
    parts = [
        export_run(folder, tmp_path / "b" / folder.name) for folder in (run, tmp_path / "parted")
    ]
    assert parts[0].digest == parts[1].digest


def test_equal_seeds_make_equal_bundles(
    bundle: Path, config: TrainingConfig, tmp_path: Path
) -> None:
    quiet = Console(file=io.StringIO())
    start_training(config, tmp_path / "again", quiet)
    again = export_run(tmp_path / "again", tmp_path / "bundle")
    assert again.digest == load_bundle(bundle).digest
    other = config.model_copy(update={"seed": 2})
    start_training(other, tmp_path / "other", quiet)
    assert export_run(tmp_path / "other", tmp_path / "bundle2").digest != again.digest


def test_the_bundle_controls_its_district_and_no_other(bundle: Path, tmp_path: Path) -> None:
    district = load_district("energy-web")
    loaded = load_bundle(bundle, district)
    assert loaded.manifest.parity.max_abs_error_normalised <= 1e-5
    assert loaded.manifest.parity.observations >= 10_000
    assert loaded.manifest.observation_statistics is not None
    assert loaded.monitor is not None
    assert loaded.monitor.calibration_days == 192
    policy = OnnxPolicy(loaded)
    policy.reset(loaded.contract, 3)
    action = policy.act(loaded.golden.observation[:3])
    np.testing.assert_allclose(action, loaded.golden.action[:3], atol=1e-3)
    content = district.model_dump(mode="json")
    content["soil"]["conductivity_w_mk"] += 0.1
    other = parse_district(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(BundleError, match=r"name the district it was trained on"):
        load_bundle(bundle, other)


def test_a_bundle_whose_set_points_came_out_otherwise_is_refused(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a change of the decoder that nobody counted."""
    from heatrouter.agents import golden_chain

    original = golden_chain.guarded_set_points
    monkeypatch.setattr(golden_chain, "guarded_set_points", lambda *a: original(*a) + 1e-3)
    with pytest.raises(BundleError, match=r"golden vector \d+: set_points"):
        load_bundle(bundle, load_district("energy-web"))


def test_another_decoder_version_is_refused(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heatrouter.agents.golden_chain.DECODER_VERSION", 99)
    with pytest.raises(BundleError, match="decoder version: this version makes 99"):
        load_bundle(bundle, load_district("energy-web"))


def test_a_folder_that_is_in_use_is_left_alone(run: Path, config: TrainingConfig) -> None:
    with pytest.raises(TrainingConfigError, match=r"not empty.*--resume"):
        start_training(config, run, Console(file=io.StringIO()))


def test_only_runs_can_be_exported_or_resumed(tmp_path: Path) -> None:
    with pytest.raises(TrainingConfigError, match="is no training run"):
        export_run(tmp_path, tmp_path / "b")
    with pytest.raises(TrainingConfigError, match="is no training run"):
        resume_training(tmp_path, Console(file=io.StringIO()))


def test_a_sub_step_that_does_not_divide_the_control_step_is_a_mistake(
    config: TrainingConfig, tmp_path: Path
) -> None:
    odd = config.model_copy(update={"sim_dt_s": 400.0})
    with pytest.raises(TrainingConfigError, match="sim_dt_s: 400 must divide"):
        start_training(odd, tmp_path / "x", Console(file=io.StringIO()))


def test_a_run_takes_part_in_evaluations_without_export(run: Path, bundle: Path) -> None:
    district = load_district("energy-web")
    name = f"sb3:{run}"
    entrant = make_entrants((name,), ControllerSettings(district))[name]
    policy = OnnxPolicy(load_bundle(bundle, district))
    contract = build_contract(district, load_task(run / "task.yaml"))
    assert (entrant.family, entrant.task) == ("sb3", load_task(run / "task.yaml"))
    low, high = contract.bounds("observation")
    observation = np.random.default_rng(0).uniform(low, high, (4, low.size)).astype(np.float32)
    for controller in (entrant.controller, policy):
        controller.reset(contract, 4)
    ranges = np.subtract(*contract.bounds("action")[::-1])
    difference = entrant.controller.act(observation) - policy.act(observation)
    assert np.abs(difference / ranges).max() < 1e-5


def test_a_run_of_another_district_is_refused(run: Path) -> None:
    with pytest.raises(TrainingConfigError, match="was trained on 'energy-web'"):
        make_entrants((f"sb3:{run}",), ControllerSettings(load_district("foundry-cascade")))
