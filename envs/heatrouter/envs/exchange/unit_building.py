"""Units of a district from units of a draft: what the file says, and assumptions for the rest."""

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from heatrouter.envs.exchange.draft import DraftUnit, Port
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.units import J_PER_KWH, WATER_CP_J_KGK, WATER_DENSITY_KG_M3

CP_KJ_KGK: Final = WATER_CP_J_KGK / 1000.0
LEAST_SUPPLY_C: Final = 46.0
"""Colder networks heat no room by a radiator; substations here are of that kind."""
LEAST_RETURN_C: Final = 26.0
"""Rooms at 21 degC cannot cool the network's water further."""
FLOW_MARGIN: Final = 1.5
PUMP_SINK_MARGIN_K: Final = 10.0
_EXCHANGER_COLD_K, _EXCHANGER_HOT_K = 5.0, 10.0
_STREAM_ABOVE_K, _EXHAUST_ABOVE_K = 15.0, 10.0
_HOURS_OF_STORE: Final = 8.0
_MOST_VOLUME_M3: Final = 200_000.0
_MOST_SPREAD_K: Final = 40.0
_MOST_KW_K: Final = 5000.0
"""Largest stream and exchanger of one source."""


class Design(NamedTuple):
    """Design temperatures of a circuit, degC."""

    supply_c: float
    return_c: float

    @property
    def span_k(self) -> float:
        """Between them."""
        return self.supply_c - self.return_c


class Place(NamedTuple):
    """Where a unit goes, and between which temperatures it works."""

    name: str
    location: str
    design: Design
    primary_location: str = ""
    primary_design: Design | None = None


def design_heat_kw(unit: DraftUnit, place: Place) -> float | None:
    """Rating of a unit that the file rates only by its exchanger, or not at all."""
    if unit.heat_kw is not None:
        return unit.heat_kw
    ua = unit.values.get("ua_kw_k")
    if isinstance(ua, float) and place.primary_design is not None:
        hot = place.primary_design.supply_c - place.design.supply_c
        cold = place.primary_design.return_c - place.design.return_c
        if hot > 0.0 and cold > 0.0:
            return ua * _log_mean(hot, cold)
    return None


def build_unit(
    unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport
) -> dict[str, Any]:
    """Fields of one unit.

    Args:
        unit: What the file says.
        place: Where it goes.
        heat_kw: Its rating.
        report: Takes the assumptions.
    """
    fields = _BUILDERS[unit.kind](unit, place, heat_kw, report)
    return {"kind": unit.kind, "name": place.name, "location": place.location, **fields}


def _sizing(unit: DraftUnit, assumed: str) -> str:
    return f"{unit.origin}; assumed: {assumed}"


def consumer_design(port: Port, circuit: Design) -> Design:
    """Design temperatures of one consumer, degC, within what a substation can do."""
    supply = port.supply_c if port.supply_c is not None else circuit.supply_c
    back = port.return_c if port.return_c is not None else circuit.return_c
    return Design(supply, min(max(back, LEAST_RETURN_C), supply - 1.0))


def _exchanger(design: Design) -> dict[str, float]:
    span = design.span_k
    return {
        "primary_supply_c": round(design.supply_c, 3),
        "primary_return_c": round(design.return_c, 3),
        "secondary_supply_c": round(design.supply_c - min(_EXCHANGER_HOT_K, 0.3 * span), 3),
        "secondary_return_c": round(design.return_c - min(_EXCHANGER_COLD_K, 0.15 * span), 3),
    }


def _bypass_c(design: Design) -> float:
    return round(min(max(design.supply_c - 15.0, 20.0), 58.0), 1)


def _substation(
    unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport
) -> dict[str, Any]:
    design = consumer_design(unit.port, place.design)
    report.add(
        "assumed",
        "exchangers of consumers at the network's design temperatures, up to 10 K and 5 K below",
    )
    report.add("assumed", "buildings with a time constant of 90 h, no hot water beside the heat")
    water_c = min(60.0, math.floor(design.supply_c - 5.0))
    return {
        "space_heat_design_kw": round(heat_kw, 4),
        "space_heat_exchanger": _exchanger(design),
        "hot_water_annual_mwh": 0.0,
        "hot_water_exchanger": {
            "primary_supply_c": round(design.supply_c, 3),
            "primary_return_c": round(min(design.return_c, 30.0), 3),
            "secondary_supply_c": water_c,
            "secondary_return_c": 10.0,
        },
        "hot_water_floor_c": max(40.0, water_c - 1.0),
        "bypass_temp_c": _bypass_c(design),
        "buildings": {},
        "sizing": _sizing(unit, "exchanger temperatures, buildings, no hot water"),
    }


