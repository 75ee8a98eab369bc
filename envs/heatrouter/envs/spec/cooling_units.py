"""Cooling that is always met, and from which heat pumps take heat."""

from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec.base import KIND, LATER, Described
from heatrouter.envs.spec.exchanger_design import DryCooler
from heatrouter.envs.spec.production import Production
from heatrouter.envs.spec.unit_fields import Sizing, UnitName


class CoolingLoad(Described):
    """Cooling water of a fab that is always met, by heat pump or tower."""

    kind: Annotated[Literal["cooling_load"], KIND]
    name: UnitName
    peak_kw: float = Field(
        gt=0.0,
        le=500_000.0,
        description="heat that the fab gives off at full production, and that has to be taken away",
    )
    water_inlet_temp_c: float = Field(ge=5.0, le=80.0, description="warm water from the fab")
    water_outlet_temp_c: float = Field(ge=2.0, le=70.0, description="cooled water to the fab")
    tower_power_ratio: float = Field(ge=0.0, le=0.6, description="kW_el per kW rejected by tower")
    dry_cooler: Annotated[DryCooler | None, LATER] = Field(
        None, description="takes the place of the tower, whose tower_power_ratio is then 0"
    )
    production: Production = Field(
        description="its level times peak_kw is the cooling that is wanted"
    )
    sizing: Sizing
