"""Heat fed in by origin and heat that was of use, from simulator outputs.

Objective and KPIs read the same account from here. Until heat is traced by origin, waste heat is
spread pro rata: its share of everything that is fed in is its share of everything that is used.
What links and heat pumps take from one circuit into another was fed in before and counts once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.spec.consumer_units import (
    BatchProcess,
    FabHeat,
    Greenhouse,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.plant_units import Boiler, Chp, HeatPump, SolarThermal, WasteHeatSource


@dataclass(frozen=True, slots=True, eq=False)
class HeatColumns:
    """Columns of everything that feeds heat in or uses it."""

    recovered: IntArray  # heat of waste-heat sources
    evaporated: IntArray  # heat that heat pumps take from cooling loads
    pumped: IntArray  # heat of heat pumps
    lifted: IntArray  # heat that heat pumps take from another circuit
    collected: IntArray  # heat of collector fields
    fired: IntArray  # heat of boilers and engines
    delivered: IntArray  # heat of consumers with a demand
    demanded: IntArray  # demand of the same, same order
    grown: IntArray  # heat of greenhouses without what overheats them


def heat_columns(district: District, columns: Mapping[str, int]) -> HeatColumns:
    """Find the columns of a district's units."""

    def of(units: Iterable[Unit], quantity: str) -> IntArray:
        return np.array([columns[f"{unit.name}.{quantity}"] for unit in units], dtype=np.int64)

    units = district.units
    pumps = [u for u in units if isinstance(u, HeatPump)]
    consumers = [
        u for u in units if isinstance(u, Substation | ProcessHeat | FabHeat | BatchProcess)
    ]
    return HeatColumns(
        recovered=of((u for u in units if isinstance(u, WasteHeatSource)), "heat_kw"),
        evaporated=of((u for u in pumps if u.source is not None), "evaporator_kw"),
        pumped=of(pumps, "heat_kw"),
        lifted=of((u for u in pumps if u.source_location is not None), "evaporator_kw"),
        collected=of((u for u in units if isinstance(u, SolarThermal)), "heat_kw"),
        fired=of((u for u in units if isinstance(u, Boiler | Chp)), "heat_kw"),
        delivered=of(consumers, "heat_kw"),
        demanded=of(consumers, "demand_kw"),
        grown=of((u for u in units if isinstance(u, Greenhouse)), "useful_heat_kw"),
    )


def waste_heat_kw(columns: HeatColumns, outputs: FloatArray) -> FloatArray:
    """Waste heat fed in, by exchangers and by heat pumps' evaporators, kW, ``(num_envs,)``."""
    return _sum(outputs, columns.recovered) + _sum(outputs, columns.evaporated)


def fed_in_kw(columns: HeatColumns, outputs: FloatArray) -> FloatArray:
    """All heat fed in, kW, ``(num_envs,)``."""
    fed = _sum(outputs, columns.recovered) + _sum(outputs, columns.pumped)
    fed = fed - _sum(outputs, columns.lifted) + _sum(outputs, columns.collected)
    return fed + _sum(outputs, columns.fired)


def useful_heat_kw(columns: HeatColumns, outputs: FloatArray) -> FloatArray:
    """Heat used: capped at the demand, in greenhouses at what their set-point needs, kW."""
    delivered = outputs.take(columns.delivered, axis=1)
    capped = np.minimum(delivered, outputs.take(columns.demanded, axis=1))
    used: FloatArray = np.maximum(capped, 0.0).sum(axis=1)
    return used + _sum(outputs, columns.grown)


def _sum(outputs: FloatArray, columns: IntArray) -> FloatArray:
    total: FloatArray = outputs.take(columns, axis=1).sum(axis=1)
    return total
