"""Design points of counterflow exchangers and of dry coolers."""

from pydantic import Field

from heatrouter.envs.spec.base import Described


class HeatExchangerDesign(Described):
    """Design point of a counterflow exchanger between network and user; UA follows (LMTD)."""

    primary_supply_c: float = Field(
        ge=30.0, le=140.0, description="of the network's water that comes in"
    )
    primary_return_c: float = Field(
        ge=10.0,
        le=120.0,
        description="of the network's water that leaves; above secondary_return_c",
    )
    secondary_supply_c: float = Field(
        ge=20.0,
        le=130.0,
        description="of the user's side where it leaves, heated; below primary_supply_c",
    )
    secondary_return_c: float = Field(
        ge=5.0, le=110.0, description="of the user's side where it comes in, cold"
    )
    max_flow_ratio: float = Field(
        2.6, ge=1.0, le=5.0, description="largest primary flow over the design flow (Kv limit)"
    )


class DryCooler(Described):
    """Fans over finned tubes that reject what nobody takes; at its limit the process is curtailed.

    Fan power goes with the cube of the speed, the air-side film with a power of it (Fugmann 2015,
    Energies 8:714).
    """

    capacity_kw: float = Field(
        gt=0.0, le=500_000.0, description="heat rejected at the design point"
    )
    design_air_c: float = Field(
        ge=-20.0, le=50.0, description="outdoor air of the design point; capacity_kw holds there"
    )
    design_water_in_c: float = Field(ge=5.0, le=150.0, description="warm water to the cooler")
    design_water_out_c: float = Field(ge=2.0, le=140.0, description="cooled water from it")
    fan_kw: float = Field(ge=0.0, le=20_000.0, description="electricity at full speed")
