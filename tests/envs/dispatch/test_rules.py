"""The rules on hand-made cases."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from tests.envs.dispatch.cases import (
    DAIRY,
    GAS,
    GLASSWORKS,
    GREENHOUSE,
    HEAT_PUMP,
    observe,
)

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import (
    DispatchPlan,
    heating_curve,
    initial_memory,
    rules_dispatch,
)
from heatrouter.envs.spec.rule_parameters import RuleParameters


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
