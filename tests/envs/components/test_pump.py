"""Pump curve: best point by hand, affinity laws, no singular point."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.pump import pump_head, pump_power

RHO = 975.0
# 60 kg/s against 5 bar at the best point, 6 bar at no flow
DROP = 1e5 / 3600.0


def test_best_point() -> None:
    """5 bar * 60/975 m3/s / 0.7 = 43.96 kW."""
    head = pump_head(60.0, 1.0, 6e5, DROP)
    assert head == pytest.approx(5e5)
    assert pump_power(60.0, head, RHO, 0.7, 60.0, 1.0) == pytest.approx(43.96e3, rel=1e-3)


@given(flow=st.floats(0.0, 140.0), speed=st.floats(0.1, 1.0))
def test_affinity(flow: float, speed: float) -> None:
    head = pump_head(flow, 1.0, 6e5, DROP)
    slow = pump_head(speed * flow, speed, 6e5, DROP)
    assert slow == pytest.approx(speed**2 * head, rel=1e-9, abs=1e-6)
    power = pump_power(flow, head, RHO, 0.7, 60.0, 1.0)
    assert pump_power(speed * flow, slow, RHO, 0.7, 60.0, speed) == pytest.approx(
        speed**3 * power, rel=1e-9, abs=1e-6
    )


@given(flow=st.floats(0.0, 300.0), head=st.floats(0.0, 1e6), speed=st.floats(0.05, 1.0))
def test_no_better_than_the_best_efficiency(flow: float, head: float, speed: float) -> None:
    power = pump_power(flow, head, RHO, 0.7, 60.0, speed)
    assert power >= head * flow / RHO / 0.7 * (1.0 - 1e-12)


@given(flow=st.floats(0.0, 200.0), more=st.floats(0.0, 50.0), head=st.floats(1e3, 1e6))
def test_more_flow_at_the_same_head_takes_more_power(flow: float, more: float, head: float) -> None:
    power = pump_power(flow, head, RHO, 0.7, 60.0, 0.8)
    assert pump_power(flow + more, head, RHO, 0.7, 60.0, 0.8) >= power * (1.0 - 1e-12)


@given(numbers=st.tuples(*(st.floats(-1e9, 1e9) for _ in range(4))))
def test_finite(numbers: tuple[float, float, float, float]) -> None:
    flow, head, best, speed = numbers
    assert math.isfinite(pump_head(flow, speed, head, best))
    assert math.isfinite(pump_power(flow, head, RHO, 0.7, best, speed))
