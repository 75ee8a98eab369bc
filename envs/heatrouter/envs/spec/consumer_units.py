"""Units that take heat: buildings, processes, batches, fabs, greenhouses."""

from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec.base import KIND, LATER, Described
from heatrouter.envs.spec.exchanger_design import HeatExchangerDesign
from heatrouter.envs.spec.production import Production
from heatrouter.envs.spec.unit_fields import (
    BypassFlowShare,
    BypassTemp,
    Sizing,
    UnitLocation,
    UnitName,
)


class Buildings(Described):
    """Thermal mass and loss of the buildings behind one substation."""

    room_temp_c: float = Field(
        21.0,
        ge=10.0,
        le=26.0,
        description="wanted by day; the design heat holds it on the design day without any gains",
    )
    night_setback_k: float = Field(
        1.0, ge=0.0, le=8.0, description="by which the wanted temperature is lower from 22 to 5 h"
    )
    time_constant_h: float = Field(90.0, ge=10.0, le=500.0, description="capacity over loss")
    gain_share: float = Field(
        0.12, ge=0.0, le=0.6, description="internal gains as share of the design loss"
    )
    solar_share_per_kw_m2: float = Field(
        0.25, ge=0.0, le=2.0, description="solar gain at 1 kW/m2 as share of the design loss"
    )


class Substation(Described):
    """A town quarter: space heating of buildings with mass, and hot water."""

    kind: Annotated[Literal["substation"], KIND]
    name: UnitName
    location: UnitLocation
    space_heat_design_kw: float = Field(gt=0.0, le=500_000.0, description="at the design day")
    space_heat_exchanger: HeatExchangerDesign = Field(
        description="at space_heat_design_kw; its secondary side are radiators"
    )
    secondary_slope_end_c: float = Field(
        20.0, ge=10.0, le=25.0, description="outdoor temperature where the heating curve ends"
    )
    hot_water_annual_mwh: float = Field(
        ge=0.0,
        le=1.0e6,
        description="drawn in 8760 h, by a daily course; 0 for none",
    )
    hot_water_exchanger: HeatExchangerDesign = Field(
        description="at the heat that gives hot_water_annual_mwh in 3000 h"
    )
    hot_water_floor_c: float = Field(
        60.0,
        ge=40.0,
        le=75.0,
        description="supply here must not be colder, for hot water; a limit that evaluations "
        "report",
    )
    bypass_temp_c: BypassTemp = 58.0
    bypass_flow_share: BypassFlowShare = 0.02
    buildings: Buildings = Field(description="what stands behind the substation")
    sizing: Sizing


class ProcessHeat(Described):
    """A process that takes heat, e.g. a fab's make-up air and ultrapure water."""

    kind: Annotated[Literal["process_heat"], KIND]
    name: UnitName
    location: UnitLocation
    base_kw: float = Field(ge=0.0, le=500_000.0, description="independent of the weather")
    weather_kw_k: float = Field(ge=0.0, le=50_000.0, description="per kelvin below weather_end_c")
    weather_end_c: float = Field(
        14.0,
        ge=-20.0,
        le=30.0,
        description="outdoor temperature from which up only base_kw is left",
    )
    exchanger: HeatExchangerDesign = Field(description="at full production on the design day")
    bypass_temp_c: BypassTemp = 50.0
    bypass_flow_share: BypassFlowShare = 0.02
    production: Production = Field(description="its level scales the whole demand")
    sizing: Sizing


class BatchProcess(Described):
    """Charges that the network preheats and a burner or electric heater brings to temperature.

    A charge becomes due each interval while the production level is at least 0.5, starts when it
    is released, and no later than ``slack_min`` after it was due.
    """

    kind: Annotated[Literal["batch_process"], KIND]
    name: UnitName
    location: UnitLocation
    charge_kg: float = Field(gt=0.0, le=1.0e6, description="mass of one charge")
    heat_capacity_kj_kgk: float = Field(gt=0.05, le=10.0, description="of the charge, mean")
    start_temp_c: float = Field(ge=-20.0, le=100.0, description="of a charge that comes in")
    target_temp_c: float = Field(
        ge=20.0,
        le=1700.0,
        description="of a charge that is done; what the preheat lacks, the fuel gives",
    )
    duration_min: float = Field(ge=1.0, le=2880.0, description="from release to target")
    interval_min: float = Field(ge=5.0, le=10_080.0, description="between charges that become due")
    slack_min: float = Field(ge=0.0, le=10_080.0, description="latest start after a charge is due")
    preheat_approach_k: float = Field(
        10.0, ge=1.0, le=60.0, description="by which the charge stays below the network's water"
    )
    exchanger: HeatExchangerDesign = Field(
        description="of the preheater, at the mean heat that it can bring a charge"
    )
    fuel: Literal["gas", "electricity"] = Field(
        "gas",
        description="of what heats on from the preheat; gas and electricity cost what they "
        "cost boilers",
    )
    fuel_efficiency: float = Field(ge=0.1, le=1.1, description="heat in the charge over fuel, Hs")
    emission_factor_kg_mwh: float = Field(
        201.0,
        ge=0.0,
        le=1000.0,
        description="direct CO2 of the fuel, Hs; electricity has the grid's",
    )
    bypass_temp_c: BypassTemp = 50.0
    bypass_flow_share: BypassFlowShare = 0.02
    production: Production = Field(description="charges become due while its level is 0.5 or more")
    sizing: Sizing


