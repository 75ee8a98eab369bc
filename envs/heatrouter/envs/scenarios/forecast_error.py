"""How wrong the noisy forecast of each series is, and over which lead time.

The error of a window whose centre lies ``h`` hours ahead has the standard deviation
``now + (late - now) (1 - exp(-h / growth_h))``, in one of three measures: the unit of the series,
the value itself (so that night stays night), or the series' own spread over the scenario (so that
one table serves cheap years and dear ones). Over windows longer than the noise's correlation it is
smaller, as for every mean. Sizes follow the usual verification of numerical weather prediction
(about 1.2 K, 30 % of irradiance and 30 % of wind speed a day ahead) and of price forecasts (about a
third of the spread a day ahead); they are choices, not fits.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

Measure = Literal["absolute", "relative", "spread"]


@dataclass(frozen=True)
class ErrorGrowth:
    """Standard deviation of the error over lead time.

    Attributes:
        now: At lead 0.
        late: At long leads.
        growth_h: Lead at which 63 % of the way is done, h.
        measure: ``absolute`` in the unit of the series, ``relative`` in shares of the value,
            ``spread`` in standard deviations of the series over its scenario.
    """

    now: float
    late: float
    growth_h: float
    measure: Measure

    def deviation(self, lead_h: float) -> float:
        """Return the standard deviation of the error at a lead time in hours."""
        return self.now - (self.late - self.now) * math.expm1(-lead_h / self.growth_h)


ERRORS: Final[dict[str, ErrorGrowth]] = {
    "ambient_temp_c": ErrorGrowth(0.4, 3.6, 84.0, "absolute"),
    "ground_temp_c": ErrorGrowth(0.02, 0.3, 168.0, "absolute"),
    "irradiance_w_m2": ErrorGrowth(0.12, 0.45, 36.0, "relative"),
    "wind_speed_m_s": ErrorGrowth(0.10, 0.50, 42.0, "relative"),
    "electricity_eur_per_mwh": ErrorGrowth(0.02, 0.60, 36.0, "spread"),
    "gas_eur_per_mwh": ErrorGrowth(0.0, 0.06, 168.0, "relative"),
    "co2_eur_per_t": ErrorGrowth(0.0, 0.05, 168.0, "relative"),
    "carbon_intensity_g_per_kwh": ErrorGrowth(0.08, 0.70, 36.0, "spread"),
}
LEVEL_ERROR: Final = ErrorGrowth(0.02, 0.10, 48.0, "relative")
HOT_WATER_ERROR: Final = ErrorGrowth(0.06, 0.12, 48.0, "relative")

TARGET_CORRELATION_H: Final = 6.0
"""Correlation time of the part of the error that belongs to the hour forecast."""

ISSUE_CORRELATION_H: Final = 18.0
"""Correlation time of the part of the error that belongs to the forecast run."""

TARGET_SHARE: Final = math.sqrt(0.6)
ISSUE_SHARE: Final = math.sqrt(0.4)
"""Weights of the two parts; their squares add up to 1."""


def error_of(series: str) -> ErrorGrowth:
    """Return the error growth of a series that has a forecast."""
    if series.endswith(".level"):
        return LEVEL_ERROR
    if series.endswith(".hot_water_kw"):
        return HOT_WATER_ERROR
    return ERRORS[series]
