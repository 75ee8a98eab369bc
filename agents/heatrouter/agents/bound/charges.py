"""Batch processes: the earliest and the latest that charges can be heated."""

import math
from dataclasses import dataclass

import numpy as np

from heatrouter.agents.bound.week_data import WeekData
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.batch_process import RUNS_FROM
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.units import SECONDS_PER_HOUR, W_PER_KW


@dataclass(frozen=True, slots=True, eq=False)
class Charges:
    """One batch process.

    Attributes:
        name: Of the unit.
        circuit: Which preheats.
        charge_kw: Heat into a charge in work.
        efficiency: Of the burner.
        earliest_h: Heating done by the end of each step if every charge starts at once.
        latest_h: The same if every charge waits as long as it may.
    """

    name: str
    circuit: int
    charge_kw: float
    efficiency: float
    earliest_h: FloatArray
    latest_h: FloatArray


def all_charges(week: WeekData) -> list[Charges]:
    """Every batch process."""
    found = []
    for u in week.consumers_of(t.BATCH):
        data, index = week.par.consumer[u], week.par.consumer_index[u]
        circuit = int(index[t.CI_CIRCUIT])
        earliest, latest = _work(week, int(u))
        found.append(
            Charges(
                name=week.consumers[u],
                circuit=circuit,
                charge_kw=float(data[t.CF_CHARGE_HEAT]) / W_PER_KW,
                efficiency=float(data[t.CF_FUEL_ETA]),
                earliest_h=earliest,
                latest_h=latest,
            )
        )
    return found


def _work(week: WeekData, u: int) -> tuple[FloatArray, FloatArray]:
    """Hours of heating by the end of each step, earliest and latest.

    One place, first in, first out: a later start of any charge delays those behind it and brings
    none forward, so that starting at once is the earliest and waiting to the last the latest.
    """
    data, state = week.par.consumer[u], week.state["consumer"][u]
    dt = week.dt_s / week.sub_steps
    total = week.n_steps * week.sub_steps
    levels = np.repeat(week.values[:, week.par.consumer_index[u, t.CI_LEVEL]], week.sub_steps)
    due = _due_times(levels, state, data, dt)
    left = float(state[t.CX_RUN_LEFT])
    # a place falls free at a sub-step's end
    takes = math.ceil(float(data[t.CF_DURATION]) / dt - 1e-9) * dt
    free = math.ceil(left / dt - 1e-9) * dt
    edges = np.arange(1, week.n_steps + 1) * week.dt_s
    done = []
    for wait, grain in ((0.0, 0.0), (float(data[t.CF_SLACK]), dt)):
        hours = np.minimum(edges, left)
        at = free
        for moment in due:
            start = max(moment + wait + grain, at)
            if start >= total * dt:
                break
            hours = hours + np.clip(edges - start, 0.0, float(data[t.CF_DURATION]))
            at = start + takes
        done.append(hours / SECONDS_PER_HOUR)
    return done[0], done[1]


def _due_times(levels: FloatArray, state: FloatArray, data: FloatArray, dt: float) -> list[float]:
    """When charges become due, s from the start; those that wait already come first."""
    interval = max(float(data[t.CF_INTERVAL]), 1.0)
    oldest = float(state[t.CX_OLDEST])
    due = [i * interval - oldest for i in range(round(float(state[t.CX_WAITING])))]
    until = float(state[t.CX_NEXT_DUE])
    for k, level in enumerate(levels):
        if level < RUNS_FROM:
            continue
        until -= dt
        while until <= 0.0:
            # it is seen at the end of the sub-step; its wait counts from when it was due
            due.append((k + 1) * dt + until)
            until += interval
    return due
