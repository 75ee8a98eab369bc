"""A bundle of a model that no run has trained: for trials of the service, and for timings."""

from pathlib import Path

from heatrouter.agents.bundle import GoldenVectors, Manifest, Parity, TrainingRecord, write_bundle
from heatrouter.agents.golden_chain import DECODER_VERSION, guarded_set_points
from heatrouter.agents.monitor import Monitor
from heatrouter.envs.actuate import guard_limits
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task


def write_hand_made_bundle(
    folder: Path,
    model: bytes,
    district: District,
    task: Task,
    observation: Float32Array,
    action: Float32Array,
    *,
    name: str,
    monitor: Monitor | None = None,
) -> Path:
    """Write a bundle that says of itself that nothing was trained, and that the gate lets through.

    Args:
        folder: Where to; must not be there.
        model: The ONNX file.
        district: What it shall control.
        task: The objective, clocks and parametrisation behind its contract.
        observation: Golden observations, physical units, shape ``(n, n_observation)``.
        action: What the model answers to them, physical units, shape ``(n, n_action)``.
        name: Of the bundle.
        monitor: What watches over novelty; None: nothing does.

    Returns:
        The folder.
    """
    contract = build_contract(district, task)
    manifest = Manifest(
        name=name,
        created_utc="2026-01-01T00:00:00Z",
        contract=contract,
        contract_digest=contract.digest,
        task=task,
        decoder=contract.parametrisation,
        decoder_version=DECODER_VERSION,
        guard_limits_digest=guard_limits(district, contract).digest,
        training=TrainingRecord(run="none", config="none", algorithm="none", seed=0, steps=0),
        parity=Parity(
            observations=len(observation),
            max_abs_error_normalised=0.0,
            max_abs_error_physical=0.0,
            worst_channel=contract.action[0].name,
        ),
        metrics={"validation_saving": 0.01},
    )
    set_points = guarded_set_points(district, contract, task.rules, observation, action)
    golden = GoldenVectors(observation, action, set_points)
    return write_bundle(folder, model, manifest, golden, monitor)
