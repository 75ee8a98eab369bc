"""Parts of districts as data, and districts made of them; sizes are hypothetical."""

from typing import Any

from heatrouter.envs.spec.district import District

_SERIES = {
    "dn32": (0.0372, 0.0026, 0.110),
    "dn40": (0.0431, 0.0026, 0.110),
    "dn50": (0.0545, 0.0029, 0.125),
    "dn65": (0.0703, 0.0029, 0.140),
    "dn80": (0.0825, 0.0032, 0.160),
    "dn100": (0.1071, 0.0036, 0.200),
}

ALWAYS = {"idle_level": 1.0, "noise": 0.02}

SHIFTS = {
    "idle_level": 0.0,
    "shifts": [
        {
            "days": ["mon", "tue", "wed", "thu", "fri"],
            "start_hour": 6.0,
            "end_hour": 22.0,
            "level": 1.0,
        }
    ],
    "noise": 0.05,
}

HYPOTHETICAL = {"sizing": "hypothetical"}


def exchanger(
    primary_supply_c: float,
    primary_return_c: float,
    secondary_supply_c: float,
    secondary_return_c: float,
) -> dict[str, float]:
    """The design point of an exchanger."""
    return {
        "primary_supply_c": primary_supply_c,
        "primary_return_c": primary_return_c,
        "secondary_supply_c": secondary_supply_c,
        "secondary_return_c": secondary_return_c,
    }


def circuit(
    name: str, locations: list[str], balancing: list[str], supply_c: tuple[float, float]
) -> dict[str, Any]:
    """A circuit whose root is its first location."""
    return {
        "name": name,
        "root": locations[0],
        "locations": locations,
        "dp_control": {"min_dp_bar": 0.5, "max_head_bar": 4.0},
        "balancing": balancing,
        "supply_temp_min_c": supply_c[0],
        "supply_temp_max_c": supply_c[1],
    }


def waste_heat(name: str, location: str, **changes: Any) -> dict[str, Any]:
    """A waste-heat source that runs all year unless changed."""
    return {
        "kind": "waste_heat_source",
        "name": name,
        "location": location,
        "stream_temp_c": 180.0,
        "stream_capacity_kw_k": 3.0,
        "min_exhaust_temp_c": 110.0 if changes.get("stream_temp_c", 180.0) > 150.0 else 60.0,
        "reference_temp_c": 30.0,
        "exchanger_ua_kw_k": 5.0,
        "max_mass_flow_kg_s": 6.0,
        "sink_power_ratio": 0.01,
        "production": ALWAYS,
        **HYPOTHETICAL,
        **changes,
    }


def boiler(name: str, location: str, capacity_kw: float, **changes: Any) -> dict[str, Any]:
    """A gas boiler unless changed."""
    return {
        "kind": "boiler",
        "name": name,
        "location": location,
        "capacity_kw": capacity_kw,
        "max_mass_flow_kg_s": capacity_kw / 60.0,
        "start_cost_eur": 3.0,
        **HYPOTHETICAL,
        **changes,
    }


def tank(name: str, location: str, **changes: Any) -> dict[str, Any]:
    """A water tank."""
    return {
        "kind": "store",
        "name": name,
        "location": location,
        "volume_m3": 60.0,
        "height_m": 8.0,
        "max_mass_flow_kg_s": 8.0,
        "full_temp_c": 82.0,
        "empty_temp_c": 45.0,
        **HYPOTHETICAL,
        **changes,
    }


def substation(
    name: str, location: str, space_heat_kw: float, hot_water_mwh: float, supply_c: float = 80.0
) -> dict[str, Any]:
    """A quarter with radiators."""
    return {
        "kind": "substation",
        "name": name,
        "location": location,
        "space_heat_design_kw": space_heat_kw,
        "space_heat_exchanger": exchanger(supply_c, 44.0, 65.0, 40.0),
        "hot_water_annual_mwh": hot_water_mwh,
        "hot_water_exchanger": exchanger(68.0, 32.0, 60.0, 22.0),
        "buildings": {},
        **HYPOTHETICAL,
    }


def make_district(
    name: str,
    *,
    circuits: list[dict[str, Any]],
    locations: dict[str, tuple[float, float]],
    pipes: list[tuple[str, str, str, float, str]],
    units: list[dict[str, Any]],
    laying: str = "pair",
) -> District:
    used = {series for *_, series in pipes}
    series = []
    distance = {}
    for key, (inner, wall, casing) in _SERIES.items():
        if key not in used:
            continue
        outer = inner + 2.0 * wall
        # a twin: both pipes in one casing, 20 mm apart, 25 mm of foam round them
        casing = 2.0 * outer + 0.02 + 0.05 if laying == "twin" else casing
        distance[key] = outer + 0.02 if laying == "twin" else casing + 0.15
        series.append(
            {
                "name": key,
                "inner_diameter_m": inner,
                "wall_thickness_m": wall,
                "casing_diameter_m": casing,
                "insulation_conductivity_w_mk": 0.028,
                "laying": laying,
            }
        )
    return District.model_validate(
        {
            "name": name,
            "title": name,
            "description": "A small district for tests.",
            "hypothetical": True,
            "site": {
                "latitude_deg": 48.25,
                "longitude_deg": 12.52,
                "timezone": "Europe/Berlin",
                "test_reference_region": 13,
                "design_temp_c": -14.0,
            },
            "soil": {},
            "grid": {"electricity_fee_eur_per_mwh": 75.0, "gas_fee_eur_per_mwh": 8.0},
            "circuits": circuits,
            "locations": [
                {"name": place, "x_m": float(x), "y_m": float(y)}
                for place, (x, y) in locations.items()
            ],
            "pipe_series": series,
            "pipes": [
                {
                    "name": pipe,
                    "from_location": start,
                    "to_location": end,
                    "length_m": length_m,
                    "series": kind,
                    "axis_distance_m": distance[kind],
                }
                for pipe, start, end, length_m, kind in pipes
            ],
            "units": units,
        }
    )
