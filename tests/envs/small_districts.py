"""Small districts, one for each group of unit kinds, of sizes that make engineering sense.

All are hypothetical: three to six pipes, peak gradients of 50 to 200 Pa/m, boilers for the peak.
"""

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
_ALWAYS = {"idle_level": 1.0, "noise": 0.02}
_SHIFTS = {
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
_HYPOTHETICAL = {"sizing": "hypothetical"}


def two_circuits_with_exchanger(*, commanded: bool = False) -> District:
    """A hot trunk with waste heat, tank and boiler, and a town behind an exchanger.

    Args:
        commanded: Whether a boiler balances the town, so that the exchanger has a set-point; else
            the exchanger balances it.
    """
    transfer = {
        "kind": "heat_exchanger",
        "name": "transfer",
        "location": "hub",
        "primary_location": "station",
        "capacity_kw": 600.0,
        "exchanger": exchanger(90.0, 52.0, 75.0, 45.0),
        **_HYPOTHETICAL,
    }
    return make_district(
        "two-circuits-exchanger",
        circuits=[
            circuit("trunk", ["plant", "mill", "station"], ["tank", "main_boiler"], (75.0, 95.0)),
            circuit(
                "town",
                ["hub", "north", "south"],
                ["hub_boiler"] if commanded else ["transfer"],
                (65.0, 80.0),
            ),
        ],
        locations={
            "plant": (0, 0),
            "mill": (280, 40),
            "station": (540, 60),
            "hub": (560, 80),
            "north": (640, 330),
            "south": (760, -150),
        },
        pipes=[
            ("trunk_1", "plant", "mill", 300.0, "dn80"),
            ("trunk_2", "mill", "station", 280.0, "dn65"),
            ("town_north", "hub", "north", 290.0, "dn50"),
            ("town_south", "hub", "south", 330.0, "dn50"),
        ],
        units=[
            waste_heat("mill_exhaust", "mill", stream_temp_c=180.0, stream_capacity_kw_k=3.0),
            tank("tank", "plant", volume_m3=60.0, full_temp_c=88.0),
            boiler("main_boiler", "plant", 1600.0),
            transfer,
            *([boiler("hub_boiler", "hub", 700.0)] if commanded else []),
            substation("mill_houses", "mill", 350.0, 130.0),
            substation("north_quarter", "north", 230.0, 120.0, supply_c=75.0),
            substation("south_quarter", "south", 250.0, 120.0, supply_c=75.0),
        ],
    )


def two_circuits_with_heat_pump() -> District:
    """A cold circuit round a data centre, and a heat pump that lifts its heat into a town."""
    return make_district(
        "two-circuits-heat-pump",
        circuits=[
            circuit("cold", ["data_centre", "lift_house"], ["cold_tank", "backup"], (35.0, 48.0)),
            circuit("town", ["hub", "north", "south"], ["tank", "hub_boiler"], (65.0, 80.0)),
        ],
        locations={
            "data_centre": (0, 0),
            "lift_house": (230, 30),
            "hub": (250, 50),
            "north": (330, 290),
            "south": (450, -180),
        },
        pipes=[
            ("cold_line", "data_centre", "lift_house", 250.0, "dn100"),
            ("town_north", "hub", "north", 280.0, "dn50"),
            ("town_south", "hub", "south", 320.0, "dn50"),
        ],
        units=[
            waste_heat(
                "servers",
                "data_centre",
                stream_temp_c=52.0,
                stream_capacity_kw_k=12.0,
                min_exhaust_temp_c=30.0,
                max_outlet_temp_c=50.0,
                sink_power_ratio=0.02,
                exchanger_ua_kw_k=30.0,
                max_mass_flow_kg_s=12.0,
            ),
            tank("cold_tank", "data_centre", volume_m3=25.0, empty_temp_c=25.0, full_temp_c=42.0),
            boiler(
                "backup",
                "data_centre",
                500.0,
                fuel="electricity",
                efficiency_at_35c=0.99,
                efficiency_at_60c=0.99,
                emission_factor_kg_mwh=0.0,
                max_mass_flow_kg_s=20.0,
            ),
            {
                "kind": "heat_pump",
                "name": "lift",
                "location": "hub",
                "source_location": "lift_house",
                "source_spread_k": 10.0,
                "source_min_temp_c": 15.0,
                "capacity_kw": 550.0,
                "max_sink_temp_c": 82.0,
                "max_mass_flow_kg_s": 8.0,
                "start_cost_eur": 8.0,
                **_HYPOTHETICAL,
            },
            tank("tank", "hub", volume_m3=30.0, full_temp_c=75.0),
            boiler("hub_boiler", "hub", 700.0),
            substation("north_quarter", "north", 230.0, 120.0, supply_c=75.0),
            substation("south_quarter", "south", 250.0, 120.0, supply_c=75.0),
        ],
    )


def biogas() -> District:
    """A digester that feeds a boiler, beside wood, electrode and gas boilers."""
    return make_district(
        "biogas",
        circuits=[
            circuit(
                "main",
                ["plant", "cross", "village", "farm"],
                ["tank", "reserve_boiler"],
                (68.0, 90.0),
            )
        ],
        locations={
            "plant": (0, 0),
            "cross": (280, 20),
            "village": (450, 200),
            "farm": (480, -160),
        },
        pipes=[
            ("main_line", "plant", "cross", 290.0, "dn80"),
            ("village_line", "cross", "village", 260.0, "dn65"),
            ("farm_line", "cross", "farm", 280.0, "dn40"),
        ],
        units=[
            {
                "kind": "digester",
                "name": "digester",
                "peak_gas_kw": 260.0,
                "capacity_kwh": 2500.0,
                "production": {"idle_level": 0.9, "noise": 0.05},
                **_HYPOTHETICAL,
            },
            boiler(
                "biogas_boiler",
                "plant",
                400.0,
                fuel="biogas",
                fuel_store="digester",
                emission_factor_kg_mwh=0.0,
                standby_loss_share=0.01,
                min_load=0.25,
            ),
            boiler(
                "wood_boiler",
                "plant",
                350.0,
                fuel="wood",
                fuel_price_eur_per_mwh=35.0,
                efficiency_at_35c=0.85,
                efficiency_at_60c=0.85,
                emission_factor_kg_mwh=0.0,
                standby_loss_share=0.02,
                min_load=0.3,
                ramp_share_per_min=0.02,
                min_run_min=240.0,
                min_stop_min=120.0,
                start_cost_eur=20.0,
            ),
            boiler(
                "electrode_boiler",
                "plant",
                300.0,
                fuel="electricity",
                efficiency_at_35c=0.99,
                efficiency_at_60c=0.99,
                emission_factor_kg_mwh=0.0,
                min_load=0.02,
                ramp_share_per_min=1.0,
                min_run_min=0.0,
                min_stop_min=0.0,
                start_cost_eur=0.0,
            ),
            tank("tank", "plant", volume_m3=60.0),
            boiler("reserve_boiler", "plant", 1000.0),
            substation("village_houses", "village", 550.0, 200.0),
            substation("farm_houses", "farm", 120.0, 40.0),
        ],
    )


def chp_and_solar() -> District:
    """An engine, a collector field and an air-source heat pump round a tank."""
    return make_district(
        "chp-and-solar",
        circuits=[
            circuit(
                "main",
                ["plant", "cross", "field", "quarter", "school"],
                ["tank", "peak_boiler"],
                (68.0, 88.0),
            )
        ],
        locations={
            "plant": (0, 0),
            "cross": (250, 10),
            "field": (300, 260),
            "quarter": (470, 60),
            "school": (380, -200),
        },
        pipes=[
            ("main_line", "plant", "cross", 260.0, "dn80"),
            ("field_line", "field", "cross", 270.0, "dn65"),
            ("quarter_line", "cross", "quarter", 240.0, "dn65"),
            ("school_line", "cross", "school", 260.0, "dn50"),
        ],
        units=[
            {
                "kind": "chp",
                "name": "engine",
                "location": "plant",
                "capacity_kw": 300.0,
                "thermal_efficiency": 0.48,
                "electric_efficiency": 0.38,
                "electric_efficiency_min_load": 0.33,
                "max_mass_flow_kg_s": 5.0,
                "max_outlet_temp_c": 92.0,
                "start_cost_eur": 6.0,
                **_HYPOTHETICAL,
            },
            {
                "kind": "solar_thermal",
                "name": "collectors",
                "location": "field",
                "area_m2": 900.0,
                "max_mass_flow_kg_s": 5.0,
                **_HYPOTHETICAL,
            },
            {
                "kind": "heat_pump",
                "name": "air_heat_pump",
                "location": "plant",
                "source_medium": "air",
                "source_min_temp_c": -12.0,
                "capacity_kw": 250.0,
                "lorenz_efficiency": 0.42,
                "max_sink_temp_c": 78.0,
                "max_mass_flow_kg_s": 4.0,
                "start_cost_eur": 4.0,
                **_HYPOTHETICAL,
            },
            tank("tank", "plant", volume_m3=50.0),
            boiler("peak_boiler", "plant", 1100.0),
            substation("quarter_houses", "quarter", 450.0, 180.0),
            substation("school_rooms", "school", 260.0, 40.0),
        ],
    )


def pcm_and_batch() -> District:
    """A foundry: furnace heat behind a dry cooler, a commanded PCM store, preheated charges."""
    return make_district(
        "pcm-and-batch",
        circuits=[
            circuit(
                "main",
                ["plant", "works", "hall", "houses"],
                ["main_boiler", "second_boiler"],
                (70.0, 95.0),
            )
        ],
        locations={
            "plant": (0, 0),
            "works": (240, 30),
            "hall": (460, 60),
            "houses": (300, 290),
        },
        pipes=[
            ("main_line", "plant", "works", 250.0, "dn65"),
            ("hall_line", "works", "hall", 230.0, "dn40"),
            ("houses_line", "works", "houses", 280.0, "dn65"),
        ],
        units=[
            waste_heat(
                "furnace",
                "works",
                stream_temp_c=120.0,
                stream_capacity_kw_k=8.0,
                min_exhaust_temp_c=60.0,
                sink_power_ratio=0.0,
                exchanger_ua_kw_k=14.0,
                production=_SHIFTS,
                dry_cooler={
                    "capacity_kw": 420.0,
                    "design_air_c": 32.0,
                    "design_water_in_c": 60.0,
                    "design_water_out_c": 42.0,
                    "fan_kw": 9.0,
                },
            ),
            {
                **tank("pcm_store", "works", volume_m3=12.0, height_m=4.0, full_temp_c=85.0),
                "max_mass_flow_kg_s": 3.0,
                "pcm": {
                    "mass_kg": 9000.0,
                    "melting_temp_c": 70.0,
                    "melting_range_k": 2.0,
                    "latent_kj_kg": 220.0,
                    "heat_capacity_solid_kj_kgk": 2.2,
                    "heat_capacity_liquid_kj_kgk": 2.6,
                    "transfer_kw_k": 25.0,
                    "supercooling_k": 4.0,
                },
            },
            boiler("main_boiler", "plant", 900.0),
            boiler("second_boiler", "plant", 900.0),
            boiler(
                "hall_booster",
                "hall",
                150.0,
                connection="supply_to_supply",
                inlet_location="works",
                fuel="electricity",
                efficiency_at_35c=0.99,
                efficiency_at_60c=0.99,
                emission_factor_kg_mwh=0.0,
                min_load=0.05,
                max_mass_flow_kg_s=4.0,
                min_run_min=0.0,
                min_stop_min=0.0,
                start_cost_eur=0.0,
            ),
            {
                "kind": "batch_process",
                "name": "moulds",
                "location": "hall",
                "charge_kg": 9000.0,
                "heat_capacity_kj_kgk": 0.9,
                "start_temp_c": 15.0,
                "target_temp_c": 450.0,
                "duration_min": 60.0,
                "interval_min": 120.0,
                "slack_min": 90.0,
                "preheat_approach_k": 12.0,
                "exchanger": exchanger(85.0, 45.0, 73.0, 25.0),
                "fuel": "gas",
                "fuel_efficiency": 0.6,
                "production": _SHIFTS,
                **_HYPOTHETICAL,
            },
            substation("houses_old", "houses", 380.0, 140.0),
        ],
    )


def fab() -> District:
    """A chip fab with cooling towers and dry coolers, its own heat, and a greenhouse with lamps."""
    return make_district(
        "fab",
        circuits=[
            circuit(
                "main",
                ["plant", "cross", "fab_park", "glasshouse", "quarter"],
                ["tank", "main_boiler", "second_boiler"],
                (65.0, 90.0),
            )
        ],
        locations={
            "plant": (0, 0),
            "cross": (230, 20),
            "fab_park": (460, 40),
            "glasshouse": (260, 260),
            "quarter": (330, -210),
        },
        pipes=[
            ("main_line", "plant", "cross", 240.0, "dn100"),
            ("fab_line", "cross", "fab_park", 240.0, "dn65"),
            ("glass_line", "cross", "glasshouse", 250.0, "dn50"),
            ("quarter_line", "cross", "quarter", 260.0, "dn50"),
        ],
        laying="twin",
        units=[
            {
                "kind": "cooling_load",
                "name": "process_cooling",
                "peak_kw": 350.0,
                "water_inlet_temp_c": 34.0,
                "water_outlet_temp_c": 28.0,
                "tower_power_ratio": 0.0,
                "dry_cooler": {
                    "capacity_kw": 400.0,
                    "design_air_c": 20.0,
                    "design_water_in_c": 34.0,
                    "design_water_out_c": 28.0,
                    "fan_kw": 12.0,
                },
                "production": {"idle_level": 0.95, "noise": 0.02},
                **_HYPOTHETICAL,
            },
            {
                "kind": "heat_pump",
                "name": "recovery_chiller",
                "location": "fab_park",
                "source": "process_cooling",
                "capacity_kw": 500.0,
                "lorenz_efficiency": 0.45,
                "max_mass_flow_kg_s": 8.0,
                "start_cost_eur": 8.0,
                **_HYPOTHETICAL,
            },
            {
                "kind": "heat_pump",
                "name": "ground_heat_pump",
                "location": "plant",
                "source_medium": "ground",
                "source_min_temp_c": 0.0,
                "capacity_kw": 150.0,
                "lorenz_efficiency": 0.42,
                "max_sink_temp_c": 75.0,
                "max_mass_flow_kg_s": 3.0,
                "start_cost_eur": 3.0,
                **_HYPOTHETICAL,
            },
            tank("tank", "plant", volume_m3=90.0),
            boiler("main_boiler", "plant", 1500.0),
            boiler("second_boiler", "plant", 1500.0),
            {
                "kind": "fab_heat",
                "name": "clean_rooms",
                "location": "fab_park",
                "make_up_air_m3_s": 14.0,
                "ultrapure_water_kg_s": 2.0,
                "exchanger": exchanger(75.0, 40.0, 45.0, 25.0),
                "production": _ALWAYS,
                **_HYPOTHETICAL,
            },
            {
                "kind": "greenhouse",
                "name": "tomatoes",
                "location": "glasshouse",
                "floor_area_m2": 1700.0,
                "heat_design_w_m2": 180.0,
                "design_supply_c": 75.0,
                "design_return_c": 42.0,
                "lamp_w_m2": 60.0,
                **_HYPOTHETICAL,
            },
            substation("quarter_houses", "quarter", 240.0, 110.0, supply_c=75.0),
        ],
    )


SMALL_DISTRICTS = {
    "two_circuits_with_exchanger": two_circuits_with_exchanger,
    "two_circuits_with_heat_pump": two_circuits_with_heat_pump,
    "biogas": biogas,
    "chp_and_solar": chp_and_solar,
    "pcm_and_batch": pcm_and_batch,
    "fab": fab,
}


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
        "production": _ALWAYS,
        **_HYPOTHETICAL,
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
        **_HYPOTHETICAL,
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
        **_HYPOTHETICAL,
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
        **_HYPOTHETICAL,
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
