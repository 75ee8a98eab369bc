"""The control loop on a turned clock: the fault board, row by row, without sockets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from heatrouter.deploy.audit import AuditLog, AuditRecord, read_audit
from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.field_link import FieldValue, LinkLostError, Quality
from heatrouter.deploy.in_memory import InMemoryPlant, InMemoryWorker, TurnedClock
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.plc import PlcState
from heatrouter.deploy.policy_worker import FaultKind
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import ModeRequest, StateDir

TICK_S = 60.0
STEP_TICKS = 15  # control_dt_s 900


@dataclass
class Bench:
    """A service, its plant and its policy, turned tick by tick."""

    service: Service
    plant: InMemoryPlant
    worker: InMemoryWorker
    clock: TurnedClock
    state_dir: StateDir
    audit: AuditLog
    modes: list[Mode] = field(default_factory=list)

    async def run(self, ticks: int) -> list[Mode]:
        modes = []
        for _ in range(ticks):
            await self.service.tick()
            self.clock.now_s += TICK_S
            modes.append(self.service.state.actual)
        self.modes += modes
        return modes

    def ask(self, mode: str, user: str = "anna") -> None:
        self.state_dir.ask(ModeRequest(mode=mode, user=user))

    @property
    def faults(self) -> frozenset[Fault]:
        return self.service.state.faults

    def set_point_writes(self) -> list[dict[str, object]]:
        return [dict(w) for w in self.plant.written if any("set_point" in name for name in w)]

    def records(self) -> list[AuditRecord]:
        self.audit.close()
        return list(read_audit(self.state_dir.audit_path))


def build(bundle: Path, neutral: np.ndarray, folder: Path, mode: str) -> Bench:
    config = ServiceConfig.model_validate(
        {
            "bundle": bundle,
            "mode": mode,
            "arm": mode in {"rules", "policy"},
            "tick_s": TICK_S,
            "state_dir": folder / "state",
        }
    )
    setup = prepare(config)
    clock = TurnedClock()
    plant = InMemoryPlant(setup.district, setup.contract, setup.tags, clock)
    worker = InMemoryWorker(neutral.astype(np.float64))
    state_dir = StateDir(config.state_dir)
    state_dir.create()
    audit = AuditLog(state_dir.audit_path, sync_interval_s=None)
    service = Service(setup, plant, worker, audit=audit, state_dir=state_dir, clock=clock)
    return Bench(service, plant, worker, clock, state_dir, audit)


@pytest.fixture
def bench(bundle: Path, neutral: np.ndarray, tmp_path: Path) -> Bench:
    """Armed, asked for POLICY."""
    return build(bundle, neutral, tmp_path, "policy")


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


async def test_a_lost_plant_is_held_and_taken_up_without_a_bump(bench: Bench) -> None:
    await bench.run(20)
    bench.plant.lost = True
    assert await bench.run(60) == [Mode.HOLD] * 60
    for _ in range(60):  # meanwhile the PLC goes its own way
        bench.plant.plc.step(bench.plant.time_s, TICK_S, 5.0)
    bench.plant.lost = False
    modes = await bench.run(10)
    assert modes[0] is Mode.RULES
    assert modes[-1] is Mode.POLICY
    assert bench.plant.plc.unsafe_writes == 0
    assert bench.plant.plc.state is PlcState.EXTERNAL


async def test_a_short_gap_is_not_made_up_for_in_one_step(bench: Bench) -> None:
    """Two ticks without an answer: the plant still follows, and what it follows is not far off."""
    bench.ask("POLICY")
    await bench.run(3)
    supply = bench.plant.names.index("main.supply_temp_c")
    assert bench.service.cycle.rules_proposal is not None
    # far away, so that every tick moves as fast as it may
    bench.ask("RULES")
    bench.service.cycle.rules_proposal[supply] = 95.0
    await bench.run(2)
    before = float(bench.plant.plc.applied[supply])
    bench.plant.lost = True
    await bench.run(2)
    bench.plant.lost = False
    await bench.run(1)
    assert bench.plant.plc.state is PlcState.EXTERNAL
    assert bench.set_point_writes()[-1]["set_point:main.supply_temp_c"] == pytest.approx(
        before, abs=12.0 / 3600.0 * TICK_S + 1e-9
    )
    wanted = [w["set_point:main.supply_temp_c"] for w in bench.set_point_writes()]
    steps = np.diff(np.array(wanted[-4:], dtype=np.float64))
    assert np.all(steps <= 12.0 / 3600.0 * TICK_S + 1e-9), steps


@pytest.mark.parametrize("quality", [Quality.BAD, Quality.UNCERTAIN])
async def test_a_critical_tag_may_be_bad_for_two_ticks(bench: Bench, quality: Quality) -> None:
    await bench.run(5)
    bench.plant.quality["main.supply_temp_c"] = quality
    assert await bench.run(3) == [Mode.POLICY, Mode.POLICY, Mode.RULES]
    assert Fault.CRITICAL_INPUT in bench.faults


@pytest.mark.parametrize("value", [math.nan, math.inf, -40.0, 900.0])
async def test_a_wrong_value_never_reaches_the_policy(bench: Bench, value: float) -> None:
    await bench.run(5)
    bench.plant.values["town_old.room_temp_c"] = value
    assert await bench.run(30) == [Mode.POLICY] * 30
    for observation in bench.worker.asked:
        assert np.isfinite(observation).all()


async def test_old_stamps_are_stale_although_quality_is_good(bench: Bench) -> None:
    await bench.run(2)
    bench.plant.stamped = False  # the last stamp stays
    modes = await bench.run(12)
    assert Fault.CRITICAL_INPUT in bench.faults
    assert modes[-1] is Mode.RULES


async def test_an_old_forecast_leaves_the_policy_out(bench: Bench) -> None:
    await bench.run(2)
    bench.plant.values["forecast_issue"] = bench.plant.time_s
    bench.plant.arrays = {}
    assert await bench.run(2) == [Mode.POLICY] * 2, "a gap of two ticks is bridged"
    bench.plant.quality["forecast_issue"] = Quality.BAD
    # 7200 s it is fresh, for 7200 s more it goes on as the last day did.
    modes = await bench.run(242)
    assert modes[:236] == [Mode.POLICY] * 236
    assert modes[-1] is Mode.RULES
    assert Fault.FORECAST in bench.faults
    status = bench.service.forecasts.status(0.0)
    assert status["standing"] == "stale"
    assert status["refused"] == [
        f"{name}: no good value" for name in ("time of issue", *bench.service.cycle.layout._series)
    ]


async def test_a_write_refused_twice_is_a_fault(bench: Bench) -> None:
    await bench.run(5)
    bench.plant.refuse = ("set_point:main.supply_temp_c",)
    assert await bench.run(3) == [Mode.POLICY, Mode.POLICY, Mode.RULES]
    assert Fault.WRITE_REJECTED in bench.faults
    bench.plant.refuse = ()
    await bench.run(20)
    assert bench.modes[-1] is Mode.POLICY
    assert bench.plant.plc.unsafe_writes == 0


async def test_a_write_without_an_answer_is_held_and_read_back(bench: Bench) -> None:
    await bench.run(20)
    write = bench.plant.write

    async def deaf(values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        await write(values)
        bench.plant.write = write  # type: ignore[method-assign]
        raise LinkLostError("no answer")

    bench.plant.write = deaf  # type: ignore[method-assign]
    modes = await bench.run(3)
    assert modes == [Mode.POLICY, Mode.HOLD, Mode.RULES], "what stands there is read first"
    assert (await bench.run(8))[-1] is Mode.POLICY
    assert bench.plant.plc.unsafe_log == []
    causes = [r.detail["cause"] for r in bench.records() if r.event == "fault PLANT_LINK raised"]
    assert causes == ["no answer to a write, what stands there is not known: no answer"]


async def test_it_yields_to_another_writer(bench: Bench) -> None:
    await bench.run(5)
    bench.plant.competitor = {"main.supply_temp_c": 88.0}
    modes = await bench.run(4)
    assert modes == [Mode.POLICY, Mode.POLICY, Mode.LOCAL, Mode.LOCAL]
    count = len(bench.set_point_writes())
    await bench.run(10)
    assert len(bench.set_point_writes()) == count, "nobody is fought"


async def test_an_unknown_read_back_means_no_start(bench: Bench) -> None:
    bench.plant.quality["applied:main.supply_temp_c"] = Quality.BAD
    assert await bench.run(3) == [Mode.HOLD] * 3
    assert bench.set_point_writes() == []
    bench.plant.quality["applied:main.supply_temp_c"] = Quality.GOOD
    modes = await bench.run(10)
    assert modes[0] is Mode.RULES
    assert modes[-1] is Mode.POLICY


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
