"""What a run beside the virtual plant has shown, held against a simulation without faults."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.agents.rollout import rollout
from heatrouter.deploy.audit import read_audit
from heatrouter.deploy.cli_replay import BundleFinder
from heatrouter.deploy.config import ServiceSetup, prepare
from heatrouter.deploy.faults.week_plan import Outage
from heatrouter.deploy.faults.week_result import FaultyRunResult
from heatrouter.deploy.faults.week_run import SPLIT, WeekRun
from heatrouter.deploy.faults.write_checker import LEAST_OPENING
from heatrouter.deploy.plc import PlcPoint
from heatrouter.deploy.replay import ReplayResult, recorded_config, replay
from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.kpis import KpiLayout, accumulate, start, summary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch

HOLD_OFF_S: Final = 300.0
"""What the mode machine is expected to wait, restated here (ModeSettings)."""

LEAST_POLICY_SHARE: Final = 0.95
MOST_DEMAND_OFF: Final = 0.01
SLACK: Final = 1e-6
"""Of a set-point's range, for rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekResult(FaultyRunResult):
    """The figures, and the verdict; ``bump`` is of set-points in force at a hand-over.

    Attributes:
        hours: Length of the run, plant hours.
        bump_anywhere: ``bump`` over all ticks.
        demand_met: Share of the heat demand, in this run.
        demand_met_simulated: In the simulation of the same days under the same policy.
        heat_off: Heat that consumers got, over that of the simulation, less one.
        passed_over: Ticks that could not be computed again.
    """

    hours: float
    bump_anywhere: float
    demand_met: float
    demand_met_simulated: float
    heat_off: float
    passed_over: int


def judge_week(run: WeekRun, bundle: Path, *, seed: int, start_day: int) -> WeekResult:
    """Judge a run: modes, hand-overs, writes, demand, audit log."""
    times_s = np.arange(run.ticks, dtype=np.float64) * run.tick_s
    excused = excused_ticks(run.outages, times_s, run.tick_s)
    modes = np.array(run.modes)
    policy = modes == "POLICY"
    share = float(policy[~excused].mean()) if not excused.all() else 1.0
    handed = handover_ticks(modes, run.external)
    bumps = travels(run.points, run.applied, run.tick_s)
    heat = heat_figures(run.setup, run.outputs, run.columns, run.tick_s)
    simulated = simulated_figures(
        run.setup, bundle, hours=run.ticks * run.tick_s / 3600.0,
        seed=seed, start_day=start_day,
    )  # fmt: skip
    records, replayed = replayed_log(run.audit_path, bundle)
    at_handover = float(bumps[handed].max(initial=0.0))
    heat_off = heat["useful_kwh"] / simulated["useful_kwh"] - 1.0
    demand_off = heat["demand_coverage"] - simulated["demand_coverage"]
    failures = [
        text
        for text, wrong in (
            (f"policy in control {share:.1%} of the time", share < LEAST_POLICY_SHARE),
            (f"bump {at_handover:.3f} at a hand-over", at_handover > 1.0),
            (f"{len(run.unsafe)} unsafe writes, first {run.unsafe[:1]}", bool(run.unsafe)),
            (f"demand met {demand_off:+.2%} off", abs(demand_off) > MOST_DEMAND_OFF),
            (f"heat used {heat_off:+.2%} off", abs(heat_off) > MOST_DEMAND_OFF),
            (f"replay differs: {replayed.first}", not replayed.same),
        )
        if wrong
    ]
    return WeekResult(
        hours=run.ticks * run.tick_s / 3600.0,
        faults=dict(Counter(o.kind for o in run.outages)),
        policy_share=share,
        policy_share_all=float(policy.mean()),
        excused_share=float(excused.mean()),
        other_modes=dict(Counter(modes[~excused & ~policy].tolist())),
        handovers=int(handed.sum()),
        bump=at_handover,
        bump_anywhere=float(bumps.max(initial=0.0)),
        writes=run.writes,
        unsafe_writes=len(run.unsafe),
        demand_met=heat["demand_coverage"],
        demand_met_simulated=simulated["demand_coverage"],
        heat_off=heat_off,
        restarts=run.restarts,
        rearms=run.rearms,
        audit_records=records,
        replayed_ticks=replayed.ticks,
        passed_over=replayed.passed_over,
        differences=replayed.differences,
        passed=not failures,
        failures=tuple(failures),
    )


