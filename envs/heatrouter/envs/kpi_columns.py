"""Which outputs make which sum of the key figures, with their weights."""

from collections.abc import Collection, Iterable, Iterator

from heatrouter.envs.spec.consumer_units import (
    BatchProcess,
    FabHeat,
    Greenhouse,
    ProcessHeat,
    Substation,
)
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    CoolingLoad,
    Digester,
    HeatPump,
    SolarThermal,
    Store,
    WasteHeatSource,
)
from heatrouter.envs.units import KWH_PER_MWH


def columns_of_sums(district: District, sums: Iterable[str]) -> dict[str, list[tuple[str, float]]]:
    """Columns of each sum with their weights."""
    parts: dict[str, list[tuple[str, float]]] = {name: [] for name in sums}
    cooled = {u.source for u in district.units if isinstance(u, HeatPump)}
    for unit in district.units:
        for total, quantity, weight in (*_plant_sums(unit, cooled), *_consumer_sums(unit)):
            parts[total].append((f"{unit.name}.{quantity}", weight))
    for circuit in district.circuits:
        parts["pump_electricity"].append((f"{circuit.name}.pump_power_kw", 1.0))
        parts["loss"].append((f"{circuit.name}.loss_kw", 1.0))
    parts["residual"].append(("energy.residual_kwh", 1.0))
    parts["throughput"].append(("energy.throughput_kwh", 1.0))
    return parts


def _plant_sums(unit: Unit, cooled: Collection[str | None]) -> Iterator[tuple[str, str, float]]:
    """Sum, quantity and weight of what a unit of the plant adds."""
    if isinstance(unit, WasteHeatSource):
        yield "recovered", "heat_kw", 1.0
        yield "available", "available_kw", 1.0
        yield "other_electricity", "sink_power_kw", 1.0
    elif isinstance(unit, SolarThermal):
        yield "collected", "heat_kw", 1.0
    elif isinstance(unit, CoolingLoad):
        # cooling that no heat pump can reach is no offer
        yield "cooling", "cooling_kw", float(unit.name in cooled)
        yield "other_electricity", "tower_power_kw", 1.0
    elif isinstance(unit, HeatPump):
        yield "pumped", "heat_kw", 1.0
        yield "heat_pump_electricity", "power_kw", 1.0
        if unit.source is not None:
            yield "evaporated", "evaporator_kw", 1.0
        elif unit.source_location is not None:
            yield "lifted", "evaporator_kw", 1.0
    elif isinstance(unit, Boiler | Chp):
        yield ("fired" if isinstance(unit, Boiler) else "engine"), "heat_kw", 1.0
        if unit.fuel == "electricity":
            yield "other_electricity", "power_kw", 1.0
        else:
            yield ("fuel" if unit.fuel == "gas" else unit.fuel), "fuel_kw", 1.0
            yield "emitted", "fuel_kw", _t_per_kwh(unit.emission_factor_kg_mwh)
    elif isinstance(unit, Digester):
        yield "flared", "flared_kw", 1.0
    elif isinstance(unit, Store):
        yield "loss", "loss_kw", 1.0
    if isinstance(unit, Chp):
        yield "generated", "generated_kw", 1.0
    if isinstance(unit, HeatPump | Boiler | Chp):
        yield "starts", "starts", 1.0
    if isinstance(unit, WasteHeatSource | CoolingLoad) and unit.dry_cooler is not None:
        yield "curtailed", "curtailed_kw", 1.0


def _consumer_sums(unit: Unit) -> Iterator[tuple[str, str, float]]:
    """Sum, quantity and weight of what a consumer adds."""
    if isinstance(unit, Substation | ProcessHeat | FabHeat):
        yield "demand", "demand_kw", 1.0
        yield "unmet", "unmet_kw", 1.0
    if isinstance(unit, Substation):
        yield "room_comfort", "comfort_kh", 1.0
    elif isinstance(unit, BatchProcess):
        yield "batch_delay", "delay_h", 1.0
        if unit.fuel == "electricity":
            yield "other_electricity", "fuel_kw", 1.0
        else:
            yield "fuel", "fuel_kw", 1.0
            yield "emitted", "fuel_kw", _t_per_kwh(unit.emission_factor_kg_mwh)
    elif isinstance(unit, Greenhouse):
        yield "crop_comfort", "comfort_kh", 1.0
        if unit.lamp_w_m2 > 0.0:
            yield "other_electricity", "lamp_power_kw", 1.0


def _t_per_kwh(kg_per_mwh: float) -> float:
    return kg_per_mwh / 1000.0 / KWH_PER_MWH
