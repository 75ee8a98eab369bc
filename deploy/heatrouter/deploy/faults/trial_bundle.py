"""A complete bundle whose policy answers well until one of its inputs is beyond a threshold.

``good`` answers the same action always. The others answer it, too, until the trigger channel is
above a threshold that no golden vector reaches; then *nan* answers no numbers, *beyond* a thousand
times its range. *bang* swings from one end of its range to the other with the hour of the day. The
package ``onnx`` is needed to make one, not to run one.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from heatrouter.agents.hand_made_bundle import write_hand_made_bundle
from heatrouter.agents.monitor import Group, Monitor
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

if TYPE_CHECKING:
    from onnx import NodeProto

Manner = Literal["good", "nan", "beyond", "bang"]

TRIGGER: Final = "site.electricity_eur_per_mwh"
"""Channel by which a run makes the policy misbehave: a price, which no mode depends on."""

THRESHOLD_SHARE: Final = 0.9
"""Of the trigger's range."""

_GOLDEN_ROWS: Final = 4
_HUGE: Final = 3e38


def trial_bundle(
    folder: Path,
    preset: str,
    *,
    manner: Manner = "good",
    scale: float = 1.0,
    monitored: bool = False,
) -> Path:
    """Write a bundle that the gate lets through.

    Args:
        folder: Where to; must not be there.
        preset: District and task.
        manner: What its policy does beyond the threshold.
        scale: Times the neutral action is what it answers.
        monitored: With a watch over novelty: weather as in a mild Central European year.

    Returns:
        The folder.
    """
    district, task = load_district(preset), load_task(preset)
    contract = build_contract(district, task)
    low, high = contract.bounds("observation")
    at = trigger_index(contract)
    threshold = float(low[at] + THRESHOLD_SHARE * (high[at] - low[at]))
    answer = np.array([scale * c.neutral for c in contract.action], dtype=np.float32)
    model = _model(low.size, at, threshold, answer, contract, manner)
    random = np.random.default_rng(1)
    most = high.copy()
    most[at] = min(threshold, high[at])
    observation = random.uniform(low, most, (_GOLDEN_ROWS, low.size)).astype(np.float32)
    return write_hand_made_bundle(
        folder,
        model,
        district,
        task,
        observation,
        _run(model, observation),
        name=f"trial-{manner}",
        monitor=_monitor(contract, low, high) if monitored else None,
    )


def trigger_index(contract: Contract) -> int:
    """Where the trigger is in the observation."""
    return next(i for i, c in enumerate(contract.observation) if c.origin == TRIGGER)


def _model(
    n_in: int,
    at: int,
    threshold: float,
    answer: Float32Array,
    contract: Contract,
    manner: Manner,
) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    low, high = (bound.astype(np.float32) for bound in contract.bounds("action"))
    pick = np.zeros((n_in, 1), dtype=np.float32)
    pick[at, 0] = 1.0
    values: dict[str, np.ndarray] = {
        "pick": pick,
        "threshold": np.array([threshold], dtype=np.float32),
        "answer": answer[np.newaxis],
        "huge": np.array([_HUGE], dtype=np.float32),
        "thousand": 1e3 * high[np.newaxis],
    }
    node = helper.make_node
    nodes: list[NodeProto] = [
        node("MatMul", ["observation", "pick"], ["price"]),
        node("Greater", ["price", "threshold"], ["beyond"]),
    ]
    match manner:
        case "nan":
            # Infinity less infinity, for onnxruntime folds what is constant.
            nodes += [
                node("Abs", ["price"], ["size"]),
                node("Mul", ["size", "huge"], ["large"]),
                node("Mul", ["large", "huge"], ["infinite"]),
                node("Sub", ["infinite", "infinite"], ["otherwise"]),
            ]
        case "beyond":
            nodes += [node("Identity", ["thousand"], ["otherwise"])]
        case "bang":
            # One end below the middle of each hundred euros, the other one above it.
            values |= {
                "low": low[np.newaxis],
                "high": high[np.newaxis],
                "step": np.array([2.0], dtype=np.float32),
                "one": np.array([1.0], dtype=np.float32),
            }
            nodes += [
                node("Mod", ["price", "step"], ["rest"], fmod=1),
                node("Less", ["rest", "one"], ["lower"]),
                node("Where", ["lower", "low", "high"], ["otherwise"]),
            ]
        case "good":
            nodes += [node("Identity", ["answer"], ["otherwise"])]
    nodes += [node("Where", ["beyond", "otherwise", "answer"], ["action"])]
    used = {name for n in nodes for name in n.input}
    graph = helper.make_graph(
        nodes,
        "policy",
        [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["batch", n_in])],
        [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["batch", answer.size])],
        [numpy_helper.from_array(v, name) for name, v in values.items() if name in used],
    )
    opset = [helper.make_opsetid("", 18)]
    model: bytes = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    return model


def _run(model: bytes, observation: Float32Array) -> Float32Array:
    from onnxruntime import InferenceSession

    session = InferenceSession(model, providers=["CPUExecutionProvider"])
    (actions,) = session.run(None, {"observation": observation})
    return np.asarray(actions, dtype=np.float32)


def _monitor(contract: Contract, low: FloatArray, high: FloatArray) -> Monitor:
    """Everything is known but an outdoor temperature below -15 degC."""
    weather = [c.origin == "site.ambient_temp_c" for c in contract.observation]
    groups: tuple[Group, ...] = tuple("weather" if w else "unwatched" for w in weather)
    span = high - low
    seen = np.where(weather, -12.0, low)
    return Monitor(
        false_alarms_per_day=0.1,
        calibration_days=9,
        groups=groups,
        low=tuple(seen.tolist()),
        high=tuple(high.tolist()),
        span=tuple(span.tolist()),
        limits={"weather": 0.05},
        memories_h=(1.0,),
        relations=(),
        drift_limit=1.0,
    )
