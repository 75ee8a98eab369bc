"""A plant without sockets and a policy without a process, on a clock that is turned by hand.

For tests of the control loop and for the fault board: every fault is a switch, and an hour passes
in a millisecond. The PLC is the virtual plant's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from heatrouter.deploy.field_link import FieldValue, LinkLostError, Quality, Snapshot
from heatrouter.deploy.plc import HEARTBEATS_MISSED, Plc, PlcState, plc_points
from heatrouter.deploy.policy_worker import BundleAbout, Decision, FaultKind, WorkerFault
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError
from heatrouter.envs.spec.district import District

_COLD_SHARE = 0.3
"""Where in the range of a temperature the plant in memory stands: a cool, working network."""


@dataclass(slots=True)
class TurnedClock:
    """Monotonic seconds that pass when somebody says so."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        """Now."""
        return self.now_s


class InMemoryPlant:
    """A field link to a plant in memory: constant readings, a PLC, a switch for every fault.

    Args:
        district: Whose PLC it has.
        contract: Whose channels it shows.
        tags: By which names.
        clock: Its time; one second of it is one plant second.
        tick_s: Plant seconds between readings.

    Attributes:
        values: What every scalar tag shows.
        quality: How good it says that is.
        stamped: Whether the source still stamps its values.
        arrays: Forecast windows by series.
        lost: Whether the plant does not answer.
        refuse: Names of writes that it refuses.
        competitor: What another writer keeps writing, by set-point.
        written: Every batch that arrived.
    """

    def __init__(
        self,
        district: District,
        contract: Contract,
        tags: TagMap,
        clock: TurnedClock,
        *,
        tick_s: float = 60.0,
    ) -> None:
        self._clock = clock
        self._tick_s = tick_s
        self._scalars = tuple(tags.scalars())
        names = tuple(s.name for s in contract.set_points)
        self.names = names
        self.plc = Plc(
            plc_points(district, names),
            design_temp_c=district.site.design_temp_c,
            heartbeat_timeout_s=HEARTBEATS_MISSED * tick_s,
            jitter_s=tick_s,
        )
        self.values = dict.fromkeys(self._scalars, 0.0)
        for channel in contract.observation:
            if channel.source in {"measured", "tariff"}:
                key = channel.origin if channel.source == "measured" else f"tariff:{channel.origin}"
                share = _COLD_SHARE if channel.unit == "degC" else 0.5
                self.values[key] = channel.low + share * (channel.high - channel.low)
        self.values |= {
            "clock:day_of_year": 15.0,
            "control:enable": 1.0,
            "site.ambient_temp_c": 5.0,
        }
        self.quality = dict.fromkeys(self._scalars, Quality.GOOD)
        self.stamped = True
        shape = (sum(c.source == "forecast" for c in contract.observation) // len(tags.forecast),)
        self.arrays = {name: np.full(shape, 5.0) for name in tags.forecast}
        self.lost = False
        self.refuse: tuple[str, ...] = ()
        self.competitor: dict[str, float] = {}
        self.written: list[dict[str, FieldValue]] = []
        self.connected, self.reconnects = True, 0
        self._set_points = dict(zip(names, map(float, self.plc.applied), strict=True))
        self._begin_s = clock()

    async def open(self) -> None:
        """There is nothing to connect to."""

    async def close(self) -> None:
        """There is nothing to disconnect from."""

    @property
    def time_s(self) -> float:
        """Plant time."""
        return self._clock() - self._begin_s

    async def read(self) -> Snapshot:
        """Let the PLC take its turn, then show everything."""
        if self.lost:
            msg = "the plant does not answer"
            raise LinkLostError(msg)
        ambient = self.values["site.ambient_temp_c"]
        applied = self.plc.step(self.time_s, self._tick_s, ambient)
        self._set_points |= self.competitor
        values = self.values | {
            "clock:time_s": self.time_s,
            "control:external": float(self.plc.state is PlcState.EXTERNAL),
            "control:override": float(self.plc.override),
            "control:enable": float(self.plc.enabled),
        }
        values |= {f"applied:{n}": float(v) for n, v in zip(self.names, applied, strict=True)}
        values |= {f"set_point:{n}": v for n, v in self._set_points.items()}
        if self.stamped:
            values["forecast_issue"] = self.time_s
        return Snapshot(
            self._scalars,
            np.array([values[n] for n in self._scalars]),
            np.array([self.quality[n] for n in self._scalars], dtype=np.int8),
            np.full(len(self._scalars), self._clock() if self.stamped else 0.0),
            self.arrays,
        )

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        """Take what the PLC takes."""
        if self.lost:
            msg = "the plant does not answer"
            raise LinkLostError(msg)
        self.written.append(dict(values))
        refused = []
        for name, value in values.items():
            group, _, rest = name.partition(":")
            if name in self.refuse:
                refused.append(name)
            elif group == "set_point":
                assert isinstance(value, float)
                if self.plc.receive_set_point(rest, value, self.time_s):
                    self._set_points[rest] = value
                else:
                    refused.append(name)
            elif rest == "heartbeat":
                assert isinstance(value, int)
                self.plc.receive_heartbeat(value, self.time_s)
            else:
                self.plc.receive_mode(str(value))
        return tuple(refused)


@dataclass(slots=True)
class InMemoryWorker:
    """A policy that answers the same action each time, or with the fault that is switched on."""

    action: FloatArray
    fault: FaultKind | None = None
    ready: bool = True
    pid: int | None = 4711
    restarts: int = 0
    bundle_digest: str = "b" * 64
    about: BundleAbout | None = None
    death: str | None = None
    refusal: str | None = None
    asked: list[Float32Array] = field(default_factory=list)

    async def open(self) -> None:
        """Be ready at once, or refuse the bundle."""
        if self.refusal is not None:
            raise BundleError(self.refusal)
        self.ready = True

    async def close(self) -> None:
        """End."""
        self.ready = False

    def poll(self) -> str | None:
        """The cause of a death, once."""
        death, self.death = self.death, None
        if death is not None:
            self.ready = False
        return death

    async def decide(self, observation: Float32Array, deadline_s: float) -> Decision:
        """Answer at once."""
        self.asked.append(observation)
        if self.fault is not None:
            cause = f"not within {deadline_s:g} s" if self.fault is FaultKind.LATE else "told so"
            raise WorkerFault(self.fault, cause)
        return Decision(self.action, compute_s=1e-5, round_trip_s=1e-4)
