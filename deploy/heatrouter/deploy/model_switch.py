"""Bundles of a running service: load the next beside the one in force, then exchange them.

Looked at once a tick and never waited for. A request leads to a worker process of its own, which
lets the bundle through the gate; only when it is ready is the index of the store replaced and, at
the end of a tick, the policy exchanged. What is refused leaves everything as it was, with an alarm.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from heatrouter.deploy.alarms import Alarm, AlarmBoard
from heatrouter.deploy.challenger import Challenger
from heatrouter.deploy.control_cycle import ControlCycle
from heatrouter.deploy.model_requests import ModelRequest, take_model_request
from heatrouter.deploy.model_store import ModelIndex, ModelStore
from heatrouter.deploy.modes import ModeState
from heatrouter.deploy.service_journal import Journal, TickContext
from heatrouter.deploy.state_dir import StateDir
from heatrouter.deploy.swap_worker import MakeWorker, ManagedWorker, SwapWorker
from heatrouter.envs.errors import BundleError

_log = logging.getLogger(__name__)

_CHALLENGER_ACTIONS = ("challenge", "withdraw")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where bundles come from.

    Attributes:
        store: Those that were activated.
        configured: The one that the configuration names; None where there is none.
        make_worker: Makes the worker of a folder.
    """

    store: ModelStore
    configured: Path | None
    make_worker: MakeWorker


@dataclass(frozen=True, slots=True)
class _Job:
    """A request that is being carried out."""

    request: ModelRequest
    index: ModelIndex
    loading: "asyncio.Task[ManagedWorker | None]"


