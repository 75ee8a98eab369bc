"""Physical constants and unit conversions, each with its source.

Borders carry units in names (``supply_temp_c``, ``heat_kw``); kernels use SI with temperatures in
degrees Celsius, since only differences matter except where a formula asks for kelvin.
"""

from typing import Final

ZERO_CELSIUS_K: Final = 273.15
"""Kelvin at 0 degC (SI brochure)."""

GRAVITY_M_S2: Final = 9.80665
"""Standard gravity (CGPM 1901)."""

WATER_CP_J_KGK: Final = 4190.0
"""Specific heat of water at 60 degC, constant per circuit; IAPWS-95 gives 4185."""

WATER_DENSITY_KG_M3: Final = 983.0
"""Density of water at 60 degC (IAPWS-95), constant per circuit."""

REFERENCE_TEMP_C: Final = 10.0
"""Enthalpy reference of origin tracing and of the exergy account."""

SECONDS_PER_HOUR: Final = 3600.0
SECONDS_PER_DAY: Final = 86400.0
J_PER_KWH: Final = 3.6e6
W_PER_KW: Final = 1000.0
PA_PER_BAR: Final = 1.0e5
KWH_PER_MWH: Final = 1000.0
G_PER_T: Final = 1.0e6
