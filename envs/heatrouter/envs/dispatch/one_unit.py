"""Cost and limit of each producer of a single plant, in plain numbers.

The same operations in the same order as in ``marginal_cost``, for one row of an observation.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from heatrouter.envs.dispatch.marginal_cost import (
    G_PER_KWH_TO_T_PER_MWH,
    LEAST_METERED_KW,
    MIN_LIFT_K,
    MIN_SPREAD_K,
)
from heatrouter.envs.dispatch.plan import DispatchPlan
from heatrouter.envs.units import ZERO_CELSIUS_K

Row = Sequence[float]


class OneCircuit(NamedTuple):
    """What an observation says about a circuit; see ``marginal_cost.Conditions``."""

    supply_temp: float
    return_temp: float
    level: float
    store_kwh: float
    top_lack: float
    demand_kw: float


class Prices(NamedTuple):
    """What energy costs now, €/MWh and €/t."""

    electricity: float  # bought, with fee and CO2
    sold: float  # at the exchange, with the CO2 that it spares elsewhere
    gas: float  # with fee, without CO2
    co2: float


CostAndLimit = Callable[[Row, Prices, OneCircuit], tuple[float, float]]
"""Cost of one more MWh, €/MWh, and largest heat, kW, of a producer now."""


def read_prices(plan: DispatchPlan, row: Row) -> Prices:
    """Read the tariffs of an observation."""
    at = plan.prices_at
    exchange, co2 = row[at.electricity], row[at.co2]
    carbon = co2 * (row[at.carbon_intensity] * G_PER_KWH_TO_T_PER_MWH)
    electricity = exchange + plan.electricity_fee + carbon
    return Prices(electricity, exchange + carbon, row[at.gas] + plan.gas_fee, co2)


def producers(plan: DispatchPlan) -> list[CostAndLimit]:
    """Functions of all producers of a plan without links, in its order."""
    found = [_source(plan, i) for i in range(plan.n_sources)]
    for part, make in ((plan.pumps, _heat_pump), (plan.engines, _engine), (plan.boilers, _boiler)):
        found += [make(plan, i, part.start + i) for i in range(part.stop - part.start)]
    return found


def _source(plan: DispatchPlan, i: int) -> CostAndLimit:
    price, ratio = plan.heat_price.item(i), plan.sink_ratio.item(i)
    stream_temp, gain = plan.stream_temp.item(i), plan.return_gain.item(i)
    exhaust_share, available_at = plan.exhaust_share.item(i), plan.available_at.item(i)

    def source(row: Row, prices: Prices, circuit: OneCircuit) -> tuple[float, float]:
        share = min(exhaust_share, gain * max(stream_temp - circuit.return_temp, 0.0))
        return price - ratio * prices.electricity, row[available_at] * share

    return source


def _heat_pump(plan: DispatchPlan, i: int, unit: int) -> CostAndLimit:
    max_temp, max_cop = plan.max_sink_temp.item(i), plan.max_cop.item(i)
    efficiency, designed_k = plan.lorenz_efficiency.item(i), plan.cold_mean_k.item(i)
    tower_ratio, limit_at = plan.tower_ratio.item(i), plan.limit_at.item(i)
    capacity, least = plan.capacity_kw.item(unit), plan.min_kw.item(unit)
    heat_at, power_at = plan.heat_at.item(unit), plan.power_at.item(i)
    executed_at, metered_kw = plan.executed_at.item(unit), plan.metered_kw.item(i)
    measured = {pump: (column, half) for pump, column, half in plan.cold_at}
    cold_at, half_spread_k = measured.get(i, (-1, 0.0))

    def heat_pump(row: Row, prices: Prices, circuit: OneCircuit) -> tuple[float, float]:
        cold_mean = designed_k
        if cold_at >= 0:
            cold_mean = row[cold_at] - half_spread_k + ZERO_CELSIUS_K
        outlet = min(circuit.supply_temp, max_temp)
        hot = outlet + ZERO_CELSIUS_K
        cold = min(circuit.return_temp, outlet - MIN_SPREAD_K) + ZERO_CELSIUS_K
        # NumPy's logarithm, which may differ in its last bit from that of the math module
        sink = (hot - cold) / float(np.log(hot / cold))
        cop = efficiency * sink / max(sink - cold_mean, MIN_LIFT_K)
        inverse = 1.0 / min(max(cop, 1.0), max_cop)
        if row[executed_at] > 0.0 and row[heat_at] >= metered_kw and row[power_at] > 0.0:
            seen = row[power_at] / max(row[heat_at], LEAST_METERED_KW)
            inverse = min(max(seen, 1.0 / max_cop), 1.0)
        cost = prices.electricity * (inverse - (1.0 - inverse) * tower_ratio)
        possible = min(row[limit_at], capacity)
        return cost, 0.0 if possible < least else possible

    return heat_pump


def _engine(plan: DispatchPlan, i: int, unit: int) -> CostAndLimit:
    gas, emission = plan.engine_gas.item(i), plan.engine_emission_factor.item(i)
    electric, thermal = plan.electric_efficiency.item(i), plan.thermal_efficiency.item(i)
    capacity = plan.capacity_kw.item(unit)

    def engine(_row: Row, prices: Prices, _circuit: OneCircuit) -> tuple[float, float]:
        fuel = prices.gas * gas + prices.co2 * emission
        return (fuel - prices.sold * electric) / thermal, capacity

    return engine


def _boiler(plan: DispatchPlan, i: int, unit: int) -> CostAndLimit:
    efficiency, emission = plan.efficiency_35.item(i), plan.emission_factor.item(i)
    rise = plan.efficiency_60.item(i) - efficiency
    capacity = plan.capacity_kw.item(unit)
    gas = plan.only_gas or plan.burns_gas.item(i)
    electric = not plan.only_gas and plan.burns_electricity.item(i)
    own_price = 0.0 if plan.only_gas else plan.own_price.item(i)

    def boiler(_row: Row, prices: Prices, circuit: OneCircuit) -> tuple[float, float]:
        warm = min(max((circuit.return_temp - 35.0) * (1.0 / 25.0), 0.0), 1.0)
        price = (prices.gas if gas else own_price) + prices.co2 * emission
        if electric:
            price = prices.electricity
        return price / (efficiency + warm * rise), capacity

    return boiler
