"""The case without reuse, which claims about reuse are measured against.

The plant stays as it is and the rules run it, but nothing that would otherwise be thrown away may
heat: sources reject all their heat, heat pumps on cooling water or on another circuit stand still,
and what burns a digester's gas stands still, so that the gas is flared. What is lacking comes from
what else there is: boilers above all.
"""

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import TaskError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Boiler, Chp, HeatPump, WasteHeatSource


def reuse_units(district: District) -> tuple[str, ...]:
    """Names of the units that put to use what would be thrown away, in the district's order.

    Solar collectors and heat pumps on air or ground are no reuse.
    """
    return tuple(
        unit.name
        for unit in district.units
        if isinstance(unit, WasteHeatSource)
        or (isinstance(unit, HeatPump) and unit.source_medium is None)
        or (isinstance(unit, Boiler | Chp) and unit.fuel_store is not None)
    )


def rules_action(contract: Contract) -> FloatArray:
    """The action that leaves everything to the rules, physical units, shape ``(n_action,)``."""
    return np.array([channel.neutral for channel in contract.action], dtype=np.float64)


def no_reuse_action(district: District, contract: Contract) -> FloatArray:
    """The action that forbids reuse and leaves everything else to the rules.

    Args:
        district: The description.
        contract: Its contract with the parametrisation ``offset``.

    Returns:
        Physical units, shape ``(n_action,)``.

    Raises:
        TaskError: The contract has another parametrisation.
    """
    if contract.parametrisation != "offset":
        msg = (
            f"parametrisation {contract.parametrisation!r} cannot forbid reuse beside the rules; "
            "take 'offset'"
        )
        raise TaskError(msg)
    forbidden = {
        f"{name}.{share}"
        for name in reuse_units(district)
        for share in ("recovery_share", "load_share")
    }
    return np.array(
        [c.low if c.name in forbidden else c.neutral for c in contract.action], dtype=np.float64
    )
