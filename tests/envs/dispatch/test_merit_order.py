"""The merit order on hand-made cases."""

import numpy as np
import pytest
from tests.envs.dispatch.cases import (
    DAIRY,
    GAS,
    GLASSWORKS,
    HEAT_PUMP,
    RESERVE,
    SUPPLY_C,
    ask,
    costs,
    level_of,
    observe,
)

from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import (
    DispatchMemory,
    DispatchPlan,
    HeatPrice,
    initial_memory,
    merit_order_dispatch,
)
from heatrouter.envs.dispatch.marginal_cost import read_conditions, unit_limits


def test_marginal_costs_by_hand(plan: DispatchPlan, contract: Contract) -> None:
    cost = costs(plan, observe(contract))
    electricity = 60.0 + 60.0 + 70.0 * 0.35
    assert cost[GLASSWORKS] == pytest.approx(5.0)  # no electricity of its own is spared
    assert cost[DAIRY] == pytest.approx(3.0 - 0.02 * electricity)
    gas = 35.0 + 8.0 + 70.0 * 0.201
    efficiency = 0.97 + (48.0 - 35.0) / 25.0 * (0.88 - 0.97)
    assert cost[GAS] == pytest.approx(gas / efficiency)
    sink = 40.0 / np.log((88.0 + 273.15) / (48.0 + 273.15))
    source = 6.0 / np.log((30.0 + 273.15) / (24.0 + 273.15))
    cop = 0.5 * sink / (sink - source)
    spared = (1.0 - 1.0 / cop) * 0.02
    assert cost[HEAT_PUMP] == pytest.approx(electricity * (1.0 / cop - spared), rel=1e-9)


def test_a_hotter_supply_makes_heat_pumps_dearer(plan: DispatchPlan, contract: Contract) -> None:
    observation = observe(contract)
    assert costs(plan, observation, 88.0)[HEAT_PUMP] > costs(plan, observation, 75.0)[HEAT_PUMP]
    # beyond its greatest sink temperature a heat pump only preheats
    assert costs(plan, observation, 95.0)[HEAT_PUMP] == costs(plan, observation, 90.0)[HEAT_PUMP]


def test_units_run_in_merit_order_and_the_last_at_part_load(
    plan: DispatchPlan, contract: Contract
) -> None:
    # demand 27.75 kg/s x 4.19 x 40 K = 4651 kW, target = level: no charge by machines
    set_points = ask(plan, observe(contract))
    assert set_points[GLASSWORKS] == pytest.approx(1.0)
    assert set_points[DAIRY] == pytest.approx(1.0)
    dairy_kw = 1500.0 * min(28.0 / 23.0, plan.return_gain[1] * 20.0)
    expected = (27.75 * 4.19 * 40.0 - 1600.0 - dairy_kw) / 2400.0
    capacity = plan.capacity_kw[HEAT_PUMP]
    assert set_points[HEAT_PUMP] == pytest.approx(expected * 2400.0 / capacity)
    assert set_points[GAS] == 0.0
    assert set_points[RESERVE] == 0.0


def test_target_level_charges_and_discharges(plan: DispatchPlan, contract: Contract) -> None:
    observation = observe(contract)
    at_level = ask(plan, observation, target=0.5)[HEAT_PUMP]
    assert ask(plan, observation, target=0.55)[HEAT_PUMP] > at_level
    running = observe(contract, **{"fab_heat_pump__load_share@executed": 0.5})
    assert ask(plan, running, target=0.3)[HEAT_PUMP] == 0.0


def test_price_gates_units(plan: DispatchPlan, contract: Contract) -> None:
    observation = observe(contract)
    pump = costs(plan, observation)[HEAT_PUMP]
    assert ask(plan, observation, empty=pump + 1.0, full=pump + 1.0)[HEAT_PUMP] > 0.0
    assert ask(plan, observation, empty=pump - 1.0, full=pump - 1.0)[HEAT_PUMP] == 0.0
    # the price of a half-full store is the mean of its ends
    assert ask(plan, observation, empty=2.0 * pump + 2.0, full=0.0)[HEAT_PUMP] > 0.0
    assert ask(plan, observation, empty=2.0 * pump - 2.0, full=0.0)[HEAT_PUMP] == 0.0


def flow_lacking(plan: DispatchPlan, contract: Contract, lack_kw: float) -> float:
    """Flow of the network, kg/s, with which its sources leave something to the heat pump."""
    observation, supply = observe(contract), np.array([[SUPPLY_C]])
    now = read_conditions(plan, initial_memory(plan, 1), observation, supply)
    sources_kw = unit_limits(plan, now, observation)[0, : plan.n_sources].sum()
    return float((sources_kw + lack_kw) / (4.19 * (SUPPLY_C - 48.0)))


