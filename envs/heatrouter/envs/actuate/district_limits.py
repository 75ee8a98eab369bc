"""The guard's limits, from the description of the plant and from nothing else."""

from heatrouter.envs.contract import Contract, SetPoint
from heatrouter.envs.guard import GuardLimits, Interlock, PredictedLimit, SetPointLimits
from heatrouter.envs.set_points import set_point_name
from heatrouter.envs.spec.consumer_units import Greenhouse, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    HeatExchanger,
    HeatPump,
    Producer,
    SolarThermal,
    WasteHeatSource,
)
from heatrouter.envs.units import SECONDS_PER_HOUR

_SECONDS_PER_MINUTE = 60.0
_LEAST_LOAD = 0.02
"""Minimum load of units that have none: the guard needs a gap between off and running."""
_SHARE_DEAD_BAND = 0.005
_TEMP_DEAD_BAND_K = 0.1
_HOT_MARGIN_K = 5.0
"""Above the greatest supply set-point: the producers' own limiters would act next."""
_ROOM_MARGIN_K = 4.0
_COLD_WATER_C = 50.0
"""A quarter's supply below this cannot make hot water, nor hold off legionella."""


_Switched = WasteHeatSource | SolarThermal | HeatPump | Boiler | Chp


def guard_limits(district: District, contract: Contract) -> GuardLimits:
    """Ranges, rates, dwell, interlocks and predicted limits of a district.

    Rates and dwell are those of the units; of a circuit, the ramp of its supply temperature. A
    circuit that is too hot stops what heats it. Interlocks read channels of the observation.
    """
    units = {u.name: u for u in district.units}
    circuits = {c.name: c for c in district.circuits}
    entries = []
    for point in contract.set_points:
        owner = point.name.partition(".")[0]
        unit = units.get(owner)
        if isinstance(unit, _Switched):
            entries.append(_machine_limits(point, unit))
        elif isinstance(unit, HeatExchanger):
            entries.append(_continuous_limits(point, unit.ramp_share_per_min / _SECONDS_PER_MINUTE))
        elif owner in circuits:
            rate = circuits[owner].supply_temp_ramp_k_h / SECONDS_PER_HOUR
            entries.append(_continuous_limits(point, rate))
        else:
            entries.append(_continuous_limits(point, None))
    return GuardLimits(
        set_points=tuple(entries),
        interlocks=_interlocks(district, contract),
        predicted=_predicted(district),
        max_elapsed_s=max(contract.control_dt_s, 900.0),
    )


def _machine_limits(point: SetPoint, unit: _Switched) -> SetPointLimits:
    rate = unit.ramp_share_per_min / _SECONDS_PER_MINUTE
    least = 0.0 if isinstance(unit, WasteHeatSource | SolarThermal) else unit.min_load
    min_run_min, min_stop_min = 0.0, 0.0
    if not isinstance(unit, SolarThermal):
        min_run_min, min_stop_min = unit.min_run_min, unit.min_stop_min
    return SetPointLimits(
        name=point.name,
        low=point.low,
        high=point.high,
        safe=point.safe,
        rate_up_per_s=rate,
        rate_down_per_s=rate,
        dead_band=_SHARE_DEAD_BAND,
        switchable=True,
        min_load=max(least, _LEAST_LOAD),
        min_run_s=min_run_min * _SECONDS_PER_MINUTE,
        min_stop_s=min_stop_min * _SECONDS_PER_MINUTE,
    )


def _continuous_limits(point: SetPoint, rate_per_s: float | None) -> SetPointLimits:
    dead_band = _SHARE_DEAD_BAND if point.unit == "1" else _TEMP_DEAD_BAND_K
    return SetPointLimits(
        name=point.name,
        low=point.low,
        # a greenhouse may have no range at all; the guard wants low below high
        high=max(point.high, point.low + 1e-6),
        safe=point.safe,
        rate_up_per_s=rate_per_s,
        rate_down_per_s=rate_per_s,
        dead_band=dead_band if point.high - point.low > dead_band else 0.0,
    )


def _interlocks(district: District, contract: Contract) -> tuple[Interlock, ...]:
    locks = []
    names = {point.name for point in contract.set_points}
    for circuit in district.circuits:
        caps = {
            set_point_name(unit): 0.0
            for unit in district.units
            if isinstance(unit, Producer)
            and unit.location in circuit.locations
            and set_point_name(unit) in names
        }
        if caps:
            locks.append(
                Interlock(
                    name=f"{circuit.name}_too_hot",
                    channel=contract.observation_index(f"{circuit.name}.supply_temp_c"),
                    above=True,
                    threshold=circuit.supply_temp_max_c + _HOT_MARGIN_K,
                    release=circuit.supply_temp_max_c,
                    caps=caps,
                )
            )
    return tuple(locks)


def _predicted(district: District) -> tuple[PredictedLimit, ...]:
    limits = [
        PredictedLimit(
            name=f"{circuit.name}.supply_temp_c", high=circuit.supply_temp_max_c + _HOT_MARGIN_K
        )
        for circuit in district.circuits
    ]
    for unit in district.units:
        if isinstance(unit, Substation):
            rooms = unit.buildings
            low = rooms.room_temp_c - rooms.night_setback_k - _ROOM_MARGIN_K
            limits.append(PredictedLimit(name=f"{unit.name}.supply_temp_c", low=_COLD_WATER_C))
            limits.append(PredictedLimit(name=f"{unit.name}.room_temp_c", low=low))
        elif isinstance(unit, Greenhouse):
            limits.append(
                PredictedLimit(
                    name=f"{unit.name}.air_temp_c", low=unit.crop_min_c, high=unit.crop_max_c
                )
            )
    return tuple(limits)
