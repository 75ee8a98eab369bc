"""The control loop where the plant is lost, wrong, late, or refuses what is written."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from tests.deploy.service.turned_service import TICK_S, Bench

from heatrouter.deploy.field_link import FieldValue, LinkLostError, Quality
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.plc import PlcState


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
