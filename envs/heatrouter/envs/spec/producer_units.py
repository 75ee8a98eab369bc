"""Units that feed heat into a network: waste heat, solar, heat pumps, boilers, CHP, links."""

from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec.base import KIND, LATER, Described, Name
from heatrouter.envs.spec.exchanger_design import DryCooler, HeatExchangerDesign
from heatrouter.envs.spec.production import Production
from heatrouter.envs.spec.unit_fields import (
    MaxMassFlow,
    MinRun,
    MinStop,
    Ramp,
    Sizing,
    StartCost,
    UnitLocation,
    UnitName,
)


class WasteHeatSource(Described):
    """A stream of waste heat behind a counterflow exchanger (epsilon-NTU)."""

    kind: Annotated[Literal["waste_heat_source"], KIND]
    name: UnitName
    location: UnitLocation
    connection: Literal["return_to_supply", "return_to_return", "supply_to_supply"] = Field(
        "return_to_supply",
        description="return_to_supply lifts return water to the supply; return_to_return and "
        "supply_to_supply warm one line between two locations (preheater, booster)",
    )
    inlet_location: Name | None = Field(
        None,
        description="return node that feeds a return_to_return unit, supply node that feeds a "
        "supply_to_supply unit (booster)",
    )
    stream_temp_c: float = Field(
        ge=15.0, le=1200.0, description="before the exchanger, at any level"
    )
    stream_capacity_kw_k: float = Field(
        gt=0.0, le=5000.0, description="m cp of the stream at full production"
    )
    min_exhaust_temp_c: float = Field(
        ge=5.0, le=400.0, description="the stream is cooled no further, e.g. acid dew point"
    )
    reference_temp_c: float = Field(
        ge=5.0,
        le=400.0,
        description="T_ref from which available heat counts, whatever the controller does",
    )
    exchanger_ua_kw_k: float = Field(
        gt=0.0,
        le=5000.0,
        description="of the clean exchanger, constant; higher comes closer to the stream's "
        "temperature",
    )
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
    min_run_min: MinRun = 0.0
    min_stop_min: MinStop = 0.0
    production: Production = Field(
        description="its level scales the stream's capacity flow; the stream's temperature stays"
    )
    sizing: Sizing


class SolarThermal(Described):
    """A collector field: eta = eta_0 - a_1 dT/G - a_2 dT^2/G (ISO 9806)."""

    kind: Annotated[Literal["solar_thermal"], KIND]
    name: UnitName
    location: UnitLocation
    area_m2: float = Field(gt=0.0, le=1.0e6, description="gross collector area")
    zero_loss_efficiency: float = Field(
        0.8,
        ge=0.2,
        le=0.95,
        description="eta_0, heat over irradiance on the plane where water is as cold as the air",
    )
    loss_a1_w_m2k: float = Field(
        3.0, ge=0.0, le=15.0, description="a_1 per gross area, linear in water over air"
    )
    loss_a2_w_m2k2: float = Field(
        0.01, ge=0.0, le=0.1, description="a_2 per gross area, quadratic in water over air"
    )
    plane_ratio: float = Field(
        1.1, ge=0.5, le=2.0, description="irradiance on the plane over global horizontal"
    )
    max_mass_flow_kg_s: MaxMassFlow
    max_outlet_temp_c: float = Field(95.0, ge=20.0, le=180.0, description="of the network water")
    ramp_share_per_min: Ramp = 0.2
    sizing: Sizing


class HeatPump(Described):
    """A compression heat pump (Lorenz COP times efficiency) with one of three kinds of source.

    ``source``: a cooling load whose water it cools. ``source_location``: supply water of another
    circuit, cooled into its return. ``source_medium``: air or ground.
    """

    kind: Annotated[Literal["heat_pump"], KIND]
    name: UnitName
    location: UnitLocation
    source: Name | None = Field(None, description="name of the cooling_load that it cools")
    source_location: Annotated[Name | None, LATER] = Field(
        None, description="location of another circuit whose supply it cools into its return"
    )
    source_medium: Annotated[Literal["air", "ground"] | None, LATER] = Field(
        None,
        description="outdoor air or ground; exactly one of source, source_location and this "
        "is given",
    )
    source_spread_k: Annotated[float, LATER] = Field(
        8.0, gt=0.0, le=40.0, description="by which the source's water is cooled"
    )
    source_min_temp_c: Annotated[float, LATER] = Field(
        -15.0, ge=-40.0, le=80.0, description="of the source; below it the unit stands still"
    )
    capacity_kw: float = Field(gt=0.0, le=200_000.0, description="heat at the sink")
    lorenz_efficiency: float = Field(
        0.5,
        gt=0.1,
        le=0.8,
        description="COP over that of an ideal Lorenz cycle between the same temperatures",
    )
    max_cop: float = Field(
        7.0,
        gt=1.0,
        le=12.0,
        description="above which the COP does not rise, however small the lift is",
    )
    max_sink_temp_c: float = Field(
        90.0,
        ge=30.0,
        le=180.0,
        description="hottest water it makes; with a return less than 2 K below, it stands still",
    )
    min_load: float = Field(
        0.3,
        ge=0.0,
        le=1.0,
        description="least heat while it runs, over capacity_kw; a smaller set-point means off",
    )
    max_mass_flow_kg_s: MaxMassFlow
    ramp_share_per_min: Ramp = 0.1
    min_run_min: MinRun = 60.0
    min_stop_min: MinStop = 30.0
    start_cost_eur: StartCost
    sizing: Sizing