def test_a_unit_starts_for_part_load_where_heat_is_worth_clearly_more(
    plan: DispatchPlan, contract: Contract
) -> None:
    # above the least load of 720 kW, below a good part of 2400 kW
    observation = observe(contract, main__mass_flow_kg_s=flow_lacking(plan, contract, 1000.0))
    pump = costs(plan, observation)[HEAT_PUMP]
    assert ask(plan, observation, empty=pump + 0.5, full=pump + 0.5)[HEAT_PUMP] == 0.0
    clearly = ask(plan, observation, empty=pump + 15.0, full=pump + 15.0)[HEAT_PUMP]
    assert clearly * plan.capacity_kw[HEAT_PUMP] == pytest.approx(1000.0)


def test_the_target_is_the_level_in_an_hour(plan: DispatchPlan, contract: Contract) -> None:
    flow = flow_lacking(plan, contract, 1000.0)
    running = observe(
        contract, main__mass_flow_kg_s=flow, **{"fab_heat_pump__load_share@executed": 0.5}
    )
    more = ask(plan, running, target=0.52)[HEAT_PUMP] - ask(plan, running)[HEAT_PUMP]
    held = 0.02 * plan.store_kwh_per_k[0] * 40.0
    assert more * plan.capacity_kw[HEAT_PUMP] == pytest.approx(held)


def test_a_running_unit_stays_a_little_longer(plan: DispatchPlan, contract: Contract) -> None:
    standing = observe(contract)
    running = observe(contract, **{"fab_heat_pump__load_share@executed": 0.7})
    price = costs(plan, standing)[HEAT_PUMP] - 1.0
    assert ask(plan, standing, empty=price, full=price)[HEAT_PUMP] == 0.0
    assert ask(plan, running, empty=price, full=price)[HEAT_PUMP] > 0.0
    far = price - 10.0
    assert ask(plan, running, empty=far, full=far)[HEAT_PUMP] == 0.0


def test_waste_heat_charges_beyond_the_target_while_machines_do_not(
    plan: DispatchPlan, contract: Contract
) -> None:
    observation = observe(contract, main__mass_flow_kg_s=3.0, tank__level=level_of(0.7))
    set_points = ask(plan, observation, target=0.5)
    assert set_points[GLASSWORKS] == pytest.approx(1.0)
    assert set_points[HEAT_PUMP] == 0.0


def test_surplus_cuts_the_dearest_source_first(plan: DispatchPlan, contract: Contract) -> None:
    # the store is full: only 12 kg/s x 4.19 x 40 K = 2011 kW are needed
    observation = observe(contract, main__mass_flow_kg_s=12.0, tank__level=level_of(1.0))
    set_points = ask(plan, observation)
    assert set_points[DAIRY] == pytest.approx(1.0)  # 0.1 EUR/MWh
    assert 0.0 < set_points[GLASSWORKS] < 1.0  # 5 EUR/MWh
    half = observe(contract, main__mass_flow_kg_s=12.0)
    running = ask(plan, half, empty=3.0, full=3.0)
    assert running[GLASSWORKS] > 0.0  # within its hysteresis
    assert ask(plan, observation, empty=-8.0, full=-8.0)[GLASSWORKS] == 0.0


def test_no_waste_heat_no_recovery(plan: DispatchPlan, contract: Contract) -> None:
    set_points = ask(plan, observe(contract, dairy__available_kw=0.0))
    assert set_points[DAIRY] == 0.0


def test_boilers_are_backup(plan: DispatchPlan, contract: Contract) -> None:
    cold = {"main__mass_flow_kg_s": 60.0}
    plenty = ask(plan, observe(contract, **cold), empty=60.0, full=30.0)
    assert plenty[HEAT_PUMP] == pytest.approx(2200.0 / plan.capacity_kw[HEAT_PUMP])
    assert plenty[GAS] == 0.0  # the tank covers the rest
    short = ask(plan, observe(contract, tank__level=level_of(0.02), **cold), empty=60.0, full=30.0)
    assert short[GAS] > 0.0
    assert short[RESERVE] == 0.0


def test_a_cold_top_counts_as_short(plan: DispatchPlan, contract: Contract) -> None:
    observation = observe(contract, main__mass_flow_kg_s=60.0, tank__top_temp_c=70.0)
    assert ask(plan, observation, empty=60.0, full=30.0)[GAS] > 0.0


def test_a_hot_circuit_may_miss_some_more_kelvin(plan: DispatchPlan, contract: Contract) -> None:
    # 11 K are more than three tenths of a spread of 30 K, but not of 40 K
    lacking = {"main__mass_flow_kg_s": 60.0, "tank__top_temp_c": SUPPLY_C - 11.0}
    assert ask(plan, observe(contract, **lacking), empty=60.0, full=30.0)[GAS] == 0.0
    warm = {"main__return_temp_c": SUPPLY_C - 30.0, "tank__level": level_of(0.5, SUPPLY_C - 30.0)}
    assert ask(plan, observe(contract, **lacking, **warm), empty=60.0, full=30.0)[GAS] > 0.0


