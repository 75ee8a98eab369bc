"""Checkpoints at rollout boundaries, from which a run goes on as if it had never stopped.

Exact resume needs everything that the next rollout depends on: weights, optimiser, every random
generator, the state of the simulator, the last observations, and the counters that drive the
learning rate. A file appears whole or not at all and holds no pickled objects.
"""

import io
import os
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from stable_baselines3 import PPO

from heatrouter.envs.errors import TrainingConfigError

SCHEMA_VERSION: Final = 1
_NAME: Final = re.compile(r"^step-(\d+)\.pt$")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at a rollout boundary.

    Attributes:
        steps: Control steps so far, all environments together.
        content: Plain data and tensors, independent copies of what they were taken from.
    """

    steps: int
    content: dict[str, Any]


def take_snapshot(
    model: PPO, batch_state: Mapping[str, np.ndarray[Any, Any]], progress: Mapping[str, Any]
) -> Snapshot:
    """Copy everything that the next rollout depends on.

    Args:
        model: The algorithm, between two rollouts.
        batch_state: What ``DistrictBatch.save_state`` returned.
        progress: Plain data of the run itself, e.g. the learning curve.
    """
    assert isinstance(model._last_obs, np.ndarray)  # noqa: SLF001  # SB3 has no accessor
    assert model._last_episode_starts is not None  # noqa: SLF001
    numpy_state = np.random.get_state(legacy=True)  # noqa: NPY002  # SB3 draws from it
    assert isinstance(numpy_state, tuple)
    content = {
        "schema_version": SCHEMA_VERSION,
        "steps": model.num_timesteps,
        "updates": model._n_updates,  # noqa: SLF001
        "policy": _cloned(model.policy.state_dict()),
        "optimizer": _cloned(model.policy.optimizer.state_dict()),
        "last_observation": torch.from_numpy(model._last_obs.copy()),  # noqa: SLF001
        "last_starts": torch.from_numpy(model._last_episode_starts.copy()),  # noqa: SLF001
        "torch_random": torch.get_rng_state(),
        "numpy_random": [
            str(numpy_state[0]),
            [int(word) for word in numpy_state[1]],
            *(float(part) for part in numpy_state[2:]),
        ],
        "python_random": random.getstate(),
        "batch": _packed(batch_state),
        "progress": dict(progress),
    }
    return Snapshot(model.num_timesteps, content)


def restore_snapshot(model: PPO, snapshot: Snapshot) -> dict[str, np.ndarray[Any, Any]]:
    """Put a snapshot back into a freshly made algorithm.

    Args:
        model: Made from the same configuration, not used yet.
        snapshot: What to go on from.

    Returns:
        The state for ``DistrictBatch.restore_state``.
    """
    content = snapshot.content
    model.policy.load_state_dict(content["policy"])
    model.policy.optimizer.load_state_dict(content["optimizer"])
    model.num_timesteps = content["steps"]
    model._n_updates = content["updates"]  # noqa: SLF001  # SB3 has no accessor
    # With a last observation there, `learn` does not reset the environments.
    model._last_obs = content["last_observation"].numpy().copy()  # noqa: SLF001
    model._last_episode_starts = content["last_starts"].numpy().copy()  # noqa: SLF001
    restore_random(content)
    return _unpacked(content["batch"])


def restore_random(content: Mapping[str, Any]) -> None:
    """Put the global random generators back."""
    torch.set_rng_state(content["torch_random"])
    name, words, position, has_gauss, cached = content["numpy_random"]
    np.random.set_state(  # noqa: NPY002  # SB3 draws from it
        (name, np.array(words, dtype=np.uint32), int(position), int(has_gauss), cached)
    )
    version, internal, gauss = content["python_random"]
    random.setstate((version, tuple(internal), gauss))


def write_snapshot(folder: Path, snapshot: Snapshot, *, keep: int) -> Path:
    """Write a checkpoint and remove old ones.

    Args:
        folder: The run's folder of checkpoints.
        snapshot: What to write.
        keep: How many of the newest stay.

    Returns:
        The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{snapshot.steps:012d}.pt"
    save_tensors(path, snapshot.content)
    for old in checkpoint_files(folder)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def save_tensors(path: Path, content: Mapping[str, Any]) -> None:
    """Write tensors and plain data; the file appears whole or not at all."""
    stage = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with stage.open("wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        stage.replace(path)
    finally:
        stage.unlink(missing_ok=True)


def load_tensors(path: Path) -> dict[str, Any]:
    """Read what :func:`save_tensors` wrote; tensors and plain data only.

    Raises:
        TrainingConfigError: The file is missing, damaged, or of another version.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its parsers raise
        reason = str(error).partition("\n")[0] or type(error).__name__
        msg = f"{path}: cannot be read ({reason}); remove it and resume from an older checkpoint"
        raise TrainingConfigError(msg) from error
    if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
        msg = f"{path}: is no checkpoint of version {SCHEMA_VERSION}; train again"
        raise TrainingConfigError(msg)
    return content


def checkpoint_files(folder: Path) -> list[Path]:
    """Return the checkpoints of a run, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.match(path.name))


def newest_snapshot(folder: Path) -> Snapshot:
    """Read the newest checkpoint of a run.

    Raises:
        TrainingConfigError: There is none.
    """
    files = checkpoint_files(folder)
    if not files:
        msg = f"{folder}: holds no checkpoint; nothing to resume, start the training again"
        raise TrainingConfigError(msg)
    content = load_tensors(files[-1])
    return Snapshot(int(content["steps"]), content)


def _cloned(tree: Any) -> Any:  # noqa: ANN401  # a tree of tensors and plain data
    if isinstance(tree, torch.Tensor):
        return tree.detach().clone()
    if isinstance(tree, Mapping):
        return {key: _cloned(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_cloned(value) for value in tree]
    return tree


def _packed(arrays: Mapping[str, np.ndarray[Any, Any]]) -> torch.Tensor:
    """Arrays of any plain type as bytes: torch does not store all of NumPy's types."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)


def _unpacked(packed: torch.Tensor) -> dict[str, np.ndarray[Any, Any]]:
    with np.load(io.BytesIO(packed.numpy().tobytes()), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
