"""The offsets by which the kernel writes are the positions of the names."""

import pytest
from tests.envs.simulation.plants import PLANTS, plant

from heatrouter.envs.simulation import outputs

PREFIXES = {
    "PRO": "PRODUCER", "SRC": "SOURCE", "SOL": "SOLAR", "HP": "HEAT_PUMP", "BOI": "BOILER",
    "CHP": "CHP", "LINK": "LINK", "COOL": "COOLING", "DIG": "DIGESTER", "STO": "STORE",
    "CON": "CONSUMER", "SUB": "SUBSTATION", "BATCH": "BATCH", "GRE": "GREENHOUSE",
    "CIR": "CIRCUIT", "ENE": "ENERGY", "SITE": "SITE",
}  # fmt: skip
"""Which block the constants of a prefix write to."""

NAMES = {
    "PRO_HEAT": "heat_kw", "PRO_FLOW": "mass_flow_kg_s", "PRO_IN": "inlet_temp_c",
    "PRO_OUT": "outlet_temp_c", "PRO_SHARE": "command_share", "PRO_STARTS": "starts",
    "PRO_RAMP": "ramp_kw", "PRO_LIMIT": "limit_kw",
    "SRC_AVAILABLE": "available_kw", "SRC_REJECTED": "rejected_kw",
    "SRC_SINK_POWER": "sink_power_kw", "SRC_LEVEL": "level", "SRC_CURTAILED": "curtailed_kw",
    "SOL_AVAILABLE": "available_kw", "SOL_REJECTED": "rejected_kw",
    "HP_POWER": "power_kw", "HP_EVAPORATOR": "evaporator_kw", "HP_COP": "cop",
    "HP_SOURCE": "source_temp_c",
    "BOI_FUEL": "fuel_kw", "BOI_POWER": "power_kw",
    "CHP_FUEL": "fuel_kw", "CHP_GENERATED": "generated_kw",
    "LINK_FLOW": "primary_flow_kg_s", "LINK_SUPPLY": "primary_supply_temp_c",
    "LINK_RETURN": "primary_return_temp_c", "LINK_DP": "dp_bar",
    "COOL_LOAD": "cooling_kw", "COOL_TOWER": "tower_kw", "COOL_POWER": "tower_power_kw",
    "COOL_LEVEL": "level", "COOL_CURTAILED": "curtailed_kw",
    "DIG_GAS": "gas_kw", "DIG_FLARED": "flared_kw", "DIG_LEVEL": "level",
    "DIG_FILL": "fill_level", "DIG_ENERGY": "energy_kwh",
    "STO_LEVEL": "level", "STO_CHARGE": "charge_kw", "STO_FLOW": "mass_flow_kg_s",
    "STO_TOP": "top_temp_c", "STO_MIDDLE": "middle_temp_c", "STO_BOTTOM": "bottom_temp_c",
    "STO_ENERGY": "energy_kwh", "STO_LOSS": "loss_kw", "STO_MOLTEN": "molten_share",
    "CON_HEAT": "heat_kw", "CON_DEMAND": "demand_kw", "CON_UNMET": "unmet_kw",
    "CON_SUPPLY": "supply_temp_c", "CON_RETURN": "return_temp_c", "CON_FLOW": "mass_flow_kg_s",
    "CON_DP": "dp_bar",
    "SUB_HOT_WATER": "hot_water_kw", "SUB_SPACE": "space_heat_kw", "SUB_ROOM": "room_temp_c",
    "SUB_COMFORT": "comfort_kh",
    "BATCH_FUEL": "fuel_kw", "BATCH_WAITING": "waiting", "BATCH_STARTED": "started",
    "BATCH_DELAY": "delay_h",
    "GRE_AIR": "air_temp_c", "GRE_MEAN": "air_mean_24h_c", "GRE_VENT": "vent_kw",
    "GRE_USEFUL": "useful_heat_kw", "GRE_COMFORT": "comfort_kh", "GRE_COVER": "cover_temp_c",
    "GRE_LAMPS": "lamp_power_kw",
    "CIR_SUPPLY": "supply_temp_c", "CIR_RETURN": "return_temp_c", "CIR_FLOW": "mass_flow_kg_s",
    "CIR_LOAD": "load_kw", "CIR_PUMP": "pump_power_kw", "CIR_HEAD": "pump_head_bar",
    "CIR_WORST_DP": "worst_dp_bar", "CIR_LOSS": "loss_kw", "CIR_MAX_SUPPLY": "max_supply_temp_c",
    "CIR_SHORTFALL": "hydraulic_shortfall_kg_s", "CIR_ENERGY": "pipe_energy_kwh",
    "CIR_SET": "set_supply_temp_c",
    "ENE_STOCK": "stock_kwh", "ENE_MASS": "mass_stock_kwh", "ENE_IN": "in_kwh",
    "ENE_OUT": "out_kwh", "ENE_RESIDUAL": "residual_kwh", "ENE_THROUGHPUT": "throughput_kwh",
    "SITE_AMBIENT": "ambient_temp_c", "SITE_GROUND": "ground_temp_c",
    "SITE_IRRADIANCE": "irradiance_w_m2", "SITE_WIND": "wind_speed_m_s",
    "SITE_HOUR": "local_hour",
}  # fmt: skip


def _constants() -> list[str]:
    return [
        name
        for name, value in vars(outputs).items()
        if isinstance(value, int) and name.partition("_")[0] in PREFIXES
    ]


@pytest.mark.parametrize("constant", _constants())
def test_offsets_are_positions(constant: str) -> None:
    block = getattr(outputs, PREFIXES[constant.partition("_")[0]])
    assert getattr(outputs, constant) == [name for name, _ in block].index(NAMES[constant])


@pytest.mark.parametrize("name", PLANTS)
def test_blocks_follow_one_another(name: str) -> None:
    district = plant(name)
    layout = outputs.output_layout(district)
    assert list(layout.columns.values()) == list(range(len(layout.columns)))
    assert layout.aggregation.size == len(layout.columns)
    for unit in district.units:
        first = outputs.UNIT_BLOCKS[unit.kind][0][0]
        assert layout.columns[f"{unit.name}.{first}"] == layout.unit_start[unit.name]