class ModelSwitch:
    """Carries out requests for bundles, one at a time.

    Args:
        source: Where bundles come from.
        worker: The policy in force.
        cycle: What a challenger looks at.
        state_dir: Where requests come from.
        journal: Takes events.
        alarms: Learns of refusals.
    """

    def __init__(
        self,
        source: ModelSource,
        worker: SwapWorker,
        cycle: ControlCycle,
        state_dir: StateDir,
        journal: Journal,
        alarms: AlarmBoard,
    ) -> None:
        self._source = source
        self._worker = worker
        self._cycle = cycle
        self._state_dir = state_dir
        self._journal = journal
        self._alarms = alarms
        self._job: _Job | None = None
        self._reload_wanted = False
        self._last_answer: dict[str, object] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.challenger: Challenger | None = None
        self.swaps = 0
        self.last_swap_s: float | None = None
        index = source.store.index()
        if index.challenger is not None:
            self._first: ModelRequest | None = ModelRequest(
                action="challenge", name=index.challenger, user="service", reason="start"
            )
        else:
            self._first = None

    def reload(self) -> None:
        """Load the bundle in force anew at the next tick, as after SIGHUP."""
        self._reload_wanted = True

    def look(self, tick: TickContext, state: ModeState) -> None:
        """Go on with what was asked for; to be called at the end of each tick."""
        if self._job is None:
            request = self._next_request()
            if request is not None:
                self._begin(tick, state, request)
        elif self._job.loading.done():
            job, self._job = self._job, None
            self._finish(tick, state, job)
        self._look_at_challenger(tick, state)
        self._note_signature()

    def status(self) -> dict[str, object]:
        """For people: what is in force, what is being loaded, what was answered last."""
        about = self._worker.about
        challenger = self.challenger
        shadow: dict[str, object] | None = None
        if challenger is not None:
            known = challenger.worker.about
            shadow = {
                "bundle": "" if known is None else known.identity,
                "name": "" if known is None else known.name,
                "validation_saving": (
                    None if known is None else known.metrics.get("validation_saving")
                ),
                "set_points": (
                    None if challenger.set_points is None else challenger.set_points.tolist()
                ),
                **challenger.record.summary(),
            }
        return {
            "bundle": "" if about is None else about.identity,
            "name": "" if about is None else about.name,
            "signed_by": None if about is None else about.signed_by,
            "validation_saving": None if about is None else about.metrics.get("validation_saving"),
            "loading": None if self._job is None else self._job.request.action,
            "swaps": self.swaps,
            "last_swap_s": self.last_swap_s,
            "challenger": shadow,
            "last_request": self._last_answer,
        }

    async def close(self) -> None:
        """End what is being loaded, and the challenger."""
        job, self._job = self._job, None
        if job is not None:
            job.loading.cancel()
            with contextlib.suppress(asyncio.CancelledError, BundleError, OSError):
                await job.loading
        if self.challenger is not None:
            await self.challenger.close()
            self.challenger = None
        if self._closing:
            await asyncio.gather(*self._closing)

    # --- requests ---

    def _next_request(self) -> ModelRequest | None:
        request, self._first = self._first, None
        if request is None and self._reload_wanted:
            self._reload_wanted = False
            request = ModelRequest(action="reload", user="service", reason="SIGHUP")
        return request or take_model_request(self._state_dir)

    def _begin(self, tick: TickContext, state: ModeState, request: ModelRequest) -> None:
        try:
            index, folder = self._plan(request)
        except BundleError as error:
            self._refuse(tick, state, request, str(error))
            return
        loading = asyncio.get_running_loop().create_task(
            self._load(folder, index), name="bundle-load"
        )
        self._job = _Job(request, index, loading)

    def _plan(self, request: ModelRequest) -> tuple[ModelIndex, Path | None]:
        """The index after the request, and what has to be loaded for it; raises BundleError."""
        store, index = self._source.store, self._source.store.index()
        if request.action in {"activate", "challenge"} and request.name is None:
            msg = f"{request.action}: names no bundle; see `heatrouter model list`"
            raise BundleError(msg)
        if request.action == "activate":
            assert request.name is not None
            return index.activated(request.name), store.folder(request.name)
        if request.action == "challenge":
            assert request.name is not None
            return index.challenged(request.name), store.folder(request.name)
        if request.action == "withdraw":
            return index.challenged(None), None
        if request.action == "rollback":
            index = index.rolled_back()
        champion = index.champion
        folder = self._source.configured if champion is None else store.folder(champion)
        if folder is None:
            msg = "the configuration names no bundle to go back to; activate one"
            raise BundleError(msg)
        return index, folder

    async def _load(self, folder: Path | None, index: ModelIndex) -> ManagedWorker | None:
        """Let a bundle through the gate, in a process of its own; then make it permanent."""
        worker = None
        if folder is not None:
            worker = self._source.make_worker(folder)
            try:
                await worker.open()
            except BaseException:
                await worker.close()
                raise
        try:
            await asyncio.to_thread(self._source.store.write_index, index)
        except OSError as error:
            if worker is not None:
                await worker.close()
            msg = f"the store's index cannot be written: {error}"
            raise BundleError(msg) from error
        return worker

    def _finish(self, tick: TickContext, state: ModeState, job: _Job) -> None:
        request = job.request
        try:
            worker = job.loading.result()
        except (BundleError, OSError) as error:
            self._refuse(tick, state, request, str(error))
            return
        if request.action in _CHALLENGER_ACTIONS:
            self._exchange_challenger(worker)
        else:
            assert worker is not None
            if job.index.challenger is None:
                self._exchange_challenger(None)
            begin = time.perf_counter()
            self._worker.replace(worker)
            self.last_swap_s = time.perf_counter() - begin
            self.swaps += 1
        about = None if worker is None else worker.about
        detail = {
            "reason": request.reason,
            "bundle": None if about is None else about.identity,
            "name": None if about is None else about.name,
            "signed_by": None if about is None else about.signed_by,
            "load_s": None if about is None else about.load_s,
        }
        self._alarms.note(Alarm.BUNDLE_REFUSED, None)
        name = "none" if about is None else about.identity[:16]
        self._answer(request, f"{request.action}: {name}", accepted=True)
        _log.warning("%s: %s %s", request.user, request.action, name)
        event = f"bundle {request.action}"
        self._journal.event(tick, state, event, user=request.user, detail=detail)

    def _refuse(
        self, tick: TickContext, state: ModeState, request: ModelRequest, cause: str
    ) -> None:
        # The newest refusal is what a person wants to read.
        self._alarms.note(Alarm.BUNDLE_REFUSED, None)
        self._alarms.note(Alarm.BUNDLE_REFUSED, cause)
        self._answer(request, cause, accepted=False)
        _log.error("%s: %s refused: %s", request.user, request.action, cause)
        detail = {"reason": request.reason, "name": request.name, "cause": cause}
        event = f"bundle {request.action} refused"
        self._journal.event(tick, state, event, user=request.user, detail=detail)

    def _answer(self, request: ModelRequest, outcome: str, *, accepted: bool) -> None:
        self._last_answer = {
            "request_id": request.request_id,
            "action": request.action,
            "user": request.user,
            "accepted": accepted,
            "outcome": outcome,
        }

    # --- the challenger, the signature ---

    def _exchange_challenger(self, worker: ManagedWorker | None) -> None:
        old = self.challenger
        self.challenger = None if worker is None else Challenger(worker, self._cycle)
        self._alarms.note(Alarm.CHALLENGER, None)
        if old is not None:
            task = asyncio.get_running_loop().create_task(old.close(), name="challenger-close")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _look_at_challenger(self, tick: TickContext, state: ModeState) -> None:
        challenger = self.challenger
        if challenger is None:
            return
        decided = challenger.look(tick.now_s)
        if tick.observation is not None:
            challenger.ask(tick.observation)
        self._alarms.note(Alarm.CHALLENGER, challenger.fault)
        if decided:
            about = challenger.worker.about
            detail = {
                "bundle": None if about is None else about.identity,
                "action": challenger.action,
                "set_points": challenger.set_points,
                **challenger.record.summary(),
            }
            self._journal.event(tick, state, "challenger decided", detail=detail)

    def _note_signature(self) -> None:
        about = self._worker.about
        unsigned = about is not None and about.signed_by is None
        cause = None if not unsigned or about is None else f"bundle {about.identity[:16]}"
        self._alarms.note(Alarm.UNSIGNED_BUNDLE, cause)
