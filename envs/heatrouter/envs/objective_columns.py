"""Which outputs make which term of the objective, with their weights."""

from collections.abc import Iterable, Iterator
from typing import Final

from heatrouter.envs.spec.consumer_units import (
    BatchProcess,
    FabHeat,
    Greenhouse,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.plant_units import Boiler, Chp, CoolingLoad, HeatPump, WasteHeatSource
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import KWH_PER_MWH, W_PER_KW

_MWH: Final = 1.0 / KWH_PER_MWH  # per kW and hour


def weighted_columns(
    district: District, task: Task, terms: Iterable[str]
) -> dict[str, list[tuple[str, float]]]:
    """Columns of each linear term with their weights: MWh per kW and hour, €, or t."""
    parts: dict[str, list[tuple[str, float]]] = {term: [] for term in terms}
    for unit in district.units:
        for term, quantity, weight in (*_producer_parts(unit, task), *_user_parts(unit, task)):
            parts[term].append((f"{unit.name}.{quantity}", weight))
            if term.startswith("electricity_") and term != "electricity_sold":
                parts["co2_electricity"].append((f"{unit.name}.{quantity}", weight))
    for circuit in district.circuits:
        parts["electricity_pumps"].append((f"{circuit.name}.pump_power_kw", _MWH))
        parts["co2_electricity"].append((f"{circuit.name}.pump_power_kw", _MWH))
    return parts


def _producer_parts(unit: Unit, task: Task) -> Iterator[tuple[str, str, float]]:
    """Term, quantity and weight of what a producer costs and earns."""
    if isinstance(unit, WasteHeatSource):
        yield "waste_heat", "heat_kw", _MWH * unit.heat_price_eur_per_mwh
        yield "electricity_sinks", "sink_power_kw", _MWH
    elif isinstance(unit, HeatPump):
        yield "electricity_heat_pumps", "power_kw", _MWH
    elif isinstance(unit, Boiler) and unit.fuel == "electricity":
        yield "electricity_boilers", "power_kw", _MWH
    elif isinstance(unit, Boiler | Chp):
        kind = "gas" if unit.fuel == "gas" else "other_fuel"
        price = unit.fuel_price_eur_per_mwh if isinstance(unit, Boiler) else None
        yield kind, "fuel_kw", _MWH * (1.0 if kind == "gas" else price or 0.0)
        yield f"co2_{kind}", "fuel_kw", _MWH * unit.emission_factor_kg_mwh / 1000.0
    if isinstance(unit, Chp):
        yield "electricity_sold", "generated_kw", -_MWH
        yield "co2_sold", "generated_kw", -_MWH
    if isinstance(unit, HeatPump | Boiler | Chp):
        yield "starts", "starts", unit.start_cost_eur
    if isinstance(unit, WasteHeatSource | HeatPump | Boiler | Chp):
        yield "ramping", "ramp_kw", task.objective.ramp_eur_per_mw / W_PER_KW


def _user_parts(unit: Unit, task: Task) -> Iterator[tuple[str, str, float]]:
    """Term, quantity and weight of what cooling, processes, buildings and crops cost."""
    weights = task.objective
    if isinstance(unit, CoolingLoad):
        yield "electricity_towers", "tower_power_kw", _MWH
    elif isinstance(unit, Substation):
        design_mw = unit.space_heat_design_kw / W_PER_KW
        yield "room_comfort", "comfort_kh", weights.room_comfort_eur_per_kh_mw * design_mw
    elif isinstance(unit, Greenhouse):
        hectares = unit.floor_area_m2 / 1.0e4
        yield "crop_comfort", "comfort_kh", weights.crop_comfort_eur_per_kh_ha * hectares
        if unit.lamp_w_m2 > 0.0:
            yield "electricity_processes", "lamp_power_kw", _MWH
    elif isinstance(unit, BatchProcess):
        yield "batch_delay", "delay_h", weights.batch_delay_eur_per_h
        if unit.fuel == "electricity":
            yield "electricity_processes", "fuel_kw", _MWH
        else:
            yield "gas", "fuel_kw", _MWH
            yield "co2_gas", "fuel_kw", _MWH * unit.emission_factor_kg_mwh / 1000.0
    # what a batch is not preheated with, its own burner gives: that is no unmet demand
    if isinstance(unit, Substation | ProcessHeat | FabHeat):
        yield "unmet", "unmet_kw", _MWH * weights.unmet_eur_per_mwh
    if isinstance(unit, WasteHeatSource | CoolingLoad) and unit.dry_cooler is not None:
        yield "curtailment", "curtailed_kw", _MWH * weights.curtailment_eur_per_mwh
