"""Small districts of two circuits, coupled by an exchanger or by a heat pump."""

from tests.envs.district_parts import (
    HYPOTHETICAL,
    boiler,
    circuit,
    exchanger,
    make_district,
    substation,
    tank,
    waste_heat,
)

from heatrouter.envs.spec.district import District


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
        **HYPOTHETICAL,
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
                **HYPOTHETICAL,
            },
            tank("tank", "hub", volume_m3=30.0, full_temp_c=75.0),
            boiler("hub_boiler", "hub", 700.0),
            substation("north_quarter", "north", 230.0, 120.0, supply_c=75.0),
            substation("south_quarter", "south", 250.0, 120.0, supply_c=75.0),
        ],
    )
