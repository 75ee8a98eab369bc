"""Trainings of a sweep as processes on this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from heatrouter.training.sweep_worker import LOG

ATTEMPTS: Final = 3
"""Of a training whose process is killed; each goes on from the newest checkpoint."""
_POLL_S: Final = 0.5
_GRACE_S: Final = 60.0


class Outcome(NamedTuple):
    """How a training ended.

    Attributes:
        name: Of the run inside the sweep.
        error: Why there is no summary; None where there is one.
    """

    name: str
    error: str | None


@dataclass
class _Work:
    name: str
    attempts: int = 0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)


def local_outcomes(
    out: Path, names: Sequence[str], jobs: int, watch: Callable[[Sequence[str]], None]
) -> Iterator[Outcome]:
    """Train in processes of their own, some at a time.

    Args:
        out: Folder of the sweep.
        names: Of the runs that are to be trained.
        jobs: How many at a time.
        watch: Told now and then which ones are being trained.

    Yields:
        Every training as it ends. Where the caller stops early, what runs is ended.
    """
    waiting = [_Work(name) for name in names]
    running: list[_Work] = []
    threads = max(len(os.sched_getaffinity(0)) // jobs, 1)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                work = waiting.pop(0)
                work.attempts += 1
                work.process = _start(out / work.name, threads)
                running.append(work)
            time.sleep(_POLL_S)
            watch([work.name for work in running])
            for work in [*running]:
                assert work.process is not None
                code = work.process.poll()
                if code is None:
                    continue
                running.remove(work)
                if code < 0 and work.attempts < ATTEMPTS:
                    waiting.insert(0, work)
                else:
                    yield Outcome(work.name, _error(out / work.name, code) if code else None)
    finally:
        for work in running:
            if work.process is not None:
                _stop(work.process)


def _start(folder: Path, threads: int) -> "subprocess.Popen[bytes]":
    # Each process would otherwise start as many threads as there are cores.
    environment = os.environ | {"NUMBA_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "heatrouter.training.sweep_worker", str(folder)],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=environment,
        )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a training as Ctrl-C would, so that it keeps a checkpoint."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _error(folder: Path, code: int) -> str:
    lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    said = lines[-1] if lines else "it said nothing"
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return f"{how}: {said}; see {folder / LOG}"
