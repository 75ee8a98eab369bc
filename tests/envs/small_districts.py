"""Small districts, one for each group of unit kinds, of sizes that make engineering sense.

All are hypothetical: three to six pipes, peak gradients of 50 to 200 Pa/m, boilers for the peak.
"""

from tests.envs.district_parts import (
    ALWAYS,
    HYPOTHETICAL,
    SHIFTS,
    boiler,
    circuit,
    exchanger,
    make_district,
    substation,
    tank,
    waste_heat,
)
from tests.envs.two_circuit_districts import (
    two_circuits_with_exchanger,
    two_circuits_with_heat_pump,
)

from heatrouter.envs.spec.district import District


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
                **HYPOTHETICAL,
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
                **HYPOTHETICAL,
            },
            {
                "kind": "solar_thermal",
                "name": "collectors",
                "location": "field",
                "area_m2": 900.0,
                "max_mass_flow_kg_s": 5.0,
                **HYPOTHETICAL,
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
                **HYPOTHETICAL,
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
                production=SHIFTS,
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
                "production": SHIFTS,
                **HYPOTHETICAL,
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
                **HYPOTHETICAL,
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
                **HYPOTHETICAL,
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
                **HYPOTHETICAL,
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
                "production": ALWAYS,
                **HYPOTHETICAL,
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
                **HYPOTHETICAL,
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
