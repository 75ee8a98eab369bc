"""How the time ahead is cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.agents.planning.horizon import Horizon
from heatrouter.envs.errors import ConfigError


def test_quarters_first_hours_later() -> None:
    horizon = Horizon.of(900.0, 6.0, 1.0)
    assert horizon.counts.tolist() == [1, 1, 1, 1, 4, 4, 4, 4, 4]
    assert horizon.starts.tolist() == [0, 1, 2, 3, 4, 8, 12, 16, 20]
    assert horizon.hours.tolist() == [0.25] * 4 + [1.0] * 5


def test_a_rest_that_fills_no_hour_is_a_step_of_its_own() -> None:
    horizon = Horizon.of(900.0, 2.5, 0.0)
    assert horizon.counts.tolist() == [4, 4, 2]
    assert horizon.hours.tolist() == [1.0, 1.0, 0.5]


def test_control_steps_longer_than_an_hour() -> None:
    assert Horizon.of(7200.0, 6.0, 2.0).hours.tolist() == [2.0, 2.0, 2.0]


@given(
    st.sampled_from([300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0]),
    st.integers(1, 72),
    st.integers(0, 72),
)
def test_the_steps_fill_the_horizon(dt_s: float, hours: int, fine: int) -> None:
    hours, fine = max(hours, 2), min(fine, hours)
    horizon = Horizon.of(dt_s, float(hours), float(fine))
    assert horizon.n_control == round(hours * 3600.0 / dt_s)
    assert horizon.hours.sum() == pytest.approx(horizon.n_control * dt_s / 3600.0)
    assert (np.diff(horizon.starts) == horizon.counts[:-1]).all()
    values = np.random.default_rng(0).random((horizon.n_control, 2))
    # what is spread again keeps means, sums and ends
    assert horizon.mean(horizon.spread(horizon.mean(values))) == pytest.approx(horizon.mean(values))
    assert horizon.sum(values).sum(axis=0) == pytest.approx(values.sum(axis=0))
    assert (horizon.last(values)[-1] == values[-1]).all()
    assert horizon.mean(values).T @ horizon.hours == pytest.approx(
        values.mean(axis=0) * horizon.hours.sum()
    )


@pytest.mark.parametrize(("hours", "fine"), [(0.1, 0.0), (4.0, 6.0)])
def test_a_horizon_that_does_not_hold_its_parts(hours: float, fine: float) -> None:
    with pytest.raises(ConfigError, match="lengthen it"):
        Horizon.of(900.0, hours, fine)
