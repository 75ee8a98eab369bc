"""Units that take heat: substations with buildings, process heat, greenhouses."""

from typing import Literal

from pydantic import Field

from heatrouter.envs.spec.base import Described, Name
from heatrouter.envs.spec.plant_units import Production


class HeatExchangerDesign(Described):
    """Design point of a counterflow substation exchanger; UA follows from it (LMTD)."""

    primary_supply_c: float = Field(ge=30.0, le=140.0)
    primary_return_c: float = Field(ge=10.0, le=120.0)
    secondary_supply_c: float = Field(ge=20.0, le=130.0)
    secondary_return_c: float = Field(ge=5.0, le=110.0)
    max_flow_ratio: float = Field(
        2.6, ge=1.0, le=5.0, description="largest primary flow over the design flow (Kv limit)"
    )


class Buildings(Described):
    """Thermal mass and loss of the buildings behind one substation."""

    room_temp_c: float = Field(21.0, ge=10.0, le=26.0)
    night_setback_k: float = Field(1.0, ge=0.0, le=8.0)
    time_constant_h: float = Field(90.0, ge=10.0, le=500.0, description="capacity over loss")
    gain_share: float = Field(
        0.12, ge=0.0, le=0.6, description="internal gains as share of the design loss"
    )
    solar_share_per_kw_m2: float = Field(
        0.25, ge=0.0, le=2.0, description="solar gain at 1 kW/m2 as share of the design loss"
    )


class Substation(Described):
    """A town quarter: space heating of buildings with mass, and hot water."""

    kind: Literal["substation"]
    name: Name
    location: Name
    space_heat_design_kw: float = Field(gt=0.0, le=500_000.0, description="at the design day")
    space_heat_exchanger: HeatExchangerDesign
    secondary_slope_end_c: float = Field(
        20.0, ge=10.0, le=25.0, description="outdoor temperature where the heating curve ends"
    )
    hot_water_annual_mwh: float = Field(ge=0.0, le=1.0e6)
    hot_water_exchanger: HeatExchangerDesign
    hot_water_floor_c: float = Field(60.0, ge=40.0, le=75.0)
    bypass_temp_c: float = Field(58.0, ge=20.0, le=80.0, description="thermostatic bypass opens")
    bypass_flow_share: float = Field(0.02, ge=0.0, le=0.3, description="of the design flow")
    buildings: Buildings
    sizing: str


class ProcessHeat(Described):
    """A process that takes heat, e.g. a fab's make-up air and ultrapure water."""

    kind: Literal["process_heat"]
    name: Name
    location: Name
    base_kw: float = Field(ge=0.0, le=500_000.0, description="independent of the weather")
    weather_kw_k: float = Field(ge=0.0, le=50_000.0, description="per kelvin below weather_end_c")
    weather_end_c: float = Field(14.0, ge=-20.0, le=30.0)
    exchanger: HeatExchangerDesign
    bypass_temp_c: float = Field(50.0, ge=20.0, le=80.0)
    bypass_flow_share: float = Field(0.02, ge=0.0, le=0.3)
    production: Production
    sizing: str


class Greenhouse(Described):
    """A greenhouse with its own air node, heated by pipe rails from the network."""

    kind: Literal["greenhouse"]
    name: Name
    location: Name
    floor_area_m2: float = Field(gt=0.0, le=2.0e6)
    heat_design_w_m2: float = Field(ge=20.0, le=400.0)
    loss_w_m2k: float = Field(6.0, gt=0.5, le=15.0, description="lumped, per m2 floor")
    screen_saving: float = Field(0.25, ge=0.0, le=0.8, description="loss cut by the night screen")
    heat_capacity_kj_m2k: float = Field(60.0, gt=5.0, le=1000.0, description="air, crop, floor top")
    solar_gain_share: float = Field(0.35, ge=0.0, le=0.8, description="of outside irradiance")
    design_supply_c: float = Field(ge=30.0, le=100.0)
    design_return_c: float = Field(ge=20.0, le=80.0)
    max_flow_ratio: float = Field(2.0, ge=1.0, le=5.0)
    day_temp_c: float = Field(19.5, ge=5.0, le=30.0)
    night_temp_c: float = Field(18.5, ge=5.0, le=30.0)
    vent_above_k: float = Field(5.0, ge=0.5, le=15.0)
    vent_max_w_m2k: float = Field(60.0, ge=0.0, le=500.0)
    crop_min_c: float = Field(10.0, ge=0.0, le=25.0, description="instantaneous limit")
    crop_max_c: float = Field(34.0, ge=20.0, le=50.0, description="instantaneous limit")
    crop_mean_min_c: float = Field(15.0, ge=0.0, le=25.0, description="24 h mean limit")
    crop_mean_max_c: float = Field(24.5, ge=15.0, le=40.0, description="24 h mean limit")
    offset_max_k: float = Field(3.0, ge=0.0, le=8.0, description="range of the set-point offset")
    bypass_temp_c: float = Field(45.0, ge=20.0, le=80.0)
    bypass_flow_share: float = Field(0.02, ge=0.0, le=0.3)
    sizing: str
