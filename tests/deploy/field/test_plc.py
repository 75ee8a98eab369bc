"""The PLC's side of the hand-shake. Limits are restated as literals, dense round each."""

import math

import pytest
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.deploy.plc import Plc, PlcPoint, PlcState, plc_points
from heatrouter.envs.contract import Contract
from heatrouter.envs.set_points import plant_set_points
from heatrouter.envs.spec.district import District

SUPPLY = PlcPoint("main.supply_temp_c", 70.0, 95.0, 12.0 / 3600.0, 0.0, 95.0, 70.0)
PUMP = PlcPoint("pump.load_share", 0.0, 1.0, 0.05 / 60.0, 0.3, 1.0, 0.0)
TIMEOUT_S = 180.0
JITTER_S = 60.0


def make() -> Plc:
    return Plc(
        (SUPPLY, PUMP), design_temp_c=-15.0, heartbeat_timeout_s=TIMEOUT_S, jitter_s=JITTER_S
    )


def in_control(plc: Plc, time_s: float = 0.0) -> Plc:
    plc.receive_mode("RULES")
    plc.receive_heartbeat(1, time_s)
    plc.step(time_s, 60.0, 15.0)
    assert plc.state is PlcState.EXTERNAL
    return plc


def test_every_set_point_of_the_contract_has_limits(district: District, contract: Contract) -> None:
    names = tuple(s.name for s in contract.set_points)
    points = plc_points(district, names)
    assert tuple(p.name for p in points) == names
    assert [(p.low, p.high) for p in points] == [(s.low, s.high) for s in contract.set_points]
    by_name = {p.name: p for p in points}
    assert by_name["main.supply_temp_c"].rate_per_s * 3600 == pytest.approx(12.0)
    assert by_name["fab_heat_pump.load_share"].rate_per_s * 60 == pytest.approx(0.05)
    assert by_name["fab_heat_pump.load_share"].jump_to == 0.3


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_the_plc_knows_the_set_points_of_every_kind_of_unit(name: str) -> None:
    district = SMALL_DISTRICTS[name]()
    expected = plant_set_points(district)
    points = plc_points(district, tuple(p.name for p in expected))
    assert [(p.name, p.low, p.high) for p in points] == [(p.name, p.low, p.high) for p in expected]
    assert all(p.low <= min(p.local_cold, p.local_warm) for p in points)
    assert all(max(p.local_cold, p.local_warm) <= p.high for p in points)


def test_without_a_service_the_local_curve_follows_the_weather() -> None:
    plc = make()
    for k in range(600):
        applied = plc.step(60.0 * k, 60.0, -15.0)
    assert plc.state is PlcState.LOCAL_NO_HEARTBEAT
    assert applied == pytest.approx([95.0, 1.0])
    for k in range(600, 1200):
        applied = plc.step(60.0 * k, 60.0, 20.0)
    assert applied == pytest.approx([70.0, 0.0])


def test_the_local_curve_keeps_its_ramp() -> None:
    plc = make()
    before = plc.step(0.0, 60.0, 15.0)[0]
    after = plc.step(60.0, 60.0, -15.0)[0]
    assert after - before == pytest.approx(12.0 / 60.0)


@pytest.mark.parametrize("mode", ["OFF", "SHADOW", "HOLD", "LOCAL", "", "policy"])
def test_only_a_controlling_mode_takes_over(mode: str) -> None:
    plc = make()
    plc.receive_mode(mode)
    plc.receive_heartbeat(1, 0.0)
    plc.step(0.0, 60.0, 15.0)
    assert plc.state is PlcState.LOCAL_NOT_REQUESTED


@pytest.mark.parametrize(("late_s", "alive"), [(0.0, True), (180.0, True), (180.1, False)])
def test_a_heartbeat_dies_after_its_timeout(late_s: float, alive: bool) -> None:
    plc = in_control(make())
    plc.step(late_s, 60.0, 15.0)
    assert (plc.state is PlcState.EXTERNAL) is alive


def test_a_counter_that_stands_still_is_no_heartbeat() -> None:
    plc = in_control(make())
    for k in range(1, 5):
        plc.receive_heartbeat(1, 60.0 * k)
    plc.step(240.0, 60.0, 15.0)
    assert plc.state is PlcState.LOCAL_NO_HEARTBEAT


