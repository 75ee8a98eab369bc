"""Bundles of a running service on a turned clock: exchange, rollback, challenger, novelty."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from constant_bundle import constant_bundle

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.agents.monitor import Monitor, Relation
from heatrouter.agents.monitor_fitting import group_of
from heatrouter.deploy.alarms import Alarm
from heatrouter.deploy.audit import AuditLog, AuditRecord, read_audit
from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.in_memory import InMemoryPlant, InMemoryWorker, TurnedClock
from heatrouter.deploy.model_requests import ModelAction, ModelRequest, ask_for_model
from heatrouter.deploy.model_store import ModelStore
from heatrouter.deploy.model_switch import ModelSource
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.policy_worker import BundleAbout, FaultKind
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import StateDir
from heatrouter.deploy.swap_worker import SwapWorker
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

TICK_S = 60.0
STEP_TICKS = 15  # control_dt_s 900
AMBIENT = "site.ambient_temp_c"
RETURN = "main.return_temp_c"


@dataclass
class Bench:
    """A service in POLICY, with a second bundle in its store."""

    service: Service
    plant: InMemoryPlant
    clock: TurnedClock
    state_dir: StateDir
    audit: AuditLog
    store: ModelStore
    first: InMemoryWorker
    other: str
    made: list[InMemoryWorker]
    refusal: list[str] = field(default_factory=list)
    modes: list[Mode] = field(default_factory=list)

    async def run(self, ticks: int) -> list[Mode]:
        modes = []
        for number in range(ticks):
            # No temperature of a real network stands still to the last digit.
            self.plant.values["main.supply_temp_c"] += 1e-6 if number % 2 else -1e-6
            await self.service.tick()
            self.clock.now_s += TICK_S
            await asyncio.sleep(0)  # what is loaded beside gets its turn
            modes.append(self.service.state.actual)
        self.modes += modes
        return modes

    def ask(self, action: ModelAction, name: str | None = None) -> None:
        request = ModelRequest(action=action, name=name, user="anna", reason="test")
        ask_for_model(self.state_dir, request)

    async def settle(self) -> None:
        """Ticks until what was asked for is done."""
        models = self.service.models
        assert models is not None
        before = models.status()["last_request"]
        for _ in range(200):
            await self.run(1)
            await asyncio.sleep(0.005)  # the index is written in a thread
            if models.status()["last_request"] != before:
                return
        pytest.fail("the request was never answered")

    def answer(self) -> dict[str, object]:
        status = self.state_dir.read_status()
        assert status is not None
        models = status["models"]
        assert isinstance(models, dict)
        answer = models["last_request"]
        assert isinstance(answer, dict)
        return answer

    def events(self) -> list[AuditRecord]:
        self.audit.close()
        return [r for r in read_audit(self.state_dir.audit_path) if r.event is not None]


Build = Callable[..., Bench]


@pytest.fixture
def build(
    bundle: Path,
    neutral: np.ndarray,
    contract: Contract,
    district: District,
    task: Task,
    tmp_path: Path,
) -> Build:
    def make(monitor: Monitor | None = None, **settings: object) -> Bench:
        config = ServiceConfig.model_validate(
            {
                "bundle": bundle,
                "mode": "policy",
                "arm": True,
                "tick_s": TICK_S,
                "state_dir": tmp_path / "state",
                **settings,
            }
        )
        setup = prepare(config)
        clock = TurnedClock()
        plant = InMemoryPlant(setup.district, setup.contract, setup.tags, clock)
        state_dir = StateDir(config.state_dir)
        state_dir.create()
        store = ModelStore(config.state_dir)
        high = contract.bounds("action")[1]
        moved = (0.5 * neutral + 0.5 * high).astype(np.float32)
        other = constant_bundle(tmp_path / "other", district, task, moved, name="other")
        name = store.install(read_bundle(other))
        first = InMemoryWorker(neutral.astype(float))
        first.about = BundleAbout("1" * 64, first.bundle_digest, "neutral", monitor=monitor)
        made: list[InMemoryWorker] = []
        refusal: list[str] = []

        def make_worker(path: Path) -> InMemoryWorker:
            identity = read_bundle(path).identity
            worker = InMemoryWorker(moved.astype(float), ready=False, bundle_digest="c" * 64)
            worker.about = BundleAbout(identity, "c" * 64, "other", signed_by="k")
            worker.refusal = refusal[0] if refusal else None
            made.append(worker)
            return worker

        audit = AuditLog(state_dir.audit_path, sync_interval_s=None)
        service = Service(
            setup,
            plant,
            SwapWorker(first),
            audit=audit,
            state_dir=state_dir,
            clock=clock,
            models=ModelSource(store, bundle, make_worker),
        )
        return Bench(service, plant, clock, state_dir, audit, store, first, name, made, refusal)

    return make


async def test_another_bundle_takes_over_without_a_tick_of_rules(build: Build) -> None:
    bench = build()
    await bench.run(20)
    bench.ask("activate", bench.other)
    await bench.settle()
    asked = len(bench.first.asked)
    await bench.run(2 * STEP_TICKS)
    assert set(bench.modes) == {Mode.POLICY}
    assert len(bench.first.asked) == asked, "the old one is not asked any more"
    assert len(bench.made[0].asked) == 2
    assert not bench.first.ready, "and has ended"
    assert bench.plant.plc.unsafe_writes == 0, "set-points moved on at the PLC's own rates"
    assert bench.store.index().champion == bench.other
    assert bench.answer()["accepted"] is True
    activated = [r for r in bench.events() if r.event == "bundle activate"]
    assert [r.user for r in activated] == ["anna"]
    ticks = [r for r in read_audit(bench.state_dir.audit_path) if r.event is None]
    decided = [r.bundle for r in ticks if r.action is not None]
    assert decided == ["b" * 64] * 2 + ["c" * 64] * 2, "each decision under the bundle it is of"


async def test_a_refused_bundle_leaves_the_old_one_and_an_alarm(build: Build) -> None:
    bench = build()
    bench.refusal.append("policy.onnx: no good")
    await bench.run(5)
    bench.ask("activate", bench.other)
    await bench.settle()
    await bench.run(2 * STEP_TICKS)
    assert set(bench.modes) == {Mode.POLICY}
    assert bench.first.ready
    assert len(bench.first.asked) == 3
    assert bench.store.index().champion is None
    assert bench.service.alarms.present[Alarm.BUNDLE_REFUSED] == "policy.onnx: no good"
    assert bench.answer() | {"request_id": ""} == {
        "request_id": "",
        "action": "activate",
        "user": "anna",
        "accepted": False,
        "outcome": "policy.onnx: no good",
    }
    names = [r.event for r in bench.events()]
    assert "bundle activate refused" in names
    assert names.count("alarm BUNDLE_REFUSED raised") == 1


async def test_a_rollback_goes_back_to_the_configured_bundle(build: Build) -> None:
    bench = build()
    bench.ask("rollback")
    await bench.settle()
    assert bench.answer()["accepted"] is False, "there is nothing to go back to yet"
    bench.ask("activate", bench.other)
    await bench.settle()
    bench.ask("rollback")
    await bench.settle()
    assert bench.answer()["accepted"] is True
    index = bench.store.index()
    assert (index.champion, index.previous) == (None, bench.other)
    assert set(bench.modes) == {Mode.POLICY}


async def test_a_reload_is_what_a_hangup_signal_asks_for(build: Build) -> None:
    bench = build()
    await bench.run(1)
    assert bench.service.models is not None
    bench.service.models.reload()
    await bench.settle()
    assert bench.answer()["action"] == "reload"
    assert bench.service.models.swaps == 1


async def test_a_challenger_decides_beside_and_never_writes(build: Build) -> None:
    alone = build()
    await alone.run(4 * STEP_TICKS)
    alone.audit.close()
    wanted = [w for w in alone.plant.written if any("set_point" in key for key in w)]

    bench = build()
    bench.ask("challenge", bench.other)
    await bench.run(4 * STEP_TICKS)
    models = bench.service.models
    assert models is not None
    assert models.challenger is not None
    record = models.challenger.record
    assert record.decisions >= 2
    assert record.ticks > STEP_TICKS
    assert record.disagreement / record.ticks > 0.01
    assert [w for w in bench.plant.written if any("set_point" in key for key in w)] == wanted
    assert bench.store.index().challenger == bench.other
    decided = [r for r in bench.events() if r.event == "challenger decided"]
    assert len(decided) == record.decisions
    assert decided[-1].detail["set_points"] != list(wanted[-1].values())

    bench.ask("withdraw")
    await bench.settle()
    assert models.status()["challenger"] is None
    assert not bench.made[0].ready


async def test_a_challenger_that_fails_is_an_alarm_and_nothing_else(build: Build) -> None:
    bench = build()
    bench.ask("challenge", bench.other)
    await bench.run(5)
    bench.made[0].fault = FaultKind.LATE
    await bench.run(2 * STEP_TICKS)
    assert Alarm.CHALLENGER in bench.service.alarms.present
    assert set(bench.modes) == {Mode.POLICY}


def wide_monitor(contract: Contract) -> Monitor:
    """Has seen everything but frost below -15 degC; the return follows the supply."""
    low, high = contract.bounds("observation")
    names = [channel.name for channel in contract.observation]
    low[names.index(AMBIENT)] = -15.0
    return Monitor(
        false_alarms_per_day=1.0 / 30.0,
        calibration_days=100,
        groups=tuple(group_of(channel) for channel in contract.observation),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        span=tuple((high - low).tolist()),
        limits={"weather": 0.05, "market": 0.05, "plant": 0.05},
        memories_h=(1.0,),
        relations=(
            Relation(
                channel=RETURN,
                predictors=("main.supply_temp_c",),
                weights=(1.0,),
                offset=0.0,
                scales=(1.0,),
            ),
        ),
        drift_limit=1.0,
    )


async def test_a_frost_that_was_never_seen_leads_to_rules_within_five_ticks(
    build: Build, contract: Contract
) -> None:
    monitor = wide_monitor(contract)
    bench = build(monitor)
    bench.plant.values[RETURN] = bench.plant.values["main.supply_temp_c"]
    assert await bench.run(STEP_TICKS + 3) == [Mode.POLICY] * (STEP_TICKS + 3)
    bench.plant.values[AMBIENT] = -25.0
    modes = await bench.run(5)
    assert modes[-1] is Mode.RULES
    assert Fault.OUT_OF_DISTRIBUTION in bench.service.state.faults
    assert AMBIENT in bench.service.watch.causes["OUT_OF_DISTRIBUTION"]
    bench.plant.values[AMBIENT] = 0.0
    assert (await bench.run(60))[-1] is Mode.POLICY, "back by itself when it is over"
    assert bench.plant.plc.unsafe_writes == 0


def knows_gas_up_to_60(contract: Contract) -> Monitor:
    monitor = wide_monitor(contract)
    names = [channel.name for channel in contract.observation]
    high = list(monitor.high)
    high[names.index("tariff.gas_eur_per_mwh")] = 60.0
    return monitor.model_copy(update={"high": tuple(high)})


def gas_of(bench: Bench) -> str:
    return next(name for name in bench.plant.values if name.endswith("gas_eur_per_mwh"))


async def test_prices_that_were_never_seen_are_an_alarm_and_no_change_of_mode_for_hours(
    build: Build, contract: Contract
) -> None:
    bench = build(knows_gas_up_to_60(contract))
    gas = gas_of(bench)
    bench.plant.values[gas] = 40.0
    await bench.run(STEP_TICKS + 1)
    assert Alarm.UNKNOWN_PRICES not in bench.service.alarms.present
    bench.plant.values[gas] = 200.0
    await bench.run(2 * STEP_TICKS)
    assert "gas" in bench.service.alarms.present[Alarm.UNKNOWN_PRICES]
    assert set(bench.modes) == {Mode.POLICY}


async def test_prices_that_stay_unknown_lead_to_rules_until_they_are_back(
    build: Build, contract: Contract
) -> None:
    hours = 2
    bench = build(knows_gas_up_to_60(contract), unknown_prices_h=float(hours))
    gas = gas_of(bench)
    for _ in range(2):  # a spike that ends begins the count anew
        bench.plant.values[gas] = 200.0
        await bench.run(60 * hours - STEP_TICKS)
        bench.plant.values[gas] = 40.0
        await bench.run(2 * STEP_TICKS)  # tariffs are means of a control step
    assert set(bench.modes) == {Mode.POLICY}
    bench.plant.values[gas] = 200.0
    modes = await bench.run(60 * hours + 2 * STEP_TICKS)
    assert modes[-1] is Mode.RULES
    assert "gas" in bench.service.watch.causes["OUT_OF_DISTRIBUTION"]
    assert "for 2 h" in bench.service.watch.causes["OUT_OF_DISTRIBUTION"]
    bench.plant.values[gas] = 40.0
    assert (await bench.run(90))[-1] is Mode.POLICY, "back by itself when it is over"
    assert bench.plant.plc.unsafe_writes == 0


async def test_a_service_may_keep_its_policy_whatever_prices_do(
    build: Build, contract: Contract
) -> None:
    bench = build(knows_gas_up_to_60(contract), unknown_prices_h=None)
    bench.plant.values[gas_of(bench)] = 200.0
    await bench.run(60 * 25)
    assert set(bench.modes) == {Mode.POLICY}
    assert Alarm.UNKNOWN_PRICES in bench.service.alarms.present


async def test_a_single_odd_sample_is_no_novelty(build: Build, contract: Contract) -> None:
    bench = build(wide_monitor(contract))
    bench.plant.values[RETURN] = bench.plant.values["main.supply_temp_c"]
    await bench.run(5)
    bench.plant.values[AMBIENT] = -25.0
    await bench.run(2)
    bench.plant.values[AMBIENT] = 0.0
    await bench.run(20)
    assert set(bench.modes) == {Mode.POLICY}


async def test_a_biased_sensor_is_an_alarm_once_and_no_change_of_mode(
    build: Build, contract: Contract
) -> None:
    bench = build(wide_monitor(contract))
    supply = bench.plant.values["main.supply_temp_c"]
    bench.plant.values[RETURN] = supply
    await bench.run(4 * STEP_TICKS)
    assert bench.service.alarms.present.keys() == {Alarm.UNSIGNED_BUNDLE}
    bench.plant.values[RETURN] = supply + 2.0
    await bench.run(6 * STEP_TICKS)
    assert RETURN in bench.service.alarms.present[Alarm.DRIFT]
    bench.plant.values[RETURN] = supply
    await bench.run(12 * STEP_TICKS)
    assert Alarm.DRIFT not in bench.service.alarms.present
    assert set(bench.modes) == {Mode.POLICY}
    names = [r.event for r in bench.events()]
    assert names.count("alarm DRIFT raised") == names.count("alarm DRIFT cleared") == 1


async def test_the_watch_follows_the_policy_in_force(build: Build, contract: Contract) -> None:
    bench = build(wide_monitor(contract))
    bench.plant.values[AMBIENT] = -25.0
    await bench.run(5)
    assert bench.modes[-1] is Mode.RULES
    bench.ask("activate", bench.other)  # says nothing of what it has seen
    await bench.settle()
    assert (await bench.run(10))[-1] is Mode.POLICY
