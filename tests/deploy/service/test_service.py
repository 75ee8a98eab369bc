"""The control loop on a turned clock: the fault board, row by row, without sockets."""

import math
from pathlib import Path

import numpy as np
import pytest
from tests.deploy.service.turned_service import STEP_TICKS, TICK_S, Bench, build

from heatrouter.deploy.alarms import Alarm
from heatrouter.deploy.audit import read_audit
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.plc import PlcState
from heatrouter.deploy.policy_worker import FaultKind


async def test_it_starts_off_and_writes_nothing(
    bundle: Path, neutral: np.ndarray, tmp_path: Path
) -> None:
    bench = build(bundle, neutral, tmp_path, "off")
    assert await bench.run(20) == [Mode.OFF] * 20
    assert bench.plant.written == []
    assert bench.plant.plc.state is PlcState.LOCAL_NO_HEARTBEAT


async def test_shadow_computes_everything_and_writes_nothing(
    bundle: Path, neutral: np.ndarray, tmp_path: Path
) -> None:
    bench = build(bundle, neutral, tmp_path, "shadow")
    assert await bench.run(40) == [Mode.SHADOW] * 40
    assert bench.plant.written == []
    assert len(bench.worker.asked) == 3
    ticks = [r for r in bench.records() if r.event is None]
    assert all(r.executed is not None and not r.written for r in ticks)
    assert ticks[0].detail["source"] == "policy"


async def test_policy_controls_from_the_first_tick_and_the_plant_follows(bench: Bench) -> None:
    assert await bench.run(45) == [Mode.POLICY] * 45
    assert bench.plant.plc.state is PlcState.EXTERNAL
    assert bench.plant.plc.unsafe_writes == 0
    assert len(bench.set_point_writes()) == 45
    beats = [w["control:heartbeat"] for w in bench.plant.written]
    assert beats == list(range(1, 46))
    assert {w["control:mode"] for w in bench.plant.written} == {"POLICY"}
    assert len(bench.worker.asked) == 3, "one decision each control step"
    memory = bench.service.cycle.memory
    assert memory is not None
    np.testing.assert_allclose(memory.set_points[0], bench.plant.plc.applied, rtol=0, atol=1e-12)


async def test_the_hand_over_has_no_bump(bench: Bench) -> None:
    await bench.run(1)
    first = next(r for r in bench.records() if r.event is None)
    assert first.executed is not None
    np.testing.assert_allclose(first.executed, bench.plant.plc.applied)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [(FaultKind.LATE, Fault.POLICY_LATE), (FaultKind.OUTPUT, Fault.POLICY_OUTPUT)],
)
async def test_a_bad_decision_leads_to_rules_in_the_same_tick(
    bench: Bench, kind: FaultKind, fault: Fault
) -> None:
    await bench.run(STEP_TICKS)
    bench.worker.fault = kind
    assert await bench.run(1) == [Mode.RULES]
    assert fault in bench.faults
    assert len(bench.set_point_writes()) == STEP_TICKS + 1, "the rules' set-points are written"
    bench.worker.fault = None
    assert await bench.run(1) == [Mode.RULES], "hold-off"
    assert fault not in bench.faults
    assert (await bench.run(6))[-1] is Mode.POLICY, "back by itself after five clean minutes"


async def test_an_action_beyond_its_range_is_not_used(bench: Bench) -> None:
    await bench.run(STEP_TICKS)
    bench.worker.action = bench.worker.action + 1e4
    assert await bench.run(1) == [Mode.RULES]
    assert Fault.POLICY_OUTPUT in bench.faults


async def test_a_policy_that_swings_is_left_at_its_third_way_back(bench: Bench) -> None:
    low, high = bench.service.cycle.contract.bounds("action")
    for decision in range(5):
        bench.worker.action = high if decision % 2 else low
        await bench.run(STEP_TICKS)
    assert bench.modes == [Mode.POLICY] * (4 * STEP_TICKS) + [Mode.RULES] * STEP_TICKS
    assert bench.faults == {Fault.POLICY_SWINGS}
    assert "main.supply_offset_k" in bench.service.watch.causes["POLICY_SWINGS"]
    calm = await bench.run(6)
    assert calm == [Mode.RULES] * 4 + [Mode.POLICY] * 2, "the same decision again, and five minutes"


async def test_a_dead_worker_leads_to_rules_and_waits_for_a_person(bench: Bench) -> None:
    await bench.run(5)
    bench.worker.death = "signal 9"
    assert await bench.run(1) == [Mode.RULES]
    assert Fault.WORKER_DEAD in bench.faults
    bench.worker.ready = True
    assert await bench.run(30) == [Mode.RULES] * 30
    bench.ask("POLICY")
    assert await bench.run(1) == [Mode.POLICY]
    events = [(r.event, r.user) for r in bench.records() if r.event is not None]
    assert ("asked for POLICY", "anna") in events
    names = [event for event, _ in events]
    assert names.count("fault WORKER_DEAD raised") == 1
    assert "policy worker died" in names


async def test_an_override_stops_writing_within_a_tick(bench: Bench) -> None:
    await bench.run(5)
    bench.plant.plc.override = True
    assert await bench.run(3) == [Mode.LOCAL] * 3
    assert len(bench.set_point_writes()) == 5
    assert bench.plant.written[-1] == {"control:mode": "LOCAL"}
    bench.plant.plc.override = False
    await bench.run(10)
    assert bench.modes[-1] is Mode.POLICY
    assert bench.plant.plc.unsafe_writes == 0