class FabHeat(Described):
    """Make-up air and ultrapure water of a chip fab, preheated by the network.

    Air comes in at the ambient temperature, raw water at that of the ground.
    """

    kind: Annotated[Literal["fab_heat"], KIND]
    name: UnitName
    location: UnitLocation
    make_up_air_m3_s: float = Field(ge=0.0, le=5000.0, description="at full production")
    make_up_air_temp_c: float = Field(12.0, ge=5.0, le=30.0, description="after the preheater")
    ultrapure_water_kg_s: float = Field(ge=0.0, le=2000.0, description="at full production")
    ultrapure_water_temp_c: float = Field(
        23.0, ge=10.0, le=80.0, description="to which raw water is heated"
    )
    exchanger: HeatExchangerDesign = Field(description="at full production on the design day")
    bypass_temp_c: BypassTemp = 50.0
    bypass_flow_share: BypassFlowShare = 0.02
    production: Production = Field(description="its level scales the whole demand")
    sizing: Sizing


class Greenhouse(Described):
    """A greenhouse with its own air and cover, heated by pipe rails from the network."""

    kind: Annotated[Literal["greenhouse"], KIND]
    name: UnitName
    location: UnitLocation
    floor_area_m2: float = Field(
        gt=0.0, le=2.0e6, description="under the cover; all figures per m2 are per m2 of it"
    )
    heat_design_w_m2: float = Field(
        ge=20.0,
        le=400.0,
        description="most heat of the pipe rails, at their design temperatures and 18 degC of air",
    )
    loss_w_m2k: float = Field(
        6.0, gt=0.5, le=15.0, description="lumped through the cover at design wind, per m2 floor"
    )
    screen_saving: float = Field(0.25, ge=0.0, le=0.8, description="loss cut by the night screen")
    heat_capacity_kj_m2k: float = Field(60.0, gt=5.0, le=1000.0, description="air, crop, floor top")
    solar_gain_share: float = Field(0.35, ge=0.0, le=0.8, description="of outside irradiance")
    design_supply_c: float = Field(
        ge=30.0,
        le=100.0,
        description="of the rails at heat_design_w_m2; the network has to be at least as hot",
    )
    design_return_c: float = Field(ge=20.0, le=80.0, description="of the rails at heat_design_w_m2")
    max_flow_ratio: float = Field(
        2.0, ge=1.0, le=5.0, description="largest flow over the design flow (Kv limit)"
    )
    day_temp_c: float = Field(
        19.5,
        ge=5.0,
        le=30.0,
        description="wanted air temperature in daylight, before the offset that is commanded",
    )
    night_temp_c: float = Field(18.5, ge=5.0, le=30.0, description="the same in the dark")
    vent_above_k: float = Field(
        5.0,
        ge=0.5,
        le=15.0,
        description="vents open this far above the wanted temperature without offset",
    )
    vent_max_w_m2k: float = Field(
        60.0, ge=0.0, le=500.0, description="heat that wide-open vents carry out, per m2 floor"
    )
    crop_min_c: float = Field(10.0, ge=0.0, le=25.0, description="instantaneous limit")
    crop_max_c: float = Field(34.0, ge=20.0, le=50.0, description="instantaneous limit")
    crop_mean_min_c: float = Field(15.0, ge=0.0, le=25.0, description="24 h mean limit")
    crop_mean_max_c: float = Field(24.5, ge=15.0, le=40.0, description="24 h mean limit")
    offset_max_k: float = Field(3.0, ge=0.0, le=8.0, description="range of the set-point offset")
    bypass_temp_c: BypassTemp = 45.0
    bypass_flow_share: BypassFlowShare = 0.02
    cover_ratio: Annotated[float, LATER] = Field(
        1.29, ge=1.0, le=3.0, description="area of the cover over that of the floor"
    )
    cover_capacity_kj_m2k: Annotated[float, LATER] = Field(
        15.0, ge=1.0, le=200.0, description="heat capacity of the cover per m2 floor"
    )
    leakage_w_m2k: Annotated[float, LATER] = Field(
        0.6, ge=0.0, le=5.0, description="by air that leaks, beside loss_w_m2k, per m2 floor"
    )
    transpiration_share: Annotated[float, LATER] = Field(
        0.5, ge=0.0, le=0.9, description="of absorbed sun, leaves as vented latent heat"
    )
    lamp_w_m2: Annotated[float, LATER] = Field(
        0.0, ge=0.0, le=400.0, description="electricity of the lamps per m2 floor"
    )
    lamp_heat_share: Annotated[float, LATER] = Field(
        0.75, ge=0.0, le=1.0, description="of the lamps' electricity that heats the air"
    )
    lamp_start_h: Annotated[float, LATER] = Field(2.0, ge=0.0, lt=24.0, description="local time")
    lamp_end_h: Annotated[float, LATER] = Field(18.0, gt=0.0, le=24.0, description="local time")
    lamp_below_w_m2: Annotated[float, LATER] = Field(
        150.0, ge=0.0, le=1000.0, description="lamps are on below this irradiance"
    )
    sizing: Sizing


Consumer = Substation | ProcessHeat | BatchProcess | FabHeat | Greenhouse
"""Whatever cools network water, besides links to other circuits."""

__all__ = [
    "BatchProcess",
    "Buildings",
    "Consumer",
    "FabHeat",
    "Greenhouse",
    "HeatExchangerDesign",
    "ProcessHeat",
    "Substation",
]
