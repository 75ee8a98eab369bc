"""Figures against the simulator's own formulas, and heat that is late against its own account."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.agents.bound.figures import exchanged_heat, log_mean
from heatrouter.agents.bound.owed import Late, owed_path
from heatrouter.agents.bound.program import RecordedProgram
from heatrouter.envs.components.exchanger import exchanged_heat as simulated_heat
from heatrouter.envs.components.heat_pump import log_mean_temp

conductance = st.floats(1.0, 1e6)
temperature = st.floats(-20.0, 140.0)


@given(ua=conductance, hot=conductance, cold=conductance, span=st.floats(-20.0, 300.0))
def test_exchanged_heat_is_never_below_the_simulators(
    ua: float, hot: float, cold: float, span: float
) -> None:
    here, there = float(exchanged_heat(ua, hot, cold, span)), simulated_heat(ua, hot, cold, span)
    assert there <= here * (1.0 + 1e-9) + 1e-9
    assert here <= there * 1.001 + 1e-6


@given(a=temperature, b=temperature)
def test_log_mean_is_the_simulators(a: float, b: float) -> None:
    assert abs(float(log_mean(a, b)) - log_mean_temp(a, b)) < 1e-9


@given(
    added=st.lists(st.floats(-3.0, 6.0), min_size=1, max_size=40),
    forgets=st.floats(0.0, 1.0),
    unmet_share=st.floats(0.0, 1.0),
    most=st.floats(0.1, 5.0),
    first=st.floats(0.0, 1.0),
)
def test_a_course_of_heat_owed_is_found_where_there_is_one(
    added: list[float], forgets: float, unmet_share: float, most: float, first: float
) -> None:
    """An account as the simulator keeps it, of which only what it reports is handed on."""
    owed = begin = first * most
    missing, unmet = [], []
    for wanted in added:
        # no more can come than is asked for, what is owed included
        came_late = max(wanted, -owed)
        faded = forgets * owed
        grown = max(owed - faded + came_late, 0.0)
        beyond = max(grown - most, 0.0)
        missing.append(came_late)
        unmet.append(beyond)
        owed = min(grown, most)
    late = Late(begin, most, forgets * most, 1.0)
    path = owed_path(late, np.array(missing), np.array(unmet))
    before = np.concatenate([[begin], path[:-1]])
    fall = before + missing - path
    assert (path >= -1e-9).all()
    assert (path <= most + 1e-9).all()
    assert (fall >= -1e-9).all()
    assert (fall <= forgets * most + np.array(unmet) + 1e-9).all()


def test_a_broken_row_is_named_with_its_step() -> None:
    program = RecordedProgram(3)
    heat = program.variable("heat", lambda r: r("heat"), high=5.0)
    program.rows("limit", [(heat, 2.0)], high=np.array([10.0, 6.0, 10.0]))
    program.price("gas", heat, -1.0)
    least = program.solve(10.0)
    assert least is not None
    np.testing.assert_allclose(least.values, [5.0, 3.0, 5.0], rtol=1e-6)
    assert -13.0 - 1e-3 < least.cost_eur <= -13.0 + 1e-9
    broken = program.breaches(np.array([5.0, 4.0, 6.0]))
    assert {(b.name, b.step) for b in broken} == {("limit", 1), ("heat", 2)}
