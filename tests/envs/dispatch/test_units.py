"""Dispatch of every kind of unit and of several circuits."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.envs.small_districts import SMALL_DISTRICTS, biogas, chp_and_solar, fab, pcm_and_batch
from tests.envs.two_circuit_districts import (
    two_circuits_with_exchanger,
    two_circuits_with_heat_pump,
)

from heatrouter.envs.actuate import ActionDecoder, guard_limits
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.dispatch import (
    DispatchMemory,
    DispatchPlan,
    HeatPrice,
    initial_memory,
    merit_order_dispatch,
    rules_dispatch,
)
from heatrouter.envs.dispatch.commanded_stores import charge_by_price, price_of_charge
from heatrouter.envs.dispatch.marginal_cost import marginal_cost, read_conditions, unit_limits
from heatrouter.envs.guard import Reading, check
from heatrouter.envs.guard import initial_memory as guard_memory
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_task
from heatrouter.envs.spec.rule_parameters import RuleParameters

TARIFF = {
    "tariff.electricity_eur_per_mwh": 60.0,
    "tariff.gas_eur_per_mwh": 35.0,
    "tariff.co2_eur_per_t": 70.0,
    "tariff.carbon_intensity_g_per_kwh": 350.0,
    "clock.hour_cos": -1.0,
    "site.ambient_temp_c": 0.0,
}


def contract_of(district: District, parametrisation: Parametrisation = "absolute") -> Contract:
    task = load_task("energy-web").model_copy(update={"parametrisation": parametrisation})
    return build_contract(district, task)


class Case:
    """A district whose circuits are in plain operation unless told otherwise."""

    def __init__(self, district: District, flow_kg_s: float = 4.0) -> None:
        self.district = district
        self.contract = contract_of(district)
        self.plan = DispatchPlan.from_district(district, self.contract)
        self.values = dict(TARIFF)
        for circuit in district.circuits:
            supply = circuit.supply_temp_min_c + 5.0
            self.values[f"{circuit.name}.supply_temp_c"] = supply
            self.values[f"{circuit.name}.return_temp_c"] = supply - 30.0
            self.values[f"{circuit.name}.mass_flow_kg_s"] = flow_kg_s
        for unit in district.units:
            if unit.kind == "store":
                self.values[f"{unit.name}.top_temp_c"] = unit.full_temp_c
                self.values[f"{unit.name}.level"] = 0.6

    def observation(self, **changes: float) -> FloatArray:
        named = {key.replace("__", "."): value for key, value in changes.items()}
        values = {
            **self.values,
            **{k.replace(".executed", "@executed"): v for k, v in named.items()},
        }
        observation = np.zeros((1, len(self.contract.observation)))
        for name, value in values.items():
            observation[0, self.contract.observation_index(name)] = value
        return observation

    def supply(self) -> FloatArray:
        return np.array([[c.supply_temp_min_c + 5.0 for c in self.district.circuits]])

    def cost(self, **changes: float) -> dict[str, float]:
        observation = self.observation(**changes)
        now = read_conditions(self.plan, initial_memory(self.plan, 1), observation, self.supply())
        cost = marginal_cost(self.plan, now, observation, self.supply())
        return dict(zip(self.plan.names, cost[0], strict=True))

    def limit(self, **changes: float) -> dict[str, float]:
        observation = self.observation(**changes)
        now = read_conditions(self.plan, initial_memory(self.plan, 1), observation, self.supply())
        limit = unit_limits(self.plan, now, observation)
        return dict(zip(self.plan.names, limit[0], strict=True))

    def rules(self, **changes: float) -> dict[str, float]:
        points, _ = rules_dispatch(
            self.plan,
            RuleParameters(supply_shift_k=-5.0),  # 30 K above the return, as `demand_kw` says
            initial_memory(self.plan, 1),
            self.observation(**changes),
        )
        names = [p.name for p in self.contract.set_points]
        return dict(zip(names, points[0], strict=True))


def demand_kw(flow_kg_s: float = 4.0) -> float:
    return flow_kg_s * 4.19 * 30.0


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
@pytest.mark.parametrize("parametrisation", ["absolute", "offset", "heat_price"])
def test_whatever_is_seen_and_asked_the_proposal_is_feasible(
    name: str, parametrisation: Parametrisation
) -> None:
    district = SMALL_DISTRICTS[name]()
    contract = contract_of(district, parametrisation)
    decoder = ActionDecoder(district, contract, RuleParameters())
    low, high = contract.bounds("set_points")
    rng = np.random.default_rng(3)
    obs_low, obs_high = contract.bounds("observation")
    act_low, act_high = contract.bounds("action")
    observation = rng.uniform(obs_low, obs_high, (50, obs_low.size))
    action = rng.uniform(act_low, act_high, (50, act_low.size))
    memory = decoder.initial_memory(50)
    for _ in range(3):
        proposal, memory = decoder.decode(memory, observation, action)
        assert np.isfinite(proposal).all()
        assert (proposal >= low).all()
        assert (proposal <= high).all()
    row = slice(7, 8)
    of_one = DispatchMemory(memory.demand_kw[row], memory.charging[row], memory.relief[row])
    alone, _ = decoder.decode(of_one, observation[row], action[row])
    together, _ = decoder.decode(memory, observation, action)
    np.testing.assert_array_equal(alone[0], together[7])


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_the_guard_lets_the_rules_through(name: str) -> None:
    """From the safe state the rules' wish is reached within the rates, and nothing is refused."""
    district = SMALL_DISTRICTS[name]()
    contract = contract_of(district)
    limits = guard_limits(district, contract)
    assert limits.names == tuple(p.name for p in contract.set_points)
    decoder = ActionDecoder(district, contract, RuleParameters())
    observation = Case(district).observation()
    valid = np.ones(observation.shape, dtype=np.bool_)
    proposal, _ = decoder.rules_proposal(decoder.initial_memory(1), observation)
    memory = guard_memory(limits, np.zeros(1))
    for step in range(1, 100):
        reading = Reading(np.array([step * 900.0]), observation, valid)
        executed, verdict, memory = check(limits, memory, reading, proposal, None)
        assert verdict.accepted.all()
    assert (np.abs(executed - proposal) <= limits.dead_band + 1e-9).all()


