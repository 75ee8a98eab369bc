"""Key figures of a run from simulator outputs; formulas and sources in docs/kpis.md.

Sums are kept, ratios are formed at the end: a mean of ratios of steps is not the ratio of a week.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.heat_use import HeatColumns, heat_columns, useful_heat_kw
from heatrouter.envs.kpi_columns import columns_of_sums
from heatrouter.envs.spec.district import District
from heatrouter.envs.units import SECONDS_PER_HOUR

PRIMARY_FACTOR_GAS: Final = 1.1
PRIMARY_FACTOR_ELECTRICITY: Final = 1.8
PRIMARY_FACTOR_WOOD: Final = 0.2
"""Non-renewable primary energy, GEG annex 4, biogas as natural gas; process waste heat has 0."""
GROSS_OVER_NET_GAS: Final = 1.108
GROSS_OVER_NET_WOOD: Final = 1.08
"""Gross over net calorific value (DIN V 18599-1); the GEG counts net."""
RECOVERY_TARGET: Final = 0.8


class Kpi(NamedTuple):
    """What a key figure is called, in which unit, and which way is better."""

    name: str
    label: str
    unit: str
    better: Literal["higher", "lower", "neither"]


KPIS: Final = (
    Kpi("cost_eur", "Cost", "€", "lower"),
    Kpi("demand_coverage", "Demand covered", "1", "higher"),
    Kpi("unmet_demand_share", "Unmet share of demand", "1", "lower"),
    Kpi("unmet_kwh", "Unmet demand", "kWh", "lower"),
    Kpi("reuse_rate", "Waste heat put to use", "1", "higher"),
    Kpi("recapture", "Waste heat recaptured", "1", "higher"),
    Kpi("source_recovery", "Recovery at the sources", "1", "higher"),
    Kpi("recovery_target_met", "80 % recovery target met", "1", "higher"),
    Kpi("waste_heat_share", "Waste heat in all heat fed in", "1", "higher"),
    Kpi("room_comfort_kh", "Rooms below their band", "K h", "lower"),
    Kpi("crop_comfort_kh", "Crop outside its band", "K h", "lower"),
    Kpi("co2_t", "CO2", "t", "lower"),
    Kpi("primary_energy_kwh", "Primary energy", "kWh", "lower"),
    Kpi("fuel_kwh", "Gas", "kWh", "lower"),
    Kpi("other_fuel_kwh", "Wood and biogas", "kWh", "neither"),
    Kpi("flared_kwh", "Biogas flared", "kWh", "lower"),
    Kpi("electricity_kwh", "Electricity", "kWh", "lower"),
    Kpi("generated_kwh", "Electricity generated", "kWh", "neither"),
    Kpi("boiler_kwh", "Heat from boilers", "kWh", "lower"),
    Kpi("engine_kwh", "Heat from engines", "kWh", "neither"),
    Kpi("solar_kwh", "Heat from the sun", "kWh", "higher"),
    Kpi("peak_boiler_kw", "Peak of the boilers", "kW", "lower"),
    Kpi("seasonal_cop", "Seasonal COP", "1", "higher"),
    Kpi("pump_electricity_kwh", "Electricity of network pumps", "kWh", "lower"),
    Kpi("loss_share", "Loss of heat fed in", "1", "lower"),
    Kpi("machine_starts", "Starts of heat pumps, boilers and engines", "1", "lower"),
    Kpi("curtailed_kwh", "Process heat curtailed", "kWh", "lower"),
    Kpi("batch_delay_h", "Delay of batches", "h", "lower"),
    Kpi("energy_closure_relative", "Residual of the energy balance", "1", "lower"),
)
"""Every key figure of :func:`summary`, in order."""

_MEAN_POWERS: Final = (
    "recovered",
    "available",
    "evaporated",
    "cooling",
    "pumped",
    "lifted",
    "collected",
    "fired",
    "engine",
    "fuel",
    "wood",
    "biogas",
    "flared",
    "generated",
    "curtailed",
    "emitted",
    "pump_electricity",
    "heat_pump_electricity",
    "other_electricity",
    "loss",
    "demand",
    "unmet",
)
_SUMS: Final = (
    "room_comfort",
    "crop_comfort",
    "starts",
    "batch_delay",
    "residual",
    "throughput",
)
_GATHERED: Final = (*_MEAN_POWERS, *_SUMS)


@dataclass(frozen=True, slots=True, eq=False)
class KpiLayout:
    """Which columns make which sum, of one district over one column layout."""

    gathered: IntArray
    weights: FloatArray
    first: IntArray
    heat: HeatColumns
    carbon_at: int

    @classmethod
    def build(cls, district: District, columns: Mapping[str, int]) -> "KpiLayout":
        """Collect the columns.

        Raises:
            KeyError: The outputs lack a column.
        """
        parts = columns_of_sums(district, _GATHERED)
        gathered: list[int] = []
        weights: list[float] = []
        first: list[int] = []
        for name in _GATHERED:
            first.append(len(gathered))
            for column, weight in parts[name] or [("site.electricity_eur_per_mwh", 0.0)]:
                gathered.append(columns[column])
                weights.append(weight)
        return cls(
            gathered=np.array(gathered, dtype=np.int64),
            weights=np.array(weights, dtype=np.float64),
            first=np.array(first, dtype=np.int64),
            heat=heat_columns(district, columns),
            carbon_at=columns["site.carbon_intensity_g_per_kwh"],
        )


class KpiSums(NamedTuple):
    """Sums over the steps so far."""

    energies: FloatArray  # (num_envs, n) in the order of the layout; kWh, K h, counts
    useful_kwh: FloatArray  # (num_envs,)
    electricity_co2_t: FloatArray  # (num_envs,) of what is bought less what is generated
    peak_boiler_kw: FloatArray  # (num_envs,)
    hours: float
    terms: dict[str, FloatArray]  # of the objective, €, each (num_envs,)


def start(num_envs: int) -> KpiSums:
    """Sums over no step."""
    zeros = np.zeros(num_envs)
    return KpiSums(np.zeros((num_envs, len(_GATHERED))), zeros, zeros, zeros, 0.0, {})


def accumulate(
    layout: KpiLayout,
    sums: KpiSums,
    outputs: FloatArray,
    terms: Mapping[str, FloatArray],
    dt_s: float,
) -> KpiSums:
    """Add one step.

    Args:
        layout: The layout.
        sums: Sums before the step.
        outputs: Of the step, ``(num_envs, n_columns)``.
        terms: Of the objective, €; may be empty, then cost is not reported.
        dt_s: Length of the step, s.

    Returns:
        New sums; the old ones stay as they are.
    """
    hours = dt_s / SECONDS_PER_HOUR
    step = np.add.reduceat(
        outputs.take(layout.gathered, axis=1) * layout.weights, layout.first, axis=1
    )
    electricity = sum(step[:, _at(name)] for name in _GATHERED if name.endswith("electricity"))
    electricity = electricity - step[:, _at("generated")]
    carbon = outputs[:, layout.carbon_at] * 1e-6  # t/kWh
    peak = np.maximum(sums.peak_boiler_kw, step[:, _at("fired")])
    step[:, : len(_MEAN_POWERS)] *= hours
    before = sums.terms
    return KpiSums(
        energies=sums.energies + step,
        useful_kwh=sums.useful_kwh + useful_heat_kw(layout.heat, outputs) * hours,
        electricity_co2_t=sums.electricity_co2_t + electricity * carbon * hours,
        peak_boiler_kw=peak,
        hours=sums.hours + hours,
        terms={name: before[name] + v if name in before else v.copy() for name, v in terms.items()},
    )


def summary(sums: KpiSums) -> dict[str, FloatArray]:
    """Key figures, each ``(num_envs,)``; NaN where nothing stands below the line of a ratio.

    Beside those of :data:`KPIS`: ``cost_eur.<term>`` for each term, where terms were given.
    """
    of = {name: sums.energies[:, i] for i, name in enumerate(_GATHERED)}
    waste = of["recovered"] + of["evaporated"]
    offered = of["available"] + of["cooling"]
    fed_in = of["recovered"] + of["pumped"] - of["lifted"] + of["collected"]
    fed_in = fed_in + of["fired"] + of["engine"]
    electricity = of["pump_electricity"] + of["heat_pump_electricity"] + of["other_electricity"]
    waste_share = _ratio(waste, fed_in)
    recovery = _ratio(of["recovered"], of["available"])
    gas_primary = (of["fuel"] + of["biogas"]) / GROSS_OVER_NET_GAS * PRIMARY_FACTOR_GAS
    wood_primary = of["wood"] / GROSS_OVER_NET_WOOD * PRIMARY_FACTOR_WOOD
    net_electricity = electricity - of["generated"]
    primary = gas_primary + wood_primary + PRIMARY_FACTOR_ELECTRICITY * net_electricity
    unmet_share = _ratio(of["unmet"], of["demand"])
    figures = {
        "cost_eur": sum(sums.terms.values(), np.zeros(waste.shape)),
        "demand_coverage": 1.0 - unmet_share,
        "unmet_demand_share": unmet_share,
        "unmet_kwh": of["unmet"],
        "reuse_rate": _ratio(waste_share * sums.useful_kwh, offered),
        "recapture": _ratio(waste, offered),
        "source_recovery": recovery,
        "recovery_target_met": np.where(np.isnan(recovery), np.nan, recovery >= RECOVERY_TARGET),
        "waste_heat_share": waste_share,
        "room_comfort_kh": of["room_comfort"],
        "crop_comfort_kh": of["crop_comfort"],
        "co2_t": of["emitted"] + sums.electricity_co2_t,
        "primary_energy_kwh": primary,
        "fuel_kwh": of["fuel"],
        "other_fuel_kwh": of["wood"] + of["biogas"],
        "flared_kwh": of["flared"],
        "electricity_kwh": electricity,
        "generated_kwh": of["generated"],
        "boiler_kwh": of["fired"],
        "engine_kwh": of["engine"],
        "solar_kwh": of["collected"],
        "peak_boiler_kw": sums.peak_boiler_kw,
        "seasonal_cop": _ratio(of["pumped"], of["heat_pump_electricity"]),
        "pump_electricity_kwh": of["pump_electricity"],
        "loss_share": _ratio(of["loss"], fed_in),
        "machine_starts": of["starts"],
        "curtailed_kwh": of["curtailed"],
        "batch_delay_h": of["batch_delay"],
        "energy_closure_relative": _ratio(np.abs(of["residual"]), of["throughput"]),
    }
    if not sums.terms:
        del figures["cost_eur"]
    figures.update({f"cost_eur.{name}": value for name, value in sums.terms.items()})
    return figures


def _at(name: str) -> int:
    return _GATHERED.index(name)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    known = below > 0.0
    return np.where(known, above / np.where(known, below, 1.0), np.nan)
