"""A decision of the exported policy, against SB3's predict of the same net in the same run."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from measure import Measurement, measure
from rich.console import Console
from rich.table import Table

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.hand_made_bundle import write_hand_made_bundle
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.contract import Contract
from heatrouter.envs.gymenv.building import action_space, observation_space
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import NetworkSettings
from heatrouter.training.onnx_export import ExportedPolicy, to_onnx
from heatrouter.training.policy import HeatPolicy

PRESET = "energy-web"
CALLS = 100


def exported_policy(preset: str) -> tuple[OnnxPolicy, Float32Array, HeatPolicy]:
    """An untrained policy of the usual size, as exported; an observation for it; its network."""
    district, task = load_district(preset), load_task(preset)
    contract = build_contract(district, task)
    network = HeatPolicy(
        observation_space(contract),
        action_space(contract),
        lambda _: 0.0,
        contract=contract,
        settings=NetworkSettings(),
    )
    network.set_training_mode(False)
    low, high = contract.bounds("observation")
    observations = np.random.default_rng(0).uniform(low, high, (8, low.size)).astype(np.float32)
    exported = _exported(network, district, task, contract, observations)
    return exported, observations[:1], network


def main() -> list[Measurement]:
    exported, one, network = exported_policy(PRESET)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        found = [
            measure("decision, OnnxPolicy", lambda: exported.act(one), repeats=50, calls=CALLS),
            measure(
                "decision, SB3 predict of the same network",
                lambda: network.predict(one, deterministic=True),
                repeats=50,
                calls=CALLS,
            ),
        ]
    finally:
        torch.set_num_threads(threads)
    onnx, sb3 = found
    table = Table("decision for one plant", "times that of OnnxPolicy")
    table.add_row("OnnxPolicy", "1")
    table.add_row("SB3 predict", f"{sb3.p50_s / onnx.p50_s:.1f}")
    Console().print(table)
    return found


def _exported(
    network: HeatPolicy,
    district: District,
    task: Task,
    contract: Contract,
    observations: Float32Array,
) -> OnnxPolicy:
    graph = ExportedPolicy(network, contract)
    with torch.no_grad():
        actions = np.asarray(graph(torch.as_tensor(observations)).numpy(), dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        model = to_onnx(graph, observations)
        path = write_hand_made_bundle(
            Path(folder) / "bundle",
            model,
            district,
            task,
            observations,
            actions,
            name="benchmark",
        )
        return OnnxPolicy(load_bundle(path, district))
