"""How far the exported graph is from the trained network, over observations of all kinds."""

import numpy as np
import torch

from heatrouter.agents.manifest import Parity
from heatrouter.agents.onnx_model import open_session
from heatrouter.envs.actuate import ActionScaling
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError
from heatrouter.training.onnx_export import ExportedGraph

PARITY_LIMIT = 1e-5
"""Largest allowed error, in normalised action units."""

OUTSIDE_SHARE = 0.25
"""How far beyond its bounds, in ranges, an observation is tried."""

FAR_VALUE = 1.0e7
"""A reading far beyond any bound, such as a wrong unit makes."""


def parity_observations(
    contract: Contract, seen: Float32Array, count: int, seed: int
) -> Float32Array:
    """Observations to compare on: seen ones, random ones inside and outside, and extremes.

    Args:
        contract: Bounds of the observations.
        seen: Observations of the closed loop, shape ``(n, n_observation)``.
        count: How many at least.
        seed: Of the random ones.

    Returns:
        Shape ``(count or more, n_observation)``.
    """
    low, high = contract.bounds("observation")
    span = high - low
    random = np.random.default_rng(seed)
    width = low.size
    corners = np.where(random.random((256, width)) < 0.5, low, high)
    single = np.repeat(((low + high) / 2.0)[np.newaxis, :], 2 * width, axis=0)
    single[np.arange(width), np.arange(width)] = low
    single[width + np.arange(width), np.arange(width)] = high
    far = np.stack(
        [low, high, np.zeros(width), np.full(width, FAR_VALUE), np.full(width, -FAR_VALUE)]
    )
    fixed = [seen.astype(np.float64), corners, single, far]
    rest = max(count - sum(len(part) for part in fixed), 0)
    inside = low + span * random.random((rest - rest // 2, width))
    reach = 1.0 + 2.0 * OUTSIDE_SHARE
    outside = low - OUTSIDE_SHARE * span + reach * span * random.random((rest // 2, width))
    return np.concatenate([*fixed, inside, outside]).astype(np.float32)


def measure_parity(
    graph: ExportedGraph, model: bytes, contract: Contract, observations: Float32Array
) -> tuple[Parity, Float32Array]:
    """Compare network and exported model.

    Args:
        graph: The trained network.
        model: The bytes of the ONNX model.
        contract: Ranges of the actions.
        observations: Shape ``(n, n_observation)``.

    Returns:
        The largest errors, and the model's actions.

    Raises:
        BundleError: The largest error exceeds the limit, or is no number.
    """
    with torch.no_grad():
        tensor = torch.as_tensor(observations)
        wanted_normalised = graph.normalised(tensor).numpy().astype(np.float64)
        wanted = graph(tensor).numpy().astype(np.float64)
    (found,) = open_session(model).run(None, {"observation": observations})
    scaling = ActionScaling.from_contract(contract)
    normalised = _largest(scaling.normalise(found) - wanted_normalised)
    physical = _largest(found.astype(np.float64) - wanted)
    worst = int(np.argmax(physical))
    parity = Parity(
        observations=len(observations),
        max_abs_error_normalised=float(normalised.max()),
        max_abs_error_physical=float(physical[worst]),
        worst_channel=contract.action[worst].name,
    )
    if not parity.max_abs_error_normalised <= PARITY_LIMIT:
        channel = contract.action[int(np.argmax(normalised))].name
        msg = (
            f"parity: {channel!r} of the exported model is off by "
            f"{parity.max_abs_error_normalised:.2g} of the normalised action, the limit is "
            f"{PARITY_LIMIT:g}; check the versions of torch, onnx and onnxruntime"
        )
        raise BundleError(msg)
    return parity, found


def _largest(error: FloatArray) -> FloatArray:
    """Largest absolute error per channel; what is no number counts as infinite."""
    largest: FloatArray = np.nan_to_num(np.abs(error), nan=np.inf).max(axis=0)
    return np.minimum(largest, np.finfo(np.float64).max)