async def test_without_enable_it_watches(bench: Bench) -> None:
    await bench.run(5)
    bench.plant.plc.enabled = False
    assert await bench.run(3) == [Mode.SHADOW] * 3
    assert len(bench.set_point_writes()) == 5


async def test_rules_stay_warm_whatever_the_mode(bench: Bench) -> None:
    await bench.run(40)
    proposal = bench.service.cycle.rules_proposal
    assert proposal is not None
    assert np.isfinite(proposal).all()


async def test_requests_that_make_no_sense_are_answered(bench: Bench) -> None:
    await bench.run(1)
    for mode in ("HOLD", "AUTO"):
        bench.ask(mode)
        assert await bench.run(1) == [Mode.POLICY]
        status = bench.state_dir.read_status()
        assert status is not None
        answer = status["last_request"]
        assert isinstance(answer, dict)
        assert not answer["accepted"]


async def test_a_person_stops_it_at_once(bench: Bench) -> None:
    await bench.run(5)
    bench.ask("OFF")
    assert await bench.run(2) == [Mode.OFF] * 2
    assert bench.plant.written[-1] == {"control:mode": "OFF"}
    await bench.run(4)
    assert bench.plant.plc.state is not PlcState.EXTERNAL


async def test_the_log_holds_every_tick_and_its_chain(bench: Bench) -> None:
    await bench.run(STEP_TICKS + 3)
    ticks = [r for r in bench.records() if r.event is None]
    assert [r.tick for r in ticks] == list(range(STEP_TICKS + 3))
    assert all(r.written for r in ticks)
    decided = [r for r in ticks if r.action is not None]
    assert [r.tick for r in decided] == [0, STEP_TICKS]
    assert all(r.observation is not None for r in decided)
    assert decided[0].bundle == "b" * 64


async def test_an_alarm_from_beside_the_ticks_is_on_record_before_the_next(bench: Bench) -> None:
    await bench.run(2)
    bench.service.alarms.note(Alarm.SETTINGS, "service.yaml: bad")
    bench.service.tell_alarms()
    told = [r for r in read_audit(bench.state_dir.audit_path) if r.event is not None]
    assert (told[-1].event, told[-1].detail["cause"]) == (
        "alarm SETTINGS raised",
        "service.yaml: bad",
    )
    await bench.run(2)
    events = [r.event for r in bench.records()]
    assert events.count("alarm SETTINGS raised") == 1
    listed = [a.fault for a in bench.service.alarm_list.alarms]
    assert listed.count("SETTINGS") == 1
    assert len(listed) == len(set(listed)), "nor are the faults of the last tick told once more"


async def test_after_a_crash_it_comes_up_in_shadow(
    bundle: Path, neutral: np.ndarray, tmp_path: Path
) -> None:
    crashed = build(bundle, neutral, tmp_path, "policy")
    await crashed.run(3)  # and nothing more: no farewell
    crashed.audit.close()
    again = build(bundle, neutral, tmp_path, "off")
    assert await again.run(3) == [Mode.SHADOW] * 3
    assert again.plant.written == []


async def test_a_tick_that_fails_is_survived_and_the_plant_takes_over(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.run(5)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(bench.service.cycle, "guarded", broken)
        for _ in range(10):
            await bench.service.safe_tick()
            bench.clock.now_s += TICK_S
    assert len(bench.set_point_writes()) == 5
    assert bench.plant.plc.state is PlcState.LOCAL_NO_HEARTBEAT
    assert await bench.run(30) == [Mode.HOLD] * 30
    bench.ask("POLICY")
    assert await bench.run(1) == [Mode.POLICY]
    assert bench.service.record.failed_ticks == 10


async def test_a_full_disk_leaves_the_policy_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.run(3)

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bench.audit, "_open_writer", full)
    modes = await bench.run(3)
    assert modes[-1] is Mode.RULES
    assert Fault.AUDIT in bench.faults
    assert len(bench.set_point_writes()) == 6, "control goes on"


@pytest.mark.parametrize("seed", [0, 1])
async def test_no_unsafe_write_under_random_actions_and_faults(bench: Bench, seed: int) -> None:
    rng = np.random.default_rng(seed)
    contract = bench.service.cycle.contract
    low, high = contract.bounds("action")
    for _ in range(250):
        bench.worker.action = rng.uniform(low, high)
        bench.worker.fault = rng.choice(np.array([None] * 8 + [*FaultKind], dtype=object))
        if not bench.worker.ready:
            bench.worker.ready = bool(rng.random() < 0.2)
        elif rng.random() < 0.02:
            bench.worker.death = "killed"
        bench.plant.lost = bool(rng.random() < (0.7 if bench.plant.lost else 0.03))
        bench.plant.plc.override = bool(rng.random() < (0.7 if bench.plant.plc.override else 0.02))
        bench.plant.plc.enabled = bool(rng.random() < 0.97)
        bench.plant.refuse = ("set_point:main.supply_temp_c",) if rng.random() < 0.03 else ()
        bench.plant.values["site.ambient_temp_c"] = rng.uniform(-20.0, 35.0)
        bench.plant.values["main.supply_temp_c"] = rng.choice([70.0, 80.0, 104.0, math.nan])
        if rng.random() < 0.05:
            bench.ask(str(rng.choice(["POLICY", "RULES", "SHADOW", "OFF", "POLICY"])))
        if rng.random() < 0.02:
            bench.clock.now_s += TICK_S * float(rng.integers(1, 30))  # the process was stopped
        await bench.run(int(rng.integers(1, 8)))
    assert bench.plant.plc.unsafe_log == []
    assert set(bench.modes) == set(Mode)
    assert bench.service.record.refused_before_write == 0
