"""Units at the plant, and how a value in one of them becomes the contract's.

Every conversion is affine: contract value = scale * plant value + offset.
"""

from typing import Final, NamedTuple

from heatrouter.envs.units import WATER_DENSITY_KG_M3, ZERO_CELSIUS_K


class Conversion(NamedTuple):
    """From a plant's unit to the contract's.

    Attributes:
        scale: Contract units per plant unit.
        offset: Contract value at a plant value of zero.
    """

    scale: float
    offset: float = 0.0


SAME: Final = Conversion(1.0)

_KG_S_PER_M3_H: Final = WATER_DENSITY_KG_M3 / 3600.0
"""A volume flow becomes a mass flow at the density of the simulator, that of water at 60 degC."""

CONVERSIONS: Final[dict[str, dict[str, Conversion]]] = {
    "degC": {
        "degC": SAME,
        "K": Conversion(1.0, -ZERO_CELSIUS_K),
        "degF": Conversion(5.0 / 9.0, -160.0 / 9.0),
    },
    # A difference of temperatures, as in an offset of a set-point.
    "K": {"K": SAME, "degC": SAME, "degF": Conversion(5.0 / 9.0)},
    "kW": {
        "kW": SAME,
        "W": Conversion(1e-3),
        "MW": Conversion(1e3),
        "kJ/h": Conversion(1.0 / 3600.0),
        "MJ/h": Conversion(1e3 / 3600.0),
        "GJ/h": Conversion(1e6 / 3600.0),
    },
    "1": {"1": SAME, "%": Conversion(0.01)},
    "kg/s": {
        "kg/s": SAME,
        "kg/h": Conversion(1.0 / 3600.0),
        "t/h": Conversion(1.0 / 3.6),
        "m3/h": Conversion(_KG_S_PER_M3_H),
        "l/s": Conversion(1e-3 * WATER_DENSITY_KG_M3),
        "l/min": Conversion(1e-3 * WATER_DENSITY_KG_M3 / 60.0),
        "l/h": Conversion(1e-3 * _KG_S_PER_M3_H),
    },
    "W/m2": {"W/m2": SAME, "kW/m2": Conversion(1e3)},
    "bar": {
        "bar": SAME,
        "mbar": Conversion(1e-3),
        "Pa": Conversion(1e-5),
        "kPa": Conversion(1e-2),
        "MPa": Conversion(10.0),
        "mH2O": Conversion(0.0980665),
        "psi": Conversion(0.0689475729),
    },
    "eur/MWh": {"eur/MWh": SAME, "eur/kWh": Conversion(1e3), "ct/kWh": Conversion(10.0)},
    "eur/t": {"eur/t": SAME, "eur/kg": Conversion(1e3)},
    "g/kWh": {
        "g/kWh": SAME,
        "kg/kWh": Conversion(1e3),
        "kg/MWh": SAME,
        "t/MWh": Conversion(1e3),
    },
    "m/s": {"m/s": SAME, "km/h": Conversion(1.0 / 3.6)},
    "h": {"h": SAME, "min": Conversion(1.0 / 60.0), "s": Conversion(1.0 / 3600.0)},
    "d": {"d": SAME},
    "s": {
        "s": SAME,
        "ms": Conversion(1e-3),
        "min": Conversion(60.0),
        "h": Conversion(3600.0),
    },
}
"""Contract unit -> plant unit -> conversion."""

_SPELLINGS: Final[dict[str, str]] = {
    "": "1",
    "-": "1",
    "ratio": "1",
    "percent": "%",
    "c": "degC",
    "°c": "degC",
    "degc": "degC",
    "deg c": "degC",
    "celsius": "degC",
    "°f": "degF",
    "degf": "degF",
    "kelvin": "K",
    "m³/h": "m3/h",
    "m^3/h": "m3/h",
    "w/m²": "W/m2",
    "w/m^2": "W/m2",
    "kw/m²": "kW/m2",
    "€/mwh": "eur/MWh",
    "€/kwh": "eur/kWh",
    "€/t": "eur/t",
    "cent/kwh": "ct/kWh",
    "mws": "mH2O",
}
_KNOWN: Final = {unit for table in CONVERSIONS.values() for unit in table}
# MW and mW, Pa and PA differ; a spelling counts without its case only where that is no matter.
_FOLDED: Final = {
    unit.casefold(): unit
    for unit in sorted(_KNOWN)
    if sum(other.casefold() == unit.casefold() for other in _KNOWN) == 1
    and unit not in {"MW", "MPa", "mbar", "ms"}
}


def canonical(unit: str) -> str:
    """How this module spells a unit; one that it does not know stays as it is."""
    text = unit.strip()
    if text in _KNOWN:
        return text
    folded = text.casefold()
    return _SPELLINGS.get(folded, _FOLDED.get(folded, text))


def conversion(plant_unit: str, contract_unit: str) -> Conversion | None:
    """How values of a plant's unit become the contract's; None where they measure other things."""
    target = canonical(contract_unit)
    source = canonical(plant_unit)
    if source == target:
        return SAME
    return CONVERSIONS.get(target, {}).get(source)


def convertible(contract_unit: str) -> tuple[str, ...]:
    """Units that a plant may use for a quantity of the contract."""
    target = canonical(contract_unit)
    return tuple(CONVERSIONS.get(target, {target: SAME}))
