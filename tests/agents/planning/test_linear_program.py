"""The programme as arrays: known optima and duals, whole numbers, updates, and how solves end."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from heatrouter.agents.planning.linear_program import LinearProgram
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import DeadlineError, NumericalError

PATIENT_S = 60.0


def two_boilers(demand: float) -> tuple[LinearProgram, IntArray, IntArray]:
    """A cheap boiler of 60 kW and a dear one cover a demand."""
    lp = LinearProgram()
    heat = lp.variables((2,), high=[60.0, 100.0], cost=[40.0, 90.0])
    balance, _ = lp.rows((1,), [], demand, demand)
    lp.add(np.repeat(balance, 2), heat, 1.0)
    lp.build()
    return lp, heat, balance


def test_optimum_and_duals_of_a_merit_order() -> None:
    lp, heat, balance = two_boilers(80.0)
    found = lp.solve(integers=False, time_limit_s=PATIENT_S)
    assert found.values[heat] == pytest.approx([60.0, 20.0])
    assert found.cost == pytest.approx(60.0 * 40.0 + 20.0 * 90.0)
    # one more kW comes from the dear one
    assert found.duals[balance] == pytest.approx([90.0])
    assert found.in_time
    assert found.gap == 0.0


def test_a_dual_is_what_one_more_unit_of_the_bound_costs() -> None:
    lp, _, balance = two_boilers(30.0)
    found = lp.solve(integers=False, time_limit_s=PATIENT_S)
    lp.row_low[balance] = lp.row_high[balance] = 31.0
    more = lp.solve(integers=False, time_limit_s=PATIENT_S)
    assert more.cost - found.cost == pytest.approx(found.duals[balance[0]])


def test_entries_of_one_place_add_up() -> None:
    lp = LinearProgram()
    x = lp.variables((1,), cost=1.0)
    row, (first,) = lp.rows((1,), [(x, 1.5)], low=8.0)
    second = lp.add(row, x, 2.5)
    lp.build()
    assert lp.solve(integers=False, time_limit_s=PATIENT_S).values[x] == pytest.approx([2.0])
    lp.coefficients[first], lp.coefficients[second] = -1.0, 3.0
    assert lp.solve(integers=False, time_limit_s=PATIENT_S).values[x] == pytest.approx([4.0])


def transport(
    cost: FloatArray, supply: FloatArray, demand: FloatArray
) -> tuple[LinearProgram, IntArray, IntArray, IntArray]:
    lp = LinearProgram()
    flow = lp.variables(cost.shape, cost=cost)
    unmet = lp.variables(demand.shape, cost=100.0)
    out, _ = lp.rows(supply.shape, [], high=supply)
    lp.add(out[:, np.newaxis], flow, 1.0)
    into, _ = lp.rows(demand.shape, [(unmet, 1.0)], demand, demand)
    lp.add(into[np.newaxis, :], flow, 1.0)
    lp.build()
    return lp, flow, out, into


amounts = st.floats(0.0, 50.0).map(lambda amount: round(amount, 4))
"""No smaller than what the solver tells from nothing (1e-7)."""


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(
            arrays(np.float64, (3, 4), elements=st.floats(0.1, 20.0)),
            arrays(np.float64, 3, elements=amounts),
            arrays(np.float64, 4, elements=amounts),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_updates_give_what_a_fresh_build_gives(
    series: list[tuple[FloatArray, FloatArray, FloatArray]],
) -> None:
    lp, flow, out, into = transport(*series[0])
    for cost, supply, demand in series:
        lp.cost[flow] = cost
        lp.row_high[out] = supply
        lp.row_low[into] = lp.row_high[into] = demand
        updated = lp.solve(integers=False, time_limit_s=PATIENT_S)
        fresh = transport(cost, supply, demand)[0].solve(integers=False, time_limit_s=PATIENT_S)
        assert updated.cost == pytest.approx(fresh.cost, rel=1e-9, abs=1e-6)
        # strong duality: what the bounds are worth is the optimum
        worth = updated.duals[out] @ supply + updated.duals[into] @ demand
        assert worth == pytest.approx(updated.cost, rel=1e-7, abs=1e-5)


whole = st.integers(-9, 9)


@settings(max_examples=40)
@given(
    arrays(np.int64, 4, elements=whole),
    arrays(np.int64, (2, 4), elements=st.integers(0, 6)),
    arrays(np.int64, 2, elements=st.integers(0, 12)),
)
def test_whole_numbers_against_enumeration(
    cost: IntArray, weight: IntArray, most: IntArray
) -> None:
    lp = LinearProgram()
    x = lp.variables((4,), high=2.0, cost=cost)
    rows, _ = lp.rows((2,), [], high=most)
    lp.add(rows[:, np.newaxis], x, weight)
    lp.integers(x)
    lp.build()
    found = lp.solve(integers=True, time_limit_s=PATIENT_S, gap=1e-9)
    best = min(
        int(cost @ np.array(choice))
        for choice in itertools.product(range(3), repeat=4)
        if (weight @ np.array(choice) <= most).all()
    )
    assert found.cost == pytest.approx(best, abs=1e-6)
    assert found.values == pytest.approx(np.round(found.values), abs=1e-6)
    relaxed = lp.solve(integers=False, time_limit_s=PATIENT_S)
    assert relaxed.cost <= found.cost + 1e-6


@pytest.mark.parametrize("solved_before", [False, True])
@pytest.mark.parametrize("integers", [False, True])
def test_an_infeasible_programme_says_so(solved_before: bool, integers: bool) -> None:
    lp, heat, balance = two_boilers(80.0)
    lp.integers(heat)
    lp.build()
    if solved_before:
        lp.solve(integers=False, time_limit_s=PATIENT_S)
    lp.row_low[balance] = lp.row_high[balance] = 500.0
    with pytest.raises(NumericalError, match=r"(?i)infeasible"):
        lp.solve(integers=integers, time_limit_s=PATIENT_S)
    # and works again with numbers that have a solution
    lp.row_low[balance] = lp.row_high[balance] = 10.0
    assert lp.solve(integers=integers, time_limit_s=PATIENT_S).cost == pytest.approx(400.0)


@pytest.mark.parametrize("solved_before", [False, True])
def test_an_unbounded_programme_says_so(solved_before: bool) -> None:
    lp = LinearProgram()
    x = lp.variables((2,), cost=1.0)
    lp.rows((1,), [(x[:1], 1.0)], low=0.0)
    lp.build()
    if solved_before:
        lp.solve(integers=False, time_limit_s=PATIENT_S)
    lp.cost[x] = -1.0
    with pytest.raises(NumericalError, match=r"(?i)unbounded"):
        lp.solve(integers=False, time_limit_s=PATIENT_S)


def knapsacks(n: int = 60, rows: int = 20) -> tuple[LinearProgram, FloatArray, FloatArray]:
    """Correlated knapsacks, whose proof takes long while any packing is feasible."""
    random = np.random.default_rng(1)
    weight = random.integers(20, 100, (rows, n)).astype(np.float64)
    lp = LinearProgram()
    x = lp.variables((n,), high=1.0, cost=-(weight.mean(axis=0) + random.random(n)))
    limits, _ = lp.rows((rows,), [], high=0.5 * weight.sum(axis=1))
    lp.add(limits[:, np.newaxis], x, weight)
    lp.integers(x)
    lp.build()
    return lp, weight, lp.row_high.copy()


def test_the_deadline_returns_the_best_so_far() -> None:
    lp, weight, limit = knapsacks()
    found = lp.solve(integers=True, time_limit_s=0.3, gap=1e-9)
    assert not found.in_time
    assert 0.0 < found.gap < 0.5
    assert (weight @ found.values <= limit + 1e-6).all()
    assert found.cost == pytest.approx(float(lp.cost @ found.values))
    # its clock begins anew with every solve
    again = lp.solve(integers=True, time_limit_s=0.3, gap=1e-9)
    assert not again.in_time
    assert 0.0 < again.gap < 0.5


def test_a_deadline_without_any_solution_is_no_infeasible_programme() -> None:
    random = np.random.default_rng(2)
    many = 200
    cost = random.uniform(1.0, 20.0, (many, many))
    lp = transport(cost, random.uniform(1.0, 9.0, many), random.uniform(1.0, 9.0, many))[0]
    with pytest.raises(DeadlineError, match=r"(?i)time limit"):
        lp.solve(integers=False, time_limit_s=1e-3)
    assert lp.solve(integers=False, time_limit_s=PATIENT_S).in_time


def test_a_continuous_solve_that_was_cut_off_is_no_solution() -> None:
    """The dual simplex method has no feasible point before its end."""
    random = np.random.default_rng(2)
    n = 220
    supply, demand = random.random(n) * 2.0 + 1.0, random.random(n) + 0.5
    lp, flow, _, _ = transport(random.random((n, n)) + 0.1, supply, demand)
    try:
        given = lp.solve(integers=False, time_limit_s=1e-3).values[flow]
    except NumericalError as error:
        assert "Time limit" in str(error)  # noqa: PT017 - a fast machine may end in time
    else:
        assert (given.sum(axis=1) <= supply + 1e-6).all()
        assert (given.sum(axis=0) <= demand + 1e-6).all()
