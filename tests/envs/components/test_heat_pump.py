"""Heat pump performance against a published plant and its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.heat_pump import log_mean_temp, lorenz_cop


def test_odense() -> None:
    """Odense: source 27 to 17 degC, sink 37.5 to 75 degC, half of Lorenz gives 4.8."""
    assert lorenz_cop(37.5, 75.0, 27.0, 17.0, 0.5, 7.0) == pytest.approx(4.8, abs=0.1)


def test_colder_supply_lifts_the_cop() -> None:
    warm = lorenz_cop(45.0, 80.0, 30.0, 24.0, 0.5, 7.0)
    cool = lorenz_cop(45.0, 70.0, 30.0, 24.0, 0.5, 7.0)
    assert cool > warm


@given(
    inlet=st.floats(5.0, 90.0),
    rise=st.floats(0.0, 60.0),
    source=st.floats(0.0, 60.0),
    drop=st.floats(0.0, 15.0),
)
def test_cop_stays_between_one_and_its_limit(
    inlet: float, rise: float, source: float, drop: float
) -> None:
    assert 1.0 <= lorenz_cop(inlet, inlet + rise, source, source - drop, 0.5, 7.0) <= 7.0


def test_log_mean_of_equal_temperatures() -> None:
    assert log_mean_temp(50.0, 50.0) == pytest.approx(323.15)
    assert log_mean_temp(50.0, 50.02) == pytest.approx(323.16, abs=1e-6)
