"""The plant's own side of the hand-shake: what a PLC does with set-points from outside.

It trusts nobody. External set-points are applied only while the operator enables them and does not
override, the service says that it is in control, and its heartbeat is alive; else a local curve
runs. Its limits are restated here from the district, without the service's guard: a write beyond
them counts as unsafe and is not applied, so that the count judges the guard from outside.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.consumer_units import BatchProcess, Greenhouse
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    HeatExchanger,
    HeatPump,
    SolarThermal,
    Store,
    WasteHeatSource,
)

CONTROLLING_MODES = frozenset({"RULES", "POLICY"})
"""Modes in which the service says that its set-points are meant."""

HEARTBEATS_MISSED = 3
"""A service that missed as many is taken for dead (fault board, row 19)."""

WARM_END_C = 15.0
"""Outdoor temperature above which the local curve runs the lowest supply temperature."""

RELATIVE_TOLERANCE = 1e-6
"""Rounding on the wire is no violation."""


@dataclass(frozen=True, slots=True)
class PlcPoint:
    """One set-point as the PLC knows it: range, speed, and what the local curve does with it.

    Attributes:
        name: As in the contract.
        low, high: Range of what may be applied.
        rate_per_s: Largest change per second; infinite where any step is fine.
        jump_to: A switchable unit may go between 0 and this value at once (its smallest load).
        local_cold, local_warm: What the local curve applies on the design day and above
            ``WARM_END_C``; linear between.
    """

    name: str
    low: float
    high: float
    rate_per_s: float
    jump_to: float
    local_cold: float
    local_warm: float


class PlcState(StrEnum):
    """Who is in control of the plant, as the PLC shows it."""

    EXTERNAL = "external"
    LOCAL_OVERRIDE = "local: operator override"
    LOCAL_DISABLED = "local: not enabled"
    LOCAL_NO_HEARTBEAT = "local: no heartbeat"
    LOCAL_NOT_REQUESTED = "local: service not in control"


def plc_points(district: District, names: tuple[str, ...]) -> tuple[PlcPoint, ...]:
    """The set-points of these names, in their order, with the PLC's own limits.

    Raises:
        KeyError: The PLC knows no such set-point.
    """
    known = {point.name: point for point in _points(district)}
    return tuple(known[name] for name in names)


def _points(district: District) -> list[PlcPoint]:
    points: list[PlcPoint] = []
    for unit in district.units:
        match unit:
            case WasteHeatSource() | SolarThermal():
                rate = unit.ramp_share_per_min / 60.0
                points.append(
                    PlcPoint(f"{unit.name}.recovery_share", 0.0, 1.0, rate, 0.0, 1.0, 1.0)
                )
            case HeatPump() | Chp() | Boiler() | HeatExchanger():
                rate = unit.ramp_share_per_min / 60.0
                # Boilers that balance fill up by themselves; the others follow the weather.
                cold = 0.0 if isinstance(unit, Boiler) else 1.0
                least = 0.0 if isinstance(unit, HeatExchanger) else unit.min_load
                points.append(PlcPoint(f"{unit.name}.load_share", 0.0, 1.0, rate, least, cold, 0.0))
            case Store():
                points.append(
                    PlcPoint(f"{unit.name}.charge_share", -1.0, 1.0, math.inf, 0.0, 0.0, 0.0)
                )
            case BatchProcess():
                points.append(PlcPoint(f"{unit.name}.release", 0.0, 1.0, math.inf, 0.0, 1.0, 1.0))
            case Greenhouse():
                # An air set-point: the greenhouse's own controller is slower than any change of it.
                span = unit.offset_max_k
                points.append(
                    PlcPoint(f"{unit.name}.offset_k", -span, span, math.inf, 0.0, 0.0, 0.0)
                )
            case _:
                pass
    for circuit in district.circuits:
        low, high = circuit.supply_temp_min_c, circuit.supply_temp_max_c
        rate = circuit.supply_temp_ramp_k_h / 3600.0
        points.append(PlcPoint(f"{circuit.name}.supply_temp_c", low, high, rate, 0.0, high, low))
    return points


class Plc:
    """The local controller of the virtual plant.

    Args:
        points: Its set-points.
        design_temp_c: Outdoor temperature of the design day.
        heartbeat_timeout_s: Plant seconds without a new heartbeat after which the service is dead.
        jitter_s: Plant seconds by which a write may arrive early or late without being called
            too fast: scheduling of two processes, stretched by the plant's speed.
    """

    def __init__(
        self,
        points: tuple[PlcPoint, ...],
        *,
        design_temp_c: float,
        heartbeat_timeout_s: float,
        jitter_s: float,
    ) -> None:
        self.points = points
        self.state = PlcState.LOCAL_NO_HEARTBEAT
        self.unsafe_writes = 0
        self.external_writes = 0
        self.enabled = True
        self.override = False
        self._index = {point.name: i for i, point in enumerate(points)}
        self._design_temp_c = design_temp_c
        self.heartbeat_timeout_s = heartbeat_timeout_s
        self._jitter_s = jitter_s
        self._mode = "OFF"
        self._heartbeat: int | None = None
        self._heartbeat_s = -math.inf
        self.applied = self._local_target(WARM_END_C)
        n = len(points)
        self._wanted = self.applied.copy()
        self._wanted_s = np.full(n, -math.inf)
        # What a write's speed is judged against: the last value accepted, when, and by how much
        # the writes so far have run ahead of the limit (s, never positive).
        self._reference_s = np.full(n, -math.inf)
        self._credit_s = np.zeros(n)
        self.unsafe_log: list[str] = []

    # --- what comes from outside ---

    def receive_heartbeat(self, counter: int, time_s: float) -> None:
        """Note a heartbeat; only a changed counter is a sign of life."""
        if counter != self._heartbeat:
            self._heartbeat, self._heartbeat_s = counter, time_s

    def receive_mode(self, mode: str) -> None:
        """Note what the service says it is doing."""
        self._mode = mode

    def receive_set_point(self, name: str, value: float, time_s: float) -> bool:
        """Take or refuse an external set-point.

        Args:
            name: As in the contract.
            value: What was written.
            time_s: Plant time of arrival, s, not rounded to the plant's ticks.

        Returns:
            Whether it is inside range and speed; an unsafe one is counted and not applied.
        """
        i = self._index[name]
        point = self.points[i]
        self.external_writes += 1
        reason = self._fault_of(i, value, time_s)
        if reason is not None:
            self.unsafe_writes += 1
            self.unsafe_log.append(f"t={time_s:.1f} s: {name} = {value:g}: {reason}")
            return False
        self._wanted[i] = min(max(value, point.low), point.high)
        self._wanted_s[i] = time_s
        return True

    def _fault_of(self, i: int, value: float, time_s: float) -> str | None:
        point = self.points[i]
        slack = RELATIVE_TOLERANCE * (point.high - point.low)
        if not math.isfinite(value):
            return "not a number"
        if not point.low - slack <= value <= point.high + slack:
            return f"outside {point.low:g}..{point.high:g}"
        if self.state is PlcState.EXTERNAL and math.isfinite(self._wanted_s[i]):
            last, credit_s = float(self._wanted[i]), float(self._credit_s[i])
            elapsed_s = float(time_s - self._reference_s[i])
        else:
            # The plant itself moves the set-point, and who wants to take over repeats what was in
            # force when it read: no debt, and as much credit as the time in which a read-back gets
            # old. Wishes of before are in force no more, so nothing is measured from them.
            last, credit_s = float(self.applied[i]), 0.0
            elapsed_s = self.heartbeat_timeout_s
        needed_s = max(0.0, _travel(point, last, value) - slack) / point.rate_per_s
        left_s = credit_s + elapsed_s - needed_s
        if left_s < -self._jitter_s:
            return f"moves {abs(value - last):g} in {elapsed_s:.1f} s, limit {point.rate_per_s:g}/s"
        self._reference_s[i] = time_s
        self._credit_s[i] = min(0.0, left_s)
        return None

    # --- what it does each tick ---

    def step(self, time_s: float, dt_s: float, ambient_temp_c: float) -> FloatArray:
        """Decide who is in control and return what is applied, shape ``(n_set_points,)``."""
        was_external = self.state is PlcState.EXTERNAL
        self.state = self._judge(time_s)
        if self.state is PlcState.EXTERNAL:
            # A value left over from an earlier spell of control is nobody's wish any more.
            if not was_external:
                self._expire(time_s)
            self.applied = np.where(np.isfinite(self._wanted_s), self._wanted, self.applied)
        else:
            if was_external:
                self._wanted_s[:] = -math.inf
            self._expire(time_s)
            self.applied = self._towards(self._local_target(ambient_temp_c), dt_s)
        return self.applied

    def _expire(self, time_s: float) -> None:
        """Forget wishes that were not taken within a timeout."""
        self._wanted_s[time_s - self._wanted_s > self.heartbeat_timeout_s] = -math.inf

    def _judge(self, time_s: float) -> PlcState:
        if self.override:
            return PlcState.LOCAL_OVERRIDE
        if not self.enabled:
            return PlcState.LOCAL_DISABLED
        if time_s - self._heartbeat_s > self.heartbeat_timeout_s:
            return PlcState.LOCAL_NO_HEARTBEAT
        if self._mode not in CONTROLLING_MODES:
            return PlcState.LOCAL_NOT_REQUESTED
        return PlcState.EXTERNAL

    def _local_target(self, ambient_temp_c: float) -> FloatArray:
        """Weather-compensated: linear from the warm end to the design day."""
        span = WARM_END_C - self._design_temp_c
        cold = min(max((WARM_END_C - ambient_temp_c) / span, 0.0), 1.0)
        wanted = [p.local_warm + cold * (p.local_cold - p.local_warm) for p in self.points]
        return np.array(
            [0.0 if w < p.jump_to else w for w, p in zip(wanted, self.points, strict=True)]
        )

    def _towards(self, target: FloatArray, dt_s: float) -> FloatArray:
        moved = []
        for point, now, wanted in zip(self.points, self.applied, target, strict=True):
            step = point.rate_per_s * dt_s
            value = float(now + min(max(wanted - now, -step), step))
            if 0.0 < value < point.jump_to:
                value = point.jump_to if wanted >= point.jump_to else 0.0
            moved.append(value)
        return np.array(moved)

    def summary(self) -> Mapping[str, object]:
        """What the plant's log says at the end."""
        return {
            "status": str(self.state),
            "external_writes": self.external_writes,
            "unsafe_writes": self.unsafe_writes,
            "unsafe_log": self.unsafe_log[:20],
        }


def _travel(point: PlcPoint, last: float, value: float) -> float:
    """How far a set-point moves at its own speed; switching on or off at smallest load is free."""
    if point.jump_to <= 0.0:
        return abs(value - last)
    above = [max(v, point.jump_to) for v in (last, value)]
    return abs(above[1] - above[0])
