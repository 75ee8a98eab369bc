"""One plant and one service on loopback, in POLICY, on which a fault is made and watched.

Rows that need no service of their own share one (:func:`shared_site`), for a start costs seconds;
between two of them everything is put right and a person arms anew. A reaction is measured from the
moment at which the plant shows the fault to the end of the tick that reacts, on the wall clock both
processes share, in plant seconds.
"""

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.deploy.audit import audit_segments
from heatrouter.deploy.faults.board import RowResult, judged
from heatrouter.deploy.faults.site_processes import (
    Body,
    PlantProcess,
    ServiceProcess,
    SiteError,
    until,
)
from heatrouter.deploy.faults.trial_bundle import Manner, trial_bundle
from heatrouter.deploy.modes import Mode, ModeSettings
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.settlement.chain_files import verify_files

PRESET: Final = "energy-web"
TICK_S: Final = 60.0
REAL_TICK_S: Final = 0.5
SPEED: Final = TICK_S / REAL_TICK_S
HOLD_OFF_S: Final = ModeSettings().hold_off_s
SLACK_S: Final = 0.25 * TICK_S
"""For the work of the tick that reacts, and for a machine that has other things to do."""

PATIENCE_S: Final = 40.0
"""Real seconds; a reaction that takes longer is none."""


def ticks_s(number: float) -> float:
    """A bound of so many ticks, with the slack."""
    return number * TICK_S + SLACK_S


def tag(name: str) -> str:
    """The plant's identifier of a contract's name, such as ``tank.level``."""
    return f"{PRESET}/{name.replace('.', '/', 1)}"


def wall_s(body: Body) -> float:
    """When a record was written, POSIX seconds."""
    return datetime.fromisoformat(str(body["wall_time"])).timestamp()


def tick_lengths_s(bodies: Sequence[Body], speed: float) -> FloatArray:
    """How much longer than the shortest each of some ticks took, real seconds.

    From its begin, on the service's clock, to its record, on the wall clock.
    """
    ends = np.array([wall_s(body) - body["time_s"] / speed for body in bodies])
    lengths: FloatArray = ends - ends.min()
    return lengths


