"""The random networks are what they promise, and pandapipes agrees where it is installed."""

from importlib.util import find_spec

import numpy as np
import pytest

from heatrouter.envs.validation import pandapipes_comparison, pandapipes_solution
from heatrouter.envs.validation.random_networks import TURBULENT_RE, draw_network


@pytest.mark.parametrize("seed", range(6))
def test_flows_are_turbulent_by_design(seed: int) -> None:
    case = draw_network(seed, 8 + 9 * seed)
    state = case.solve()
    assert case.reynolds(state.flow).min() >= TURBULENT_RE
    assert state.root_flow[0] > 0.0
    assert len(case.lines) <= 8 + 9 * seed


def test_equal_seeds_give_equal_networks() -> None:
    one, same, other = draw_network(5, 30), draw_network(5, 30), draw_network(6, 30)
    assert one.lines == same.lines
    assert one.lines != other.lines
    assert np.array_equal(one.consumer_flow_kg_s, same.consumer_flow_kg_s)


# pandapipes' dependencies warn of each other's changes
@pytest.mark.filterwarnings("ignore")
def test_pandapipes_agrees() -> None:
    if find_spec("pandapipes") is None:
        pytest.skip("pandapipes is not installed")
    if pandapipes_solution.why_not():
        pytest.skip(pandapipes_solution.why_not())
    report = pandapipes_comparison.run(turbulent=3, low_flow=1, largest_pairs=40)
    assert [check for check in report.checks if check.missed] == []
    limited = [check for check in report.checks if check.limit is not None]
    assert len(limited) == 6
