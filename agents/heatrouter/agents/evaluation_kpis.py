"""TEMPORARY until envs.kpis is there."""
from collections.abc import Mapping
import numpy as np
from heatrouter.agents.evaluation_results import Kpi
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

KPIS = (
    Kpi(name="cost_eur", label="Cost", unit="€", better="lower"),
    Kpi(name="coverage_percent", label="Demand covered", unit="%", better="higher"),
    Kpi(name="recapture_percent", label="Waste heat recaptured", unit="%", better="higher"),
    Kpi(name="co2_t", label="CO₂", unit="t", better="lower"),
    Kpi(name="boiler_mwh", label="Heat from boilers", unit="MWh", better="lower"),
    Kpi(name="electricity_mwh", label="Electricity", unit="MWh", better="lower"),
)

class KpiMeter:
    def __init__(self, district: District, task: Task, columns: Mapping[str, int], num_envs: int) -> None:
        self.columns = columns
        self.sums = np.zeros((num_envs, len(columns)))
        self.n = 0
        self.dt = task.control_dt_s
    def add(self, outputs: FloatArray) -> None:
        self.sums += outputs; self.n += 1
    def result(self) -> dict[str, FloatArray]:
        def tot(suffix: str) -> FloatArray:
            return sum(self.sums[:, i] for c, i in self.columns.items() if c.endswith(suffix)) * self.dt / 3.6e6
        return {"coverage_percent": 100 * (1 - tot(".unmet_kw") / tot(".demand_kw")),
         "recapture_percent": 100 * (tot("glassworks.heat_kw") + tot("dairy.heat_kw")) / tot(".available_kw"),
         "co2_t": 0.201 * tot(".fuel_kw"), "boiler_mwh": tot("boiler.heat_kw"), "electricity_mwh": tot("power_kw")}
