"""Units that feed heat into a network: waste heat, solar, heat pumps, boilers, CHP, links."""

from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec.base import LATER, Described, Name
from heatrouter.envs.spec.exchanger_design import DryCooler, HeatExchangerDesign
from heatrouter.envs.spec.production import Production

MaxMassFlow = Annotated[float, Field(gt=0.0, le=2000.0)]
"""kg/s of network water."""

Ramp = Annotated[float, Field(gt=0.0, le=10.0)]
"""Share of the capacity by which the heat may change in a minute."""

Dwell = Annotated[float, Field(ge=0.0, le=1440.0)]
"""Minutes that a unit keeps running, or standing, at least."""

StartCost = Annotated[float, Field(ge=0.0, le=10_000.0)]
"""EUR of wear and fuel for each start."""


class WasteHeatSource(Described):
    """A stream of waste heat behind a counterflow exchanger (epsilon-NTU)."""

    kind: Literal["waste_heat_source"]
    name: Name
    location: Name
    connection: Literal["return_to_supply", "return_to_return", "supply_to_supply"] = (
        "return_to_supply"
    )
    inlet_location: Name | None = Field(
        None,
        description="return node that feeds a return_to_return unit, supply node that feeds a "
        "supply_to_supply unit (booster)",
    )
    stream_temp_c: float = Field(ge=15.0, le=1200.0, description="at full production")
    stream_capacity_kw_k: float = Field(gt=0.0, le=5000.0, description="m cp of the stream")
    min_exhaust_temp_c: float = Field(ge=5.0, le=400.0, description="e.g. acid dew point")
    reference_temp_c: float = Field(
        ge=5.0, le=400.0, description="T_ref of the available heat, fixed (MODEL 7)"
    )
    exchanger_ua_kw_k: float = Field(gt=0.0, le=5000.0)
    max_mass_flow_kg_s: MaxMassFlow
    max_outlet_temp_c: float = Field(110.0, ge=20.0, le=180.0, description="of the network water")
    sink_power_ratio: float = Field(
        ge=0.0, le=0.5, description="electricity per heat that its own cooler rejects"
    )
    dry_cooler: Annotated[DryCooler | None, LATER] = Field(
        None, description="takes the place of sink_power_ratio, which is then 0"
    )
    heat_price_eur_per_mwh: float = Field(0.0, ge=0.0, le=200.0, description="paid to the factory")
    ramp_share_per_min: Ramp = 0.1
    min_run_min: Dwell = 0.0
    min_stop_min: Dwell = 0.0
    production: Production
    sizing: str = Field(description="source of the numbers, or 'hypothetical'")


class SolarThermal(Described):
    """A collector field: eta = eta_0 - a_1 dT/G - a_2 dT^2/G (ISO 9806)."""

    kind: Literal["solar_thermal"]
    name: Name
    location: Name
    area_m2: float = Field(gt=0.0, le=1.0e6, description="gross collector area")
    zero_loss_efficiency: float = Field(0.8, ge=0.2, le=0.95)
    loss_a1_w_m2k: float = Field(3.0, ge=0.0, le=15.0)
    loss_a2_w_m2k2: float = Field(0.01, ge=0.0, le=0.1)
    plane_ratio: float = Field(
        1.1, ge=0.5, le=2.0, description="irradiance on the plane over global horizontal"
    )
    max_mass_flow_kg_s: MaxMassFlow
    max_outlet_temp_c: float = Field(95.0, ge=20.0, le=180.0, description="of the network water")
    ramp_share_per_min: Ramp = 0.2
    sizing: str


class HeatPump(Described):
    """A compression heat pump (Lorenz COP times efficiency) with one of three kinds of source.

    ``source``: a cooling load whose water it cools. ``source_location``: supply water of another
    circuit, cooled into its return. ``source_medium``: air or ground.
    """

    kind: Literal["heat_pump"]
    name: Name
    location: Name
    source: Name | None = Field(None, description="name of the cooling_load that it cools")
    source_location: Annotated[Name | None, LATER] = Field(
        None, description="location of another circuit whose supply it cools into its return"
    )
    source_medium: Annotated[Literal["air", "ground"] | None, LATER] = None
    source_spread_k: Annotated[float, LATER] = Field(
        8.0, gt=0.0, le=40.0, description="by which the source's water is cooled"
    )
    source_min_temp_c: Annotated[float, LATER] = Field(
        -15.0, ge=-40.0, le=80.0, description="of the source; below it the unit stands still"
    )
    capacity_kw: float = Field(gt=0.0, le=200_000.0, description="heat at the sink")
    lorenz_efficiency: float = Field(0.5, gt=0.1, le=0.8)
    max_cop: float = Field(7.0, gt=1.0, le=12.0)
    max_sink_temp_c: float = Field(90.0, ge=30.0, le=180.0)
    min_load: float = Field(0.3, ge=0.0, le=1.0)
    max_mass_flow_kg_s: MaxMassFlow
    ramp_share_per_min: Ramp = 0.1
    min_run_min: Dwell = 60.0
    min_stop_min: Dwell = 30.0
    start_cost_eur: StartCost
    sizing: str


