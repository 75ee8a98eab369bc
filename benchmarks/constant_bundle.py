"""A bundle that is complete and right, and whose policy always answers the same action.

A NaN in an observation makes the answer NaN, as with a trained policy.
"""

from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from heatrouter.agents.hand_made_bundle import write_hand_made_bundle
from heatrouter.agents.monitor import Monitor
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

ROWS = 4


def constant_model(n_in: int, action: Float32Array) -> ModelProto:
    """A graph that answers ``action``, shape ``(n_action,)``, to any ``n_in`` numbers."""
    n_out = len(action)
    weights = {"weight": np.zeros((n_in, n_out), dtype=np.float32), "constant": action}
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["observation", "weight"], ["zero"]),
            helper.make_node("Add", ["zero", "constant"], ["action"]),
        ],
        "policy",
        [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["batch", n_in])],
        [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["batch", n_out])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def constant_bundle(
    folder: Path,
    district: District,
    task: Task,
    action: Float32Array,
    *,
    name: str = "constant",
    monitor: Monitor | None = None,
) -> Path:
    """Write a bundle with the golden vectors of its district; returns the folder."""
    contract = build_contract(district, task)
    low, high = contract.bounds("observation")
    random = np.random.default_rng(1)
    observation = random.uniform(low, high, (ROWS, low.size)).astype(np.float32)
    actions = np.tile(action, (ROWS, 1)).astype(np.float32)
    model = constant_model(low.size, action).SerializeToString()
    return write_hand_made_bundle(
        folder, model, district, task, observation, actions, name=name, monitor=monitor
    )
