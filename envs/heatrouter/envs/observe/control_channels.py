"""Set-points of a district, and the action channels of each parametrisation."""

import statistics

from heatrouter.envs.contract import ActionChannel, Parametrisation, SetPoint
from heatrouter.envs.set_points import plant_set_points
from heatrouter.envs.spec.consumer_units import BatchProcess, Greenhouse
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Boiler, Store

PRICE_RANGE_EUR_PER_MWH = (-20.0, 200.0)
"""Heat prices an action may ask for: 20 % wider than the duals of the reference LP."""
SUPPLY_OFFSET_K = 8.0
"""Reach of an offset from the heating curve, either way."""

# Nominal prices behind the neutral heat price: averages of German industry 2018-2023, to the next
# 5 (gas about 35 EUR/MWh at the hub, 60 EUR/t of CO2). They only centre the action range.
_NOMINAL_GAS_EUR_PER_MWH = 35.0
_NOMINAL_CO2_EUR_PER_T = 60.0
# Shares of nominal boiler cost: an empty store is worth more than it, a full one half of it; and
# machines leave a little room for waste heat. Without knowing more that is a sound standing order.
_NEUTRAL_EMPTY_SHARE = 1.25
_NEUTRAL_FULL_SHARE = 0.5
_NEUTRAL_TARGET_LEVEL = 0.8


def set_points(district: District) -> tuple[SetPoint, ...]:
    """Set-points of the contract: those of the plant, in its order."""
    return tuple(
        SetPoint(
            name=point.name,
            unit=point.unit,
            low=point.low,
            high=point.high,
            safe=point.safe,
            switchable=point.switchable,
        )
        for point in plant_set_points(district)
    )


def action_channels(
    district: District, parametrisation: Parametrisation
) -> tuple[ActionChannel, ...]:
    """The action vector of one parametrisation."""
    builders = {
        "absolute": _absolute_channels,
        "offset": _offset_channels,
        "heat_price": _heat_price_channels,
    }
    return builders[parametrisation](district)


def _absolute_channels(district: District) -> tuple[ActionChannel, ...]:
    return tuple(
        ActionChannel(
            name=point.name,
            unit=point.unit,
            low=point.low,
            high=point.high,
            neutral=point.neutral,
        )
        for point in plant_set_points(district)
    )


def _offset_channels(district: District) -> tuple[ActionChannel, ...]:
    """Added to what the rules would do: zero is the rules."""
    channels = []
    for point in set_points(district):
        reach = SUPPLY_OFFSET_K if point.unit == "degC" else point.high
        unit = "K" if point.unit == "degC" else point.unit
        channels.append(
            ActionChannel(name=point.name, unit=unit, low=-reach, high=reach, neutral=0.0)
        )
    return tuple(channels)


def _heat_price_channels(district: District) -> tuple[ActionChannel, ...]:
    low, high = PRICE_RANGE_EUR_PER_MWH
    nominal = _boiler_cost_eur_per_mwh(district)
    balancing = {name for circuit in district.circuits for name in circuit.balancing}
    channels: list[ActionChannel] = []
    for unit in district.units:
        if not isinstance(unit, Store):
            continue
        for end, share in (("empty", _NEUTRAL_EMPTY_SHARE), ("full", _NEUTRAL_FULL_SHARE)):
            channels.append(
                ActionChannel(
                    name=f"{unit.name}.price_{end}_eur_per_mwh",
                    unit="eur/MWh",
                    low=low,
                    high=high,
                    neutral=min(max(nominal * share, low), high),
                )
            )
        # a commanded store is charged by its price alone
        if unit.name in balancing:
            channels.append(
                ActionChannel(
                    name=f"{unit.name}.target_level",
                    unit="1",
                    low=0.0,
                    high=1.0,
                    neutral=_NEUTRAL_TARGET_LEVEL,
                )
            )
    channels.extend(
        ActionChannel(
            name=f"{circuit.name}.supply_offset_k",
            unit="K",
            low=-SUPPLY_OFFSET_K,
            high=SUPPLY_OFFSET_K,
            neutral=0.0,
        )
        for circuit in district.circuits
    )
    channels.extend(
        ActionChannel(
            name=f"{unit.name}.offset_k",
            unit="K",
            low=-unit.offset_max_k,
            high=unit.offset_max_k,
            neutral=0.0,
        )
        for unit in district.units
        if isinstance(unit, Greenhouse)
    )
    channels.extend(
        ActionChannel(name=f"{unit.name}.release", unit="1", low=0.0, high=1.0, neutral=0.5)
        for unit in district.units
        if isinstance(unit, BatchProcess)
    )
    return tuple(channels)


def _boiler_cost_eur_per_mwh(district: District) -> float:
    """Mean cost of gas boiler heat at nominal prices and a return of 50 degC."""
    costs = [
        (
            _NOMINAL_GAS_EUR_PER_MWH
            + district.grid.gas_fee_eur_per_mwh
            + _NOMINAL_CO2_EUR_PER_T * unit.emission_factor_kg_mwh / 1000.0
        )
        / (unit.efficiency_at_35c + 0.6 * (unit.efficiency_at_60c - unit.efficiency_at_35c))
        for unit in district.units
        if isinstance(unit, Boiler) and unit.fuel == "gas"
    ]
    return statistics.fmean(costs) if costs else PRICE_RANGE_EUR_PER_MWH[1] / 2.0
