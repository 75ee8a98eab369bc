"""Whether the sizes of a district make engineering sense: figures with the bounds of practice.

The bounds are those of the handbook of the presets (docs/physics.md): peak gradient 50..200 Pa/m,
annual loss 5..20 %, backup >= peak with the largest unit out, waste heat 30..80 % of the annual
demand, tank 4..12 h of mean load, greenhouse 150..300 W/m2. A figure outside its bounds is a
warning: the district still simulates.
"""

from dataclasses import asdict, dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.design_day import (
    Weather,
    circuit_return_c,
    circuit_supply_c,
    consumers,
    heat_pump_kw,
    hourly_demand_kw,
    hourly_level,
    hourly_waste_heat_kw,
    loss_kw,
    recoverable_kw,
    reference_weather,
    supply_temp_c,
)
from heatrouter.envs.design_flow import design_flow
from heatrouter.envs.spec.consumer_units import BatchProcess, Greenhouse
from heatrouter.envs.spec.design_load import design_heat_kw, pcm_kwh
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    Digester,
    HeatPump,
    Store,
    WasteHeatSource,
)
from heatrouter.envs.units import J_PER_KWH, KWH_PER_MWH

_LIFT_COP = 3.5
"""Of heat pumps between circuits: what they add to the heat they lift is its part per COP."""


