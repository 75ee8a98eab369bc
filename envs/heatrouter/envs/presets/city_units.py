"""Units of a generated town: quarters drawn from a seed, producers sized by the peak."""

import math
from typing import Any, Final

import numpy as np

_MEDIAN_QUARTER_KW = 320.0
_SPREAD = 0.45
"""Standard deviation of the logarithm of a quarter's size."""
_LEAST_KW, _MOST_KW = 80.0, 1200.0
_HOT_WATER_MWH_PER_KW = 0.45
_BOILERS_OVER_PEAK = 1.2
_LEAST_BOILERS, _LARGEST_BOILER_KW = 3, 100_000.0

_BUILDINGS: Final[tuple[tuple[str, tuple[float, ...], dict[str, float]], ...]] = (
    (
        "solid old buildings, radiators",
        (85.0, 48.0, 70.0, 43.0),
        {"night_setback_k": 1.0, "time_constant_h": 110.0, "gain_share": 0.10,
         "solar_share_per_kw_m2": 0.15},
    ),
    (
        "blocks of flats, radiators",
        (85.0, 45.0, 70.0, 40.0),
        {"night_setback_k": 1.0, "time_constant_h": 90.0, "gain_share": 0.12,
         "solar_share_per_kw_m2": 0.25},
    ),
    (
        "schools and offices with night setback",
        (80.0, 42.0, 65.0, 37.0),
        {"night_setback_k": 3.0, "time_constant_h": 60.0, "gain_share": 0.20,
         "solar_share_per_kw_m2": 0.35},
    ),
    (
        "new flats, floor heating",
        (75.0, 35.0, 50.0, 30.0),
        {"night_setback_k": 0.0, "time_constant_h": 160.0, "gain_share": 0.18,
         "solar_share_per_kw_m2": 0.40},
    ),
)  # fmt: skip
_SHARES: Final = (0.3, 0.45, 0.12, 0.13)


def quarter(rng: np.random.Generator, name: str, location: str) -> dict[str, Any]:
    """Draw a quarter: its kind of building, its size and its hot water."""
    what, (supply, back, inner_supply, inner_back), buildings = _BUILDINGS[
        int(rng.choice(len(_BUILDINGS), p=_SHARES))
    ]
    size = np.clip(_MEDIAN_QUARTER_KW * np.exp(_SPREAD * rng.normal()), _LEAST_KW, _MOST_KW)
    heat_kw = float(round(float(size), -1))
    return {
        "kind": "substation",
        "name": name,
        "location": location,
        "space_heat_design_kw": heat_kw,
        "space_heat_exchanger": {
            "primary_supply_c": supply,
            "primary_return_c": back,
            "secondary_supply_c": inner_supply,
            "secondary_return_c": inner_back,
        },
        "hot_water_annual_mwh": float(round(_HOT_WATER_MWH_PER_KW * heat_kw)),
        "hot_water_exchanger": {
            "primary_supply_c": 70.0,
            "primary_return_c": 35.0,
            "secondary_supply_c": 60.0,
            "secondary_return_c": 25.0,
        },
        "bypass_temp_c": 62.0,
        "buildings": buildings,
        "sizing": f"hypothetical, drawn; {what}",
    }


