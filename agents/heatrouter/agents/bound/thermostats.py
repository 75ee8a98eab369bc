"""Rooms under thermostats: what they ask for, and the warmest they can be."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from heatrouter.agents.bound.week_data import WeekData
from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.consumption import BACKLOG_LIMIT_S, BACKLOG_MEMORY_S, COMFORT_BAND_K
from heatrouter.envs.simulation.demand import NIGHT_END_H, NIGHT_START_H, ROOM_RECOVERY_S
from heatrouter.envs.units import J_PER_KWH, SECONDS_PER_HOUR, W_PER_KW

_PEAK = 1.1  # largest request over the design heat
_RAMP = 0.25  # of a step: a mean lies no further from the middle of both ends


@dataclass(frozen=True, slots=True, eq=False)
class Rooms:
    """Substations of one circuit with the same kind of buildings, added up.

    Their balances are the same but for a factor, so the sum of what holds for each holds for the
    sum: heats add, temperatures are means weighted with heat capacity.

    Attributes:
        names: Of the substations.
        shares: Weight of each in mean temperatures.
        circuit: Where they take their heat.
        loss_kw_k: kW/K.
        capacity_kwh_k: kWh/K.
        gains_kw: From sun and use, ``(n_steps,)``.
        set_c: What thermostats hold, ``(n_steps,)``.
        comfort_c: Below this rooms are too cold.
        heated: Whether it is cold enough for heating, ``(n_steps,)``.
        peak_kw: Largest request.
        first_c: Temperature at the start.
        warmest_c: With all heat that is asked for, at the end of each step.
        least_kw: What they ask for then, ``(n_steps,)``: colder rooms ask for more.
        hot_kw: Hot water, ``(n_steps,)``.
        owed_space_kwh: Space heat that may be late before it is unmet.
        owed_hot_kwh: Hot water that may be.
        first_space_kwh: Space heat owed at the start.
        first_hot_kwh: Hot water owed at the start.
        slack_k: How far the mean over a step may be from the middle of its ends.
    """

    names: tuple[str, ...]
    shares: FloatArray
    circuit: int
    loss_kw_k: float
    capacity_kwh_k: float
    gains_kw: FloatArray
    set_c: FloatArray
    comfort_c: float
    heated: BoolArray
    peak_kw: float
    first_c: float
    warmest_c: FloatArray
    least_kw: FloatArray
    hot_kw: FloatArray
    owed_space_kwh: float
    owed_hot_kwh: float
    first_space_kwh: float
    first_hot_kwh: float
    slack_k: float

    @property
    def recovery_kw_k(self) -> float:
        """Further request for each kelvin that rooms are too cold."""
        return self.capacity_kwh_k * SECONDS_PER_HOUR / ROOM_RECOVERY_S

    @property
    def fading_kw(self) -> float:
        """Largest power at which space heat owed is forgotten."""
        return self.owed_space_kwh * SECONDS_PER_HOUR / BACKLOG_MEMORY_S

    def wanted_kw(self, week: WeekData, room_c: float | FloatArray) -> FloatArray:
        """What thermostats would ask for without limits, ``(n_steps,)``."""
        found: FloatArray = (
            self.loss_kw_k * (self.set_c - week.ambient_c)
            - self.gains_kw
            + self.recovery_kw_k * (self.set_c - room_c)
        )
        return found


def all_rooms(week: WeekData) -> list[Rooms]:
    """Substations in groups of equal buildings."""
    data, index = week.par.consumer, week.par.consumer_index
    groups: dict[tuple[float, ...], list[int]] = defaultdict(list)
    for u in week.consumers_of(t.SUBSTATION):
        row = data[u]
        like = row[[t.CF_CAPACITY, t.CF_GAINS, t.CF_SOLAR, t.CF_DESIGN_HEAT]] / row[t.CF_LOSS]
        same = row[[t.CF_SET_TEMP, t.CF_SETBACK, t.CF_CURVE_END]]
        key = (float(index[u, t.CI_CIRCUIT]), *np.round(like, 6).tolist(), *same.tolist())
        groups[key].append(int(u))
    return [_rooms(week, np.array(rows)) for rows in groups.values()]


def _rooms(week: WeekData, rows: IntArray) -> Rooms:
    data, index = week.par.consumer[rows], week.par.consumer_index[rows]
    state = week.state["consumer"][rows]
    design = data[:, t.CF_DESIGN_HEAT]
    capacity, loss = data[:, t.CF_CAPACITY], data[:, t.CF_LOSS]
    shares = capacity / capacity.sum()
    night = (week.hour >= NIGHT_START_H) | (week.hour < NIGHT_END_H)
    set_c = data[0, t.CF_SET_TEMP] - data[0, t.CF_SETBACK] * night
    gains = data[:, t.CF_GAINS] + week.irradiance_w_m2[:, None] * data[:, t.CF_SOLAR]
    heated = week.ambient_c < data[0, t.CF_CURVE_END]
    warmest, least = _ample(week, rows, set_c, gains, heated)
    hot = week.values[:, index[:, t.CI_HOT_WATER]] * data[:, t.CF_HOT_SCALE]
    owed = np.maximum(state[:, [t.CX_OWED, t.CX_HOT_OWED]], 0.0).sum(axis=0) / J_PER_KWH
    steps_h = week.hours
    peak = _PEAK * float(design.sum())
    return Rooms(
        names=tuple(week.consumers[u] for u in rows),
        shares=shares,
        circuit=int(index[0, t.CI_CIRCUIT]),
        loss_kw_k=float(loss.sum()) / W_PER_KW,
        capacity_kwh_k=float(capacity.sum()) / J_PER_KWH,
        gains_kw=gains.sum(axis=1) / W_PER_KW,
        set_c=set_c,
        comfort_c=float(data[0, t.CF_SET_TEMP] - data[0, t.CF_SETBACK] - COMFORT_BAND_K),
        heated=heated,
        peak_kw=peak / W_PER_KW,
        first_c=float(state[:, t.CX_TEMP] @ shares),
        warmest_c=warmest @ shares,
        least_kw=least.sum(axis=1) / W_PER_KW,
        hot_kw=hot.sum(axis=1) / W_PER_KW,
        owed_space_kwh=float(design.sum()) * BACKLOG_LIMIT_S / J_PER_KWH,
        owed_hot_kwh=float(data[:, t.CF_HOT_HEAT].sum()) * BACKLOG_LIMIT_S / J_PER_KWH,
        first_space_kwh=float(owed[0]),
        first_hot_kwh=float(owed[1]),
        slack_k=_RAMP * peak * steps_h * SECONDS_PER_HOUR / float(capacity.sum()),
    )


def _ample(
    week: WeekData, rows: IntArray, set_c: FloatArray, gains: FloatArray, heated: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Rooms that get all they ask for, sub-step by sub-step as the simulator has it.

    Returns:
        Temperatures at the end of each step and mean requests in W, ``(n_steps, n_rows)``.
    """
    data = week.par.consumer[rows]
    capacity, loss = data[:, t.CF_CAPACITY], data[:, t.CF_LOSS]
    peak = _PEAK * data[:, t.CF_DESIGN_HEAT]
    dt = week.dt_s / week.sub_steps
    room = week.state["consumer"][rows, t.CX_TEMP].copy()
    ends = np.empty((week.n_steps, rows.size))
    means = np.zeros((week.n_steps, rows.size))
    for k in range(week.n_steps):
        ambient = week.ambient_c[k]
        steady = loss * (set_c[k] - ambient) - gains[k]
        for _ in range(week.sub_steps):
            heat = np.clip(steady + capacity * (set_c[k] - room) / ROOM_RECOVERY_S, 0.0, peak)
            heat = heat * heated[k]
            room = (capacity * room + dt * (heat + gains[k] + loss * ambient)) / (
                capacity + dt * loss
            )
            means[k] += heat
        ends[k] = room
    return ends, means / week.sub_steps