def test_boilers_do_not_charge_a_store(plan: DispatchPlan, contract: Contract) -> None:
    # heat is worth more than gas heat, and the target is far above the level
    observation = observe(contract, main__mass_flow_kg_s=60.0)
    set_points = ask(plan, observation, empty=150.0, full=150.0, target=1.0)
    others = 1600.0 + 1500.0 * plan.return_gain[1] * 20.0 + 2200.0
    demand = 60.0 * 4.19 * 40.0
    assert set_points[GAS] * plan.capacity_kw[GAS] == pytest.approx(demand - others, rel=1e-6)


def test_relief_lasts_until_the_store_has_recovered(plan: DispatchPlan, contract: Contract) -> None:
    def gas(usable: float, memory: DispatchMemory) -> tuple[float, DispatchMemory]:
        observation = observe(contract, main__mass_flow_kg_s=60.0, tank__level=level_of(usable))
        price = HeatPrice(*(np.array([[v]]) for v in (40.0, 30.0, 0.5, SUPPLY_C, 0.0)))
        set_points, memory = merit_order_dispatch(plan, memory, observation, price)
        return float(set_points[0, GAS]), memory

    memory = initial_memory(plan, 1)
    fired, memory = gas(0.15, memory)
    assert fired == 0.0
    fired, memory = gas(0.02, memory)
    assert fired > 0.0
    fired, memory = gas(0.15, memory)
    assert fired > 0.0
    fired, memory = gas(0.4, memory)
    assert fired == 0.0


def test_negative_electricity_prices_put_heat_pumps_first(
    plan: DispatchPlan, contract: Contract
) -> None:
    observation = observe(
        contract, tariff__electricity_eur_per_mwh=-300.0, main__mass_flow_kg_s=20.0
    )
    set_points = ask(plan, observation)
    assert costs(plan, observation)[HEAT_PUMP] < costs(plan, observation)[GLASSWORKS]
    assert set_points[HEAT_PUMP] * plan.capacity_kw[HEAT_PUMP] == pytest.approx(2200.0)


def test_demand_is_smoothed_and_independent_of_preheaters(
    plan: DispatchPlan, contract: Contract
) -> None:
    supply = np.full((1, 1), SUPPLY_C)
    memory = initial_memory(plan, 1)
    first = read_conditions(plan, memory, observe(contract), supply).demand_kw[0, 0]
    assert first == pytest.approx(27.75 * 4.19 * 40.0)
    warmer = observe(contract, main__return_temp_c=52.0, dairy__heat_kw=27.75 * 4.19 * 4.0)
    now = read_conditions(plan, memory, warmer, supply).demand_kw[0, 0]
    assert now == pytest.approx(first)
    memory = memory._replace(demand_kw=np.array([[first]]))
    peak = observe(contract, main__mass_flow_kg_s=55.5)
    smoothed = read_conditions(plan, memory, peak, supply).demand_kw[0, 0]
    assert smoothed == pytest.approx(first * (2.0 - np.exp(-0.5)))


def test_a_running_heat_pump_costs_what_its_meters_say(
    plan: DispatchPlan, contract: Contract
) -> None:
    meters = {"fab_heat_pump__heat_kw": 2000.0, "fab_heat_pump__power_kw": 400.0}
    runs = {"fab_heat_pump__load_share@executed": 1.0}
    electricity = 60.0 + 60.0 + 70.0 * 0.35
    measured = costs(plan, observe(contract, **meters, **runs))[HEAT_PUMP]
    assert measured == pytest.approx(electricity * (0.2 - 0.8 * 0.02))
    estimated = costs(plan, observe(contract))[HEAT_PUMP]
    # neither a stopped pump nor one that is starting, nor a broken meter, tells a COP
    assert costs(plan, observe(contract, **meters))[HEAT_PUMP] == estimated
    starting = meters | {"fab_heat_pump__heat_kw": 100.0}
    assert costs(plan, observe(contract, **starting, **runs))[HEAT_PUMP] == estimated
    broken = meters | {"fab_heat_pump__power_kw": np.nan}
    assert costs(plan, observe(contract, **broken, **runs))[HEAT_PUMP] == estimated


def test_what_a_cold_supply_hides_is_demand(plan: DispatchPlan, contract: Contract) -> None:
    supply = np.full((1, 1), SUPPLY_C)
    memory = initial_memory(plan, 1)
    warm = read_conditions(plan, memory, observe(contract), supply).demand_kw
    sunk = observe(contract, main__supply_temp_c=62.0)
    np.testing.assert_array_equal(read_conditions(plan, memory, sunk, supply).demand_kw, warm)