def test_solar_is_permitted_in_the_dark_and_limited_by_demand() -> None:
    case = Case(chp_and_solar())
    assert case.rules(collectors__available_kw=0.0)["collectors.recovery_share"] == 1.0
    assert case.cost()["collectors"] == 0.0
    full = case.rules(collectors__available_kw=600.0, tank__level=1.5, main__mass_flow_kg_s=2.0)
    assert full["collectors.recovery_share"] == pytest.approx(demand_kw(2.0) / 600.0)


def test_engine_costs_fuel_less_what_its_electricity_fetches() -> None:
    case = Case(chp_and_solar())
    cost = case.cost()["engine"]
    fuel = 35.0 + 8.0 + 70.0 * 0.201
    assert cost == pytest.approx((fuel - (60.0 + 70.0 * 0.35) * 0.38) / 0.48)
    # at 400 EUR/MWh the heat is what is left over
    assert case.cost(tariff__electricity_eur_per_mwh=400.0)["engine"] < 0.0


def test_engine_runs_by_the_price_of_power() -> None:
    case = Case(chp_and_solar(), flow_kg_s=3.0)
    wanting = {"tank__level": 0.1, "air_heat_pump__limit_kw": 0.0}
    dear = case.rules(tariff__electricity_eur_per_mwh=300.0, **wanting)
    cheap = case.rules(tariff__electricity_eur_per_mwh=-100.0, tank__level=0.35)
    assert dear["engine.load_share"] >= 0.5
    assert cheap["engine.load_share"] == 0.0


def test_air_heat_pump_costs_more_in_the_cold() -> None:
    case = Case(chp_and_solar())
    warm = case.cost(air_heat_pump__source_temp_c=15.0)["air_heat_pump"]
    cold = case.cost(air_heat_pump__source_temp_c=-10.0)["air_heat_pump"]
    assert 0.0 < warm < cold
    assert case.rules(air_heat_pump__limit_kw=0.0)["air_heat_pump.load_share"] == 0.0


def test_boilers_cost_what_they_burn() -> None:
    cost = Case(biogas()).cost()
    assert cost["wood_boiler"] == pytest.approx(35.0 / 0.85)
    assert cost["electrode_boiler"] == pytest.approx((60.0 + 75.0 + 70.0 * 0.35) / 0.99)
    assert cost["biogas_boiler"] == 0.0
    assert list(cost)[-1] == "reserve_boiler"


def test_biogas_boiler_starts_full_stops_empty_and_runs_before_flaring() -> None:
    case = Case(biogas())
    running = {"biogas_boiler__load_share__executed": 0.8}
    fills = {0.1: (0.0, 0.0), 0.3: (0.0, 400.0), 0.7: (400.0, 400.0)}
    for fill, (standing, going) in fills.items():
        assert case.limit(digester__fill_level=fill)["biogas_boiler"] == standing
        assert case.limit(digester__fill_level=fill, **running)["biogas_boiler"] == going
    # the tank is well filled: no machine is wanted, unless gas would be flared
    calm = {"tank__level": 0.8, "main__mass_flow_kg_s": 3.0}
    assert case.rules(digester__fill_level=0.8, **calm)["biogas_boiler.load_share"] == 0.0
    flaring = case.rules(digester__fill_level=0.97, **calm)
    assert flaring["biogas_boiler.load_share"] > 0.5


