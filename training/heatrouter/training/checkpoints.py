"""Checkpoints at rollout boundaries, from which a run goes on as if it had never stopped.

Exact resume needs everything that the next rollout depends on: weights, optimiser, every random
generator, the state of the simulator, the last observations, and the counters that drive the
learning rate. A file appears whole or not at all and holds no pickled objects.
"""

import io
import os
import random
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from heatrouter.envs.errors import StorageError, TrainingConfigError
from heatrouter.training.algorithms.learner_state import learner_state, restore_learner

SCHEMA_VERSION: Final = 2
_NAME: Final = re.compile(r"^step-(\d+)\.pt$")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at a rollout boundary.

    Attributes:
        steps: Control steps so far, all environments together.
        content: Plain data and tensors, independent copies of what they were taken from; only
            the memory of SAC and TQC is shared, so that it has to be written at once.
    """

    steps: int
    content: dict[str, Any]


def take_snapshot(
    model: BaseAlgorithm,
    batch_state: Mapping[str, np.ndarray[Any, Any]],
    progress: Mapping[str, Any],
) -> Snapshot:
    """Copy everything that the next rollout depends on.

    Args:
        model: The algorithm, between two rollouts.
        batch_state: What ``DistrictBatch.save_state`` returned.
        progress: Plain data of the run itself, e.g. the learning curve.
    """
    numpy_state = np.random.get_state(legacy=True)  # noqa: NPY002  # SB3 draws from it
    assert isinstance(numpy_state, tuple)
    content = {
        "schema_version": SCHEMA_VERSION,
        "steps": model.num_timesteps,
        "learner": learner_state(model),
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


def restore_snapshot(model: BaseAlgorithm, snapshot: Snapshot) -> dict[str, np.ndarray[Any, Any]]:
    """Put a snapshot back into a freshly made algorithm.

    Args:
        model: Made from the same configuration, not used yet.
        snapshot: What to go on from.

    Returns:
        The state for ``DistrictBatch.restore_state``.
    """
    content = snapshot.content
    model.num_timesteps = content["steps"]
    restore_learner(model, content["learner"])
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

    Raises:
        StorageError: The disk refused it; older checkpoints stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{snapshot.steps:012d}.pt"
    save_tensors(path, snapshot.content)
    for old in checkpoint_files(folder)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def save_tensors(path: Path, content: Mapping[str, Any]) -> None:
    """Write tensors and plain data; the file appears whole or not at all.

    Raises:
        StorageError: The disk refused it.
    """
    stage = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with stage.open("wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        stage.replace(path)
    except (OSError, RuntimeError) as error:  # torch's writer hides the reason in the latter
        raise StorageError(_refused(path, error)) from error
    finally:
        stage.unlink(missing_ok=True)


def _refused(path: Path, error: BaseException) -> str:
    """Say why a file could not be written, and what is left to go on from."""
    reason = error.strerror if isinstance(error, OSError) else None
    if reason is None:
        free = shutil.disk_usage(path.parent).free
        reason = f"{str(error).partition(chr(10))[0]}; {free / 1e6:.0f} MB are free there"
    run = path.parent.parent if path.parent.name == "checkpoints" else path.parent
    kept = checkpoint_files(run / "checkpoints")
    steps = f"the checkpoint at step {_steps_of(kept[-1]):,} stays" if kept else "there is none yet"
    return (
        f"{path}: cannot be written ({reason}); {steps}. Make room, then go on: "
        f"heatrouter train --resume {run}"
    )


def _steps_of(path: Path) -> int:
    found = _NAME.match(path.name)
    assert found is not None
    return int(found[1])


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


def _packed(arrays: Mapping[str, np.ndarray[Any, Any]]) -> torch.Tensor:
    """Arrays of any plain type as bytes: torch does not store all of NumPy's types."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)


def _unpacked(packed: torch.Tensor) -> dict[str, np.ndarray[Any, Any]]:
    with np.load(io.BytesIO(packed.numpy().tobytes()), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