def _process_heat(
    unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport
) -> dict[str, Any]:
    design = consumer_design(unit.port, place.design)
    report.add(
        "assumed",
        "exchangers of consumers at the network's design temperatures, up to 10 K and 5 K below",
    )
    return {
        "base_kw": round(heat_kw, 4),
        "weather_kw_k": 0.0,
        "exchanger": _exchanger(design),
        "bypass_temp_c": _bypass_c(design),
        "production": {"idle_level": 1.0, "noise": 0.0},
        "sizing": _sizing(unit, "exchanger temperatures"),
    }


def _waste_heat(
    unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport
) -> dict[str, Any]:
    design = place.design
    hottest = unit.values.get("most_c")
    stream_c = design.supply_c + _STREAM_ABOVE_K
    if isinstance(hottest, float) and hottest > design.supply_c + 1.0:
        stream_c = hottest
        report.add("mapped", "maxTemperature of sources as the temperature of their stream")
    else:
        report.add(
            "assumed", f"streams of sources {_STREAM_ABOVE_K:g} K above the supply", unit.name
        )
    hot = stream_c - design.supply_c
    exhaust_c = min(design.return_c + _EXHAUST_ABOVE_K, 0.5 * (stream_c + design.return_c))
    cold = exhaust_c - design.return_c
    capacity, ua = heat_kw / (stream_c - exhaust_c), heat_kw / _log_mean(hot, cold)
    share = min(1.0, 0.999 * _MOST_KW_K / max(capacity, ua))
    if share < 1.0:
        heat_kw, capacity, ua = share * heat_kw, share * capacity, share * ua
        report.add(
            "look at",
            f"sources are cut to what the largest exchanger gives, {_MOST_KW_K:g} kW/K",
            unit.name,
        )
    report.add("assumed", "sources give their full power all year, without outages", unit.name)
    return {
        "stream_temp_c": round(stream_c, 3),
        "stream_capacity_kw_k": round(capacity, 4),
        "min_exhaust_temp_c": round(exhaust_c, 3),
        "reference_temp_c": round(exhaust_c, 3),
        "exchanger_ua_kw_k": round(ua, 4),
        "max_mass_flow_kg_s": _flow(heat_kw, design),
        "max_outlet_temp_c": round(stream_c - 0.5 * hot, 3),
        "sink_power_ratio": 0.0,
        "production": {"idle_level": 1.0, "noise": 0.0},
        "sizing": _sizing(unit, "stream temperatures and production; gives its power at design"),
    }


def _boiler(unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport) -> dict[str, Any]:
    fuel = str(unit.values.get("fuel", "gas"))
    fields: dict[str, Any] = {
        "capacity_kw": round(heat_kw, 3),
        "min_load": 0.0,
        "max_mass_flow_kg_s": _flow(heat_kw, place.design),
        "start_cost_eur": 0.0,
        "sizing": _sizing(unit, "efficiency, no least load, no start cost"),
    }
    efficiency = unit.values.get("efficiency")
    if isinstance(efficiency, float) and 0.3 < efficiency <= 1.0:
        fields |= {"efficiency_at_35c": efficiency, "efficiency_at_60c": efficiency}
    if fuel == "electricity":
        fields |= {"fuel": fuel}
        fields.setdefault("efficiency_at_35c", 0.99)
        fields.setdefault("efficiency_at_60c", 0.99)
        fields["emission_factor_kg_mwh"] = 0.0
    elif fuel == "wood":
        report.add("assumed", "wood costs 30 EUR/MWh and counts 20 kg CO2/MWh", unit.name)
        fields |= {"fuel": fuel, "fuel_price_eur_per_mwh": 30.0, "emission_factor_kg_mwh": 20.0}
        fields.setdefault("efficiency_at_35c", 0.85)
        fields.setdefault("efficiency_at_60c", 0.85)
    return fields


def _solar(unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport) -> dict[str, Any]:
    area = unit.values.get("area_m2")
    if not isinstance(area, float):
        area = heat_kw / 0.5
        report.add("assumed", "collectors give 0.5 kW/m2 at their power", unit.name)
    return {
        "area_m2": round(area, 2),
        "max_mass_flow_kg_s": _flow(heat_kw, place.design),
        "max_outlet_temp_c": round(max(95.0, place.design.supply_c + 5.0), 1),
        "sizing": _sizing(unit, "collector curve"),
    }


