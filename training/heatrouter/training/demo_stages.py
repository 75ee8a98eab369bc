"""Stages of the demo: other commands as subprocesses, each with a line, a log file and a time."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.status import Status

from heatrouter.envs.errors import HeatrouterError

_TAIL_LINES = 15
_POLL_S = 0.25
_SAY_EVERY_S = 15.0
"""Without a terminal, the last line of a command is repeated this often."""
LOGS = "logs"


class DemoError(HeatrouterError):
    """A stage of the demo that failed."""


@dataclass(slots=True)
class Stages:
    """Runs commands one after the other and says how far they are.

    Attributes:
        folder: Where logs go.
        console: Where progress goes.
        total: How many stages there are.
        seconds: Time of each finished stage by its name.
    """

    folder: Path
    console: Console
    total: int
    seconds: dict[str, float] = field(default_factory=dict)
    _begin: float = field(default_factory=time.perf_counter)
    _said_s: float = 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the demo began."""
        return time.perf_counter() - self._begin

    @contextmanager
    def stage(self, name: str, what: str) -> Iterator[Status]:
        """Show and time one stage.

        Args:
            name: Its key in :attr:`seconds`.
            what: What happens, for people.
        """
        number = len(self.seconds) + 1
        line = f"[{number}/{self.total}] {what}"
        begin = time.perf_counter()
        if not self.console.is_terminal:
            self.console.print(line, highlight=False, markup=False)
        with self.console.status(line.replace("[", "\\[")) as status:
            yield status
        self.seconds[name] = round(time.perf_counter() - begin, 1)
        done = f"[{number}/{self.total}] {what}: {self.seconds[name]:.0f} s"
        self.console.print(done, highlight=False, markup=False, soft_wrap=True)

    def run(self, name: str, what: str, arguments: Sequence[str]) -> str:
        """Run one ``heatrouter`` command as a stage.

        Args:
            name: Key of the stage, and name of its log file.
            what: What happens, for people.
            arguments: The command and its arguments.

        Returns:
            What it wrote to stdout.

        Raises:
            DemoError: It failed; the message ends with the last lines of its log.
        """
        with self.stage(name, what) as status:
            process, log = start(arguments, self.folder / LOGS / name)
            try:
                while process.poll() is None:
                    self._show(status, what, log)
                    time.sleep(_POLL_S)
            except BaseException:
                end(process)
                raise
            check(process, arguments, log)
        return log.with_suffix(".out").read_text(encoding="utf-8")

    def _show(self, status: Status, what: str, log: Path) -> None:
        lines = tail(log.with_suffix(".out"), 1)
        if not self.console.is_terminal:
            if self.elapsed_s - self._said_s >= _SAY_EVERY_S:
                self._said_s = self.elapsed_s
                said = f"      {self.elapsed_s:.0f} s  {lines[-1] if lines else 'working'}"
                self.console.print(said, highlight=False, markup=False, soft_wrap=True)
            return
        text = f"\\[{len(self.seconds) + 1}/{self.total}] {what}"
        width = max(self.console.width - len(what) - 24, 10)
        last = lines[-1][:width].replace("[", "\\[") if lines else ""
        status.update(f"{text}  [dim]{last}[/]  {self.elapsed_s:.0f} s")


def start(arguments: Sequence[str], log: Path) -> tuple["subprocess.Popen[bytes]", Path]:
    """Start a ``heatrouter`` command.

    Args:
        arguments: The command and its arguments.
        log: Path of its logs without an ending; ``.out`` and ``.err`` are written.

    Returns:
        The process, and ``log``.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}
    with log.with_suffix(".out").open("wb") as out, log.with_suffix(".err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "heatrouter", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment,
        )
    return process, log


def check(process: "subprocess.Popen[bytes]", arguments: Sequence[str], log: Path) -> None:
    """Raise a :class:`DemoError` unless an ended process succeeded."""
    if process.returncode == 0:
        return
    lines = tail(log.with_suffix(".err"), _TAIL_LINES) or tail(log.with_suffix(".out"), _TAIL_LINES)
    shown = "\n".join(f"  {line}" for line in lines)
    msg = f"`heatrouter {' '.join(arguments)}` ended with {process.returncode}:\n{shown}"
    raise DemoError(msg)


def end(process: "subprocess.Popen[bytes]", patience_s: float = 10.0) -> None:
    """Ask a process to end, and kill it if it does not."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(path: Path, count: int) -> list[str]:
    """Last lines of a text file that are not empty."""
    try:
        text = path.read_bytes()[-8000:].decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [line.rstrip() for line in text.replace("\r", "\n").splitlines()]
    return [line for line in lines if line][-count:]
