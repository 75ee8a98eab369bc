"""The checker at the plant. Limits are restated as literals, dense round each."""

import math

import pytest

from heatrouter.deploy.faults.write_checker import WriteChecker
from heatrouter.deploy.plc import PlcPoint

SUPPLY = PlcPoint("main.supply_temp_c", 70.0, 95.0, 12.0 / 3600.0, 0.0, 95.0, 70.0)
PUMP = PlcPoint("pump.load_share", 0.0, 1.0, 0.05 / 60.0, 0.3, 1.0, 0.0)
VALVE = PlcPoint("source.recovery_share", 0.0, 1.0, 0.1 / 60.0, 0.0, 1.0, 1.0)


def checked(*writes: tuple[str, float, float], applied: float | None = None) -> list[bool]:
    checker = WriteChecker((SUPPLY, PUMP, VALVE), read_back_s=180.0)
    found = []
    for name, value, time_s in writes:
        in_force = {} if applied is None else {name: applied}
        found.append(checker.look(name, value, time_s, in_force))
    assert len(checker.unsafe) == found.count(False)
    assert checker.writes == len(writes)
    return found


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 69.99, 95.01])
def test_what_is_no_number_or_outside_is_unsafe(value: float) -> None:
    assert checked((SUPPLY.name, value, 0.0)) == [False]


@pytest.mark.parametrize(
    ("after_s", "to_c", "safe"),
    [
        (60.0, 80.2, True),
        (60.0, 80.201, False),
        (60.0, 79.8, True),
        (1.0, 80.01, False),
        (0.0, 80.0, True),
    ],
)
def test_a_write_is_measured_from_the_last_arrival_without_any_slack(
    after_s: float, to_c: float, safe: bool
) -> None:
    assert checked((SUPPLY.name, 80.0, 0.0), (SUPPLY.name, to_c, after_s)) == [True, safe]


@pytest.mark.parametrize(
    ("name", "to", "safe"),
    [
        (PUMP.name, 0.35, True),
        (PUMP.name, 0.36, False),
        (VALVE.name, 0.12, True),
        (VALVE.name, 0.13, False),
    ],
)
def test_switching_on_at_the_least_load_is_free(name: str, to: float, safe: bool) -> None:
    assert checked((name, 0.0, 0.0), (name, to, 60.0)) == [True, safe]


def test_while_the_plant_moves_itself_a_read_back_may_be_three_ticks_old() -> None:
    assert checked((SUPPLY.name, 80.6, 0.0), applied=80.0) == [True]
    assert checked((SUPPLY.name, 80.61, 0.0), applied=80.0) == [False]
