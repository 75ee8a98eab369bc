"""Trainings of a sweep on a Ray cluster. Workers train in a folder of their own and send it back.

Ray starts a training anew on another node when its own node dies. What has ended is fetched at
once, so that it does not depend on a node any longer.
"""

import io
import logging
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console

from heatrouter.envs.errors import HeatrouterError, TrainingConfigError
from heatrouter.training.sweep_local import Outcome
from heatrouter.training.sweep_worker import INPUTS, LOG, work

NODE_LOSSES: Final = 10
"""How often a training is repeated because its node went away."""
_POLL_S: Final = 2.0
_LEFT_THERE: Final = "checkpoints"


class Packed(NamedTuple):
    """A training that ended on some node.

    Attributes:
        error: Why there is no summary; None where there is one.
        files: The run's folder as a tar file, without checkpoints.
    """

    error: str | None
    files: bytes


def train_packed(inputs: dict[str, str]) -> Packed:
    """Train in a folder of this machine; runs on a node of the cluster.

    Args:
        inputs: Text of configuration, task and district by file name.
    """
    with tempfile.TemporaryDirectory(prefix="heatrouter-") as name:
        folder = Path(name)
        for file, text in inputs.items():
            (folder / file).write_text(text, encoding="utf-8")
        error = None
        with (folder / LOG).open("a", encoding="utf-8") as log:
            try:
                work(folder, Console(file=log, width=160))
            except HeatrouterError as refused:
                error = str(refused)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for item in sorted(folder.iterdir()):
                if item.name != _LEFT_THERE:
                    archive.add(item, item.name)
        return Packed(error, buffer.getvalue())


def ray_outcomes(
    out: Path,
    names: Sequence[str],
    cores: Sequence[int],
    address: str,
    watch: Callable[[Sequence[str]], None],
) -> Iterator[Outcome]:
    """Train on the nodes of a cluster, as many at a time as have cores for it.

    Args:
        out: Folder of the sweep.
        names: Of the runs that are to be trained.
        cores: That each of them takes.
        address: Of the cluster, as ``ray.init`` takes it; ``auto`` for the one of this machine.
        watch: Told now and then which ones have not ended.

    Yields:
        Every training as it ends, its files in its folder.

    Raises:
        TrainingConfigError: Ray is not installed, or no cluster answers.
    """
    ray = _connect(address)
    try:
        task = ray.remote(train_packed)
        pending: dict[Any, str] = {}
        for name, count in zip(names, cores, strict=True):
            inputs = {file: (out / name / file).read_text(encoding="utf-8") for file in INPUTS}
            options = task.options(num_cpus=count, max_retries=NODE_LOSSES, name=name)
            pending[options.remote(inputs)] = name
        while pending:
            ended, _ = ray.wait([*pending], num_returns=1, timeout=_POLL_S)
            for reference in ended:
                name = pending.pop(reference)
                yield _fetched(ray, reference, out / name, name)
            watch([*pending.values()])
    finally:
        ray.shutdown()


def _connect(address: str) -> Any:  # noqa: ANN401  # ray ships no annotations
    try:
        import ray
    except ModuleNotFoundError as error:
        msg = "--executor ray: Ray is not installed; install it with: pip install 'heatrouter[ray]'"
        raise TrainingConfigError(msg) from error
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        msg = f"--address {address}: no Ray cluster answers there ({reason})"
        raise TrainingConfigError(msg) from error
    return ray


def _fetched(ray: Any, reference: Any, folder: Path, name: str) -> Outcome:  # noqa: ANN401
    try:
        error, files = ray.get(reference)
    except ray.exceptions.RayError as lost:
        return Outcome(name, f"{type(lost).__name__}: {str(lost).partition(chr(10))[0]}")
    with tarfile.open(fileobj=io.BytesIO(files), mode="r:gz") as archive:
        archive.extractall(folder, filter="data")
    return Outcome(name, error)
