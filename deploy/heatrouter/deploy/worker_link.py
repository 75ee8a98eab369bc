"""The guard's end of the policy worker: start it, ask it, notice its death, start it again.

Nothing here ever blocks the tick: the worker gets a deadline, and whatever it does instead of
answering in time becomes a :class:`~.policy_worker.WorkerFault`.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from heatrouter.agents.monitor import Monitor
from heatrouter.deploy.policy_worker import BundleAbout, Decision, FaultKind, WorkerFault
from heatrouter.deploy.worker_frames import (
    HEADER,
    FrameError,
    Kind,
    pack_observation,
    unpack_action,
    unpack_header,
)
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.errors import BundleError

_log = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
"""Real seconds a worker may take to import, load and check its bundle on a busy machine."""

HUNG_AFTER_S = 5.0
"""Real seconds without the answer to a question after which a worker is taken for hung."""

FIRST_BACKOFF_S = 0.2
LAST_BACKOFF_S = 10.0


class WorkerLink:
    """A supervised policy worker process.

    Args:
        bundle: Folder or archive of the bundle.
        contract_digest: What the bundle must have been made for.
        n_action: Length of its action.
        clock: Monotonic real time, s.
        district: Preset or file that it shall control; None checks the bundle alone.
        rules: Digest of the rules' parameters that actions are decoded with; None takes any.
        trusted_keys: Public keys whose signatures count; with none, unsigned bundles run, too.
    """

    def __init__(
        self,
        bundle: Path,
        *,
        contract_digest: str,
        n_action: int,
        clock: Callable[[], float],
        district: str | None = None,
        rules: str | None = None,
        trusted_keys: Sequence[Path] = (),
    ) -> None:
        self._bundle = bundle
        self._district = district
        self._rules = rules
        self._trusted_keys = tuple(trusted_keys)
        self._contract_digest = contract_digest
        self._n_action = n_action
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._restarter: asyncio.Task[None] | None = None
        self._hello: asyncio.Future[None] | None = None
        self._pending: dict[int, asyncio.Future[tuple[float, FloatArray]]] = {}
        self._number = 0
        self._waiting_since: float | None = None
        self._death: str | None = None
        self._backoff_s = FIRST_BACKOFF_S
        self._restarts = 0
        self._closing = False
        self._about: BundleAbout | None = None

    @property
    def ready(self) -> bool:
        """Whether a question would be answered."""
        return (
            self._death is None
            and self._process is not None
            and self._process.poll() is None
            and self._hello is not None
            and self._hello.done()
            and not self._hello.cancelled()
            and self._hello.exception() is None
        )

    @property
    def pid(self) -> int | None:
        """Process id, or None while there is no process."""
        return None if self._process is None else self._process.pid

    @property
    def restarts(self) -> int:
        """How many times a new process replaced a dead one."""
        return self._restarts

    @property
    def bundle_digest(self) -> str:
        """What the bundle does, as a hash; empty before it was loaded."""
        return "" if self._about is None else self._about.digest

    @property
    def about(self) -> BundleAbout | None:
        """The bundle that it runs; None before it was loaded."""
        return self._about

    async def open(self) -> None:
        """Start the first worker and wait until its bundle is checked.

        Raises:
            BundleError: The bundle must not run, or the worker does not come up.
        """
        await self._start()
        assert self._hello is not None
        try:
            await asyncio.wait_for(asyncio.shield(self._hello), START_TIMEOUT_S)
        except TimeoutError:
            await self.close()
            msg = f"the policy worker did not load {self._bundle} within {START_TIMEOUT_S:g} s"
            raise BundleError(msg) from None
        except WorkerFault as fault:
            await self.close()
            raise BundleError(str(fault)) from None

    async def close(self) -> None:
        """End the worker and stop restarting it."""
        self._closing = True
        if self._restarter is not None:
            self._restarter.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._restarter
        await self._end_process()

    def poll(self) -> str | None:
        """Look once each tick; the cause if the worker died since the last look."""
        if self._process is None or self._closing:
            return None
        code = self._process.poll()
        since = self._waiting_since
        limit_s = HUNG_AFTER_S if self.ready else START_TIMEOUT_S
        if code is not None:
            self._die(f"worker {self._process.pid} ended ({_ending(code)})")
        elif since is not None and self._clock() - since > limit_s:
            self._process.kill()
            self._die(f"worker {self._process.pid} did not answer for {limit_s:g} s")
        if self._death is None or self._restarter is not None:
            return None
        self._restarter = asyncio.create_task(self._restart(), name="worker-restart")
        return self._death

    async def decide(self, observation: Float32Array, deadline_s: float) -> Decision:
        """Ask for a decision; raises WorkerFault instead of being late.

        Args:
            observation: Shape ``(n_observation,)``, physical units.
            deadline_s: Real seconds until the answer must be here.
        """
        if not self.ready or self._writer is None:
            raise WorkerFault(FaultKind.DEAD, self._death or "worker not ready")
        begin = self._clock()
        self._number += 1
        number = self._number
        answer: asyncio.Future[tuple[float, FloatArray]] = asyncio.Future()
        self._pending[number] = answer
        if self._waiting_since is None:
            self._waiting_since = begin
        try:
            self._writer.write(pack_observation(number, observation))
            compute_s, action = await asyncio.wait_for(answer, deadline_s)
        except TimeoutError:
            cause = f"no decision within {1e3 * deadline_s:.1f} ms"
            raise WorkerFault(FaultKind.LATE, cause) from None
        except OSError as error:
            raise WorkerFault(FaultKind.DEAD, f"worker channel broken: {error}") from error
        finally:
            self._pending.pop(number, None)
        if action.shape != (self._n_action,):
            cause = f"decision of {action.shape[0]} values, the contract has {self._n_action}"
            raise WorkerFault(FaultKind.OUTPUT, cause)
        if not bool(np.isfinite(action).all()):
            raise WorkerFault(FaultKind.OUTPUT, "decision is not finite")
        return Decision(action, compute_s, self._clock() - begin)

    # --- the process ---

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = self._spawn(theirs.fileno())
        self._hello = asyncio.get_running_loop().create_future()
        # Nobody may be waiting when a restarted worker refuses; it is in the log then.
        self._hello.add_done_callback(_retrieve)
        self._waiting_since = self._clock()
        reader, self._writer = await asyncio.open_connection(sock=ours)
        listening = self._listen(reader, self._hello)
        self._listener = asyncio.create_task(listening, name="worker-listen")
        self._death = None

    def _spawn(self, channel: int) -> subprocess.Popen[bytes]:
        # One thread each: a policy of this size only loses by sharing (fault board, trap 9).
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "heatrouter.deploy.worker", str(self._bundle)]
        if self._district is not None:
            command += ["--district", self._district]
        for key in self._trusted_keys:
            command += ["--trusted-key", str(key)]
        return subprocess.Popen(
            [*command, "--channel", str(channel)],
            stdin=subprocess.DEVNULL,
            pass_fds=(channel,),
            env=environment,
            # Ctrl-C goes to the guard process, which ends the worker in its own time.
            start_new_session=True,
        )

    async def _listen(self, reader: asyncio.StreamReader, hello: "asyncio.Future[None]") -> None:
        cause = "worker closed its channel"
        try:
            while True:
                kind, length = unpack_header(await reader.readexactly(HEADER.size))
                self._handle(kind, await reader.readexactly(length), hello)
        except (asyncio.IncompleteReadError, OSError):
            pass
        except (FrameError, ValueError) as error:
            cause = f"worker sent no frame: {error}"
        self._die(cause)
        if not hello.done():
            hello.set_exception(WorkerFault(FaultKind.DEAD, cause))

    def _handle(self, kind: Kind, body: bytes, hello: "asyncio.Future[None]") -> None:
        self._waiting_since = None
        if kind is Kind.ACTION:
            number, compute_s, action = unpack_action(body)
            waiting = self._pending.get(number)
            # A late answer finds nobody waiting and is forgotten.
            if waiting is not None and not waiting.done():
                waiting.set_result((compute_s, action))
        elif kind is Kind.READY and not hello.done():
            self._introduced(body, hello)
        elif kind is Kind.REFUSED and not hello.done():
            hello.set_exception(WorkerFault(FaultKind.DEAD, body.decode(errors="replace")))

    def _introduced(self, body: bytes, hello: "asyncio.Future[None]") -> None:
        """Take a worker that has checked its bundle, if it is the bundle that is meant."""
        contract_digest, rules, about = read_introduction(body)
        cause = None
        if contract_digest != self._contract_digest:
            cause = (
                "the bundle is for another contract: another district, or a task that observes or "
                "acts otherwise (as heat prices in the place of set-points); stop the service and "
                "start it with this bundle"
            )
        elif self._rules is not None and rules != self._rules:
            cause = (
                "the bundle's task has other parameters of the rules, by which its actions are "
                "decoded; stop the service, activate the bundle, and start it with that"
            )
        elif self._about is not None and about.identity != self._about.identity:
            cause = (
                f"{self._bundle} holds another bundle than when the service loaded it; a crash "
                "must not change the policy: activate the new one, or put the old one back"
            )
        if cause is not None:
            hello.set_exception(WorkerFault(FaultKind.DEAD, cause))
            return
        self._about = about
        self._backoff_s = FIRST_BACKOFF_S
        hello.set_result(None)

    def _die(self, cause: str) -> None:
        if self._death is None and not self._closing:
            self._death = cause
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(WorkerFault(FaultKind.DEAD, cause))

    async def _restart(self) -> None:
        await self._end_process()
        while True:
            await asyncio.sleep(self._backoff_s)
            self._backoff_s = min(2.0 * self._backoff_s, LAST_BACKOFF_S)
            try:
                await self._start()
            except OSError as error:
                _log.error("policy worker does not start: %s", error)
            else:
                break
        self._restarts += 1
        _log.info("policy worker restarted as process %s", self.pid)
        self._restarter = None

    async def _end_process(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
        process = self._process
        if process is None:
            return
        # It ends by itself when its channel closes; what still runs after that is hung.
        for _ in range(20):
            if process.poll() is not None:
                return
            await asyncio.sleep(0.05)
        process.kill()
        process.wait()


def read_introduction(body: bytes) -> tuple[str, str, BundleAbout]:
    """Read what a worker says of its bundle: digests of contract and rules, and the rest.

    Raises:
        ValueError: Not what a worker of this version says.
    """
    said = json.loads(body)
    try:
        monitor = said["monitor"]
        about = BundleAbout(
            identity=str(said["identity"]),
            digest=str(said["bundle_digest"]),
            name=str(said["name"]),
            signed_by=said["signed_by"],
            monitor=None if monitor is None else Monitor.model_validate(monitor),
            metrics={str(k): float(v) for k, v in said["metrics"].items()},
            load_s=float(said["load_s"]),
        )
        return str(said["contract_digest"]), str(said["rules_digest"]), about
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"the worker is of another version ({error!r})"
        raise ValueError(msg) from error


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _retrieve(future: "asyncio.Future[None]") -> None:
    if not future.cancelled() and future.exception() is not None:
        _log.error("policy worker: %s", future.exception())
