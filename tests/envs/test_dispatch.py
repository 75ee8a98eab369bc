"""Dispatch on hand-made cases, and that it is feasible whatever it is shown."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import (
    DispatchMemory,
    DispatchPlan,
    HeatPrice,
    heating_curve,
    initial_memory,
    marginal_cost,
    merit_order_dispatch,
    rules_dispatch,
)
from heatrouter.envs.dispatch.marginal_cost import read_conditions, unit_limits
from heatrouter.envs.dispatch.merit_order import deciding_values
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.rule_parameters import RuleParameters

GLASSWORKS, DAIRY, HEAT_PUMP, GAS, RESERVE, GREENHOUSE, SUPPLY = range(7)

# Load of 4.7 MW at the root; the tank half usable: (68 - 48) / (88 - 48).
CASE = {
    "site.ambient_temp_c": -2.0,
    "main.supply_temp_c": 85.0,
    "main.return_temp_c": 48.0,
    "main.mass_flow_kg_s": 27.75,
    "tank.level": (68.0 - 45.0) / 40.0,
    "tank.top_temp_c": 86.0,
    "glassworks.available_kw": 1600.0,
    "dairy.available_kw": 1500.0,
    "dairy.heat_kw": 0.0,
    "fab_heat_pump.limit_kw": 2200.0,
    "tariff.electricity_eur_per_mwh": 60.0,
    "tariff.gas_eur_per_mwh": 35.0,
    "tariff.co2_eur_per_t": 70.0,
    "tariff.carbon_intensity_g_per_kwh": 350.0,
    "fab_heat_pump.heat_kw": 0.0,
    "greenhouse.air_mean_24h_c": 18.1,  # what the rules lead it to
    "clock.hour_sin": 0.0,
    "clock.hour_cos": -1.0,  # noon
    "glassworks.recovery_share@executed": 1.0,
    "dairy.recovery_share@executed": 1.0,
    "fab_heat_pump.load_share@executed": 0.0,
    "gas_boiler.load_share@executed": 0.0,
    "reserve_boiler.load_share@executed": 0.0,
}
SUPPLY_C = 88.0


@pytest.fixture(scope="module")
def whole() -> District:
    """The preset with the figures pinned that the expectations below restate."""
    preset = load_district("energy-web")
    grid = preset.grid.model_copy(
        update={"electricity_fee_eur_per_mwh": 60.0, "gas_fee_eur_per_mwh": 8.0}
    )
    pinned: dict[str, dict[str, float]] = {
        "glassworks": {"heat_price_eur_per_mwh": 5.0, "sink_power_ratio": 0.0},
        "dairy": {"heat_price_eur_per_mwh": 3.0, "sink_power_ratio": 0.02},
        "fab_heat_pump": {"capacity_kw": 2400.0, "lorenz_efficiency": 0.5, "min_load": 0.3},
        "gas_boiler": {"capacity_kw": 11000.0},
        "gas_engine": {
            "capacity_kw": 1200.0,
            "thermal_efficiency": 0.45,
            "electric_efficiency": 0.42,
            "min_load": 0.5,
        },
    }
    units = tuple(u.model_copy(update=pinned.get(u.name, {})) for u in preset.units)
    return preset.model_copy(update={"grid": grid, "units": units})


@pytest.fixture(scope="module")
def district(whole: District) -> District:
    """Without its engine: what sources, heat pump and boilers do among themselves."""
    units = tuple(u for u in whole.units if u.kind != "chp")
    return whole.model_copy(update={"units": units})


@pytest.fixture(scope="module")
def with_engine(whole: District) -> DispatchPlan:
    return DispatchPlan.from_district(whole, build_contract(whole, load_task("energy-web")))


@pytest.fixture(scope="module")
def engine_contract(whole: District) -> Contract:
    return build_contract(whole, load_task("energy-web"))


@pytest.fixture(scope="module")
def contract(district: District) -> Contract:
    return build_contract(district, load_task("energy-web"))


@pytest.fixture(scope="module")
def plan(district: District, contract: Contract) -> DispatchPlan:
    return DispatchPlan.from_district(district, contract)


@pytest.fixture(scope="module")
def two_circuits(district: District) -> District:
    """The same units, with fab and greenhouse in a circuit of their own without a store."""
    main = district.circuits[0]
    apart = ("fab_park", "greenhouse_field")
    return district.model_copy(
        update={
            "circuits": (
                main.model_copy(
                    update={"locations": tuple(n for n in main.locations if n not in apart)}
                ),
                main.model_copy(update={"name": "fab", "root": "fab_park", "locations": apart}),
            )
        }
    )


def observe(contract: Contract, **changes: float) -> FloatArray:
    """An observation of CASE with some channels changed; ``__`` stands for the dot."""
    low, high = contract.bounds("observation")
    observation = 0.5 * (low + high)
    values = CASE | {name.replace("__", "."): value for name, value in changes.items()}
    for name, value in values.items():
        observation[contract.observation_index(name)] = value
    return observation[np.newaxis]


def level_of(usable: float, return_c: float = 48.0) -> float:
    """Measured level of a tank whose usable level between return and SUPPLY_C is given."""
    return (return_c + usable * (SUPPLY_C - return_c) - 45.0) / 40.0


def ask(
    plan: DispatchPlan,
    observation: FloatArray,
    empty: float = 80.0,
    full: float = 20.0,
    target: float = 0.5,
    memory: DispatchMemory | None = None,
) -> FloatArray:
    memory = memory or initial_memory(plan, 1)
    price = HeatPrice(*(np.array([[v]]) for v in (empty, full, target, SUPPLY_C, 0.0)))
    set_points: FloatArray = merit_order_dispatch(plan, memory, observation, price)[0][0]
    return set_points


def costs(plan: DispatchPlan, observation: FloatArray, supply: float = SUPPLY_C) -> FloatArray:
    supply_temp = np.full((1, plan.n_circuits), supply)
    now = read_conditions(plan, initial_memory(plan, 1), observation, supply_temp)
    cost: FloatArray = marginal_cost(plan, now, observation, supply_temp)[0]
    return cost


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


ENGINE = 3
"""Where the plant has its engine, between the heat pump and the boilers."""


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


def test_heating_curve(plan: DispatchPlan) -> None:
    parameters = RuleParameters(supply_shift_k=0.0)
    ambient = np.array([30.0, 15.0, 0.5, -14.0, -30.0])
    curve = heating_curve(plan, parameters, ambient)[:, 0]
    assert curve[0] == curve[1] == 70.0
    assert curve[2] == pytest.approx(70.0 + 0.5 * 18.0)
    # radiators are designed for 85, and 3 K are lost on the way
    assert curve[3] == curve[4] == 88.0
    assert heating_curve(plan, RuleParameters(supply_shift_k=15.0), ambient).max() == 95.0
    low = heating_curve(plan, RuleParameters(supply_shift_k=-15.0, supply_floor_c=75.0), ambient)
    assert low.min() == 75.0


def test_rules_charge_between_two_levels(plan: DispatchPlan, contract: Contract) -> None:
    memory = initial_memory(plan, 1)
    on = []
    supply = heating_curve(plan, RuleParameters(), np.array([-2.0]))[0, 0]
    for usable in (0.5, 0.3, 0.5, 0.8, 0.9, 0.5):
        level = (48.0 + usable * (supply - 48.0) - 45.0) / 40.0
        observation = observe(contract, tank__level=level)
        set_points, memory = rules_dispatch(plan, RuleParameters(), memory, observation)
        on.append(bool(set_points[0, HEAT_PUMP] > 0.0))
    assert on == [False, True, True, True, False, False]


def test_rules_leave_a_dear_heat_pump_until_boilers_do_not_suffice(
    plan: DispatchPlan, contract: Contract
) -> None:
    dear = {"tariff__electricity_eur_per_mwh": 500.0}
    supply = heating_curve(plan, RuleParameters(), np.array([-2.0]))[0, 0]
    at = (48.0 + 0.2 * (supply - 48.0) - 45.0) / 40.0
    memory = initial_memory(plan, 1)
    low, _ = rules_dispatch(
        plan, RuleParameters(), memory, observe(contract, tank__level=at, **dear)
    )
    assert low[0, HEAT_PUMP] == 0.0
    reserve = (48.0 + 0.05 * (supply - 48.0) - 45.0) / 40.0
    dear["tank__level"] = reserve
    down, _ = rules_dispatch(plan, RuleParameters(), memory, observe(contract, **dear))
    boilers = slice(HEAT_PUMP + 1, HEAT_PUMP + 3)
    assert down[0, HEAT_PUMP] == 0.0, "boilers cover what is lacking, and nobody fills the tank"
    assert down[0, boilers].max() > 0.0
    dear["main__mass_flow_kg_s"] = 300.0
    more, _ = rules_dispatch(plan, RuleParameters(), memory, observe(contract, **dear))
    assert more[0, HEAT_PUMP] > 0.0, "what boilers cannot cover"
    assert more[0, boilers].min() == 1.0


def test_rules_put_sources_first_whatever_they_cost(plan: DispatchPlan, contract: Contract) -> None:
    observation = observe(
        contract, tariff__electricity_eur_per_mwh=-400.0, main__mass_flow_kg_s=5.0
    )
    set_points, _ = rules_dispatch(plan, RuleParameters(), initial_memory(plan, 1), observation)
    assert set_points[0, GLASSWORKS] == pytest.approx(1.0)
    assert set_points[0, DAIRY] == pytest.approx(1.0)


@pytest.mark.parametrize(("hour", "offset"), [(12.0, 0.0), (23.0, -0.5), (3.0, -0.5), (5.5, 0.0)])
def test_rules_lower_greenhouses_at_night(
    plan: DispatchPlan, contract: Contract, hour: float, offset: float
) -> None:
    angle = 2.0 * np.pi * hour / 24.0
    observation = observe(contract, clock__hour_sin=np.sin(angle), clock__hour_cos=np.cos(angle))
    parameters = RuleParameters(night_setback_k=0.5)
    set_points, _ = rules_dispatch(plan, parameters, initial_memory(plan, 1), observation)
    assert set_points[0, GREENHOUSE] == pytest.approx(offset, abs=1e-9)


def test_parameters_refuse_nonsense() -> None:
    with pytest.raises(ValidationError, match="must not lie above"):
        RuleParameters(charge_below_level=0.9, charge_until_level=0.5)
    with pytest.raises(ValidationError, match="machines come before boilers"):
        RuleParameters(charge_lack_k=8.0, reserve_lack_k=5.0)
    with pytest.raises(ValidationError):
        RuleParameters(heating_limit_c=float("nan"))


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


def prices(num_envs: int) -> st.SearchStrategy[FloatArray]:
    return hnp.arrays(np.float64, (num_envs, 5), elements=st.floats(-20.0, 200.0))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_set_points_are_always_feasible(
    with_engine: DispatchPlan, engine_contract: Contract, data: st.DataObject
) -> None:
    plan, contract = with_engine, engine_contract
    low, high = contract.bounds("set_points")
    observation = data.draw(observations(contract, 2))
    values = data.draw(prices(2))
    price = HeatPrice(*(values[:, i : i + 1] for i in range(5)))
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
    values = data.draw(prices(9))
    price = HeatPrice(*(values[:, i : i + 1] for i in range(5)))
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


@pytest.mark.parametrize("top_c", [64.0, 75.0])
def test_boilers_fire_where_a_cold_store_lets_the_supply_fall(
    plan: DispatchPlan, contract: Contract, top_c: float
) -> None:
    """Sources and heat pump give all that the root shows; the store gives what it does not show."""
    sinking = observe(
        contract,
        main__supply_temp_c=70.0,
        main__return_temp_c=60.0,
        main__mass_flow_kg_s=40.0,
        dairy__heat_kw=1500.0,
        glassworks__heat_kw=1600.0,
        fab_heat_pump__heat_kw=2200.0,
        gas_boiler__heat_kw=0.0,
        reserve_boiler__heat_kw=0.0,
        tank__charge_kw=-1500.0,
        tank__top_temp_c=top_c,
        **{"fab_heat_pump__load_share@executed": 1.0},
    )
    ruled, memory = rules_dispatch(plan, RuleParameters(), initial_memory(plan, 1), sinking)
    asked = heating_curve(plan, RuleParameters(), np.array([-2.0]))[0, 0]
    assert memory.relief[0, 0] == (asked - top_c > RuleParameters().reserve_lack_k)
    assert (ruled[0, GAS] > 0.0) == memory.relief[0, 0]


def test_running_machines_follow_the_demand_when_the_store_is_full_enough(
    plan: DispatchPlan, contract: Contract
) -> None:
    supply = heating_curve(plan, RuleParameters(), np.array([-2.0]))[0, 0]
    level = (48.0 + 0.9 * (supply - 48.0) - 45.0) / 40.0
    meters = {"fab_heat_pump__heat_kw": 2000.0, "fab_heat_pump__power_kw": 400.0}
    runs = {"fab_heat_pump__load_share@executed": 0.7}
    standing = observe(contract, tank__level=level)
    running = observe(contract, tank__level=level, **meters, **runs)
    memory = initial_memory(plan, 1)

    def load(observation: FloatArray, parameters: RuleParameters) -> float:
        return float(rules_dispatch(plan, parameters, memory, observation)[0][0, HEAT_PUMP])

    assert load(standing, RuleParameters()) == 0.0
    assert load(running, RuleParameters()) > 0.0
    assert load(running, RuleParameters(hold_level=0.8)) == 0.0


@pytest.mark.parametrize(
    ("mean_c", "offset"), [(18.1, 0.0), (18.6, -1.5), (17.9, 0.6), (23.0, -3.0), (10.0, 3.0)]
)
def test_greenhouses_are_led_by_their_mean(
    plan: DispatchPlan, contract: Contract, mean_c: float, offset: float
) -> None:
    """The crop of the preset wants 18 degC in the mean of a day; its range ends at 3 K."""
    observation = observe(contract, greenhouse__air_mean_24h_c=mean_c)
    parameters = RuleParameters(crop_mean_margin_k=0.1, crop_mean_gain=3.0)
    set_points, _ = rules_dispatch(plan, parameters, initial_memory(plan, 1), observation)
    assert set_points[0, GREENHOUSE] == pytest.approx(offset, abs=1e-5)


def test_frost_keeps_the_supply_up(plan: DispatchPlan) -> None:
    cold = RuleParameters(frost_supply_c=60.0, supply_floor_c=20.0)
    lowest = replace(plan, supply_low=np.array([20.0]), curve_high=np.array([20.0]))
    curve = heating_curve(lowest, cold, np.array([5.0, 1.0]))[:, 0]
    assert curve.tolist() == [20.0, 60.0]
