"""Checks of single units: fields that need or exclude each other."""

from typing import TYPE_CHECKING

from heatrouter.envs.spec.checks import Found
from heatrouter.envs.spec.consumer_units import FabHeat
from heatrouter.envs.spec.plant_units import Boiler, Chp, CoolingLoad, HeatPump, WasteHeatSource

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District

_WITH_OWN_EMISSIONS = {"wood", "biogas"}


def connections(district: "District") -> Found:
    """Sources and boilers whose inlet does not fit their connection."""
    for i, unit in enumerate(district.units):
        if not isinstance(unit, WasteHeatSource | Boiler):
            continue
        path = f"units[{i}].inlet_location"
        inlet = unit.inlet_location
        elsewhere = unit.connection in {"return_to_return", "supply_to_supply"}
        if elsewhere and inlet is None:
            yield path, f"is missing; a {unit.connection} unit needs the location that feeds it"
        if elsewhere and inlet and inlet == unit.location:
            yield path, f"{inlet!r} is where the unit gives its water back; name one upstream"
        if unit.connection == "return_to_supply" and inlet:
            yield path, f"{inlet!r} has no meaning for return_to_supply; remove the key"


def heat_pump_sources(district: "District") -> Found:
    """Heat pumps without a source, or with more than one."""
    fields = ("source", "source_location", "source_medium")
    for i, unit in enumerate(district.units):
        if not isinstance(unit, HeatPump):
            continue
        given = [field for field in fields if getattr(unit, field) is not None]
        if not given:
            yield f"units[{i}].source", f"is missing; give one of {', '.join(fields)}"
        elif len(given) > 1:
            yield (
                f"units[{i}].{given[1]}",
                f"is given beside {given[0]}; a heat pump has exactly one of {', '.join(fields)}",
            )


def fuels(district: "District") -> Found:
    """Fuels without a store, price or emission factor, and those of other fuels."""
    for i, unit in enumerate(district.units):
        if not isinstance(unit, Boiler | Chp):
            continue
        path = f"units[{i}]"
        if unit.fuel == "biogas" and unit.fuel_store is None:
            yield f"{path}.fuel_store", "is missing; name the digester that the biogas comes from"
        if unit.fuel in {"gas", "wood", "electricity"} and unit.fuel_store:
            yield (
                f"{path}.fuel_store",
                f"{unit.fuel_store!r} has no meaning for {unit.fuel}; remove the key",
            )
        if unit.fuel in _WITH_OWN_EMISSIONS and (
            "emission_factor_kg_mwh" not in unit.model_fields_set
        ):
            yield (
                f"{path}.emission_factor_kg_mwh",
                f"is missing; the default is natural gas, give that of {unit.fuel}",
            )
        if isinstance(unit, Boiler):
            yield from _boiler(path, unit)


def _boiler(path: str, unit: Boiler) -> Found:
    price = unit.fuel_price_eur_per_mwh
    if unit.fuel == "wood" and price is None:
        yield f"{path}.fuel_price_eur_per_mwh", "is missing; wood has no price series"
    if unit.fuel in {"gas", "electricity"} and price is not None:
        yield (
            f"{path}.fuel_price_eur_per_mwh",
            f"{price} has no meaning for {unit.fuel}, whose price is a series; remove the key",
        )
    if unit.fuel == "electricity" and max(unit.efficiency_at_35c, unit.efficiency_at_60c) > 1.0:
        field = "efficiency_at_35c" if unit.efficiency_at_35c > 1.0 else "efficiency_at_60c"
        yield (
            f"{path}.{field}",
            f"{getattr(unit, field)} must be <= 1 for electricity, which does not condense",
        )


def dry_coolers(district: "District") -> Found:
    """Coolers that reject by a fixed ratio and by fans at once."""
    for i, unit in enumerate(district.units):
        if isinstance(unit, WasteHeatSource):
            field, ratio = "sink_power_ratio", unit.sink_power_ratio
        elif isinstance(unit, CoolingLoad):
            field, ratio = "tower_power_ratio", unit.tower_power_ratio
        else:
            continue
        if unit.dry_cooler is not None and ratio > 0.0:
            yield (
                f"units[{i}].{field}",
                f"{ratio} must be 0 beside a dry_cooler, whose fans take the electricity",
            )


def fab_heat(district: "District") -> Found:
    """Fabs that need no heat at all."""
    for i, unit in enumerate(district.units):
        if (
            isinstance(unit, FabHeat)
            and unit.make_up_air_m3_s == 0.0
            and unit.ultrapure_water_kg_s == 0.0
        ):
            yield (
                f"units[{i}].make_up_air_m3_s",
                "is 0, as is ultrapure_water_kg_s: the fab takes no heat; give one of them",
            )
