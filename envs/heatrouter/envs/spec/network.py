"""Locations, pipe pairs and circuits of a district heat network."""

from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec.base import LATER, Described, Name


class Location(Described):
    """A place where pipes meet or a unit is connected; it has a supply and a return node."""

    name: Name
    x_m: float = Field(description="east coordinate of the drawing, m")
    y_m: float = Field(description="north coordinate of the drawing, m")


class PipeSeries(Described):
    """Dimensions and heat resistance shared by pipes of one nominal size."""

    name: Name
    inner_diameter_m: float = Field(gt=0.005, le=2.0)
    wall_thickness_m: float = Field(gt=0.0005, le=0.05)
    casing_diameter_m: float = Field(gt=0.01, le=3.0, description="outer diameter of insulation")
    insulation_conductivity_w_mk: float = Field(0.026, gt=0.005, le=1.0)
    roughness_mm: float = Field(0.05, gt=0.0, le=5.0)
    wall_density_kg_m3: float = Field(7850.0, gt=100.0, le=12000.0)
    wall_heat_capacity_j_kgk: float = Field(480.0, gt=50.0, le=5000.0)
    wall_conductivity_w_mk: float = Field(50.0, gt=0.1, le=500.0)
    laying: Annotated[Literal["pair", "twin", "single"], LATER] = Field(
        "pair",
        description="pair: two casings; twin: both pipes in one casing; single: far apart",
    )
    source: str = Field("", description="where the numbers come from, or 'hypothetical'")


class PipePair(Described):
    """A supply pipe and its return beside it, from one location to another."""

    name: Name
    from_location: Name
    to_location: Name
    length_m: float = Field(gt=0.0, le=50_000.0)
    series: Name
    burial_depth_m: float = Field(1.0, gt=0.1, le=10.0, description="depth of the pipe axis")
    axis_distance_m: float = Field(
        0.5, gt=0.02, le=5.0, description="between supply and return; in a twin inside the casing"
    )
    loss_coefficient: float = Field(0.0, ge=0.0, le=1000.0, description="sum of zeta of fittings")


class Soil(Described):
    """Ground round the pipes."""

    conductivity_w_mk: float = Field(1.5, gt=0.2, le=5.0)
    diffusivity_m2_d: float = Field(0.05, gt=0.005, le=0.5)


class DpControl(Described):
    """The pump that holds the differential pressure at the worst point."""

    min_dp_bar: float = Field(0.6, gt=0.0, le=5.0, description="held at the worst consumer")
    max_head_bar: float = Field(gt=0.0, le=40.0, description="head at zero flow and full speed")
    head_drop_bar_per_kg2_s2: float = Field(
        0.0, ge=0.0, description="a in dp = dp0 - a m^2 of the pump at full speed"
    )
    efficiency: float = Field(0.65, gt=0.1, le=0.95, description="hydraulic times motor")


class Circuit(Described):
    """One body of water with its three hydraulic roles (MODEL 1)."""

    name: Name
    root: Name = Field(description="location of pressure holding and of the dp-control pump")
    locations: tuple[Name, ...] = Field(min_length=2)
    pressure_holding_bar: float = Field(3.0, gt=0.0, le=25.0, description="static, at root return")
    dp_control: DpControl
    balancing: tuple[Name, ...] = Field(
        min_length=1,
        description="units that take consumer and bypass flow minus commanded flow, in order",
    )
    supply_temp_min_c: float = Field(65.0, ge=20.0, le=140.0)
    supply_temp_max_c: float = Field(95.0, ge=20.0, le=140.0)
    supply_temp_ramp_k_h: float = Field(12.0, gt=0.0, le=200.0)
    density_kg_m3: float = Field(983.0, gt=500.0, le=1200.0)
    heat_capacity_j_kgk: float = Field(4190.0, gt=1000.0, le=5000.0)


class Grid(Described):
    """Fees on top of the exchange prices of energy."""

    electricity_fee_eur_per_mwh: float = Field(ge=0.0, le=500.0)
    gas_fee_eur_per_mwh: float = Field(ge=0.0, le=200.0)


class Site(Described):
    """Where the district lies and what its design day is."""

    latitude_deg: float = Field(ge=-90.0, le=90.0)
    longitude_deg: float = Field(ge=-180.0, le=180.0)
    timezone: str = Field(description="IANA name, e.g. 'Europe/Berlin'")
    test_reference_region: int = Field(ge=1, le=15, description="region of the DWD TRY 2010")
    design_temp_c: float = Field(-14.0, ge=-50.0, le=15.0, description="design outdoor day")


Line = Literal["supply", "return"]
