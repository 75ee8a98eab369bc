"""Which outputs of a unit are heat that enters the network, so that no report counts it twice."""

from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.plant_units import HeatExchanger, HeatPump, Producer


def fed_in(unit: Unit) -> tuple[tuple[str, float], ...]:
    """Columns of the heat that a unit feeds into the network, with their signs, kW.

    What links take from one circuit into another has been fed in before, and so has what a heat
    pump lifts out of one.

    Args:
        unit: Any unit.

    Returns:
        Empty for units that feed nothing in.
    """
    if not isinstance(unit, Producer) or isinstance(unit, HeatExchanger):
        return ()
    heat = (f"{unit.name}.heat_kw", 1.0)
    if isinstance(unit, HeatPump) and unit.source_location is not None:
        return heat, (f"{unit.name}.evaporator_kw", -1.0)
    return (heat,)


DEMAND_CURVE = "demand"
"""Name of the curve of all that consumers ask for."""


def heat_curves(district: District) -> dict[str, tuple[tuple[str, float], ...]]:
    """Powers whose duration curves are of interest.

    Args:
        district: The district.

    Returns:
        ``demand`` and every unit that feeds heat in, with the columns and signs that add up to it.
    """
    demand = tuple(
        (f"{unit.name}.demand_kw", 1.0) for unit in district.units if isinstance(unit, Consumer)
    )
    return {DEMAND_CURVE: demand} | {
        unit.name: parts for unit in district.units if (parts := fed_in(unit))
    }