def test_override_and_enable_win_over_everything() -> None:
    plc = in_control(make())
    plc.override = True
    plc.step(1.0, 60.0, 15.0)
    states = [plc.state]
    plc.override, plc.enabled = False, False
    plc.step(2.0, 60.0, 15.0)
    assert [*states, plc.state] == [PlcState.LOCAL_OVERRIDE, PlcState.LOCAL_DISABLED]


def test_external_set_points_are_applied_and_held() -> None:
    plc = in_control(make())
    assert plc.receive_set_point("main.supply_temp_c", 70.5, 150.0)
    plc.receive_heartbeat(2, 150.0)
    assert plc.step(160.0, 60.0, 15.0)[0] == 70.5
    plc.receive_heartbeat(3, 300.0)
    assert plc.step(310.0, 60.0, 15.0)[0] == 70.5


def test_wishes_of_an_earlier_spell_are_forgotten() -> None:
    plc = in_control(make())
    plc.receive_set_point("main.supply_temp_c", 70.5, 150.0)
    plc.receive_heartbeat(2, 150.0)
    plc.step(160.0, 60.0, 15.0)
    for k in range(10):
        plc.step(400.0 + 60.0 * k, 60.0, 15.0)
    plc.receive_heartbeat(3, 1000.0)
    assert plc.step(1000.0, 60.0, 15.0)[0] == 70.0
    assert plc.state is PlcState.EXTERNAL


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 69.999, 95.001, 1e9, -70.0])
def test_a_write_out_of_range_is_unsafe_and_not_applied(value: float) -> None:
    plc = in_control(make())
    assert not plc.receive_set_point("main.supply_temp_c", value, 100.0)
    assert plc.unsafe_writes == 1
    assert plc.step(100.0, 60.0, 15.0)[0] == 70.0


@pytest.mark.parametrize(
    ("after_s", "rise_k", "safe"),
    [
        # 12 K/h is 0.2 K a minute; the jitter of a minute allows 0.2 K more, once.
        (60.0, 0.2, True),
        (60.0, 0.4, True),
        (60.0, 0.41, False),
        (60.0, -0.2, True),
        (600.0, 2.2, True),
        (600.0, 2.21, False),
        (0.0, 0.2, True),
        (0.0, 0.21, False),
    ],
)
def test_the_rate_limit_has_one_jitter_of_slack(after_s: float, rise_k: float, safe: bool) -> None:
    plc = in_control(make())
    assert plc.receive_set_point("main.supply_temp_c", 71.0 - 0.4, 0.0)
    begin = 1000.0
    # Settle: an hour without a change pays back all debt.
    assert plc.receive_set_point("main.supply_temp_c", 71.0, begin)
    plc.receive_set_point("main.supply_temp_c", 71.0, begin + 3600.0)
    assert plc.receive_set_point("main.supply_temp_c", 71.0, begin + 3600.0)
    accepted = plc.receive_set_point("main.supply_temp_c", 71.0 + rise_k, begin + 3600.0 + after_s)
    assert accepted is safe


def test_jitter_is_no_second_rate_limit() -> None:
    """A writer that is always a little too fast is found out."""
    plc = in_control(make())
    value, results = 70.0, []
    for k in range(1, 40):
        value += 0.2 * 1.1
        results.append(plc.receive_set_point("main.supply_temp_c", value, 60.0 * k + 180.0))
    assert not all(results)
    assert all(results[:5])


def test_switching_at_the_smallest_load_is_no_ramp() -> None:
    plc = in_control(make())
    assert plc.receive_set_point("pump.load_share", 0.3, 60.0)
    assert plc.receive_set_point("pump.load_share", 0.0, 120.0)
    assert plc.receive_set_point("pump.load_share", 0.3, 180.0)
    assert not plc.receive_set_point("pump.load_share", 0.9, 240.0)


def test_who_repeats_what_the_plant_itself_does_is_not_too_fast() -> None:
    plc = make()
    applied = [plc.step(60.0 * k, 60.0, -15.0)[0] for k in range(10)]
    # Two read-backs, two ticks apart, arrive within a second: the plant moved, not the writer.
    assert plc.receive_set_point("main.supply_temp_c", applied[7], 560.0)
    assert plc.receive_set_point("main.supply_temp_c", applied[9], 561.0)
    assert plc.unsafe_writes == 0
    assert not plc.receive_set_point("main.supply_temp_c", applied[9] + 1.0, 562.0)