class Boiler(Described):
    """A boiler whose efficiency depends on its return temperature.

    Condensing gas boilers by default; for wood and electrodes give both efficiencies alike.
    """

    kind: Literal["boiler"]
    name: Name
    location: Name
    connection: Annotated[Literal["return_to_supply", "supply_to_supply"], LATER] = (
        "return_to_supply"
    )
    inlet_location: Annotated[Name | None, LATER] = Field(
        None, description="supply node that feeds a supply_to_supply unit (booster)"
    )
    fuel: Annotated[Literal["gas", "wood", "biogas", "electricity"], LATER] = "gas"
    fuel_store: Annotated[Name | None, LATER] = Field(
        None, description="the digester that a biogas boiler burns from"
    )
    fuel_price_eur_per_mwh: Annotated[float | None, LATER] = Field(
        None, ge=0.0, le=500.0, description="of wood, Hs; of biogas where it costs something"
    )
    capacity_kw: float = Field(gt=0.0, le=500_000.0)
    efficiency_at_35c: float = Field(0.97, gt=0.3, le=1.1, description="Hs, return 35 degC")
    efficiency_at_60c: float = Field(0.88, gt=0.3, le=1.1, description="Hs, return 60 degC")
    standby_loss_share: Annotated[float, LATER] = Field(
        0.0, ge=0.0, le=0.1, description="of the capacity, lost as fuel heat while it runs"
    )
    emission_factor_kg_mwh: float = Field(
        201.0,
        ge=0.0,
        le=1000.0,
        description="direct CO2 of the fuel, Hs; electricity has the grid's",
    )
    min_load: float = Field(0.1, ge=0.0, le=1.0)
    max_mass_flow_kg_s: MaxMassFlow
    ramp_share_per_min: Ramp = 0.1
    min_run_min: Dwell = 30.0
    min_stop_min: Dwell = 15.0
    start_cost_eur: StartCost
    sizing: str


class Chp(Described):
    """A combined heat and power engine; electricity is sold at the exchange price."""

    kind: Literal["chp"]
    name: Name
    location: Name
    fuel: Literal["gas", "biogas"] = "gas"
    fuel_store: Name | None = Field(
        None, description="the digester that a biogas engine burns from"
    )
    capacity_kw: float = Field(gt=0.0, le=200_000.0, description="heat")
    thermal_efficiency: float = Field(ge=0.3, le=0.7, description="heat over fuel, Hs")
    electric_efficiency: float = Field(ge=0.15, le=0.55, description="at full load, Hs")
    electric_efficiency_min_load: float = Field(ge=0.15, le=0.55, description="at min_load, Hs")
    emission_factor_kg_mwh: float = Field(201.0, ge=0.0, le=1000.0, description="direct CO2, Hs")
    min_load: float = Field(0.5, ge=0.3, le=1.0)
    max_mass_flow_kg_s: MaxMassFlow
    max_outlet_temp_c: float = Field(90.0, ge=30.0, le=140.0, description="of the network water")
    ramp_share_per_min: Ramp = 0.1
    min_run_min: Dwell = 60.0
    min_stop_min: Dwell = 30.0
    start_cost_eur: StartCost
    sizing: str


class HeatExchanger(Described):
    """A link: an exchanger that takes heat from one circuit (primary) into another (secondary)."""

    kind: Literal["heat_exchanger"]
    name: Name
    location: Name = Field(description="in the circuit that is fed (secondary)")
    primary_location: Name = Field(description="in the circuit that feeds")
    capacity_kw: float = Field(gt=0.0, le=500_000.0)
    exchanger: HeatExchangerDesign
    ramp_share_per_min: Ramp = 0.2
    sizing: str


Producer = WasteHeatSource | SolarThermal | HeatPump | Boiler | Chp | HeatExchanger
"""Whatever heats network water."""