def test_electrode_boiler_runs_where_it_is_cheapest() -> None:
    case = Case(biogas())
    low = {"tank__level": 0.05, "main__mass_flow_kg_s": 2.0}
    ordinary = case.rules(**low)
    assert ordinary["electrode_boiler.load_share"] == 0.0
    negative = case.rules(tariff__electricity_eur_per_mwh=-120.0, **low)
    assert negative["electrode_boiler.load_share"] == 1.0


def test_a_commanded_store_takes_surplus_and_gives_it_for_the_boilers() -> None:
    case = Case(pcm_and_batch(), flow_kg_s=2.0)
    supply = case.rules()["main.supply_temp_c"]
    power = 3.0 * 4.19 * (supply - case.values["main.return_temp_c"])
    limit = case.limit(furnace__available_kw=700.0)["furnace"]
    surplus = limit - demand_kw(2.0)
    assert surplus > 20.0
    charging = case.rules(furnace__available_kw=700.0)
    assert charging["pcm_store.charge_share"] == pytest.approx(min(surplus / power, 1.0))
    assert charging["furnace.recovery_share"] == pytest.approx(1.0)
    assert charging["main_boiler.load_share"] == 0.0
    giving = case.rules(furnace__available_kw=0.0, pcm_store__level=0.8)
    assert giving["pcm_store.charge_share"] == pytest.approx(-demand_kw(2.0) / power)
    assert giving["main_boiler.load_share"] == 0.0
    empty = case.rules(furnace__available_kw=0.0, pcm_store__level=0.0)
    assert empty["pcm_store.charge_share"] == 0.0
    assert empty["main_boiler.load_share"] > 0.0
    full = case.rules(furnace__available_kw=700.0, pcm_store__level=1.0)
    assert full["pcm_store.charge_share"] == 0.0


def test_a_price_of_heat_moves_a_commanded_store() -> None:
    district = pcm_and_batch()
    contract = contract_of(district, "heat_price")
    names = [c.name for c in contract.action]
    assert names == [
        "pcm_store.price_empty_eur_per_mwh",
        "pcm_store.price_full_eur_per_mwh",
        "main.supply_offset_k",
        "moulds.release",
    ]
    decoder = ActionDecoder(district, contract, RuleParameters())
    case = Case(district, flow_kg_s=2.0)
    shares = []
    for price in (-20.0, 60.0, 200.0):
        action = np.array([[price, price, 0.0, 0.2]])
        observation = np.zeros((1, len(contract.observation)))
        seen = case.observation(main_boiler__load_share__executed=0.6)
        observation[0, : seen.shape[1]] = seen[0]
        points, _ = decoder.decode(decoder.initial_memory(1), observation, action)
        shares.append(points[0, contract.set_point_index("pcm_store.charge_share")])
        assert points[0, contract.set_point_index("moulds.release")] == 0.2
    assert shares[0] == -1.0
    assert shares[0] < shares[1] < shares[2] == 1.0


def test_batches_are_released_as_they_come() -> None:
    assert Case(pcm_and_batch()).rules()["moulds.release"] == 1.0


def test_boosters_are_no_part_of_the_balance_of_flows() -> None:
    case = Case(pcm_and_batch())
    before = read_conditions(
        case.plan, initial_memory(case.plan, 1), case.observation(), case.supply()
    )
    after = read_conditions(
        case.plan,
        initial_memory(case.plan, 1),
        case.observation(hall_booster__heat_kw=100.0),
        case.supply(),
    )
    assert after.demand_kw[0, 0] - before.demand_kw[0, 0] == pytest.approx(100.0)


def test_heat_from_another_circuit_costs_what_it_costs_there() -> None:
    case = Case(two_circuits_with_exchanger(commanded=True))
    idle = case.cost()
    assert idle["transfer"] == pytest.approx(idle["mill_exhaust"])
    fired = case.cost(main_boiler__load_share__executed=0.5)
    assert fired["transfer"] == pytest.approx(fired["main_boiler"])
    lift = Case(two_circuits_with_heat_pump())
    seen = {"lift__source_temp_c": 40.0}
    free, bought = lift.cost(**seen), lift.cost(backup__load_share__executed=0.5, **seen)
    electricity = 60.0 + 75.0 + 70.0 * 0.35
    # of each MWh, 1 - 1/COP comes out of the cold circuit
    share = (bought["lift"] - free["lift"]) / (bought["backup"] - free["servers"])
    assert 0.5 < share < 0.95
    assert free["lift"] == pytest.approx((1.0 - share) * electricity + share * free["servers"])


