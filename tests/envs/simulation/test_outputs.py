"""The offsets by which the kernel writes are the positions of the names."""

import pytest

from heatrouter.envs.simulation import outputs

OFFSETS = {
    "SOURCE": {
        "SRC_HEAT": "heat_kw", "SRC_AVAILABLE": "available_kw", "SRC_REJECTED": "rejected_kw",
        "SRC_SINK_POWER": "sink_power_kw", "SRC_LEVEL": "level", "SRC_FLOW": "mass_flow_kg_s",
        "SRC_IN": "inlet_temp_c", "SRC_OUT": "outlet_temp_c", "SRC_SHARE": "command_share",
        "SRC_STARTS": "starts", "SRC_RAMP": "ramp_kw",
    },
    "COOLING": {
        "COOL_LOAD": "cooling_kw", "COOL_TOWER": "tower_kw", "COOL_POWER": "tower_power_kw",
        "COOL_LEVEL": "level",
    },
    "HEAT_PUMP": {
        "HP_HEAT": "heat_kw", "HP_POWER": "power_kw", "HP_EVAPORATOR": "evaporator_kw",
        "HP_COP": "cop", "HP_FLOW": "mass_flow_kg_s", "HP_IN": "inlet_temp_c",
        "HP_OUT": "outlet_temp_c", "HP_SHARE": "command_share", "HP_STARTS": "starts",
        "HP_RAMP": "ramp_kw", "HP_LIMIT": "limit_kw",
    },
    "BOILER": {
        "BOI_HEAT": "heat_kw", "BOI_FUEL": "fuel_kw", "BOI_FLOW": "mass_flow_kg_s",
        "BOI_IN": "inlet_temp_c", "BOI_OUT": "outlet_temp_c", "BOI_SHARE": "command_share",
        "BOI_STARTS": "starts", "BOI_RAMP": "ramp_kw",
    },
    "STORE": {
        "STO_LEVEL": "level", "STO_CHARGE": "charge_kw", "STO_FLOW": "mass_flow_kg_s",
        "STO_TOP": "top_temp_c", "STO_MIDDLE": "middle_temp_c", "STO_BOTTOM": "bottom_temp_c",
        "STO_ENERGY": "energy_kwh", "STO_LOSS": "loss_kw",
    },
    "SUBSTATION": {
        "CON_HEAT": "heat_kw", "CON_DEMAND": "demand_kw", "CON_UNMET": "unmet_kw",
        "CON_SUPPLY": "supply_temp_c", "CON_RETURN": "return_temp_c",
        "CON_FLOW": "mass_flow_kg_s", "CON_DP": "dp_bar", "SUB_HOT_WATER": "hot_water_kw",
        "SUB_SPACE": "space_heat_kw", "SUB_ROOM": "room_temp_c", "SUB_COMFORT": "comfort_kh",
    },
    "GREENHOUSE": {
        "GRE_AIR": "air_temp_c", "GRE_MEAN": "air_mean_24h_c", "GRE_VENT": "vent_kw",
        "GRE_USEFUL": "useful_heat_kw", "GRE_COMFORT": "comfort_kh",
    },
    "CIRCUIT": {
        "CIR_SUPPLY": "supply_temp_c", "CIR_RETURN": "return_temp_c",
        "CIR_FLOW": "mass_flow_kg_s", "CIR_LOAD": "load_kw", "CIR_PUMP": "pump_power_kw",
        "CIR_HEAD": "pump_head_bar", "CIR_WORST_DP": "worst_dp_bar", "CIR_LOSS": "loss_kw",
        "CIR_MAX_SUPPLY": "max_supply_temp_c", "CIR_SHORTFALL": "hydraulic_shortfall_kg_s",
        "CIR_ENERGY": "pipe_energy_kwh", "CIR_SET": "set_supply_temp_c",
    },
    "ENERGY": {
        "ENE_STOCK": "stock_kwh", "ENE_MASS": "mass_stock_kwh", "ENE_IN": "in_kwh",
        "ENE_OUT": "out_kwh", "ENE_RESIDUAL": "residual_kwh", "ENE_THROUGHPUT": "throughput_kwh",
    },
}  # fmt: skip


@pytest.mark.parametrize("block", sorted(OFFSETS))
def test_offsets_are_positions(block: str) -> None:
    names = [name for name, _ in getattr(outputs, block)]
    for constant, name in OFFSETS[block].items():
        assert getattr(outputs, constant) == names.index(name), constant
