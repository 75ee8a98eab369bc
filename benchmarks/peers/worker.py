"""A process that does work when told, from the side that tells it; see `stopwatch`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Self

from peers.stopwatch import Spent

BENCHMARKS = Path(__file__).resolve().parents[1]


class WorkerError(Exception):
    """A process ended; the message has its last words."""


class Worker:
    """One side of comparisons.

    Args:
        python: Its interpreter.
        module: Such as ``env_grid2op``.
        arguments: Its command line.
        own: Whether it is heatrouter's: a peer sees nothing of the caller's ``PYTHONPATH``.
        log: File for what it prints.

    Attributes:
        about: What it said when it was ready: version of Python, versions of packages.
    """

    def __init__(
        self, python: str | Path, module: str, arguments: list[str], *, own: bool, log: Path
    ) -> None:
        paths = [str(BENCHMARKS), *([os.environ.get("PYTHONPATH", "")] if own else [])]
        self._module, self._log = module, log
        with log.open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(
                [str(python), "-m", f"peers.{module}", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            )
        try:
            self.about: dict[str, Any] = self._answer()
        except WorkerError:
            self.close()
            raise

    def do(self, work: str) -> Spent:
        """Let it do a work once; raises WorkerError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(work + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerError(self._last_words()) from error
        return Spent(**self._answer())

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._process.wait()
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"{self._module} ended with {self._process.returncode}: {' / '.join(lines[-2:])}"

    def close(self) -> None:
        """End it: its input ends, so it leaves by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
