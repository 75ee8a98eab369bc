"""Heat fed in by origin and heat that was of use, from simulator outputs.

Objective and KPIs read the same account from here. Until heat is traced by origin, waste heat is
spread pro rata: its share of everything that is fed in is its share of everything that is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.spec.consumer_units import Greenhouse, ProcessHeat, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Boiler, HeatPump, WasteHeatSource


@dataclass(frozen=True, slots=True, eq=False)
class HeatColumns:
    """Columns of everything that feeds heat in or uses it."""

    recovered: IntArray  # heat of waste-heat sources
    evaporated: IntArray  # heat that heat pumps take from cooling loads
    pumped: IntArray  # heat of heat pumps
    fired: IntArray  # heat of boilers
    delivered: IntArray  # heat of consumers with a demand
    demanded: IntArray  # demand of the same, same order
    grown: IntArray  # heat of greenhouses without what overheats them


def heat_columns(district: District, columns: Mapping[str, int]) -> HeatColumns:
    """Find the columns of a district's units."""

    def of(kinds: type | tuple[type, ...], quantity: str) -> IntArray:
        names: Sequence[str] = [u.name for u in district.units if isinstance(u, kinds)]
        return np.array([columns[f"{name}.{quantity}"] for name in names], dtype=np.int64)

    consumers = (Substation, ProcessHeat)
    return HeatColumns(
        recovered=of(WasteHeatSource, "heat_kw"),
        evaporated=of(HeatPump, "evaporator_kw"),
        pumped=of(HeatPump, "heat_kw"),
        fired=of(Boiler, "heat_kw"),
        delivered=of(consumers, "heat_kw"),
        demanded=of(consumers, "demand_kw"),
        grown=of(Greenhouse, "useful_heat_kw"),
    )


def waste_heat_kw(columns: HeatColumns, outputs: FloatArray) -> FloatArray:
    """Waste heat fed in, by exchangers and by heat pumps' evaporators, kW, ``(num_envs,)``."""
    return _sum(outputs, columns.recovered) + _sum(outputs, columns.evaporated)


def fed_in_kw(columns: HeatColumns, outputs: FloatArray) -> FloatArray:
    """All heat fed in, kW, ``(num_envs,)``."""
    fed = _sum(outputs, columns.recovered) + _sum(outputs, columns.pumped)
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
