"""Locations, pipe pairs and circuits of a district heat network."""

from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec.base import LATER, Described, Name


class Location(Described):
    """A place where pipes meet or a unit is connected; it has a supply and a return node."""

    name: Name = Field(description="by which units, pipes and circuits refer to it")
    x_m: float = Field(description="east coordinate of the drawing, m")
    y_m: float = Field(description="north coordinate of the drawing, m")


class PipeSeries(Described):
    """Dimensions and heat resistance shared by pipes of one nominal size."""

    name: Name = Field(description="by which pipes refer to it")
    inner_diameter_m: float = Field(
        gt=0.005, le=2.0, description="of the carrier pipe, clear width"
    )
    wall_thickness_m: float = Field(gt=0.0005, le=0.05, description="of the carrier pipe")
    casing_diameter_m: float = Field(gt=0.01, le=3.0, description="outer diameter of insulation")
    insulation_conductivity_w_mk: float = Field(
        0.026, gt=0.005, le=1.0, description="of what fills the casing; higher loses more heat"
    )
    roughness_mm: float = Field(
        0.05,
        gt=0.0,
        le=5.0,
        description="absolute, of the inner wall (Colebrook); higher drops more pressure",
    )
    wall_density_kg_m3: float = Field(
        7850.0,
        gt=100.0,
        le=12000.0,
        description="of the carrier pipe; with its heat capacity it delays temperature fronts",
    )
    wall_heat_capacity_j_kgk: float = Field(
        480.0, gt=50.0, le=5000.0, description="of the carrier pipe's material"
    )
    wall_conductivity_w_mk: float = Field(
        50.0, gt=0.1, le=500.0, description="of the carrier pipe's material"
    )
    laying: Annotated[Literal["pair", "twin", "single"], LATER] = Field(
        "pair",
        description="pair: two casings; twin: both pipes in one casing; single: far apart",
    )
    source: str = Field("", description="where the numbers come from, or 'hypothetical'")


class PipePair(Described):
    """A supply pipe and its return beside it, from one location to another."""

    name: Name = Field(description="used in messages and in exported networks")
    from_location: Name = Field(description="one end; water may flow either way")
    to_location: Name = Field(description="the other end, in the same circuit")
    length_m: float = Field(
        gt=0.0, le=50_000.0, description="of the trench; supply and return are each as long"
    )
    series: Name = Field(description="name of its entry in pipe_series, for both pipes")
    burial_depth_m: float = Field(1.0, gt=0.1, le=10.0, description="depth of the pipe axis")
    axis_distance_m: float = Field(
        0.5, gt=0.02, le=5.0, description="between supply and return; in a twin inside the casing"
    )
    loss_coefficient: float = Field(0.0, ge=0.0, le=1000.0, description="sum of zeta of fittings")


class Soil(Described):
    """Ground round the pipes."""

    conductivity_w_mk: float = Field(
        1.5,
        gt=0.2,
        le=5.0,
        description="thermal, of the ground; higher loses more heat from the pipes",
    )
    diffusivity_m2_d: float = Field(
        0.05,
        gt=0.005,
        le=0.5,
        description="thermal; higher carries the seasons deeper (0.04 to 0.09 for moist soils)",
    )


class DpControl(Described):
    """The pump that holds the differential pressure at the worst point."""

    min_dp_bar: float = Field(0.6, gt=0.0, le=5.0, description="held at the worst consumer")
    max_head_bar: float = Field(gt=0.0, le=40.0, description="head at zero flow and full speed")
    head_drop_bar_per_kg2_s2: float = Field(
        0.0, ge=0.0, description="a in dp = dp0 - a m^2 of the pump at full speed"
    )
    efficiency: float = Field(0.65, gt=0.1, le=0.95, description="hydraulic times motor")


class Circuit(Described):
    """One body of water with its three hydraulic roles."""

    name: Name = Field(
        description="begins its columns and the name of its set-point, as in `main.supply_temp_c`"
    )
    root: Name = Field(description="location of pressure holding and of the dp-control pump")
    locations: tuple[Name, ...] = Field(
        min_length=2, description="all of its nodes; none of them in another circuit"
    )
    pressure_holding_bar: float = Field(3.0, gt=0.0, le=25.0, description="static, at root return")
    dp_control: DpControl = Field(description="the pump at the root")
    balancing: tuple[Name, ...] = Field(
        min_length=1,
        description="units that take consumer and bypass flow minus commanded flow, in order",
    )
    supply_temp_min_c: float = Field(
        65.0, ge=20.0, le=140.0, description="lowest set-point of the supply temperature"
    )
    supply_temp_max_c: float = Field(
        95.0,
        ge=20.0,
        le=140.0,
        description="highest set-point; hotter supply counts as overheating",
    )
    supply_temp_ramp_k_h: float = Field(
        12.0,
        gt=0.0,
        le=200.0,
        description="by which the supply's set-point may change in an hour; plant and guard "
        "hold it",
    )
    density_kg_m3: float = Field(
        983.0,
        gt=500.0,
        le=1200.0,
        description="of the water, taken as constant: at the mean working temperature",
    )
    heat_capacity_j_kgk: float = Field(
        4190.0, gt=1000.0, le=5000.0, description="of the water, taken as constant"
    )


class Grid(Described):
    """Fees on top of the exchange prices of energy."""

    electricity_fee_eur_per_mwh: float = Field(
        ge=0.0,
        le=500.0,
        description="added to the exchange price of what is bought; what is sold earns none",
    )
    gas_fee_eur_per_mwh: float = Field(
        ge=0.0, le=200.0, description="added to the exchange price of gas, Hs; CO2 is counted apart"
    )


class Site(Described):
    """Where the district lies and what its design day is."""

    latitude_deg: float = Field(
        ge=-90.0, le=90.0, description="north is positive; sets the height of the sun"
    )
    longitude_deg: float = Field(
        ge=-180.0, le=180.0, description="east is positive; sets the time of solar noon"
    )
    timezone: str = Field(description="IANA name, e.g. 'Europe/Berlin'")
    test_reference_region: int = Field(ge=1, le=15, description="region of the DWD TRY 2010")
    design_temp_c: float = Field(-14.0, ge=-50.0, le=15.0, description="design outdoor day")


Line = Literal["supply", "return"]
