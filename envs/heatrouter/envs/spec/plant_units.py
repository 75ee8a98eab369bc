"""Units that feed, lift or hold heat: waste-heat sources, heat pump, boiler, store, fab cooling."""

from typing import Literal

from pydantic import Field

from heatrouter.envs.spec.base import Described, Name


class Shift(Described):
    """Hours of one kind of day in which a process runs, local time."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(min_length=1)
    start_hour: float = Field(ge=0.0, lt=24.0)
    end_hour: float = Field(gt=0.0, le=24.0)
    level: float = Field(ge=0.0, le=1.0, description="share of full production")


class Production(Described):
    """When a process runs: shifts over an idle level, with outages."""

    idle_level: float = Field(0.0, ge=0.0, le=1.0, description="level outside all shifts")
    shifts: tuple[Shift, ...] = ()
    outages_per_year: float = Field(0.0, ge=0.0, le=200.0)
    outage_hours: float = Field(0.0, ge=0.0, le=2000.0, description="mean length of an outage")
    noise: float = Field(0.03, ge=0.0, le=0.5, description="standard deviation of the level")


class WasteHeatSource(Described):
    """A stream of waste heat behind a counterflow exchanger (epsilon-NTU)."""

    kind: Literal["waste_heat_source"]
    name: Name
    location: Name
    connection: Literal["return_to_supply", "return_to_return"] = "return_to_supply"
    inlet_location: Name | None = Field(
        None, description="return node that feeds a return_to_return unit"
    )
    stream_temp_c: float = Field(ge=15.0, le=1200.0, description="at full production")
    stream_capacity_kw_k: float = Field(gt=0.0, le=5000.0, description="m cp of the stream")
    min_exhaust_temp_c: float = Field(ge=5.0, le=400.0, description="e.g. acid dew point")
    reference_temp_c: float = Field(
        ge=5.0, le=400.0, description="T_ref of the available heat, fixed (MODEL 7)"
    )
    exchanger_ua_kw_k: float = Field(gt=0.0, le=5000.0)
    max_mass_flow_kg_s: float = Field(gt=0.0, le=2000.0)
    max_outlet_temp_c: float = Field(110.0, ge=20.0, le=180.0, description="of the network water")
    sink_power_ratio: float = Field(
        ge=0.0, le=0.5, description="electricity per heat that its own cooler rejects"
    )
    heat_price_eur_per_mwh: float = Field(0.0, ge=0.0, le=200.0, description="paid to the factory")
    ramp_share_per_min: float = Field(0.1, gt=0.0, le=10.0)
    min_run_min: float = Field(0.0, ge=0.0, le=1440.0)
    min_stop_min: float = Field(0.0, ge=0.0, le=1440.0)
    production: Production
    sizing: str = Field(description="source of the numbers, or 'hypothetical'")


class CoolingLoad(Described):
    """Cooling water of a fab that is always met, by heat pump or tower."""

    kind: Literal["cooling_load"]
    name: Name
    peak_kw: float = Field(gt=0.0, le=500_000.0)
    water_inlet_temp_c: float = Field(ge=5.0, le=80.0, description="warm water from the fab")
    water_outlet_temp_c: float = Field(ge=2.0, le=70.0, description="cooled water to the fab")
    tower_power_ratio: float = Field(ge=0.0, le=0.6, description="kW_el per kW rejected by tower")
    production: Production
    sizing: str


class HeatPump(Described):
    """A compression heat pump from a cooling load to the network (Lorenz COP times efficiency)."""

    kind: Literal["heat_pump"]
    name: Name
    location: Name
    source: Name = Field(description="name of the cooling_load that it cools")
    capacity_kw: float = Field(gt=0.0, le=200_000.0, description="heat at the sink")
    lorenz_efficiency: float = Field(0.5, gt=0.1, le=0.8)
    max_cop: float = Field(7.0, gt=1.0, le=12.0)
    max_sink_temp_c: float = Field(90.0, ge=30.0, le=180.0)
    min_load: float = Field(0.3, ge=0.0, le=1.0)
    max_mass_flow_kg_s: float = Field(gt=0.0, le=2000.0)
    ramp_share_per_min: float = Field(0.1, gt=0.0, le=10.0)
    min_run_min: float = Field(60.0, ge=0.0, le=1440.0)
    min_stop_min: float = Field(30.0, ge=0.0, le=1440.0)
    start_cost_eur: float = Field(ge=0.0, le=10_000.0)
    sizing: str


class Boiler(Described):
    """A condensing gas boiler whose efficiency depends on its return temperature."""

    kind: Literal["boiler"]
    name: Name
    location: Name
    capacity_kw: float = Field(gt=0.0, le=500_000.0)
    efficiency_at_35c: float = Field(0.97, gt=0.3, le=1.1, description="Hs, return 35 degC")
    efficiency_at_60c: float = Field(0.88, gt=0.3, le=1.1, description="Hs, return 60 degC")
    emission_factor_kg_mwh: float = Field(201.0, ge=0.0, le=1000.0, description="direct CO2, Hs")
    min_load: float = Field(0.1, ge=0.0, le=1.0)
    max_mass_flow_kg_s: float = Field(gt=0.0, le=2000.0)
    ramp_share_per_min: float = Field(0.1, gt=0.0, le=10.0)
    min_run_min: float = Field(30.0, ge=0.0, le=1440.0)
    min_stop_min: float = Field(15.0, ge=0.0, le=1440.0)
    start_cost_eur: float = Field(ge=0.0, le=10_000.0)
    sizing: str


class Store(Described):
    """A stratified hot-water tank between supply and return."""

    kind: Literal["store"]
    name: Name
    location: Name
    volume_m3: float = Field(gt=0.0, le=200_000.0)
    height_m: float = Field(gt=0.5, le=60.0)
    layers: int = Field(12, ge=3, le=64)
    loss_w_m2k: float = Field(0.25, ge=0.0, le=5.0)
    conductivity_w_mk: float = Field(1.2, ge=0.0, le=10.0, description="effective, with wall")
    max_mass_flow_kg_s: float = Field(gt=0.0, le=5000.0)
    full_temp_c: float = Field(ge=30.0, le=140.0, description="temperature of a full level")
    empty_temp_c: float = Field(ge=5.0, le=100.0, description="temperature of an empty level")
    sizing: str