def producers(peak_kw: float, sites: list[str]) -> list[dict[str, Any]]:
    """Producers of a town with a peak, at five sites and in the middle.

    Args:
        peak_kw: Heat of all consumers on the design day.
        sites: Five locations for incineration, mill, data centre, sewage and refinery.
    """
    always = {"idle_level": 0.95, "outages_per_year": 3.0, "outage_hours": 48.0, "noise": 0.03}
    shifts = [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "start_hour": 6.0, "end_hour": 22.0,
         "level": 1.0}
    ]  # fmt: skip

    def part(share: float) -> float:
        return float(round(share * peak_kw, -1))

    boilers = max(_LEAST_BOILERS, math.ceil(peak_kw / _LARGEST_BOILER_KW) + 1)
    boiler_kw = part(_BOILERS_OVER_PEAK / boilers)
    return [
        _source("incineration", sites[0], part(0.10), (160.0, 95.0, 112.0), 8.0, always,
                "hypothetical; a tenth of the peak at 100-130 degC, as incineration gives"),
        _source("rolling_mill", sites[1], part(0.06), (240.0, 120.0, 112.0), 4.0,
                {"idle_level": 0.1, "shifts": shifts, "outages_per_year": 4.0,
                 "outage_hours": 12.0, "noise": 0.06},
                "hypothetical; exhaust of reheating furnaces in two shifts"),
        _source("refinery_water", sites[4], part(0.04), (125.0, 75.0, 108.0), 6.0, always,
                "hypothetical; coolers at 100-130 degC (handbook)"),
        *_lifted("data_centre", sites[2], part(0.05), (32.0, 24.0),
                 {"idle_level": 0.9, "noise": 0.02},
                 "hypothetical; 25-30 degC as at Odense (dbdh.dk)"),
        *_lifted("sewage", sites[3], part(0.06), (14.0, 9.0), {"idle_level": 0.9, "noise": 0.05},
                 "hypothetical; municipal sewage works' outlet"),
        {
            "kind": "chp", "name": "engines", "location": "central", "capacity_kw": part(0.08),
            "thermal_efficiency": 0.45, "electric_efficiency": 0.41,
            "electric_efficiency_min_load": 0.38, "min_load": 0.5,
            "max_mass_flow_kg_s": _flow(part(0.08)), "max_outlet_temp_c": 95.0,
            "start_cost_eur": float(max(20, round(part(0.08) / 80.0))),
            "sizing": "hypothetical; a twelfth of the peak; efficiencies of engines of 3-4 MW",
        },
        {
            "kind": "store", "name": "tank", "location": "central",
            "volume_m3": float(round(0.065 * peak_kw, -1)), "height_m": 22.0, "layers": 12,
            "max_mass_flow_kg_s": _flow(part(0.25)), "full_temp_c": 88.0, "empty_temp_c": 48.0,
            "sizing": "hypothetical; 4-12 h of the network's mean load",
        },
        *(
            {
                "kind": "boiler", "name": f"boiler_{i}", "location": "central",
                "capacity_kw": boiler_kw, "max_mass_flow_kg_s": _flow(boiler_kw),
                "start_cost_eur": float(round(boiler_kw / 700.0)),
                "sizing": "hypothetical; together the peak and a fifth more",
            }
            for i in range(1, boilers + 1)
        ),
    ]  # fmt: skip


def _source(
    name: str,
    location: str,
    heat_kw: float,
    temps: tuple[float, float, float],
    price: float,
    production: dict[str, Any],
    sizing: str,
) -> dict[str, Any]:
    """A source that gives a heat between its stream's temperature and its least exhaust."""
    stream, exhaust, outlet = temps
    capacity = round(heat_kw / (stream - exhaust), 1)
    return {
        "kind": "waste_heat_source",
        "name": name,
        "location": location,
        "stream_temp_c": stream,
        "stream_capacity_kw_k": capacity,
        "min_exhaust_temp_c": exhaust,
        "reference_temp_c": exhaust,
        "exchanger_ua_kw_k": round(1.8 * capacity, 1),
        "max_mass_flow_kg_s": _flow(heat_kw),
        "max_outlet_temp_c": outlet,
        "sink_power_ratio": 0.0,
        "heat_price_eur_per_mwh": price,
        "production": production,
        "sizing": sizing,
    }


def _lifted(
    name: str,
    location: str,
    heat_kw: float,
    water_c: tuple[float, float],
    production: dict[str, Any],
    sizing: str,
) -> list[dict[str, Any]]:
    """Cooling water and the heat pump that lifts its heat."""
    return [
        {
            "kind": "cooling_load",
            "name": f"{name}_cooling",
            "peak_kw": float(round(0.75 * heat_kw, -1)),
            "water_inlet_temp_c": water_c[0],
            "water_outlet_temp_c": water_c[1],
            "tower_power_ratio": 0.015,
            "production": production,
            "sizing": sizing,
        },
        {
            "kind": "heat_pump",
            "name": f"{name}_heat_pump",
            "location": location,
            "source": f"{name}_cooling",
            "capacity_kw": heat_kw,
            "lorenz_efficiency": 0.48,
            "max_sink_temp_c": 92.0,
            "max_mass_flow_kg_s": _flow(heat_kw),
            "start_cost_eur": float(max(10, round(heat_kw / 100.0))),
            "sizing": "hypothetical; lifts all of it in winter; 0.4-0.6 of the Lorenz COP",
        },
    ]


def _flow(heat_kw: float) -> float:
    """Largest flow of a producer whose water warms by no less than 25 K, kg/s."""
    return float(max(1, round(heat_kw / (4.19 * 25.0))))