def excused_ticks(outages: Sequence[Outage], times_s: FloatArray, tick_s: float) -> BoolArray:
    """Ticks with a fault, or in the hold-off after one, and the tick in which either is noticed."""
    excused = np.zeros(times_s.shape, dtype=np.bool_)
    for outage in outages:
        until_s = outage.end_s + HOLD_OFF_S + 2.0 * tick_s
        excused |= (times_s >= outage.begin_s) & (times_s < until_s)
    return excused


def handover_ticks(
    modes: "np.ndarray[tuple[int], np.dtype[np.str_]]", external: BoolArray
) -> BoolArray:
    """Ticks in which somebody else than before moves the set-points, and the one after."""
    changed = np.zeros(external.shape, dtype=np.bool_)
    changed[1:] = (modes[1:] != modes[:-1]) | (external[1:] != external[:-1])
    changed[1:] |= changed[:-1].copy()
    return changed


def travels(points: Sequence[PlcPoint], applied: FloatArray, tick_s: float) -> FloatArray:
    """Change of the set-points in force in each tick, over what their rates allow.

    Args:
        points: Range, rate and least load of each.
        applied: Shape ``(ticks, n_set_points)``.
        tick_s: Plant seconds between the rows.

    Returns:
        The greatest of each tick, shape ``(ticks,)``. Between off and least load is no way.
    """
    jump = np.array([_least_load(p) for p in points])
    rate = np.array([p.rate_per_s for p in points])
    span = np.array([p.high - p.low for p in points])
    position = np.where(jump > 0.0, np.maximum(applied, jump), applied)
    moved = np.abs(np.diff(position, axis=0, prepend=position[:1]))
    limited = np.isfinite(rate)
    over = np.maximum(moved - SLACK * span, 0.0)[:, limited] / (rate[limited] * tick_s)
    greatest: FloatArray = over.max(axis=1)
    return greatest


def _least_load(point: PlcPoint) -> float:
    """Below it there is no way to go: a valve or machine is shut, or open so far."""
    return LEAST_OPENING if point.name.endswith(".recovery_share") else point.jump_to


def heat_figures(
    setup: ServiceSetup, outputs: FloatArray, columns: dict[str, int], dt_s: float
) -> dict[str, float]:
    """Share of the demand met, and heat used, kWh; outputs of shape ``(steps, n_columns)``."""
    layout = KpiLayout.build(setup.district, columns)
    sums = start(1)
    for row in outputs:
        sums = accumulate(layout, sums, row[np.newaxis], {}, dt_s)
    return {
        "demand_coverage": float(summary(sums)["demand_coverage"][0]),
        "useful_kwh": float(sums.useful_kwh[0]),
    }


def simulated_figures(
    setup: ServiceSetup, bundle: Path, *, hours: float, seed: int, start_day: int
) -> dict[str, float]:
    """The same figures of the closed loop without service, sockets and faults."""
    task, district = setup.task, setup.district
    library = build_library(district, SPLIT, 1, seed=seed)
    batch = DistrictBatch(district, task, library, num_envs=1, seed=seed)
    first = np.array([start_day * 86_400 // library.step_s], dtype=np.int64)
    steps = round(hours * 3600.0 / task.control_dt_s)
    ran = rollout(
        batch, OnnxPolicy(load_bundle(bundle)), steps, starts=(np.zeros(1, dtype=np.int64), first)
    )
    return heat_figures(setup, ran.outputs[:, 0], dict(ran.columns), task.control_dt_s)


def replayed_log(path: Path, bundle: Path) -> tuple[int, ReplayResult]:
    """Number of records of a log, whose chain has to hold, and what its replay found."""
    records = list(read_audit(path))
    found = replay(
        records, lambda identity: prepare(recorded_config(identity)), BundleFinder([bundle])
    )
    return len(records), found
