"""Units of the plant, by what they do; each is defined in the module of its kind."""

from heatrouter.envs.spec.cooling_units import CoolingLoad
from heatrouter.envs.spec.exchanger_design import DryCooler
from heatrouter.envs.spec.producer_units import (
    Boiler,
    Chp,
    HeatExchanger,
    HeatPump,
    Producer,
    SolarThermal,
    WasteHeatSource,
)
from heatrouter.envs.spec.production import Production, Shift
from heatrouter.envs.spec.store_units import Digester, PcmFill, Store

Unplaced = CoolingLoad | Digester
"""Units that stand at no location of the network."""

__all__ = [
    "Boiler",
    "Chp",
    "CoolingLoad",
    "Digester",
    "DryCooler",
    "HeatExchanger",
    "HeatPump",
    "PcmFill",
    "Producer",
    "Production",
    "Shift",
    "SolarThermal",
    "Store",
    "Unplaced",
    "WasteHeatSource",
]
