"""Mistakes in small districts: what is changed, and what must be said where."""

from collections.abc import Callable
from typing import Any

from tests.envs.small_districts import biogas, chp_and_solar, fab, pcm_and_batch
from tests.envs.two_circuit_districts import (
    two_circuits_with_exchanger,
    two_circuits_with_heat_pump,
)

from heatrouter.envs.spec.district import District

Make = Callable[[], District]

CASES: list[tuple[Make, list[tuple[str, Any]], str, str]] = [
    # fuels
    (biogas, [("units/biogas_boiler/fuel_store", ...)], "units[1].fuel_store", "is missing"),
    (biogas, [("units/biogas_boiler/fuel_store", "tank")], "units[1].fuel_store", "no digester"),
    (
        biogas,
        [("units/biogas_boiler/fuel_store", "digestor")],
        "units[1].fuel_store",
        "did you mean 'digester'",
    ),
    (
        biogas,
        [("units/electrode_boiler/fuel_store", "digester")],
        "units[3].fuel_store",
        "no meaning for electricity",
    ),
    (
        biogas,
        [("units/wood_boiler/fuel_price_eur_per_mwh", ...)],
        "units[2].fuel_price_eur_per_mwh",
        "is missing",
    ),
    (
        biogas,
        [("units/reserve_boiler/fuel_price_eur_per_mwh", 30.0)],
        "units[5].fuel_price_eur_per_mwh",
        "whose price is a series",
    ),
    (
        biogas,
        [("units/wood_boiler/emission_factor_kg_mwh", ...)],
        "units[2].emission_factor_kg_mwh",
        "is missing",
    ),
    (
        biogas,
        [("units/electrode_boiler/efficiency_at_35c", 1.05)],
        "units[3].efficiency_at_35c",
        "must be <= 1",
    ),
    (biogas, [("units/reserve_boiler/fuel", "coal")], "units[5].fuel", "must be"),
    (biogas, [("units/wood_boiler/standby_loss_share", 0.2)], "units[2].standby_loss_share", "<="),
    (
        chp_and_solar,
        [("units/engine/fuel", "biogas"), ("units/engine/emission_factor_kg_mwh", 0.0)],
        "units[0].fuel_store",
        "is missing",
    ),
    (
        chp_and_solar,
        [("units/engine/thermal_efficiency", 0.7)],
        "units[0].thermal_efficiency",
        "add up to 1.08",
    ),
    (
        chp_and_solar,
        [("units/engine/electric_efficiency_min_load", 0.4)],
        "units[0].electric_efficiency_min_load",
        "must be <= electric_efficiency",
    ),
    (
        chp_and_solar,
        [("units/collectors/max_outlet_temp_c", 60.0)],
        "units[1].max_outlet_temp_c",
        ">= supply_temp_min_c",
    ),
    (chp_and_solar, [("units/collectors/area_m2", 0.0)], "units[1].area_m2", "must be > 0"),
    # heat pump sources
    (
        chp_and_solar,
        [("units/air_heat_pump/source_medium", ...)],
        "units[2].source",
        "is missing; give one of source, source_location, source_medium",
    ),
    (fab, [("units/recovery_chiller/source_medium", "air")], "units[1].source_medium", "exactly"),
    (
        chp_and_solar,
        [("units/air_heat_pump/source_min_temp_c", 79.0)],
        "units[2].max_sink_temp_c",
        "lifts nothing",
    ),
    (
        two_circuits_with_heat_pump,
        [("units/lift/source_location", "north")],
        "units[3].source_location",
        "name a location of the other circuit",
    ),
    (
        two_circuits_with_heat_pump,
        [("units/lift/source_location", "lift_hous")],
        "units[3].source_location",
        "did you mean 'lift_house'",
    ),
    # circuits and links
    (
        two_circuits_with_exchanger,
        [("units/transfer/primary_location", "south")],
        "units[3].primary_location",
        "is in circuit 'town', as is 'hub'",
    ),
    (
        two_circuits_with_exchanger,
        [("units/transfer/location", "north")],
        "circuits[1].balancing[0]",
        "must stand at the root 'hub'",
    ),
    (
        two_circuits_with_exchanger,
        [("circuits/trunk/supply_temp_max_c", 84.0)],
        "units[3].exchanger.primary_supply_c",
        "must be <= supply_temp_max_c 84.0",
    ),
    (
        two_circuits_with_exchanger,
        [
            ("circuits/town/supply_temp_min_c", 96.0),
            ("circuits/town/supply_temp_max_c", 110.0),
        ],
        "units[3].primary_location",
        "lift it with a heat_pump",
    ),
    (
        pcm_and_batch,
        [("circuits/main/balancing", ["pcm_store", "main_boiler"])],
        "circuits[0].balancing[0]",
        "must stand at the root",
    ),
    (
        pcm_and_batch,
        [("circuits/main/balancing", ["hall_booster", "main_boiler"])],
        "circuits[0].balancing[0]",
        "take it off the list",
    ),
    (
        chp_and_solar,
        [("circuits/main/balancing", ["engine"])],
        "circuits[0].balancing[0]",
        "no store, boiler or heat_exchanger",
    ),
    # boosters
    (
        pcm_and_batch,
        [("units/hall_booster/inlet_location", ...)],
        "units[4].inlet_location",
        "is missing; a supply_to_supply unit",
    ),
    (
        pcm_and_batch,
        [("units/hall_booster/inlet_location", "hall")],
        "units[4].inlet_location",
        "name one upstream",
    ),
    (
        two_circuits_with_exchanger,
        [
            ("units/mill_exhaust/connection", "supply_to_supply"),
            ("units/mill_exhaust/inlet_location", "north"),
        ],
        "units[0].inlet_location",
        "is in circuit 'town', 'mill' in 'trunk'",
    ),
    # coolers, stores, processes
    (
        pcm_and_batch,
        [("units/furnace/sink_power_ratio", 0.01)],
        "units[0].sink_power_ratio",
        "must be 0 beside a dry_cooler",
    ),
    (
        fab,
        [("units/process_cooling/tower_power_ratio", 0.02)],
        "units[0].tower_power_ratio",
        "must be 0 beside a dry_cooler",
    ),
    (
        fab,
        [("units/process_cooling/dry_cooler/design_air_c", 29.0)],
        "units[0].dry_cooler.design_air_c",
        "must be < design_water_out_c",
    ),
    (
        pcm_and_batch,
        [("units/pcm_store/pcm/melting_temp_c", 90.0)],
        "units[1].pcm.melting_temp_c",
        "must lie between",
    ),
    (
        pcm_and_batch,
        [("units/pcm_store/pcm/mass_kg", -5.0)],
        "units[1].pcm.mass_kg",
        "must be > 0",
    ),
    (
        pcm_and_batch,
        [("units/moulds/target_temp_c", 20.0), ("units/moulds/start_temp_c", 25.0)],
        "units[5].start_temp_c",
        "must be < target_temp_c",
    ),
    (
        pcm_and_batch,
        [("units/moulds/preheat_approach_k", 60.0), ("units/moulds/start_temp_c", 30.0)],
        "units[5].preheat_approach_k",
        "nothing is preheated",
    ),
    (
        fab,
        [
            ("units/clean_rooms/make_up_air_m3_s", 0.0),
            ("units/clean_rooms/ultrapure_water_kg_s", 0.0),
        ],
        "units[6].make_up_air_m3_s",
        "takes no heat",
    ),
    (
        fab,
        [("units/clean_rooms/ultrapure_water_temp_c", 46.0)],
        "units[6].ultrapure_water_temp_c",
        "secondary_supply_c 45.0",
    ),
    (fab, [("units/tomatoes/lamp_start_h", 19.0)], "units[7].lamp_start_h", "must be < lamp_end_h"),
    # pipes and pumps
    (fab, [("pipes/main_line/axis_distance_m", 0.05)], "pipes[0].axis_distance_m", "overlap"),
    (fab, [("pipes/main_line/axis_distance_m", 0.3)], "pipes[0].axis_distance_m", "stick out"),
    (fab, [("pipes/main_line/length_m", 0.0)], "pipes[0].length_m", "must be > 0"),
    (
        biogas,
        [("units/village_houses/space_heat_design_kw", -5.0)],
        "units[6].space_heat_design_kw",
        "must be > 0",
    ),
    (
        biogas,
        [("circuits/main/dp_control/max_head_bar", 1.4)],
        "circuits[0].dp_control.max_head_bar",
        "the way to 'village' and back takes",
    ),
    (
        two_circuits_with_exchanger,
        [("units/transfer/capacity_kw", 1800.0)],
        "circuits[0].dp_control.max_head_bar",
        "the way to 'station' and back takes",
    ),
    (
        biogas,
        [("pipes/farm_line/to_location", "village")],
        "circuits[0].locations[3]",
        "'farm' of 'farm_houses' has no path of pipes",
    ),
]
