"""One service with its plant and its policy on a turned clock, and what it did, tick by tick."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from heatrouter.agents.monitor import Monitor
from heatrouter.deploy.alarms import Alarm
from heatrouter.deploy.audit import AuditLog, AuditRecord, read_audit
from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.faults.virtual_link import VirtualLink
from heatrouter.deploy.faults.write_checker import WriteChecker
from heatrouter.deploy.in_memory import InMemoryWorker, TurnedClock
from heatrouter.deploy.model_switch import ModelSource
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.plant_building import plant_of
from heatrouter.deploy.plc import HEARTBEATS_MISSED
from heatrouter.deploy.policy_worker import BundleAbout, Decision, PolicyWorker
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import ModeRequest, StateDir
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.errors import HeatrouterError

PRESET = "energy-web"
TICK_S = 60.0
PERSON = "anna"
WINTER_DAY = 14
BUNDLE_DIGEST = "b" * 64

WARM_TICKS = 20
"""Before a fault: hand-over, first decisions, set-points on their way."""

HOLD_OFF_S = 300.0
"""How long the policy has to stay out after a fault; what the mode machine promises."""


class NotRunningError(HeatrouterError):
    """A run on the virtual clock did not get where its fault could begin."""


@dataclass(slots=True)
class RestlessPolicy(InMemoryWorker):
    """A policy that wants something else each time, so that set-points are always on their way.

    Attributes:
        clock: Turned by the time that a decision takes.
        rng: What it wants.
        low, high: Actions lie between them, shape ``(n_action,)``.
        fixed: What it answers instead, whatever that is; None wants something else.
        think_s: How long it takes, real seconds.
    """

    clock: TurnedClock = field(default_factory=TurnedClock)
    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    low: FloatArray = field(default_factory=lambda: np.zeros(0))
    high: FloatArray = field(default_factory=lambda: np.zeros(0))
    fixed: Callable[[], FloatArray] | None = None
    think_s: float = 0.0

    async def decide(self, observation: Float32Array, deadline_s: float) -> Decision:
        """Answer after the time to think, or be late."""
        self.clock.now_s += min(self.think_s, deadline_s)
        wanted = self.rng.uniform(self.low, self.high) if self.fixed is None else self.fixed()
        self.action = wanted
        return await InMemoryWorker.decide(self, observation, deadline_s)


@dataclass(frozen=True, slots=True)
class Seen:
    """One tick, as somebody sees it who watches the service.

    Attributes:
        began_s, ended_s: Of the tick, real seconds of the turned clock.
        mode: Actual mode after it.
        faults: Present in it.
        alarms: Present after it.
    """

    began_s: float
    ended_s: float
    mode: Mode
    faults: frozenset[Fault]
    alarms: frozenset[Alarm]


Condition = Callable[[Seen], bool]


def in_mode(mode: Mode) -> Condition:
    """True in a tick that ends in this mode."""
    return lambda seen: seen.mode is mode


class VirtualRun:
    """A service in POLICY beside the simulated plant.

    Args:
        folder: Empty; takes the state folder.
        seed: Decides the year, what the policy wants, and when in a tick a fault begins.
        speed: Plant seconds per second of the clock.
        monitor: What the policy has seen; None watches nothing.
        start_day: Of the year.
        wrap: Puts something between the service and its policy, such as a ``SwapWorker``.
        models: Where other bundles come from, made from the state folder.
        audit_type: Of the log, for disks that fail.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        speed: float = 1.0,
        monitor: Monitor | None = None,
        start_day: int = WINTER_DAY,
        wrap: Callable[[RestlessPolicy], PolicyWorker] | None = None,
        models: Callable[["VirtualRun"], ModelSource] | None = None,
        audit_type: type[AuditLog] = AuditLog,
        state_type: type[StateDir] = StateDir,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.config = ServiceConfig.model_validate(
            {
                "district": PRESET,
                "task": PRESET,
                "endpoint": "simulated",
                "mode": "rules",
                "arm": True,
                "user": PERSON,
                "tick_s": TICK_S,
                "speed": speed,
                "state_dir": folder / "state",
                "http": {"enabled": False},
                "history": {"enabled": False},
            }
        )
        setup = self.setup = prepare(self.config)
        self.clock = TurnedClock()
        plant = plant_of(
            setup.district,
            setup.task,
            speed=speed,
            tick_s=TICK_S,
            seed=seed,
            start_day=start_day,
            clock=self.clock,
        )
        self.checker = WriteChecker(plant.plc.points, read_back_s=HEARTBEATS_MISSED * TICK_S)
        self.link = VirtualLink(setup, plant, self.clock, self.checker)
        contract = setup.contract
        low, high = contract.bounds("action")
        neutral = np.array([channel.neutral for channel in contract.action])
        self.policy = RestlessPolicy(
            neutral,
            clock=self.clock,
            rng=self.rng,
            low=0.5 * (neutral + low),
            high=0.5 * (neutral + high),
            bundle_digest=BUNDLE_DIGEST,
            about=BundleAbout("1" * 64, BUNDLE_DIGEST, "restless", monitor=monitor),
        )
        self.state_dir = state_type(self.config.state_dir)
        self.state_dir.create()
        self.audit = audit_type(self.state_dir.audit_path, sync_interval_s=None)
        self.service = Service(
            setup,
            self.link,
            self.policy if wrap is None else wrap(self.policy),
            audit=self.audit,
            state_dir=self.state_dir,
            clock=self.clock,
            models=None if models is None else models(self),
        )
        self.period_s = self.config.real_tick_s
        self.seen: list[Seen] = []
        self.fault_s = math.nan
        # The plant's ticks and the service's fall where they fall.
        self.clock.now_s += float(self.rng.uniform(0.0, self.period_s))
        self._next_s = self.clock.now_s

    # --- time ---

    async def ticks(self, count: int) -> list[Seen]:
        """Let the service tick so many times, at its pace; what happened in them."""
        for _ in range(count):
            self.clock.now_s = max(self.clock.now_s, self._next_s)
            began_s = self.clock.now_s
            await self.service.safe_tick()
            ended_s = self.clock.now_s
            # As the service's own loop: a tick that took too long costs those it covered.
            late = max(0, math.floor((ended_s - self._next_s) / self.period_s))
            self._next_s += (late + 1) * self.period_s
            state = self.service.state
            alarms = frozenset(self.service.alarms.present)
            self.seen.append(Seen(began_s, ended_s, state.actual, state.faults, alarms))
            await asyncio.sleep(0)  # what goes on beside the ticks gets its turn
        return self.seen[len(self.seen) - count :]

    async def warm(self, rules_ticks: int = 0) -> None:
        """Ask for POLICY and run until set-points are on their way.

        Args:
            rules_ticks: Ticks of RULES before, for a plant that starts elsewhere than it works.

        Raises:
            NotRunningError: It is not in POLICY by then.
        """
        await self.ticks(rules_ticks)
        self.ask(Mode.POLICY)
        await self.ticks(WARM_TICKS + int(self.rng.integers(0, 15)))
        if self.seen[-1].mode is not Mode.POLICY:
            message = f"in {self.seen[-1].mode} before the fault: {self.service.state.reason}"
            raise NotRunningError(message)

    def strike(self) -> None:
        """A fault begins now: at a random moment of the pause before the next tick."""
        self.fault_s = self._next_s - float(self.rng.uniform(0.0, 1.0)) * (
            self._next_s - self.clock.now_s
        )

    async def until(self, condition: Condition, *, within: int) -> float:
        """Tick until something is seen.

        Returns:
            Seconds since the fault began; infinite where it was not seen within so many ticks.
        """
        for _ in range(within):
            (seen,) = await self.ticks(1)
            if condition(seen):
                return seen.ended_s - self.fault_s
        return math.inf

    async def returns(self, *, person: bool = False) -> bool:
        """After the end of a fault: whether the policy comes back as it should, and stays.

        Args:
            person: It has to wait for one.
        """
        ended_s = self.clock.now_s
        if person:
            waiting = await self.ticks(30)
            self.ask(Mode.POLICY)
            asked = (await self.ticks(2))[-1]
            return not any(s.mode is Mode.POLICY for s in waiting) and asked.mode is Mode.POLICY
        for _ in range(60):
            (seen,) = await self.ticks(1)
            if seen.mode is Mode.POLICY:
                waited_s = (seen.ended_s - ended_s) * self.config.speed
                stays = all(s.mode is Mode.POLICY for s in await self.ticks(10))
                return stays and waited_s >= HOLD_OFF_S - TICK_S
        return False

    # --- people ---

    def ask(self, mode: Mode) -> None:
        """A person asks for a mode."""
        self.state_dir.ask(ModeRequest(mode=str(mode), user=PERSON, reason="fault board"))

    # --- the record ---

    def records(self) -> list[AuditRecord]:
        """The audit log; its chain is checked."""
        self.audit.close()
        return list(read_audit(self.state_dir.audit_path))

    def on_record(self, event: str, cause: str = "") -> bool:
        """Whether an event with these words in its name and in its cause is in the audit log."""
        return any(
            event in record.event and cause in str(record.detail.get("cause", ""))
            for record in self.records()
            if record.event is not None
        )

    def causes_of(self, name: str) -> list[int]:
        """What the log says of an input at each tick, as masks of ``validity.Cause``."""
        at = self.service.cycle.layout.input_names.index(name)
        return [r.quality[at] for r in self.records() if r.quality is not None and r.event is None]