class Boiler(Described):
    """A boiler whose efficiency depends on its return temperature.

    Condensing gas boilers by default; for wood and electrodes give both efficiencies alike.
    """

    kind: Annotated[Literal["boiler"], KIND]
    name: UnitName
    location: UnitLocation
    connection: Annotated[Literal["return_to_supply", "supply_to_supply"], LATER] = Field(
        "return_to_supply",
        description="return_to_supply lifts return water to the supply; supply_to_supply "
        "warms supply water between two locations (booster)",
    )
    inlet_location: Annotated[Name | None, LATER] = Field(
        None, description="supply node that feeds a supply_to_supply unit (booster)"
    )
    fuel: Annotated[Literal["gas", "wood", "biogas", "electricity"], LATER] = Field(
        "gas",
        description="gas costs its series and fee, electricity likewise, wood and biogas "
        "fuel_price_eur_per_mwh",
    )
    fuel_store: Annotated[Name | None, LATER] = Field(
        None, description="the digester that a biogas boiler burns from"
    )
    fuel_price_eur_per_mwh: Annotated[float | None, LATER] = Field(
        None, ge=0.0, le=500.0, description="of wood, Hs; of biogas where it costs something"
    )
    capacity_kw: float = Field(gt=0.0, le=500_000.0, description="heat at full load")
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
    min_load: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description="least heat while it runs, over capacity_kw; a smaller set-point means off",
    )
    max_mass_flow_kg_s: MaxMassFlow
    ramp_share_per_min: Ramp = 0.1
    min_run_min: MinRun = 30.0
    min_stop_min: MinStop = 15.0
    start_cost_eur: StartCost
    sizing: Sizing


class Chp(Described):
    """A combined heat and power engine; electricity is sold at the exchange price."""

    kind: Annotated[Literal["chp"], KIND]
    name: UnitName
    location: UnitLocation
    fuel: Literal["gas", "biogas"] = Field(
        "gas", description="gas costs its series and fee; biogas comes from fuel_store"
    )
    fuel_store: Name | None = Field(
        None, description="the digester that a biogas engine burns from"
    )
    capacity_kw: float = Field(gt=0.0, le=200_000.0, description="heat")
    thermal_efficiency: float = Field(ge=0.3, le=0.7, description="heat over fuel, Hs")
    electric_efficiency: float = Field(ge=0.15, le=0.55, description="at full load, Hs")
    electric_efficiency_min_load: float = Field(ge=0.15, le=0.55, description="at min_load, Hs")
    emission_factor_kg_mwh: float = Field(201.0, ge=0.0, le=1000.0, description="direct CO2, Hs")
    min_load: float = Field(
        0.5,
        ge=0.3,
        le=1.0,
        description="least heat while it runs, over capacity_kw; a smaller set-point means off",
    )
    max_mass_flow_kg_s: MaxMassFlow
    max_outlet_temp_c: float = Field(90.0, ge=30.0, le=140.0, description="of the network water")
    ramp_share_per_min: Ramp = 0.1
    min_run_min: MinRun = 60.0
    min_stop_min: MinStop = 30.0
    start_cost_eur: StartCost
    sizing: Sizing


class HeatExchanger(Described):
    """A link: an exchanger that takes heat from one circuit (primary) into another (secondary)."""

    kind: Annotated[Literal["heat_exchanger"], KIND]
    name: UnitName
    location: Name = Field(description="in the circuit that is fed (secondary)")
    primary_location: Name = Field(description="in the circuit that feeds")
    capacity_kw: float = Field(
        gt=0.0, le=500_000.0, description="heat at the design point, and the most that it passes"
    )
    exchanger: HeatExchangerDesign = Field(
        description="its design point; the circuit that feeds is the primary side"
    )
    ramp_share_per_min: Ramp = 0.2
    sizing: Sizing


Producer = WasteHeatSource | SolarThermal | HeatPump | Boiler | Chp | HeatExchanger
"""Whatever heats network water."""
