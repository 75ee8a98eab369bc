"""Plant and service as processes of their own on loopback, and how to talk to both.

The service is the command ``heatrouter serve`` with a settings file, the plant
:mod:`.faulty_plant`. What the service does is read from its audit log, what the plant sees from
its answers to orders.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from heatrouter.deploy.modes import Mode
from heatrouter.deploy.state_dir import ModeRequest, StateDir, read_json
from heatrouter.envs.errors import HeatrouterError

START_S: Final = 480.0
"""The simulator may have to be compiled first."""

ANSWER_S: Final = 60.0
USER: Final = "anna"

Body = dict[str, Any]
_T = TypeVar("_T")


class SiteError(HeatrouterError):
    """A process of the trial did not do what the trial needs; the fault was never made."""


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until(
    what: Callable[[], _T | None], within_s: float, *, every_s: float = 0.02, named: str = ""
) -> _T:
    """Wait until something is there and return it.

    Raises:
        SiteError: It did not come in time.
    """
    end = time.monotonic() + within_s
    while (found := what()) is None:
        if time.monotonic() > end:
            message = f"{named or 'what was waited for'} did not come within {within_s:g} s"
            raise SiteError(message)
        time.sleep(every_s)
    return found


@contextlib.contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Beside so many processes that do nothing but take time."""
    spin = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(spin) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


class PlantProcess:
    """The plant that does what it is told.

    Args:
        folder: Of its log.
        speed: Plant seconds per real second.
        endpoint: Where to serve; a free port unless it is named.
        certificates: Folder of certificates; None serves without security.
    """

    def __init__(
        self,
        folder: Path,
        *,
        speed: float,
        endpoint: str | None = None,
        certificates: Path | None = None,
    ) -> None:
        self.endpoint = endpoint or f"opc.tcp://127.0.0.1:{free_port()}"
        self.log = folder / "plant.log"
        command = [sys.executable, "-m", "heatrouter.deploy.faults.faulty_plant"]
        command += ["--endpoint", self.endpoint, "--speed", str(speed)]
        if certificates is not None:
            command += ["--certificates", str(certificates)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        self._read = b""
        self.first = self._answer(START_S)

    def order(self, do: str, **what: object) -> Body:
        """Give an order and return what the plant sees after it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **what}).encode() + b"\n")
        self.process.stdin.flush()
        return self._answer(ANSWER_S)

    def look(self) -> Body:
        """What the plant sees."""
        return self.order("look")

    def stop(self) -> None:
        """End it, also if it is stopped."""
        _end(self.process)

    def _answer(self, within_s: float) -> Body:
        assert self.process.stdout is not None
        end = time.monotonic() + within_s
        while b"\n" not in self._read:
            readable, _, _ = select.select([self.process.stdout], [], [], end - time.monotonic())
            part = os.read(self.process.stdout.fileno(), 65_536) if readable else b""
            if not part:
                message = f"the plant does not answer; its log ends with: {_tail(self.log)}"
                raise SiteError(message)
            self._read += part
        line, _, self._read = self._read.partition(b"\n")
        content: Body = json.loads(line)
        return content


class AuditTail:
    """Reads an audit log while it is written; the chain is checked elsewhere.

    Args:
        path: The file in use.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bodies: list[Body] = []
        self._at = 0

    def look(self) -> list[Body]:
        """Every record so far, oldest first."""
        if self.path.exists():
            with self.path.open("rb") as file:
                file.seek(self._at)
                content = file.read()
            whole = content[: content.rfind(b"\n") + 1]
            self._at += len(whole)
            self.bodies += [json.loads(line)["body"] for line in whole.splitlines()]
        return self.bodies

    def mark(self) -> int:
        """How many records there are; what comes later is news."""
        return len(self.look())


class ServiceProcess:
    """``heatrouter serve`` with a settings file of its own.

    Args:
        folder: Of settings, state and log.
        settings: The settings file's content.
        arguments: Further options.
        environment: Further variables of its environment.
        before: Commands in front of it, e.g. ``prlimit``.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, object],
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = folder / "service.yaml"
        self.write_settings(settings)
        self.state = StateDir(Path(str(settings["state_dir"])))
        self.log = folder / "service.log"
        self.audit = AuditTail(self.state.audit_path)
        self.begun = time.monotonic()
        self.first_record = self.audit.mark()
        command = [*before, sys.executable, "-m", "heatrouter", "serve", str(self.settings)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )

    def write_settings(self, settings: Mapping[str, object]) -> None:
        """Replace the settings file; JSON is YAML."""
        self.settings.write_text(json.dumps(settings, indent=1, default=str) + "\n")

    def status(self) -> Body:
        """The newest status."""
        return read_json(self.state.path / "status.json") or {}

    def ticks(self, since: int) -> list[Body]:
        """Records of ticks from a mark on."""
        return [body for body in self.audit.look()[since:] if body["event"] is None]

    def events(self, since: int) -> list[Body]:
        """Records of anything else from a mark on."""
        return [body for body in self.audit.look()[since:] if body["event"] is not None]

    def wait_tick(self, since: int, holds: Callable[[Body], bool], within_s: float) -> Body:
        """The first tick from a mark on of which something holds."""

        def found() -> Body | None:
            self._alive()
            return next((body for body in self.ticks(since) if holds(body)), None)

        return until(found, within_s, named="a tick as it should be")

    def wait_event(self, since: int, begins: str, within_s: float) -> Body:
        """The first event from a mark on whose name begins so."""

        def found() -> Body | None:
            self._alive()
            return next((b for b in self.events(since) if str(b["event"]).startswith(begins)), None)

        return until(found, within_s, named=f"the event {begins!r}")

    def wait_mode(self, mode: str, since: int, within_s: float) -> Body:
        """The first tick from a mark on in a mode."""
        return self.wait_tick(since, lambda body: body["mode"] == mode, within_s)

    def ready_s(self) -> float:
        """Wait for its first tick; seconds from its start."""
        self.wait_tick(self.first_record, lambda _: True, START_S)
        return time.monotonic() - self.begun

    def ask(self, mode: Mode, reason: str = "trial") -> None:
        """Ask for a mode as a person would."""
        self.state.ask(ModeRequest(mode=str(mode), user=USER, reason=reason))

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Send a signal and wait for the end; returns the exit status."""
        self.process.send_signal(number)
        return self.process.wait(ANSWER_S)

    def stop(self) -> None:
        """End it, also if it is stopped."""
        _end(self.process)

    def _alive(self) -> None:
        if self.process.poll() is not None:
            message = f"the service ended with {self.process.returncode}: {_tail(self.log)}"
            raise SiteError(message)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10.0)
    if process.poll() is None:
        process.kill()
        process.wait(ANSWER_S)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _tail(path: Path, characters: int = 600) -> str:
    return path.read_text(errors="replace")[-characters:] if path.exists() else "nothing"
