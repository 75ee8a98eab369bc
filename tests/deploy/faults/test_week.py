"""Days with a fault an hour: the plan is repeatable, the judge is right, and six hours pass."""

import asyncio
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from constant_bundle import constant_bundle

from heatrouter.deploy.faults.week_judging import (
    excused_ticks,
    handover_ticks,
    judge_week,
    travels,
)
from heatrouter.deploy.faults.week_plan import VIRTUAL_KINDS, Outage, draw_outages
from heatrouter.deploy.faults.week_run import run_week
from heatrouter.deploy.faults.week_sockets import REAL_KINDS, greatest_step
from heatrouter.deploy.plc import PlcPoint
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

BOILER = PlcPoint("boiler.load_share", 0.0, 1.0, 0.001, 0.3, 1.0, 0.0)
SUPPLY = PlcPoint("main.supply_temp_c", 70.0, 95.0, 0.01, 0.0, 95.0, 70.0)


@pytest.mark.parametrize("kinds", [VIRTUAL_KINDS, REAL_KINDS])
def test_one_fault_an_hour_and_the_same_for_one_seed(kinds: dict[str, tuple[float, float]]) -> None:
    week = draw_outages(4, 7 * 86_400.0, kinds)
    assert len(week) == 7 * 24 - 1
    assert [int(o.begin_s // 3600.0) for o in week] == list(range(1, 168))
    assert {o.kind for o in week} == set(kinds)
    # with its hold-off it is over before the next one
    assert all(o.end_s < b.begin_s - 300.0 for o, b in itertools.pairwise(week))
    assert week == draw_outages(4, 7 * 86_400.0, kinds) != draw_outages(5, 7 * 86_400.0, kinds)


def test_ticks_with_a_fault_and_in_the_hold_off_do_not_count() -> None:
    times_s = np.arange(0.0, 1200.0, 60.0)
    excused = excused_ticks([Outage("any", 200.0, 330.0, 0.0)], times_s, 60.0)
    # the fault, 300 s of hold-off, and two ticks in which its end and that of the hold-off show
    assert times_s[excused].tolist() == list(np.arange(240.0, 750.0, 60.0))


def test_who_moves_the_set_points_changes_in_two_ways() -> None:
    modes = np.array(["POLICY", "POLICY", "RULES", "RULES", "RULES", "RULES"])
    external = np.array([True, True, True, True, False, False])
    assert handover_ticks(modes, external).tolist() == [False, False, True, True, True, True]


def test_a_way_is_counted_in_rates_and_starting_is_none() -> None:
    applied = np.array([[0.0, 80.0], [0.3, 80.3], [0.39, 80.3], [0.0, 79.4]])
    assert travels((BOILER, SUPPLY), applied, 60.0) == pytest.approx([0.0, 0.5, 1.5, 1.5], rel=1e-3)


def test_steps_over_sockets_count_from_the_confirmation_of_the_last_write() -> None:
    def body(time_s: float, value: float, **detail: object) -> dict[str, object]:
        more = {"applied": [80.0], "external": True, "written_s": time_s + 20.0, **detail}
        return {"time_s": time_s, "executed": [value], "written": True, "mode": "POLICY",
                "detail": more}  # fmt: skip

    steady = [body(0.0, 80.0), body(60.0, 80.4), body(120.0, 80.8)]
    assert greatest_step(steady, (SUPPLY,)) == pytest.approx(1.0, rel=1e-3)
    hasty = [body(0.0, 80.0), body(60.0, 80.6)]
    assert greatest_step(hasty, (SUPPLY,)) == pytest.approx(1.5, rel=1e-3)


@pytest.mark.slow
def test_six_hours_with_a_fault_in_each(tmp_path: Path) -> None:
    district, task = load_district("energy-web"), load_task("energy-web")
    contract = build_contract(district, task)
    neutral = np.array([channel.neutral for channel in contract.action], dtype=np.float32)
    bundle = constant_bundle(tmp_path / "bundle", district, task, neutral)
    state = tmp_path / "week"
    state.mkdir()
    run = asyncio.run(run_week(bundle, state, days=0.25, seed=2, start_day=14))
    result = judge_week(run, bundle, seed=2, start_day=14)
    assert result.restarts == 1
    assert result.rearms >= 3
    assert result.policy_share >= 0.95
    assert result.bump <= 1.0
    assert result.unsafe_writes == 0
    assert result.replayed_ticks > 330
    assert result.differences == 0
    assert abs(result.demand_met - result.demand_met_simulated) <= 0.01
    json.dumps(result.document(), allow_nan=False)
