"""Columns that every kind of unit reports, restated: what other layers read by name."""

from heatrouter.envs.spec.district import District

_PRODUCER = (
    "heat_kw mass_flow_kg_s inlet_temp_c outlet_temp_c command_share starts ramp_kw limit_kw"
)
_CONSUMER = "heat_kw demand_kw unmet_kw supply_temp_c return_temp_c mass_flow_kg_s dp_bar"

BLOCKS: dict[str, tuple[str, ...]] = {
    kind: tuple(names.split())
    for kind, names in {
        "waste_heat_source": (
            f"{_PRODUCER} available_kw rejected_kw sink_power_kw level curtailed_kw"
        ),
        "solar_thermal": f"{_PRODUCER} available_kw rejected_kw",
        "heat_pump": f"{_PRODUCER} power_kw evaporator_kw cop source_temp_c",
        "boiler": f"{_PRODUCER} fuel_kw power_kw",
        "chp": f"{_PRODUCER} fuel_kw generated_kw",
        "heat_exchanger": (
            f"{_PRODUCER} primary_flow_kg_s primary_supply_temp_c primary_return_temp_c dp_bar"
        ),
        "cooling_load": "cooling_kw tower_kw tower_power_kw level curtailed_kw",
        "digester": "gas_kw flared_kw level fill_level energy_kwh",
        "store": (
            "level charge_kw mass_flow_kg_s top_temp_c middle_temp_c bottom_temp_c energy_kwh "
            "loss_kw molten_share"
        ),
        "substation": f"{_CONSUMER} hot_water_kw space_heat_kw room_temp_c comfort_kh",
        "process_heat": _CONSUMER,
        "fab_heat": _CONSUMER,
        "batch_process": f"{_CONSUMER} fuel_kw waiting started delay_h",
        "greenhouse": (
            f"{_CONSUMER} air_temp_c air_mean_24h_c vent_kw useful_heat_kw comfort_kh "
            "cover_temp_c lamp_power_kw"
        ),
    }.items()
}
_SITE = (
    "ambient_temp_c ground_temp_c irradiance_w_m2 wind_speed_m_s electricity_eur_per_mwh "
    "gas_eur_per_mwh co2_eur_per_t carbon_intensity_g_per_kwh local_hour weekday day_of_year"
)
_CIRCUIT = (
    "supply_temp_c return_temp_c mass_flow_kg_s load_kw pump_power_kw pump_head_bar worst_dp_bar "
    "loss_kw max_supply_temp_c hydraulic_shortfall_kg_s pipe_energy_kwh set_supply_temp_c"
)
_ENERGY = "stock_kwh mass_stock_kwh in_kwh out_kwh residual_kwh throughput_kwh"


def expected_columns(district: District) -> dict[str, int]:
    """Position of every column: site, units as described, circuits, energy."""
    names = [f"site.{name}" for name in _SITE.split()]
    names += [f"{u.name}.{name}" for u in district.units for name in BLOCKS[u.kind]]
    names += [f"{c.name}.{name}" for c in district.circuits for name in _CIRCUIT.split()]
    names += [f"energy.{name}" for name in _ENERGY.split()]
    return {name: i for i, name in enumerate(names)}