@dataclass(frozen=True, slots=True)
class SizeFigure:
    """One figure with its bounds; a bound of None does not exist.

    Attributes:
        name: What it is.
        value: In ``unit``.
        unit: Unit of value and bounds.
        low: Lowest sensible value.
        high: Highest sensible value.
        remedy: What to change when it lies outside.
    """

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    remedy: str = ""

    @property
    def sensible(self) -> bool:
        """Whether the value lies within its bounds."""
        above = self.low is None or self.value >= self.low
        below = self.high is None or self.value <= self.high
        return above and below

    @property
    def bounds(self) -> str:
        """The bounds as text, empty where there are none."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f">= {self.low:g}"
        return f"<= {self.high:g}" if self.high is not None else ""

    def as_dict(self) -> dict[str, object]:
        """All fields and whether the value is sensible, for ``--json``."""
        return {**asdict(self), "sensible": self.sensible}


@dataclass(frozen=True)
class _Year:
    """Hourly estimate of a year, kW, each of shape ``(8760,)``."""

    demand: FloatArray
    loss: FloatArray
    waste_heat: FloatArray

    @property
    def load(self) -> FloatArray:
        return self.demand + self.loss


def size_figures(district: District, weather: Weather | None = None) -> tuple[SizeFigure, ...]:
    """Estimate the size figures of a district.

    Args:
        district: The description, checked.
        weather: Hourly weather of a year; by default the test reference year of the site.

    Returns:
        The figures, most general first.

    Raises:
        ScenarioError: No weather was given and the reference years are not installed.
    """
    weather = weather or reference_weather(district)
    year = _estimate_year(district, weather)
    peak_kw = _peak_kw(district, weather)
    return (
        *_energy_figures(district, year, peak_kw),
        *_network_figures(district),
        *_unit_figures(district, year, peak_kw),
    )


def _estimate_year(district: District, weather: Weather) -> _Year:
    demand = np.zeros(weather.ambient_temp_c.shape)
    for unit in consumers(district):
        demand = demand + hourly_demand_kw(district, unit, weather)
    loss = np.zeros(demand.shape)
    ground_c = float(np.mean(weather.ambient_temp_c))
    for circuit in district.circuits:
        supply_c = supply_temp_c(district, circuit, weather)
        return_c = circuit_return_c(district, circuit)
        loss = loss + loss_kw(district, circuit, supply_c, return_c, ground_c)
    waste = hourly_waste_heat_kw(district, weather)
    return _Year(demand, loss, waste)


def _peak_kw(district: District, weather: Weather) -> float:
    heat_kw = sum(design_heat_kw(district, u) for u in consumers(district))
    coldest = int(np.argmin(weather.ambient_temp_c))
    ground_c = float(np.mean(weather.ambient_temp_c))
    for circuit in district.circuits:
        supply_c = supply_temp_c(district, circuit, weather)[coldest : coldest + 1]
        return_c = circuit_return_c(district, circuit)
        heat_kw += float(loss_kw(district, circuit, supply_c, return_c, ground_c)[0])
    return heat_kw


def _energy_figures(district: District, year: _Year, peak_kw: float) -> list[SizeFigure]:
    demand_kwh = float(year.demand.sum())
    load_kwh = float(year.load.sum())
    trench_m = sum(p.length_m for p in district.pipes)
    # A store carries heat over a day, not over a season: compare daily means.
    daily_load = year.load.reshape(-1, 24).mean(axis=1)
    daily_waste = year.waste_heat.reshape(-1, 24).mean(axis=1)
    usable_share = float(np.minimum(daily_load, daily_waste).sum() / max(daily_load.sum(), 1e-9))
    return [
        SizeFigure("peak load", peak_kw, "kW"),
        SizeFigure("annual demand", demand_kwh / KWH_PER_MWH, "MWh/a"),
        SizeFigure("mean load", load_kwh / year.load.size, "kW"),
        SizeFigure("trench length", trench_m, "m"),
        SizeFigure("linear heat density", demand_kwh / KWH_PER_MWH / trench_m, "MWh/(m a)"),
        SizeFigure(
            "annual loss",
            100.0 * float(year.loss.sum()) / max(load_kwh, 1e-9),
            "%",
            5.0,
            20.0,
            "insulation, pipe length or demand",
        ),
        SizeFigure(
            "usable waste heat",
            100.0 * usable_share,
            "%",
            30.0,
            80.0,
            "size of sources and heat pumps against the demand",
        ),
    ]


def _network_figures(district: District) -> list[SizeFigure]:
    cases = [design_flow(district, sources_run=run) for run in (True, False)]
    gradient = np.max([case.gradient_pa_m for case in cases], axis=0)
    steepest = int(np.argmax(gradient))
    figures = [
        SizeFigure(
            f"peak gradient ({district.pipes[steepest].name})",
            float(gradient[steepest]),
            "Pa/m",
            50.0,
            200.0,
            "pipe series",
        )
    ]
    for c, circuit in enumerate(district.circuits):
        control = circuit.dp_control
        case = max(cases, key=lambda one: float(one.head_bar[c]))
        flow = max(float(case.root_flow_kg_s[c]), 0.0)
        head_bar = control.max_head_bar - control.head_drop_bar_per_kg2_s2 * flow**2
        share = 100.0 * float(case.head_bar[c]) / head_bar if head_bar > 0.0 else float("inf")
        figures.append(
            SizeFigure(
                f"pump head used at peak ({circuit.name})",
                share,
                "%",
                None,
                100.0,
                "max_head_bar of the pump, or wider pipes",
            )
        )
    return figures


def _capacities_kw(district: District) -> tuple[list[float], list[float]]:
    """Heat that can be relied on: of boilers, and of other producers; links only pass it on."""
    boilers, others = [], []
    for circuit in district.circuits:
        return_c = circuit_return_c(district, circuit)
        supply_c = circuit_supply_c(district, circuit)
        for unit in district.units:
            if not isinstance(unit, Boiler | Chp | HeatPump | WasteHeatSource):
                continue
            if unit.location not in circuit.locations:
                continue
            if isinstance(unit, Boiler):
                boilers.append(unit.capacity_kw)
            elif isinstance(unit, Chp):
                others.append(unit.capacity_kw)
            elif isinstance(unit, WasteHeatSource):
                others.append(recoverable_kw(unit, return_c))
            elif unit.source_location is None:
                others.append(heat_pump_kw(district, unit, supply_c, return_c))
            else:  # what it takes from the other circuit has been counted there
                others.append(heat_pump_kw(district, unit, supply_c, return_c) / _LIFT_COP)
    return boilers, others


def _unit_figures(district: District, year: _Year, peak_kw: float) -> list[SizeFigure]:
    boilers, others = _capacities_kw(district)
    capacities = [*boilers, *others]
    boilers_kw = sum(boilers)
    firm_kw = sum(capacities) - max(capacities, default=0.0)
    figures = [
        SizeFigure(
            "boilers over peak load",
            100.0 * boilers_kw / peak_kw,
            "%",
            100.0,
            None,
            "capacity of the boilers",
        ),
        SizeFigure(
            "capacity without the largest unit",
            100.0 * firm_kw / peak_kw,
            "%",
            100.0,
            None,
            "another boiler, or equal ones",
        ),
    ]
    stores_kwh = sum(_store_kwh(district, u) for u in district.units if isinstance(u, Store))
    if stores_kwh > 0.0:
        hours = stores_kwh / float(year.load.mean())
        figures.append(SizeFigure("stores over mean load", hours, "h", 4.0, 12.0, "volume_m3"))
    figures.extend(
        SizeFigure(
            f"design heat of {u.name}",
            u.heat_design_w_m2,
            "W/m2",
            150.0,
            300.0,
            "heat_design_w_m2",
        )
        for u in district.units
        if isinstance(u, Greenhouse)
    )
    figures.extend(_process_figures(district))
    return figures


def _process_figures(district: District) -> list[SizeFigure]:
    figures = []
    for unit in district.units:
        if isinstance(unit, BatchProcess):
            share = 100.0 * unit.duration_min / unit.interval_min
            figures.append(
                SizeFigure(
                    f"time in use of {unit.name}",
                    share,
                    "%",
                    None,
                    100.0,
                    "interval_min: charges come faster than they are done, and queue",
                )
            )
        elif isinstance(unit, Digester):
            burnt_kw = sum(
                u.capacity_kw / _fuel_efficiency(u)
                for u in district.units
                if isinstance(u, Boiler | Chp) and u.fuel_store == unit.name
            )
            mean_kw = unit.peak_gas_kw * float(hourly_level(unit.production).mean())
            figures.append(
                SizeFigure(
                    f"burners over mean gas of {unit.name}",
                    100.0 * burnt_kw / max(mean_kw, 1e-9),
                    "%",
                    100.0,
                    None,
                    "capacity of what burns its gas, or it is flared",
                )
            )
    return figures


def _fuel_efficiency(unit: Boiler | Chp) -> float:
    return unit.thermal_efficiency if isinstance(unit, Chp) else unit.efficiency_at_60c


def _store_kwh(district: District, store: Store) -> float:
    circuit = next((c for c in district.circuits if store.location in c.locations), None)
    if circuit is None:
        return 0.0
    span_k = store.full_temp_c - store.empty_temp_c
    heat_j_k = store.volume_m3 * circuit.density_kg_m3 * circuit.heat_capacity_j_kgk
    return heat_j_k * span_k / J_PER_KWH + (pcm_kwh(store.pcm, span_k) if store.pcm else 0.0)
