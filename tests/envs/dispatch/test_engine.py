"""An engine among sources, heat pump and boilers."""

import pytest
from tests.envs.dispatch.cases import ENGINE, HEAT_PUMP, ask, costs, level_of, observe

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import (
    DispatchPlan,
    initial_memory,
    rules_dispatch,
)
from heatrouter.envs.spec.rule_parameters import RuleParameters


def with_it(contract: Contract, **changes: float) -> FloatArray:
    return observe(contract, **{"gas_engine__load_share@executed": 0.0}, **changes)


def test_an_engine_costs_fuel_less_what_its_power_fetches_at_the_exchange(
    with_engine: DispatchPlan, engine_contract: Contract
) -> None:
    cost = costs(with_engine, with_it(engine_contract))
    fuel = 35.0 + 8.0 + 70.0 * 0.201
    sold = 60.0 + 70.0 * 0.35  # without the fee of the grid, which a buyer pays
    assert cost[ENGINE] == pytest.approx((fuel - 0.42 * sold) / 0.45)
    assert cost[HEAT_PUMP] < cost[ENGINE] < cost[ENGINE + 1]
    dear = costs(with_engine, with_it(engine_contract, tariff__electricity_eur_per_mwh=150.0))
    assert dear[ENGINE] == pytest.approx((fuel - 0.42 * (150.0 + 24.5)) / 0.45)
    assert dear[ENGINE] < 0.0 < dear[HEAT_PUMP]


def test_an_engine_gives_what_the_heat_pump_leaves_and_before_the_boilers(
    with_engine: DispatchPlan, engine_contract: Contract
) -> None:
    # sources and heat pump leave 1.1 MW, worth a start of the engine
    observation = with_it(engine_contract, main__mass_flow_kg_s=34.9)
    points = ask(with_engine, observation)
    rest = 34.9 * 4.19 * 40.0 - 1600.0 - 1500.0 * with_engine.return_gain[1] * 20.0 - 2200.0
    assert points[HEAT_PUMP] * with_engine.capacity_kw[HEAT_PUMP] == pytest.approx(2200.0)
    assert points[ENGINE] * 1200.0 == pytest.approx(rest)
    assert points[ENGINE + 1] == points[ENGINE + 2] == 0.0
    worth = costs(with_engine, observation)[ENGINE] - 1.0
    assert ask(with_engine, observation, empty=worth, full=worth)[ENGINE] == 0.0


@pytest.mark.parametrize(
    ("electricity", "runs"), [(150.0, True), (60.0, True), (20.0, False), (-60.0, False)]
)
def test_the_rules_charge_with_the_engine_where_it_beats_the_boilers(
    with_engine: DispatchPlan, engine_contract: Contract, electricity: float, runs: bool
) -> None:
    prices = {"tariff__electricity_eur_per_mwh": electricity}
    wanting = with_it(engine_contract, tank__level=level_of(0.15), **prices)
    memory = initial_memory(with_engine, 1)
    points = rules_dispatch(with_engine, RuleParameters(), memory, wanting)[0][0]
    assert bool(points[ENGINE] > 0.0) is runs
    full = with_it(engine_contract, tank__level=level_of(0.95), **prices)
    rested = rules_dispatch(with_engine, RuleParameters(), memory, full)[0][0]
    assert rested[ENGINE] == 0.0
