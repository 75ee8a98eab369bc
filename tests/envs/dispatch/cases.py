"""A cold day on the energy-web preset, asked about by hand."""

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch import (
    DispatchMemory,
    DispatchPlan,
    HeatPrice,
    initial_memory,
    marginal_cost,
    merit_order_dispatch,
)
from heatrouter.envs.dispatch.marginal_cost import read_conditions

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


ENGINE = 3
"""Where the plant has its engine, between the heat pump and the boilers."""
