"""Step means of measured series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.validation.series import at_times, step_edges, step_means


@given(
    gaps=st.lists(st.floats(0.1, 20.0), min_size=1, max_size=20),
    values=st.lists(st.floats(-50.0, 150.0), min_size=21, max_size=21),
    dt=st.floats(0.3, 40.0),
)
def test_step_means_keep_the_integral(gaps: list[float], values: list[float], dt: float) -> None:
    time = np.concatenate([[0.0], np.cumsum(gaps)])
    series = np.array(values[: time.size])
    edges = step_edges(0.0, float(time[-1]), dt)
    means = step_means(time, series, edges)
    beyond = (edges[-1] - time[-1]) * series[-1]
    assert (means * np.diff(edges)).sum() == pytest.approx(
        np.trapezoid(series, time) + beyond, abs=1e-6
    )
    assert means.min() >= series.min() - 1e-9
    assert means.max() <= series.max() + 1e-9


def test_a_ramp_is_read_back() -> None:
    time = np.array([0.0, 10.0])
    edges = step_edges(0.0, 10.0, 2.0)
    means = step_means(time, np.array([0.0, 10.0]), edges)
    assert means == pytest.approx([1.0, 3.0, 5.0, 7.0, 9.0])
    assert at_times(edges, means, np.array([4.0])) == pytest.approx([4.0])
