"""Units that hold heat or fuel: tanks, with or without phase-change material, and digesters."""

from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec.base import KIND, LATER, Described
from heatrouter.envs.spec.production import Production
from heatrouter.envs.spec.unit_fields import Sizing, UnitLocation, UnitName


class PcmFill(Described):
    """Capsules of phase-change material in the water of a store."""

    mass_kg: float = Field(gt=0.0, le=2.0e7, description="of the material in all capsules")
    melting_temp_c: float = Field(ge=5.0, le=130.0, description="middle of the melting range")
    melting_range_k: float = Field(
        1.0, ge=0.2, le=10.0, description="over which melting spreads evenly"
    )
    latent_kj_kg: float = Field(
        gt=0.0,
        le=1000.0,
        description="heat of melting per kg of material, without the sensible heat of the range",
    )
    heat_capacity_solid_kj_kgk: float = Field(ge=0.2, le=6.0, description="below the melting range")
    heat_capacity_liquid_kj_kgk: float = Field(
        ge=0.2, le=6.0, description="above the melting range"
    )
    transfer_kw_k: float = Field(gt=0.0, le=50_000.0, description="UA of all capsules")
    supercooling_k: float = Field(
        0.0, ge=0.0, le=30.0, description="below melting before a fully molten fill solidifies"
    )


class Store(Described):
    """A stratified hot-water tank between supply and return.

    A store that is in no circuit's ``balancing`` has a set-point for its charge and may stand
    anywhere.
    """

    kind: Annotated[Literal["store"], KIND]
    name: UnitName
    location: UnitLocation
    volume_m3: float = Field(gt=0.0, le=200_000.0, description="of the water")
    height_m: float = Field(
        gt=0.5,
        le=60.0,
        description="of the water; a slimmer tank mixes less by conduction, and has more surface",
    )
    layers: int = Field(
        12,
        ge=3,
        le=64,
        description="equal layers of the model; more keep the front sharper and take more time",
    )
    loss_w_m2k: float = Field(
        0.25,
        ge=0.0,
        le=5.0,
        description="U of the whole surface, top and bottom included, against outdoor air",
    )
    conductivity_w_mk: float = Field(1.2, ge=0.0, le=10.0, description="effective, with wall")
    max_mass_flow_kg_s: float = Field(
        gt=0.0,
        le=5000.0,
        description="largest flow of charging and of discharging; a charge_share of 1 or -1",
    )
    full_temp_c: float = Field(ge=30.0, le=140.0, description="temperature of a full level")
    empty_temp_c: float = Field(ge=5.0, le=100.0, description="temperature of an empty level")
    pcm: Annotated[PcmFill | None, LATER] = Field(
        None, description="capsules beside the water; volume_m3 is that of the water"
    )
    sizing: Sizing


class Digester(Described):
    """A digester with gas storage: fuel for boilers and engines; what does not fit is flared."""

    kind: Annotated[Literal["digester"], KIND]
    name: UnitName
    peak_gas_kw: float = Field(gt=0.0, le=200_000.0, description="gas at full production, Hs")
    capacity_kwh: float = Field(gt=0.0, le=5.0e6, description="gas storage, Hs")
    production: Production = Field(
        description="its level times peak_gas_kw is the gas that comes in"
    )
    sizing: Sizing
