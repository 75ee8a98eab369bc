"""What the simulation reports: named columns, in blocks per unit, with their aggregation.

Offsets within a block are module constants, because the compiled kernel writes by them; the names
beside them are what every other module uses.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import IntArray
from heatrouter.envs.spec.district import District


class Aggregation(IntEnum):
    """How a column condenses the sub-steps of one call."""

    MEAN = 0
    SUM = 1
    END = 2
    MIN = 3
    MAX = 4


_MEAN, _SUM, _END, _MIN, _MAX = Aggregation
Block = tuple[tuple[str, Aggregation], ...]

SITE: Block = (
    ("ambient_temp_c", _MEAN),
    ("ground_temp_c", _MEAN),
    ("irradiance_w_m2", _MEAN),
    ("wind_speed_m_s", _MEAN),
    ("electricity_eur_per_mwh", _MEAN),
    ("gas_eur_per_mwh", _MEAN),
    ("co2_eur_per_t", _MEAN),
    ("carbon_intensity_g_per_kwh", _MEAN),
    ("local_hour", _END),
    ("weekday", _END),
    ("day_of_year", _END),
)
SITE_SERIES = tuple(name for name, _ in SITE)

PRODUCER: Block = (
    ("heat_kw", _MEAN),
    ("mass_flow_kg_s", _MEAN),
    ("inlet_temp_c", _MEAN),
    ("outlet_temp_c", _MEAN),
    ("command_share", _END),
    ("starts", _SUM),
    ("ramp_kw", _SUM),
    ("limit_kw", _MEAN),
)
SOURCE: Block = (
    *PRODUCER,
    ("available_kw", _MEAN),
    ("rejected_kw", _MEAN),
    ("sink_power_kw", _MEAN),
    ("level", _MEAN),
    ("curtailed_kw", _MEAN),
)
SOLAR: Block = (*PRODUCER, ("available_kw", _MEAN), ("rejected_kw", _MEAN))
HEAT_PUMP: Block = (
    *PRODUCER,
    ("power_kw", _MEAN),
    ("evaporator_kw", _MEAN),
    ("cop", _MEAN),
    ("source_temp_c", _MEAN),
)
BOILER: Block = (*PRODUCER, ("fuel_kw", _MEAN), ("power_kw", _MEAN))
CHP: Block = (*PRODUCER, ("fuel_kw", _MEAN), ("generated_kw", _MEAN))
LINK: Block = (
    *PRODUCER,
    ("primary_flow_kg_s", _MEAN),
    ("primary_supply_temp_c", _MEAN),
    ("primary_return_temp_c", _MEAN),
    ("dp_bar", _MIN),
)
COOLING: Block = (
    ("cooling_kw", _MEAN),
    ("tower_kw", _MEAN),
    ("tower_power_kw", _MEAN),
    ("level", _MEAN),
    ("curtailed_kw", _MEAN),
)
DIGESTER: Block = (
    ("gas_kw", _MEAN),
    ("flared_kw", _MEAN),
    ("level", _MEAN),
    ("fill_level", _END),
    ("energy_kwh", _END),
)
STORE: Block = (
    ("level", _END),
    ("charge_kw", _MEAN),
    ("mass_flow_kg_s", _MEAN),
    ("top_temp_c", _END),
    ("middle_temp_c", _END),
    ("bottom_temp_c", _END),
    ("energy_kwh", _END),
    ("loss_kw", _MEAN),
    ("molten_share", _END),
)
CONSUMER: Block = (
    ("heat_kw", _MEAN),
    ("demand_kw", _MEAN),
    ("unmet_kw", _MEAN),
    ("supply_temp_c", _MEAN),
    ("return_temp_c", _MEAN),
    ("mass_flow_kg_s", _MEAN),
    ("dp_bar", _MIN),
)
SUBSTATION: Block = (
    *CONSUMER,
    ("hot_water_kw", _MEAN),
    ("space_heat_kw", _MEAN),
    ("room_temp_c", _END),
    ("comfort_kh", _SUM),
)
BATCH: Block = (
    *CONSUMER,
    ("fuel_kw", _MEAN),
    ("waiting", _END),
    ("started", _SUM),
    ("delay_h", _SUM),
)
GREENHOUSE: Block = (
    *CONSUMER,
    ("air_temp_c", _END),
    ("air_mean_24h_c", _END),
    ("vent_kw", _MEAN),
    ("useful_heat_kw", _MEAN),
    ("comfort_kh", _SUM),
    ("cover_temp_c", _END),
    ("lamp_power_kw", _MEAN),
)
CIRCUIT: Block = (
    ("supply_temp_c", _MEAN),
    ("return_temp_c", _MEAN),
    ("mass_flow_kg_s", _MEAN),
    ("load_kw", _MEAN),
    ("pump_power_kw", _MEAN),
    ("pump_head_bar", _MEAN),
    ("worst_dp_bar", _MIN),
    ("loss_kw", _MEAN),
    ("max_supply_temp_c", _MAX),
    ("hydraulic_shortfall_kg_s", _MEAN),
    ("pipe_energy_kwh", _END),
    ("set_supply_temp_c", _END),
)
ENERGY: Block = (
    ("stock_kwh", _END),
    ("mass_stock_kwh", _END),
    ("in_kwh", _SUM),
    ("out_kwh", _SUM),
    ("residual_kwh", _SUM),
    ("throughput_kwh", _SUM),
)

UNIT_BLOCKS: dict[str, Block] = {
    "waste_heat_source": SOURCE,
    "solar_thermal": SOLAR,
    "cooling_load": COOLING,
    "digester": DIGESTER,
    "heat_pump": HEAT_PUMP,
    "boiler": BOILER,
    "chp": CHP,
    "heat_exchanger": LINK,
    "store": STORE,
    "substation": SUBSTATION,
    "process_heat": CONSUMER,
    "fab_heat": CONSUMER,
    "batch_process": BATCH,
    "greenhouse": GREENHOUSE,
}

# Offsets by which the kernel writes; test_outputs.py checks them against the names above.
SITE_AMBIENT, SITE_GROUND, SITE_IRRADIANCE, SITE_WIND, SITE_HOUR = 0, 1, 2, 3, 8
PRO_HEAT, PRO_FLOW, PRO_IN, PRO_OUT, PRO_SHARE, PRO_STARTS, PRO_RAMP, PRO_LIMIT = range(8)
SRC_AVAILABLE, SRC_REJECTED, SRC_SINK_POWER, SRC_LEVEL, SRC_CURTAILED = range(8, 13)
SOL_AVAILABLE, SOL_REJECTED = range(8, 10)
HP_POWER, HP_EVAPORATOR, HP_COP, HP_SOURCE = range(8, 12)
BOI_FUEL, BOI_POWER = range(8, 10)
CHP_FUEL, CHP_GENERATED = range(8, 10)
LINK_FLOW, LINK_SUPPLY, LINK_RETURN, LINK_DP = range(8, 12)
COOL_LOAD, COOL_TOWER, COOL_POWER, COOL_LEVEL, COOL_CURTAILED = range(5)
DIG_GAS, DIG_FLARED, DIG_LEVEL, DIG_FILL, DIG_ENERGY = range(5)
STO_LEVEL, STO_CHARGE, STO_FLOW, STO_TOP, STO_MIDDLE, STO_BOTTOM, STO_ENERGY, STO_LOSS = range(8)
STO_MOLTEN = 8
CON_HEAT, CON_DEMAND, CON_UNMET, CON_SUPPLY, CON_RETURN, CON_FLOW, CON_DP = range(7)
SUB_HOT_WATER, SUB_SPACE, SUB_ROOM, SUB_COMFORT = range(7, 11)
BATCH_FUEL, BATCH_WAITING, BATCH_STARTED, BATCH_DELAY = range(7, 11)
GRE_AIR, GRE_MEAN, GRE_VENT, GRE_USEFUL, GRE_COMFORT, GRE_COVER, GRE_LAMPS = range(7, 14)
CIR_SUPPLY, CIR_RETURN, CIR_FLOW, CIR_LOAD, CIR_PUMP, CIR_HEAD, CIR_WORST_DP, CIR_LOSS = range(8)
CIR_MAX_SUPPLY, CIR_SHORTFALL, CIR_ENERGY, CIR_SET = range(8, 12)
ENE_STOCK, ENE_MASS, ENE_IN, ENE_OUT, ENE_RESIDUAL, ENE_THROUGHPUT = range(6)


class OutputLayout(NamedTuple):
    """Names, aggregations and block starts of all columns of one district."""

    columns: dict[str, int]
    aggregation: IntArray
    unit_start: dict[str, int]
    circuit_start: tuple[int, ...]
    energy_start: int


def output_layout(district: District) -> OutputLayout:
    """Columns in order: site, units as described, circuits, energy."""
    columns: dict[str, int] = {}
    kinds: list[int] = []

    def add(prefix: str, block: Block) -> int:
        start = len(columns)
        for name, kind in block:
            columns[f"{prefix}.{name}"] = len(columns)
            kinds.append(int(kind))
        return start

    add("site", SITE)
    unit_start = {u.name: add(u.name, UNIT_BLOCKS[u.kind]) for u in district.units}
    circuit_start = tuple(add(c.name, CIRCUIT) for c in district.circuits)
    energy_start = add("energy", ENERGY)
    return OutputLayout(
        columns, np.array(kinds, dtype=np.int64), unit_start, circuit_start, energy_start
    )
