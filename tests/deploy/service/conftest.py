"""A district, its contract, and a bundle whose policy always answers the neutral action."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from heatrouter.agents.bundle import (
    GoldenVectors,
    Manifest,
    Parity,
    TrainingRecord,
    write_bundle,
)
from heatrouter.agents.golden_chain import DECODER_VERSION
from heatrouter.envs.contract import Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task


@pytest.fixture(scope="session")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="session")
def task() -> Task:
    return load_task("energy-web")


@pytest.fixture(scope="session")
def contract(district: District, task: Task) -> Contract:
    return build_contract(district, task)


@pytest.fixture(scope="session")
def neutral(contract: Contract) -> np.ndarray:
    return np.array([channel.neutral for channel in contract.action], dtype=np.float32)


@pytest.fixture(scope="session")
def bundle(
    tmp_path_factory: pytest.TempPathFactory, contract: Contract, task: Task, neutral: np.ndarray
) -> Path:
    """A NaN in an observation still makes the answer NaN, as with a trained policy."""
    n_in, n_out = len(contract.observation), len(contract.action)
    weights = {"weight": np.zeros((n_in, n_out), dtype=np.float32), "neutral": neutral}
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["observation", "weight"], ["zero"]),
            helper.make_node("Add", ["zero", "neutral"], ["action"]),
        ],
        "policy",
        [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["batch", n_in])],
        [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["batch", n_out])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    low, high = contract.bounds("observation")
    observation = np.random.default_rng(1).uniform(low, high, (4, n_in)).astype(np.float32)
    safe = np.array([point.safe for point in contract.set_points])
    manifest = Manifest(
        name="neutral",
        created_utc="2026-01-01T00:00:00Z",
        contract=contract,
        contract_digest=contract.digest,
        task=task,
        decoder=contract.parametrisation,
        decoder_version=DECODER_VERSION,
        guard_limits_digest="0" * 64,
        training=TrainingRecord(run="none", config="none", algorithm="none", seed=0, steps=0),
        parity=Parity(
            observations=4,
            max_abs_error_normalised=0.0,
            max_abs_error_physical=0.0,
            worst_channel=contract.action[0].name,
        ),
    )
    golden = GoldenVectors(observation, np.tile(neutral, (4, 1)), np.tile(safe, (4, 1)))
    folder = tmp_path_factory.mktemp("bundles") / "neutral"
    return write_bundle(folder, model.SerializeToString(), manifest, golden)