@cache
def bundle_of(manner: Manner = "good", scale: float = 1.0, monitored: bool = True) -> Path:
    """A bundle, made once and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="heatrouter-trial-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return trial_bundle(folder / "bundle", PRESET, manner=manner, scale=scale, monitored=monitored)


@dataclass
class Watch:
    """What was seen of a fault.

    Attributes:
        site: Where.
        mark: Records before it are older.
        unsafe_before: Unsafe writes before it.
        reaction_s: Reactions so far.
        failures: What went wrong.
        notes: What is worth knowing.
        named: Whether every cause that was looked for is on record.
        recovered: Whether every recovery was as it should be.
    """

    site: "RealSite"
    mark: int
    unsafe_before: int
    reaction_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    named: bool = True
    recovered: bool = True

    def reacted(self, at: float, body: Body) -> float:
        """Note a reaction: plant seconds from ``at`` (POSIX) to a record."""
        reaction_s = (wall_s(body) - at) * self.site.speed
        self.reaction_s.append(reaction_s)
        return reaction_s

    def event(self, begins: str, within_s: float = PATIENCE_S) -> Body | None:
        """Wait for an event that has to be on record."""
        try:
            return self.site.service.wait_event(self.mark, begins, within_s)
        except SiteError as error:
            self.named = False
            self.failures.append(str(error))
            return None

    def mode(self, mode: Mode, within_s: float = PATIENCE_S) -> Body | None:
        """Wait for a mode that has to come."""
        try:
            return self.site.service.wait_mode(str(mode), self.mark, within_s)
        except SiteError as error:
            self.failures.append(f"{mode}: {error}")
            return None

    def must(self, holds: bool, otherwise: str) -> None:
        """Note what does not hold."""
        if not holds:
            self.failures.append(otherwise)

    def comes_back(self, *, hold_off: bool = True, since: float | None = None) -> None:
        """The policy has to come back by itself, not before a clean hold-off.

        Args:
            hold_off: Whether there has to be one.
            since: When the fault was over, POSIX seconds; default: now.
        """
        mark, begun = self.site.service.audit.mark(), since or time.time()
        try:
            back = self.site.service.wait_mode("POLICY", mark, PATIENCE_S)
        except SiteError:
            self.recovered = False
            self.failures.append(f"not back in POLICY: {self.site.reason()}")
            return
        took_s = (wall_s(back) - begun) * self.site.speed
        # The service counts from its last tick with the fault.
        if hold_off and took_s < HOLD_OFF_S - TICK_S - SLACK_S:
            self.recovered = False
            self.failures.append(f"back in POLICY after {took_s:.0f} s, before the hold-off")

    def waits_for_a_person(self) -> None:
        """The policy must not come back by itself, and has to when a person asks."""
        service = self.site.service
        time.sleep((HOLD_OFF_S + 2.0 * TICK_S) / self.site.speed)
        if service.status().get("mode") == "POLICY":
            self.recovered = False
            self.failures.append("came back without a person")
        self.site.arm()

    def result(self, row: int, bound_s: float) -> RowResult:
        """The verdict on the row."""
        site = self.site
        unsafe = int(site.plant.look()["unsafe_writes"]) - self.unsafe_before
        try:
            verify_files(audit_segments(site.service.audit.path))
        except HeatrouterError as error:
            self.failures.append(str(error))
        return judged(
            row,
            "real",
            reaction_s=self.reaction_s,
            bound_s=bound_s,
            unsafe_writes=unsafe,
            audit_names_cause=self.named,
            recovered_properly=self.recovered,
            failures=self.failures,
            detail="; ".join(self.notes),
        )


class RealSite:
    """A plant, a service, and what they agree on.

    Args:
        folder: Empty.
        bundle: Of the policy.
        settings: Further settings of the service.
        through: Port that the service connects to in the place of the plant's, e.g. of a proxy.
        environment: Of the service.
        before: Commands in front of the service.
        plant: One that runs already, at the same speed.
        real_tick_s: Real seconds of a tick.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bundle: Path | None = None,
        settings: Mapping[str, object] | None = None,
        through: Callable[[str], str] = str,
        environment: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
        plant: PlantProcess | None = None,
        real_tick_s: float = REAL_TICK_S,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.speed = TICK_S / real_tick_s
        self.plant = plant or PlantProcess(folder, speed=self.speed)
        self.settings: dict[str, object] = {
            "bundle": bundle_of() if bundle is None else bundle,
            "endpoint": through(self.plant.endpoint),
            "state_dir": folder / "state",
            "speed": self.speed,
            "tick_s": TICK_S,
            "request_timeout_s": real_tick_s,
            # Beside other load, a deadline of a tenth of half a second is missed without a fault.
            "decision_deadline_share": 0.5,
            "http": {"enabled": False},
            **(settings or {}),
        }
        self._environment = environment
        self._before = before
        self.service = self.start_service("--mode", "policy", "--arm", "--user", "anna")

    def start_service(self, *arguments: str) -> ServiceProcess:
        """Start the service, the first time or again."""
        self.service = ServiceProcess(
            self.folder,
            self.settings,
            *arguments,
            environment=self._environment,
            before=self._before,
        )
        return self.service

    def in_policy(self, mark: int = 0) -> None:
        """Wait until the policy controls a plant that follows."""

        def controls() -> bool | None:
            status = self.service.status()
            follows = status.get("plant_external") and not status.get("latched")
            return True if status.get("mode") == "POLICY" and follows else None

        self.service.wait_tick(mark or self.service.first_record, lambda _: True, 480.0)
        until(controls, 60.0, named=f"POLICY ({self.reason()})")

    def arm(self) -> None:
        """Have a person ask for the policy, and wait for it."""
        self.service.ask(Mode.POLICY)
        self.in_policy(self.service.audit.mark())

    def reason(self) -> str:
        """Why the service is not where it should be."""
        status = self.service.status()
        return f"{status.get('mode')}, {status.get('reason')}, faults {status.get('faults')}"

    def watch(self) -> Watch:
        """Begin to watch."""
        return Watch(self, self.service.audit.mark(), int(self.plant.look()["unsafe_writes"]))

    def put_right(self) -> None:
        """End every fault and have a person arm."""
        self.plant.order("clear")
        self.plant.order("override", value=False)
        self.plant.order("enable", value=True)
        self.arm()

    def stop(self) -> None:
        """End both."""
        self.service.stop()
        self.plant.stop()


_shared: list[RealSite] = []


@contextmanager
def shared_site() -> Iterator[RealSite]:
    """The site that rows share, put right before and after; a new one where it does not answer."""
    if not _shared:
        folder = Path(tempfile.mkdtemp(prefix="heatrouter-site-"))
        site = RealSite(folder)
        _shared.append(site)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        atexit.register(site.stop)
        site.in_policy()
    site = _shared[0]
    try:
        site.put_right()
        yield site
        site.plant.order("clear")
    except SiteError:
        _shared.clear()
        site.stop()
        raise


@contextmanager
def own_site(folder: Path, **options: object) -> Iterator[RealSite]:
    """A site for one row."""
    site = RealSite(folder, **options)  # type: ignore[arg-type]  # handed on as they are
    try:
        site.in_policy()
        yield site
    finally:
        site.stop()


def failed(row: int, failures: Sequence[str]) -> RowResult:
    """A row whose trial could not be made."""
    return judged(row, "real", reaction_s=(), bound_s=0.0, unsafe_writes=0, failures=failures)
