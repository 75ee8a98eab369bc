"""A bundle that is not exactly what was exported does not load, and says why in one message."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from heatrouter.agents.bundle import (
    GoldenVectors,
    Manifest,
    TrainingMember,
    load_bundle,
    write_bundle,
)
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError

FILES = ["policy.onnx", "manifest.json", "golden.npz"]
Write = Callable[[onnx.ModelProto], Path]


def test_a_good_bundle_loads(folder: Path, manifest: Manifest) -> None:
    bundle = load_bundle(folder)
    assert bundle.contract == manifest.contract
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert bundle.golden.observation.shape == (12, 7)


def test_the_digest_is_that_of_the_behaviour_not_of_the_run(
    tmp_path: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> None:
    later = manifest.model_copy(
        update={
            "created_utc": "2027-01-01T00:00:00Z",
            "training": manifest.training.model_copy(update={"run": "other"}),
        }
    )
    data = model.SerializeToString()
    first = load_bundle(write_bundle(tmp_path / "a", data, manifest, golden))
    second = load_bundle(write_bundle(tmp_path / "b", data, later, golden))
    assert first.digest == second.digest
    assert (tmp_path / "a/golden.npz").read_bytes() == (tmp_path / "b/golden.npz").read_bytes()
    model.graph.initializer[2].raw_data = bytes(len(model.graph.initializer[2].raw_data))
    zero = load_bundle_of_zero(tmp_path / "c", model, manifest, golden)
    assert zero != first.digest


def test_a_mean_of_runs_says_so_and_others_keep_their_text(
    folder: Path, tmp_path: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> None:
    assert b"members" not in (folder / "manifest.json").read_bytes()
    runs = tuple(TrainingMember(run=f"seed-{seed}", seed=seed, steps=8) for seed in (1, 2))
    training = manifest.training.model_copy(update={"members": runs})
    mean = manifest.model_copy(update={"training": training})
    path = write_bundle(tmp_path / "mean", model.SerializeToString(), mean, golden)
    assert load_bundle(path).manifest.training.members == runs


def load_bundle_of_zero(
    folder: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> str:
    low, high = manifest.contract.bounds("action")
    middle = np.broadcast_to(((low + high) / 2).astype(np.float32), golden.action.shape)
    zero = replace(golden, action=np.array(middle))
    return load_bundle(write_bundle(folder, model.SerializeToString(), manifest, zero)).digest


@pytest.mark.parametrize("name", FILES)
def test_any_flipped_byte_is_refused(folder: Path, name: str) -> None:
    path = folder / name
    good = path.read_bytes()
    rng = np.random.default_rng(1)
    for position in rng.choice(len(good), size=min(len(good), 150), replace=False):
        bad = bytearray(good)
        bad[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(bad)
        with pytest.raises(BundleError):
            load_bundle(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_refused(folder: Path, name: str, share: float) -> None:
    path = folder / name
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BundleError, match=r"export|copy"):
        load_bundle(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"{name}: No such file.*heatrouter export"):
        load_bundle(folder)


def test_a_file_instead_of_a_folder_is_refused(folder: Path) -> None:
    with pytest.raises(BundleError, match="a bundle is a folder with"):
        load_bundle(folder / "policy.onnx")


def test_external_data_is_refused(model: onnx.ModelProto, write: Write) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../secret"
    with pytest.raises(BundleError, match="1 tensors keep their values in another file"):
        write(model)


def test_a_hidden_external_tensor_in_an_attribute_is_refused(
    model: onnx.ModelProto, write: Write
) -> None:
    constant = helper.make_node("Constant", [], ["unused"], value=model.graph.initializer[0])
    constant.attribute[0].t.data_location = onnx.TensorProto.EXTERNAL
    model.graph.node.append(constant)
    with pytest.raises(BundleError, match="in another file"):
        write(model)


def test_a_foreign_domain_is_refused(model: onnx.ModelProto, write: Write) -> None:
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    with pytest.raises(BundleError, match=r"outside the standard ONNX domain \('com.example'\)"):
        write(model)


def test_a_foreign_operator_is_refused(model: onnx.ModelProto, write: Write) -> None:
    model.graph.node[3].domain = "com.microsoft"
    with pytest.raises(BundleError, match=r"com.microsoft.Tanh"):
        write(model)


def test_functions_of_the_file_itself_are_refused(model: onnx.ModelProto, write: Write) -> None:
    function = model.functions.add()
    function.name, function.domain = "f", ""
    with pytest.raises(BundleError, match="1 functions"):
        write(model)


def test_loops_are_refused(model: onnx.ModelProto, write: Write) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", ""], ["x"], body=body))
    with pytest.raises(BundleError, match="1 branches or loops"):
        write(model)


def test_a_model_that_is_too_large_is_refused(
    tmp_path: Path, manifest: Manifest, golden: GoldenVectors
) -> None:
    with pytest.raises(BundleError, match="limit"):
        write_bundle(tmp_path / "big", bytes(16 * 1024 * 1024 + 1), manifest, golden)


def test_another_width_is_refused(model: onnx.ModelProto, write: Write) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 8
    with pytest.raises(BundleError, match=r"policy.onnx"):
        write(model)


def test_a_fixed_batch_size_is_refused(model: onnx.ModelProto, write: Write) -> None:
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_value = 12
    with pytest.raises(BundleError, match=r"shape \(any, 7\)"):
        write(model)


def test_another_name_of_the_output_is_refused(model: onnx.ModelProto, write: Write) -> None:
    model.graph.output[0].name = model.graph.node[-1].output[0] = "result"
    with pytest.raises(BundleError, match="one 'action'"):
        write(model)


def test_weights_that_miss_the_golden_vectors_are_refused(
    model: onnx.ModelProto, write: Write
) -> None:
    weight = onnx.numpy_helper.to_array(model.graph.initializer[2]) * np.float32(1.001)
    model.graph.initializer[2].raw_data = weight.tobytes()
    with pytest.raises(BundleError, match=r"golden vector \d+: action"):
        write(model)


def test_a_policy_that_answers_nan_is_refused(model: onnx.ModelProto, write: Write) -> None:
    model.graph.initializer[2].raw_data = np.full((7, 2), np.nan, dtype=np.float32).tobytes()
    with pytest.raises(BundleError, match=r"is nan"):
        write(model)


def test_golden_vectors_of_another_shape_are_refused(
    tmp_path: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> None:
    narrow = replace(golden, set_points=np.zeros((12, 2)))
    with pytest.raises(BundleError, match=r"golden\.npz: holds"):
        write_bundle(tmp_path / "b", model.SerializeToString(), manifest, narrow)


def test_a_contract_with_another_digest_is_refused(
    tmp_path: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> None:
    other = manifest.model_copy(update={"contract_digest": "f" * 64})
    with pytest.raises(BundleError, match="contract: its digest is"):
        write_bundle(tmp_path / "b", model.SerializeToString(), other, golden)


def test_another_control_step_than_the_tasks_is_refused(
    tmp_path: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> None:
    task = manifest.task.model_copy(update={"control_dt_s": 600.0})
    other = manifest.model_copy(update={"task": task})
    with pytest.raises(BundleError, match=r"control_dt_s: the contract says 900.0"):
        write_bundle(tmp_path / "b", model.SerializeToString(), other, golden)


def test_another_schema_says_so(folder: Path) -> None:
    path = folder / "manifest.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"schema_version": 2', '"schema_version": 1'), encoding="utf-8")
    with pytest.raises(BundleError, match="schema_version is 1, this heatrouter reads 2"):
        load_bundle(folder)


def test_an_edited_manifest_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"seed": 1', '"seed":  1'), encoding="utf-8")
    with pytest.raises(BundleError, match="not as it was written"):
        load_bundle(folder)


def test_a_failed_write_leaves_nothing_and_keeps_the_old_bundle(
    folder: Path, manifest: Manifest, golden: GoldenVectors
) -> None:
    digest = load_bundle(folder).digest
    with pytest.raises(BundleError):
        write_bundle(folder, b"no model", manifest, golden)
    assert load_bundle(folder).digest == digest
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_bundle_is_replaced_whole(
    folder: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> None:
    renamed = manifest.model_copy(update={"name": "new"})
    write_bundle(folder, model.SerializeToString(), renamed, golden)
    assert load_bundle(folder).manifest.name == "new"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_folder_with_something_else_is_left_alone(
    tmp_path: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(BundleError, match="is no bundle"):
        write_bundle(tmp_path / "mine", model.SerializeToString(), manifest, golden)
    assert (tmp_path / "mine" / "thesis.tex").is_file()


def test_a_copy_elsewhere_is_the_same_bundle(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    assert load_bundle(tmp_path / "copy").digest == load_bundle(folder).digest


def test_bundles_of_other_districts_are_refused(folder: Path, contract: Contract) -> None:
    from heatrouter.envs.spec.loading import load_district

    with pytest.raises(BundleError, match=r"made for 'small'.*asked to control 'energy-web'"):
        load_bundle(folder, load_district("energy-web"))


@pytest.mark.parametrize("width", [3, 12])
def test_a_wrong_width_that_the_runtime_would_correct_is_refused(
    model: onnx.ModelProto, write: Write, width: int
) -> None:
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = width
    with pytest.raises(BundleError, match=r"declares as outputs"):
        write(model)