def _store(unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport) -> dict[str, Any]:
    design = place.design
    kwh_m3 = WATER_DENSITY_KG_M3 * WATER_CP_J_KGK * design.span_k / J_PER_KWH
    volume = unit.values.get("volume_m3")
    capacity = unit.values.get("capacity_kwh")
    how = "volume_m3 of the file"
    if not isinstance(volume, float):
        if isinstance(capacity, float):
            volume, how = capacity / kwh_m3, "volume by its capacity and the network's spread"
        else:
            volume = _HOURS_OF_STORE * heat_kw / kwh_m3
            how = f"volume for {_HOURS_OF_STORE:g} h at its rate"
            report.add("assumed", f"stores hold {_HOURS_OF_STORE:g} h of their rate", unit.name)
    if volume > _MOST_VOLUME_M3:
        report.add(
            "look at",
            f"stores are cut to {_MOST_VOLUME_M3:g} m3 of water, the most that a store may have",
            unit.name,
        )
        volume = _MOST_VOLUME_M3
    height = unit.values.get("height_m")
    if not isinstance(height, float):
        height = min(max((volume * 16.0 / math.pi) ** (1.0 / 3.0), 2.0), 40.0)
    return {
        "volume_m3": round(volume, 3),
        "height_m": round(min(max(height, 0.6), 60.0), 3),
        "max_mass_flow_kg_s": max(round(heat_kw / (CP_KJ_KGK * design.span_k), 3), 0.01),
        "full_temp_c": round(design.supply_c, 3),
        "empty_temp_c": round(design.return_c, 3),
        "sizing": _sizing(unit, f"{how}, height, a tank's loss"),
    }


def _link(unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport) -> dict[str, Any]:
    hot = place.primary_design or place.design
    report.add(
        "assumed", "exchangers between circuits at the design temperatures of both", unit.name
    )
    return {
        "primary_location": place.primary_location,
        "capacity_kw": round(heat_kw, 3),
        "exchanger": {
            "primary_supply_c": round(hot.supply_c, 3),
            "primary_return_c": round(hot.return_c, 3),
            "secondary_supply_c": round(place.design.supply_c, 3),
            "secondary_return_c": round(place.design.return_c, 3),
        },
        "sizing": _sizing(unit, "designed for the temperatures of its two circuits"),
    }


def _heat_pump(
    unit: DraftUnit, place: Place, heat_kw: float, report: ImportReport
) -> dict[str, Any]:
    cop = unit.values.get("cop")
    fields: dict[str, Any]
    if place.primary_design is None:
        report.add("assumed", "heat pumps without a heat source in the file take air", unit.name)
        fields = {"source_medium": "air"}
    else:
        spread = min(place.primary_design.span_k, _MOST_SPREAD_K)
        fields = {"source_location": place.primary_location, "source_spread_k": round(spread, 3)}
    fields["capacity_kw"] = round(heat_kw, 3)
    if isinstance(cop, float) and 1.0 < cop <= 12.0:
        fields["max_cop"] = cop
        report.add(
            "mapped", "COP of heat pumps as the largest COP; half of Lorenz' below", unit.name
        )
    most_c = place.design.supply_c + PUMP_SINK_MARGIN_K
    return {
        **fields,
        "max_sink_temp_c": round(max(most_c, 30.0), 3),
        "max_mass_flow_kg_s": _flow(heat_kw, place.design),
        "start_cost_eur": 0.0,
        "sizing": _sizing(unit, "least load, half of the Lorenz COP where that is lower"),
    }


def _flow(heat_kw: float, design: Design) -> float:
    return max(round(FLOW_MARGIN * heat_kw / (CP_KJ_KGK * design.span_k), 3), 0.01)


def _log_mean(one: float, other: float) -> float:
    if abs(one - other) < 1e-9 * max(one, other):
        return one
    return (one - other) / math.log(one / other)


_Builder = Callable[[DraftUnit, Place, float, ImportReport], dict[str, Any]]
_BUILDERS: Final[dict[str, _Builder]] = {
    "substation": _substation,
    "process_heat": _process_heat,
    "waste_heat_source": _waste_heat,
    "boiler": _boiler,
    "solar_thermal": _solar,
    "store": _store,
    "heat_exchanger": _link,
    "heat_pump": _heat_pump,
}
