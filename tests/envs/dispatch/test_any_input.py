"""Dispatch is feasible and independent of neighbours whatever it is shown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.envs.dispatch.cases import GAS, HEAT_PUMP, SUPPLY_C, ask, costs, observe

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import (
    DispatchPlan,
    HeatPrice,
    initial_memory,
    merit_order_dispatch,
    rules_dispatch,
)
from heatrouter.envs.dispatch.merit_order import deciding_values
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_task
from heatrouter.envs.spec.rule_parameters import RuleParameters


@pytest.mark.parametrize("electricity", [-150.0, 60.0])
def test_decisions_change_at_the_deciding_values(
    plan: DispatchPlan, contract: Contract, electricity: float
) -> None:
    def given(value: float, lack_kw: float, executed: float = 0.0) -> float:
        observation = observe(
            contract,
            main__mass_flow_kg_s=lack_kw / (4.19 * (SUPPLY_C - 48.0)),
            glassworks__available_kw=0.0,
            dairy__available_kw=0.0,
            tariff__electricity_eur_per_mwh=electricity,
            **{"fab_heat_pump__load_share@executed": executed},
        )
        return float(ask(plan, observation, empty=value, full=value)[HEAT_PUMP])

    cost = costs(plan, observe(contract, tariff__electricity_eur_per_mwh=electricity))
    stops, starts, clear = deciding_values(cost[HEAT_PUMP])
    assert given(stops - 0.01, 1000.0, executed=0.7) == 0.0
    assert given(stops + 0.01, 1000.0, executed=0.7) > 0.0
    assert given(starts - 0.01, 2400.0) == 0.0
    assert given(starts + 0.01, 2400.0) > 0.0
    # the least load is 720 kW
    assert given(clear - 0.5, 725.0) == 0.0
    assert given(clear + 0.01, 725.0) > 0.0


def test_circuits_are_dispatched_apart(two_circuits: District) -> None:
    contract = build_contract(two_circuits, load_task("energy-web"))
    plan = DispatchPlan.from_district(two_circuits, contract)
    fab = {
        "fab.supply_temp_c": 85.0,
        "fab.return_temp_c": 48.0,
        "fab.mass_flow_kg_s": 10.0,
    }
    observation = observe(contract, **{k.replace(".", "__"): v for k, v in fab.items()})
    one, half = np.ones((1, 1)), np.full((1, 1), 0.5)
    price = HeatPrice(one, one, half, np.array([[88.0, 80.0]]), np.zeros((1, 1)))
    set_points, memory = merit_order_dispatch(plan, initial_memory(plan, 1), observation, price)
    # the fab's circuit has no store: its heat pump covers 10 x 4.19 x 37 whatever heat is worth
    assert set_points[0, HEAT_PUMP] * plan.capacity_kw[HEAT_PUMP] == pytest.approx(1550.3)
    assert set_points[0, GAS] == 0.0
    assert set_points[0, -2:].tolist() == [88.0, 80.0]
    assert memory.demand_kw.shape == (1, 2)
    ruled, _ = rules_dispatch(plan, RuleParameters(), memory, observation)
    assert ruled[0, HEAT_PUMP] > 0.0


def observations(contract: Contract, num_envs: int) -> st.SearchStrategy[FloatArray]:
    """Anything inside the bounds, the bounds themselves included, and what is no number."""
    low, high = contract.bounds("observation")
    share = st.one_of(st.sampled_from([0.0, 1.0, np.nan]), st.floats(0.0, 1.0))
    shares = hnp.arrays(np.float64, (num_envs, low.size), elements=share)
    return shares.map(lambda s: low + (high - low) * s)


def prices(num_envs: int) -> st.SearchStrategy[HeatPrice]:
    values = hnp.arrays(np.float64, (num_envs, 5), elements=st.floats(-20.0, 200.0))
    return values.map(lambda v: HeatPrice(*(v[:, i : i + 1] for i in range(5))))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_set_points_are_always_feasible(
    with_engine: DispatchPlan, engine_contract: Contract, data: st.DataObject
) -> None:
    plan, contract = with_engine, engine_contract
    low, high = contract.bounds("set_points")
    observation = data.draw(observations(contract, 2))
    price = data.draw(prices(2))
    memory = initial_memory(plan, 2)
    ruled = memory
    for _ in range(2):
        priced, memory = merit_order_dispatch(plan, memory, observation, price)
        obeyed, ruled = rules_dispatch(plan, RuleParameters(), ruled, observation)
        for set_points in (priced, obeyed):
            assert np.isfinite(set_points).all()
            assert (set_points >= low).all()
            assert (set_points <= high).all()
            machines = set_points[:, HEAT_PUMP : plan.n_producers]
            least = plan.min_kw[HEAT_PUMP:] / plan.capacity_kw[HEAT_PUMP:]
            assert ((machines == 0.0) | (machines >= least - 1e-12)).all()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_batch_equals_singles(
    with_engine: DispatchPlan, engine_contract: Contract, data: st.DataObject
) -> None:
    plan, contract = with_engine, engine_contract
    observation = data.draw(observations(contract, 9))
    price = data.draw(prices(9))
    together, after = merit_order_dispatch(plan, initial_memory(plan, 9), observation, price)
    obeyed, _ = rules_dispatch(plan, RuleParameters(), initial_memory(plan, 9), observation)
    for e in range(9):
        row = slice(e, e + 1)
        alone, memory = merit_order_dispatch(
            plan,
            initial_memory(plan, 1),
            observation[row],
            HeatPrice(*(p[row] for p in price[:5])),
        )
        np.testing.assert_array_equal(alone[0], together[e])
        np.testing.assert_array_equal(memory.demand_kw[0], after.demand_kw[e])
        ruled, _ = rules_dispatch(plan, RuleParameters(), initial_memory(plan, 1), observation[row])
        np.testing.assert_array_equal(ruled[0], obeyed[e])


def test_memory_forgets_a_reading_that_was_no_number(
    plan: DispatchPlan, contract: Contract
) -> None:
    lost = observe(contract, main__mass_flow_kg_s=np.nan)
    _, memory = rules_dispatch(plan, RuleParameters(), initial_memory(plan, 1), lost)
    _, memory = rules_dispatch(plan, RuleParameters(), memory, observe(contract))
    assert memory.demand_kw[0, 0] == pytest.approx(27.75 * 4.19 * 37.0)
