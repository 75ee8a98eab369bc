"""Unit data as SI arrays, grouped by kind, for the compiled kernel."""

from typing import NamedTuple

from heatrouter.envs.arrays import FloatArray, IntArray


class Sources(NamedTuple):
    """Waste-heat sources; all arrays ``(n,)``, W and K."""

    location: IntArray
    inlet_location: IntArray
    to_return: IntArray
    stream_temp: FloatArray
    stream_capacity: FloatArray
    min_exhaust: FloatArray
    reference_temp: FloatArray
    ua: FloatArray
    max_flow: FloatArray
    max_outlet: FloatArray
    sink_ratio: FloatArray
    ramp: FloatArray
    level_series: IntArray
    set_point: IntArray
    column: IntArray


class Coolings(NamedTuple):
    """Cooling loads."""

    peak: FloatArray
    inlet_temp: FloatArray
    outlet_temp: FloatArray
    tower_ratio: FloatArray
    level_series: IntArray
    column: IntArray


class HeatPumps(NamedTuple):
    """Heat pumps."""

    location: IntArray
    cooling: IntArray
    capacity: FloatArray
    efficiency: FloatArray
    max_cop: FloatArray
    max_sink: FloatArray
    min_load: FloatArray
    max_flow: FloatArray
    ramp: FloatArray
    set_point: IntArray
    column: IntArray


class Boilers(NamedTuple):
    """Boilers; ``balance_rank`` is -1 where a boiler does not balance."""

    location: IntArray
    capacity: FloatArray
    efficiency_35: FloatArray
    efficiency_60: FloatArray
    min_load: FloatArray
    max_flow: FloatArray
    ramp: FloatArray
    min_run: FloatArray
    set_point: IntArray
    column: IntArray


class Stores(NamedTuple):
    """Stores."""

    location: IntArray
    layers: IntArray
    layer_mass: FloatArray
    layer_loss: FloatArray
    conductance: FloatArray
    max_flow: FloatArray
    full_temp: FloatArray
    empty_temp: FloatArray
    column: IntArray


class Consumers(NamedTuple):
    """All consumers: substations first, then process heat, then greenhouses.

    Design data of the main exchanger; the second one (hot water) belongs to substations only.
    """

    location: IntArray
    kind: IntArray
    design_heat: FloatArray
    primary_design: FloatArray
    secondary_design: FloatArray
    secondary_supply: FloatArray
    secondary_return: FloatArray
    ua: FloatArray
    max_flow: FloatArray
    hot_primary_design: FloatArray
    hot_secondary_design: FloatArray
    hot_ua: FloatArray
    hot_max_flow: FloatArray
    hot_inlet: FloatArray
    hot_outlet: FloatArray
    bypass_temp: FloatArray
    bypass_flow: FloatArray
    valve_resistance: FloatArray
    hot_design_heat: FloatArray
    column: IntArray


class Rooms(NamedTuple):
    """Buildings behind substations, ``(n_substations,)``."""

    set_temp: FloatArray
    setback: FloatArray
    loss: FloatArray
    capacity: FloatArray
    gains: FloatArray
    solar: FloatArray
    curve_end: FloatArray
    hot_water_series: IntArray


class Processes(NamedTuple):
    """Process demands, ``(n_processes,)``."""

    base: FloatArray
    per_kelvin: FloatArray
    weather_end: FloatArray
    level_series: IntArray


class Greenhouses(NamedTuple):
    """Greenhouses, ``(n_greenhouses,)``, totals over the floor area."""

    loss: FloatArray
    screen: FloatArray
    capacity: FloatArray
    solar: FloatArray
    day_temp: FloatArray
    night_temp: FloatArray
    vent_above: FloatArray
    vent_max: FloatArray
    crop_min: FloatArray
    crop_max: FloatArray
    mean_min: FloatArray
    mean_max: FloatArray
    set_point: IntArray


class Circuits(NamedTuple):
    """Circuits, ``(n_circuits,)``."""

    min_dp: FloatArray
    max_head: FloatArray
    head_drop: FloatArray
    pump_efficiency: FloatArray
    supply_min: FloatArray
    supply_max: FloatArray
    ramp: FloatArray
    density: FloatArray
    cp: FloatArray
    set_point: IntArray
    column: IntArray
    store_of: IntArray
    boiler_order: IntArray


class Parameters(NamedTuple):
    """Everything the kernel knows of the units."""

    sources: Sources
    coolings: Coolings
    heat_pumps: HeatPumps
    boilers: Boilers
    stores: Stores
    consumers: Consumers
    rooms: Rooms
    processes: Processes
    greenhouses: Greenhouses
    circuits: Circuits
    site_series: IntArray
    design_temp: float
    energy_column: int
