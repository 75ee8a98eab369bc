"""What is written to the plant: the set-points of a district, their ranges and safe values.

Simulator, contract, dispatch, guard and service take names and order from here.
"""

from typing import NamedTuple

from heatrouter.envs.spec.consumer_units import BatchProcess, Greenhouse
from heatrouter.envs.spec.district import District, Unit
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    HeatExchanger,
    HeatPump,
    SolarThermal,
    Store,
    WasteHeatSource,
)


class PlantSetPoint(NamedTuple):
    """One set-point.

    Attributes:
        name: ``<unit>.<quantity>`` or ``<circuit>.supply_temp_c``.
        unit: Unit of its values.
        low: Lowest value.
        high: Highest value.
        safe: Value that is safe when nothing else is known.
        switchable: Whether ``low`` means off, and minimum run times apply.
    """

    name: str
    unit: str
    low: float
    high: float
    safe: float
    switchable: bool

    @property
    def neutral(self) -> float:
        """What a normalised action of zero means: the middle of the range."""
        return 0.5 * (self.low + self.high)


def plant_set_points(district: District) -> tuple[PlantSetPoint, ...]:
    """Set-points of the units in the order of the district, then of its circuits.

    A balancing link and a balancing store have none: they take what nobody has commanded. A
    balancing boiler has one all the same, and takes what is lacking beyond it by itself.

    Safe values are for the case that nothing is known: waste heat and sun in (their outlet is
    limited by itself), no machine commanded (the plant's balancing heats by itself), no charge
    moved, batches released as they come, and the supply hot enough for the coldest day.
    """
    balancing = {name for circuit in district.circuits for name in circuit.balancing}
    points = [
        point
        for unit in district.units
        if (point := _of_unit(unit, balances=unit.name in balancing)) is not None
    ]
    points.extend(
        PlantSetPoint(
            f"{circuit.name}.supply_temp_c",
            "degC",
            circuit.supply_temp_min_c,
            circuit.supply_temp_max_c,
            circuit.supply_temp_max_c,
            switchable=False,
        )
        for circuit in district.circuits
    )
    return tuple(points)


def set_point_names(district: District) -> tuple[str, ...]:
    """Names of what is written to the plant, in order."""
    return tuple(point.name for point in plant_set_points(district))


def set_point_name(unit: Unit) -> str:
    """Name of the set-point that a unit has unless it balances; empty for units without."""
    quantities: tuple[tuple[type | tuple[type, ...], str], ...] = (
        ((WasteHeatSource, SolarThermal), "recovery_share"),
        ((HeatPump, Boiler, Chp, HeatExchanger), "load_share"),
        (Store, "charge_share"),
        (Greenhouse, "offset_k"),
        (BatchProcess, "release"),
    )
    for kinds, quantity in quantities:
        if isinstance(unit, kinds):
            return f"{unit.name}.{quantity}"
    return ""


def _of_unit(unit: Unit, *, balances: bool) -> PlantSetPoint | None:
    name = set_point_name(unit)
    if isinstance(unit, WasteHeatSource | SolarThermal):
        return PlantSetPoint(name, "1", 0.0, 1.0, 1.0, switchable=True)
    if isinstance(unit, HeatPump | Boiler | Chp):
        return PlantSetPoint(name, "1", 0.0, 1.0, 0.0, switchable=True)
    if isinstance(unit, HeatExchanger) and not balances:
        return PlantSetPoint(name, "1", 0.0, 1.0, 0.0, switchable=False)
    if isinstance(unit, Store) and not balances:
        return PlantSetPoint(name, "1", -1.0, 1.0, 0.0, switchable=False)
    if isinstance(unit, BatchProcess):
        return PlantSetPoint(name, "1", 0.0, 1.0, 1.0, switchable=False)
    if isinstance(unit, Greenhouse):
        reach = unit.offset_max_k
        return PlantSetPoint(name, "K", -reach, reach, 0.0, switchable=False)
    return None
