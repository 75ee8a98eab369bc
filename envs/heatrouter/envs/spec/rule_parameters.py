"""What an operator may tune in the rules."""

from pydantic import Field, model_validator

from heatrouter.envs.spec.base import Described


class RuleParameters(Described):
    """What an operator may tune; ``heatrouter tune`` does it on training scenarios.

    Levels of a store are usable levels: 0 where it is as cold as the return, 1 where it is as hot
    as the supply that is asked for. A *lack* is by how much its top misses that supply.
    """

    heating_limit_c: float = Field(
        15.0, ge=0.0, le=25.0, description="outdoor temperature from which the supply is lowest"
    )
    supply_shift_k: float = Field(
        0.0, ge=-15.0, le=15.0, description="parallel shift of the heating curve"
    )
    supply_floor_c: float = Field(
        68.0, ge=20.0, le=80.0, description="never below: hot water of 60 degC, legionella"
    )
    frost_below_c: float = Field(
        2.0, ge=-10.0, le=10.0, description="outdoor temperature from which frost is kept off"
    )
    frost_supply_c: float = Field(
        30.0, ge=5.0, le=60.0, description="supply never below in frost, in any circuit"
    )
    charge_below_level: float = Field(
        0.35, ge=0.0, le=1.0, description="level that starts charging with machines"
    )
    charge_until_level: float = Field(0.85, ge=0.0, le=1.0, description="store level that ends it")
    charge_lack_k: float = Field(
        4.0, ge=0.5, le=15.0, description="lack that starts charging, whatever the level is"
    )
    charge_hours: float = Field(
        5.0, ge=0.25, le=48.0, description="time in which an empty store would be charged"
    )
    hold_level: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        description="after charging, running machines follow the demand below this level",
    )
    reserve_level: float = Field(
        0.10, ge=0.0, le=0.9, description="store level below which boilers fire"
    )
    reserve_band: float = Field(
        0.15, ge=0.0, le=0.5, description="running boilers stop this much above reserve_level"
    )
    reserve_lack_k: float = Field(
        6.0, ge=0.5, le=15.0, description="lack from which boilers fire, before the supply falls"
    )
    heat_pump_price_factor: float = Field(
        1.0,
        ge=0.0,
        le=10.0,
        description="machines run while they cost less than this times gas boiler heat",
    )
    source_full_level: float = Field(
        0.98, ge=0.1, le=1.0, description="store level up to which waste heat charges"
    )
    night_setback_k: float = Field(
        0.5, ge=0.0, le=5.0, description="lowering of greenhouses at night"
    )
    night_start_hour: float = Field(
        22.0,
        ge=0.0,
        le=24.0,
        description="local time from which greenhouses are lowered by night_setback_k",
    )
    night_end_hour: float = Field(
        5.0, ge=0.0, le=24.0, description="local time until which they are"
    )
    crop_mean_margin_k: float = Field(
        0.1, ge=-1.0, le=5.0, description="wanted 24 h mean of greenhouses above the crop's limit"
    )
    crop_mean_gain: float = Field(
        3.0,
        ge=0.0,
        le=4.0,
        description="lowering of greenhouses per kelvin of 24 h mean above the wanted one",
    )

    @model_validator(mode="after")
    def _ordered(self) -> "RuleParameters":
        wrong = []
        if self.charge_below_level > self.charge_until_level:
            wrong.append(
                f"charge_below_level {self.charge_below_level} must not lie above "
                f"charge_until_level {self.charge_until_level}"
            )
        if self.charge_lack_k > self.reserve_lack_k:
            wrong.append(
                f"charge_lack_k {self.charge_lack_k} must not lie above "
                f"reserve_lack_k {self.reserve_lack_k}: machines come before boilers"
            )
        if wrong:
            raise ValueError("; ".join(wrong))
        return self
