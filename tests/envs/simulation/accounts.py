"""The energy account of a district made from published columns and its description alone.

Exact for calls of one sub-step, whose ends are the temperatures that losses follow.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from heatrouter.envs.components.greenhouse import cover_conductances
from heatrouter.envs.simulation.demand import DAYLIGHT_W_M2
from heatrouter.envs.spec.consumer_units import Greenhouse, Substation
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    Digester,
    HeatPump,
    SolarThermal,
    Store,
    WasteHeatSource,
)

Columns = Mapping[str, int]
Column = Callable[[str], np.ndarray]
Flow = tuple[str, np.ndarray]


def boundary_flows(
    district: District, columns: Columns, outputs: np.ndarray
) -> dict[str, np.ndarray]:
    """Every flow over the district's boundary, kW, positive inwards.

    Args:
        district: The description.
        columns: Where the columns are.
        outputs: Of calls of one sub-step, shape (..., n_columns).
    """

    def column(name: str) -> np.ndarray:
        return np.asarray(outputs[..., columns[name]], dtype=np.float64)

    flows: dict[str, np.ndarray] = {}
    for unit in district.units:
        for name, flow in _of_unit(district, unit, column):
            flows[f"{unit.name}.{name}"] = flow
    for c in district.circuits:
        # the pump's hydraulic work ends in the water, the motor's loss does not
        flows[f"{c.name}.pumping"] = c.dp_control.efficiency * column(f"{c.name}.pump_power_kw")
        flows[f"{c.name}.loss"] = -column(f"{c.name}.loss_kw")
    return flows


def _of_unit(district: District, unit: Unit, column: Column) -> Iterator[Flow]:
    def of(name: str) -> np.ndarray:
        return column(f"{unit.name}.{name}")

    if isinstance(unit, WasteHeatSource | SolarThermal):
        yield "heat", of("heat_kw")
    elif isinstance(unit, HeatPump):
        yield "power", of("power_kw")
        if unit.source_location is None:
            yield "evaporator", of("evaporator_kw")
    elif isinstance(unit, Boiler | Chp):
        if unit.fuel_store:
            # its fuel is inside the district, so what the stack takes goes over the boundary
            yield "stack", of("heat_kw") - of("fuel_kw")
        else:
            yield "heat", of("heat_kw")
    elif isinstance(unit, Digester):
        yield "gas", of("gas_kw")
        yield "flare", -of("flared_kw")
    elif isinstance(unit, Store):
        yield "loss", -of("loss_kw")
    elif isinstance(unit, Substation):
        yield from _substation(district, unit, column)
    elif isinstance(unit, Greenhouse):
        yield from _greenhouse(unit, column)
    elif unit.kind in {"process_heat", "fab_heat", "batch_process"}:
        yield "heat", -of("heat_kw")


def _substation(district: District, unit: Substation, column: Column) -> Iterator[Flow]:
    b, design = unit.buildings, unit.space_heat_design_kw
    sun = column("site.irradiance_w_m2")
    yield "gains", design * (b.gain_share + b.solar_share_per_kw_m2 * sun / 1000.0)
    per_kelvin = design / (b.room_temp_c - district.site.design_temp_c)
    room = column(f"{unit.name}.room_temp_c")
    yield "leak", -per_kelvin * (room - column("site.ambient_temp_c"))
    yield "hot_water", -column(f"{unit.name}.hot_water_kw")


def _greenhouse(unit: Greenhouse, column: Column) -> Iterator[Flow]:
    area = unit.floor_area_m2
    sun, wind = column("site.irradiance_w_m2"), column("site.wind_speed_m_s")
    caught = unit.solar_gain_share * area * sun / 1000.0
    yield "sun", caught
    yield "lamps", unit.lamp_heat_share * column(f"{unit.name}.lamp_power_kw")
    yield "vapour", -unit.transpiration_share * caught
    yield "air", -column(f"{unit.name}.vent_kw")
    outside = [
        cover_conductances(
            unit.loss_w_m2k * area,
            unit.cover_ratio,
            float(w),
            unit.screen_saving,
            0.0 if s > DAYLIGHT_W_M2 else 1.0,
        )[1]
        for w, s in zip(wind.ravel(), sun.ravel(), strict=True)
    ]
    excess = column(f"{unit.name}.cover_temp_c") - column("site.ambient_temp_c")
    yield "cover", -np.reshape(outside, wind.shape) * excess / 1000.0
