"""Which key figures an evaluation reports, and in which unit readers see them.

The figures themselves come from :mod:`heatrouter.envs.kpis`, the only place that computes them.
"""

from collections.abc import Mapping
from typing import Final

from heatrouter.agents.evaluation_results import Kpi
from heatrouter.envs import kpis
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.district import District

_LEFT_OUT: Final = {"cost_eur", "unmet_demand_share", "energy_closure_relative"}
"""Shown elsewhere, the complement of another one, or a check of the simulator."""

_PLAIN: Final = {"seasonal_cop", "machine_starts"}
"""Of unit 1, but no shares."""

_OF_WEEKS: Final = {"recovery_target_met"}
"""Yes or no of a week."""

OF_SOME_UNITS: Final = {
    "other_fuel_kwh",
    "flared_kwh",
    "generated_kwh",
    "engine_kwh",
    "solar_kwh",
    "curtailed_kwh",
    "batch_delay_h",
}
"""Figures that few districts have: where all are zero the report leaves them out."""


def _shown(kpi: kpis.Kpi) -> Kpi:
    unit, factor = kpi.unit, 1.0
    if kpi.unit == "kWh":
        unit, factor = "MWh", 1e-3
    elif kpi.name in _PLAIN:
        unit = ""
    elif kpi.unit == "1":
        unit, factor = ("% of weeks" if kpi.name in _OF_WEEKS else "%"), 100.0
    label = kpi.label.replace("CO2", "CO₂")
    return Kpi(name=kpi.name, label=label, unit=unit, factor=factor, better=kpi.better)


KPIS: Final = tuple(_shown(kpi) for kpi in kpis.KPIS if kpi.name not in _LEFT_OUT)
"""Every key figure of an evaluation, in order."""


class KpiMeter:
    """Sums up the key figures of many environments, step by step.

    Args:
        district: The district.
        columns: Name to position of the outputs.
        num_envs: Number of environments.
        dt_s: Length of a step, s.
    """

    def __init__(
        self, district: District, columns: Mapping[str, int], num_envs: int, dt_s: float
    ) -> None:
        self._layout = kpis.KpiLayout.build(district, columns)
        self._sums = kpis.start(num_envs)
        self._dt_s = dt_s

    def add(self, outputs: FloatArray) -> None:
        """Add the outputs of one step, ``(num_envs, n_columns)``."""
        self._sums = kpis.accumulate(self._layout, self._sums, outputs, {}, self._dt_s)

    def result(self) -> dict[str, FloatArray]:
        """Key figures, each ``(num_envs,)``; NaN where nothing stands below a ratio's line."""
        found = kpis.summary(self._sums)
        return {kpi.name: found[kpi.name] for kpi in KPIS}
