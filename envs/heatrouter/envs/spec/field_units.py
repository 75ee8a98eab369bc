"""Units of quantities, read from their names."""

UNITS_BY_SUFFIX = {
    "_w_m2k": "W/(m2 K)",
    "_w_m2k2": "W/(m2 K2)",
    "_kj_m2k": "kJ/(m2 K)",
    "_w_mk": "W/(m K)",
    "_j_kgk": "J/(kg K)",
    "_w_m2": "W/m2",
    "_kg_m3": "kg/m3",
    "_kj_kgk": "kJ/(kg K)",
    "_kj_kg": "kJ/kg",
    "_kg_mwh": "kg/MWh",
    "_m3_s": "m3/s",
    "_kg_s": "kg/s",
    "_kw_k": "kW/K",
    "_kw": "kW",
    "_kwh": "kWh",
    "_kg": "kg",
    "_mwh": "MWh",
    "_eur_per_mwh": "EUR/MWh",
    "_eur_per_t": "EUR/t",
    "_eur_per_mw": "EUR/MW",
    "_eur_per_h": "EUR/h",
    "_eur_per_kh_mw": "EUR/(K h MW)",
    "_eur_per_kh_ha": "EUR/(K h ha)",
    "_eur": "EUR",
    "_per_min": "1/min",
    "_k_h": "K/h",
    "_m2_d": "m2/d",
    "_m2": "m2",
    "_m3": "m3",
    "_mm": "mm",
    "_m": "m",
    "_bar": "bar",
    "_min": "min",
    "_hours": "h",
    "_hour": "h",
    "_h": "h",
    "_s": "s",
    "_deg": "deg",
    "_c": "degC",
    "_k": "K",
}
"""Unit of a field by how its name ends; the longest ending that fits holds."""


def unit_of(name: str) -> str:
    """Unit of a quantity by its name, e.g. ``length_m`` -> ``m``; empty where it has none."""
    endings = [end for end in UNITS_BY_SUFFIX if name.endswith(end)]
    return UNITS_BY_SUFFIX[max(endings, key=len)] if endings else ""
