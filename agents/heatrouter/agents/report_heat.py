"""Which outputs of a unit are heat that enters the network, so that no report counts it twice."""

from heatrouter.envs.spec.district import Unit
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