def test_a_link_carries_heat_where_it_is_worth_more_than_where_it_comes_from() -> None:
    case = Case(two_circuits_with_exchanger(commanded=True), flow_kg_s=2.0)
    observation = case.observation(transfer__limit_kw=600.0)
    names = [p.name for p in case.contract.set_points]

    def asked(worth: float) -> dict[str, float]:
        value, level = np.array([[worth]]), np.array([[0.6]])
        price = HeatPrice(value, value, level, case.supply(), np.zeros((1, 0)))
        memory = initial_memory(case.plan, 1)
        points, _ = merit_order_dispatch(case.plan, memory, observation, price)
        return dict(zip(names, points[0], strict=True))

    boiler = case.cost()["hub_boiler"]
    worth_less, worth_more = asked(boiler - 1.0), asked(boiler + 1.0)
    assert worth_less["transfer.load_share"] == pytest.approx(demand_kw(2.0) / 600.0)
    assert worth_less["hub_boiler.load_share"] == 0.0
    assert worth_more["transfer.load_share"] == 0.0
    assert worth_more["hub_boiler.load_share"] == pytest.approx(demand_kw(2.0) / 700.0)


@given(cost=st.floats(-100.0, 200.0), share=st.floats(-1.0, 1.0))
def test_the_price_of_a_charge_gives_that_charge(cost: float, share: float) -> None:
    case = Case(pcm_and_batch(), flow_kg_s=2.0)
    price = price_of_charge(np.array([[cost]]), np.array([[share]]))
    now = read_conditions(
        case.plan, initial_memory(case.plan, 1), case.observation(), case.supply()
    )
    shares, _ = charge_by_price(
        case.plan, now, np.array([[cost]]), (price, price), case.observation(), case.supply()
    )
    assert shares[0, 0] == pytest.approx(share, abs=1e-9)


def test_a_commanded_link_covers_demand_before_the_boiler_behind_it() -> None:
    case = Case(two_circuits_with_exchanger(commanded=True), flow_kg_s=2.0)
    both = case.rules(transfer__limit_kw=600.0)
    assert both["transfer.load_share"] == pytest.approx(demand_kw(2.0) / 600.0)
    assert both["hub_boiler.load_share"] == 0.0
    short = case.rules(transfer__limit_kw=100.0)
    assert short["transfer.load_share"] == pytest.approx(100.0 / 600.0)
    assert short["hub_boiler.load_share"] == pytest.approx((demand_kw(2.0) - 100.0) / 700.0)


def test_each_circuit_has_its_own_demand() -> None:
    case = Case(two_circuits_with_exchanger(commanded=True), flow_kg_s=0.0)
    some = case.rules(town__mass_flow_kg_s=3.0)
    assert some["hub_boiler.load_share"] == pytest.approx(demand_kw(3.0) / 700.0)
    assert some["main_boiler.load_share"] == 0.0


def test_a_circuit_without_hot_water_may_stay_cold() -> None:
    points = Case(two_circuits_with_heat_pump()).rules()
    assert points["cold.supply_temp_c"] < 40.0
    assert points["town.supply_temp_c"] >= 68.0


def test_a_dry_cooler_is_worth_its_fans() -> None:
    plan = Case(pcm_and_batch()).plan
    assert plan.sink_ratio[0] == pytest.approx(9.0 / 420.0)
    assert Case(fab()).plan.tower_ratio[0] == pytest.approx(12.0 / 400.0)


def test_guard_treats_every_kind_as_what_it_is() -> None:
    district: Any = pcm_and_batch()
    limits = {p.name: p for p in guard_limits(district, contract_of(district)).set_points}
    assert limits["pcm_store.charge_share"].dead_band == 0.005
    assert limits["moulds.release"].rate_up_per_s is None
    solar = chp_and_solar()
    of_solar = {p.name: p for p in guard_limits(solar, contract_of(solar)).set_points}
    assert of_solar["engine.load_share"].min_run_s == 3600.0
    assert of_solar["engine.load_share"].min_load == 0.5
    assert of_solar["collectors.recovery_share"].min_run_s == 0.0
    linked = two_circuits_with_exchanger(commanded=True)
    limits_of_link = guard_limits(linked, contract_of(linked))
    caps = {lock.name: lock.caps for lock in limits_of_link.interlocks}
    assert set(caps["town_too_hot"]) == {"transfer.load_share", "hub_boiler.load_share"}
    assert set(caps["trunk_too_hot"]) == {"mill_exhaust.recovery_share", "main_boiler.load_share"}
