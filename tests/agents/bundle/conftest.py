"""A small contract, a small policy for it and the bundle of both."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from heatrouter.agents.bundle import (
    GoldenVectors,
    Manifest,
    Parity,
    TrainingRecord,
    write_bundle,
)
from heatrouter.envs.contract import ActionChannel, Channel, Contract, SetPoint
from heatrouter.envs.spec.task import ForecastWindows, ObjectiveWeights, Task

WIDTH = 7  # observations


@pytest.fixture
def contract() -> Contract:
    return Contract(
        district="small",
        district_digest="0" * 64,
        parametrisation="heat_price",
        control_dt_s=900.0,
        observation=tuple(
            Channel(
                name=f"o{i}",
                unit="kW",
                low=-10.0 * i - 1.0,
                high=500.0,
                source="measured",
                origin=f"o{i}",
            )
            for i in range(WIDTH)
        ),
        action=(
            ActionChannel(name="tank.price", unit="EUR/MWh", low=-20.0, high=140.0, neutral=40.0),
            ActionChannel(
                name="main.supply_temp_c", unit="degC", low=70.0, high=95.0, neutral=80.0
            ),
        ),
        set_points=(
            SetPoint(
                name="pump.load_share", unit="1", low=0.0, high=1.0, safe=0.0, switchable=True
            ),
        ),
    )


@pytest.fixture
def task() -> Task:
    return Task(
        name="small",
        district="small",
        parametrisation="heat_price",
        forecast=ForecastWindows(kind="perfect", series=(), window_hours=()),
        objective=ObjectiveWeights(
            unmet_eur_per_mwh=800.0,
            co2_eur_per_t=None,
            room_comfort_eur_per_kh_mw=20.0,
            crop_comfort_eur_per_kh_ha=100.0,
            ramp_eur_per_mw=0.5,
            reuse_credit_eur_per_mwh=0.0,
            stock_eur_per_mwh=35.0,
            building_stock_eur_per_mwh=25.0,
        ),
    )


@pytest.fixture
def model(contract: Contract) -> onnx.ModelProto:
    """Scaling, one tanh layer, and units back, as the exporter writes it."""
    rng = np.random.default_rng(5)
    low, high = contract.bounds("observation")
    action_low, action_high = contract.bounds("action")
    values = {
        "middle": (low + high) / 2.0,
        "inverse": 2.0 / (high - low),
        "weight": rng.normal(size=(WIDTH, 2)),
        "scale": (action_high - action_low) / 2.0,
        "shift": (action_high + action_low) / 2.0,
    }
    nodes = [
        helper.make_node("Sub", ["observation", "middle"], ["centred"]),
        helper.make_node("Mul", ["centred", "inverse"], ["scaled"]),
        helper.make_node("MatMul", ["scaled", "weight"], ["mixed"]),
        helper.make_node("Tanh", ["mixed"], ["squashed"]),
        helper.make_node("Mul", ["squashed", "scale"], ["wide"]),
        helper.make_node("Add", ["wide", "shift"], ["action"]),
    ]
    graph = helper.make_graph(
        nodes,
        "policy",
        [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["batch", WIDTH])],
        [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(v.astype(np.float32), k) for k, v in values.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(made)
    return made


@pytest.fixture
def golden(contract: Contract, model: onnx.ModelProto) -> GoldenVectors:
    low, high = contract.bounds("observation")
    observation = np.random.default_rng(6).uniform(low, high, size=(12, WIDTH)).astype(np.float32)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (action,) = session.run(None, {"observation": observation})
    return GoldenVectors(observation, np.asarray(action), np.full((12, 1), 0.5))


@pytest.fixture
def manifest(contract: Contract, task: Task) -> Manifest:
    return Manifest(
        name="small-policy",
        created_utc="2026-01-01T00:00:00Z",
        contract=contract,
        contract_digest=contract.digest,
        task=task,
        decoder="heat_price",
        decoder_version=1,
        guard_limits_digest="0" * 64,
        training=TrainingRecord(run="r", config="c", algorithm="ppo", seed=1, steps=10),
        parity=Parity(
            observations=10,
            max_abs_error_normalised=1e-7,
            max_abs_error_physical=1e-5,
            worst_channel="tank.price",
        ),
    )


Write = Callable[[onnx.ModelProto], Path]


@pytest.fixture
def folder(
    tmp_path: Path, model: onnx.ModelProto, manifest: Manifest, golden: GoldenVectors
) -> Path:
    """A good bundle."""
    return write_bundle(tmp_path / "bundle", model.SerializeToString(), manifest, golden)


@pytest.fixture
def write(tmp_path: Path, manifest: Manifest, golden: GoldenVectors) -> Write:
    """Writes a bundle of another model, with the right hashes."""
    return lambda other: write_bundle(
        tmp_path / "other", other.SerializeToString(), manifest, golden
    )
