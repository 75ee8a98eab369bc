"""The best that units did in recorded weeks: figures that hold for those weeks alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heatrouter.agents.bound.district_bound import DistrictBound
from heatrouter.agents.bound.figures import Figures, source_w
from heatrouter.agents.bound.program import Recorded
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.units import SECONDS_PER_HOUR, W_PER_KW

_REACH_H = 1.0
"""What was reached at one time counts as possible so long before and after."""
_ROUNDING = 1e-9
_RUNS_KW = 1e-6


def seen_figures(proven: DistrictBound, weeks: Sequence[Recorded]) -> Figures:
    """Figures that the best of the recorded weeks reached, none better than what is proven.

    Args:
        proven: The bound with figures that nobody can surpass.
        weeks: The week under every controller that is to be bounded.
    """
    week, figures = proven.week, proven.figures
    reach = round(_REACH_H * SECONDS_PER_HOUR / week.dt_s)
    most, cop = figures.most_kw.copy(), figures.best_cop.copy()
    efficiency = figures.best_efficiency.copy()
    for p, index in enumerate(week.par.producer_index):
        name, kind = week.producers[p], index[t.PI_KIND]
        if kind == t.SOURCE:
            inlet = _best([-r(f"{name}.inlet_temp_c") for r in weeks], reach)
            cp = week.par.circuit[index[t.PI_CIRCUIT], t.RF_CP]
            fit = week.series_or_one(int(index[t.PI_AVAILABILITY]))
            seen = source_w(week, p, fit, -inlet, cp) / W_PER_KW
            if index[t.PI_FEEDS] == 0:
                # within one line it heats no more water than passes
                circuit = week.district.circuits[int(index[t.PI_CIRCUIT])].name
                flow = _best([r(f"{circuit}.mass_flow_kg_s") for r in weeks], reach)
                own = _best([r(f"{name}.mass_flow_kg_s") for r in weeks], reach)
                rise = np.maximum(figures.top_c[p] + inlet, 0.0)
                seen = np.minimum(seen, np.maximum(flow, own) * cp * rise / W_PER_KW)
            used = _best([r(f"{name}.heat_kw") for r in weeks], 0)
            most[:, p] = np.minimum(most[:, p], np.maximum(seen, used) * (1.0 + _ROUNDING))
        elif kind == t.HEAT_PUMP:
            offered = [r(f"{name}.cop") for r in weeks]
            reached = [_ratio(r(f"{name}.heat_kw"), r(f"{name}.power_kw")) for r in weeks]
            cop[:, p] = np.minimum(cop[:, p], _best([*offered, *reached], reach))
        elif kind == t.BOILER:
            column = "power_kw" if week.par.producer[p, t.PF_ELECTRIC] > 0.0 else "fuel_kw"
            reached = [_ratio(r(f"{name}.heat_kw"), r(f"{name}.{column}")) for r in weeks]
            # one that never ran is taken at its inlet's temperature
            cold = -_best([-r(f"{name}.inlet_temp_c") for r in weeks], reach)
            efficiency[:, p] = np.minimum(
                efficiency[:, p], np.maximum(_best(reached, reach), _efficiency(proven, p, cold))
            )
    points = [proven.program.point(r) for r in weeks]
    stock = figures.stock_kwh.copy()
    loss = figures.least_loss_kw.copy()
    circuits = proven.stocks[len(week.digesters) :]
    for c, ((held, first), lost) in enumerate(zip(circuits, proven.lost_at, strict=True)):
        courses = np.concatenate([[first], *(point[held] for point in points)])
        stock[:, c] = courses.min(), courses.max()
        loss[:, c] = -_best([-point[lost] for point in points], reach)
    stock[0] -= _ROUNDING * np.abs(stock[0])
    stock[1] += _ROUNDING * np.abs(stock[1])
    return replace(
        figures,
        most_kw=most,
        best_cop=cop * (1.0 + _ROUNDING),
        best_efficiency=efficiency * (1.0 + _ROUNDING),
        least_loss_kw=loss - _ROUNDING * np.abs(loss),
        stock_kwh=stock,
        preheat_share={
            name: min(share, _preheat(proven, name, weeks))
            for name, share in figures.preheat_share.items()
        },
    )


def _best(courses: Sequence[FloatArray], reach: int) -> FloatArray:
    """Largest of some courses within so many steps before and after, ``(n_steps,)``."""
    best = np.max(courses, axis=0)
    padded = np.pad(best, reach, constant_values=-np.inf)
    found: FloatArray = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    return found


def _ratio(heat: FloatArray, energy: FloatArray) -> FloatArray:
    runs = energy > _RUNS_KW
    return np.where(runs, heat / np.where(runs, energy, 1.0), -np.inf)


def _efficiency(proven: DistrictBound, p: int, return_c: FloatArray) -> FloatArray:
    data = proven.week.par.producer[p]
    share = np.clip((return_c - 35.0) / 25.0, 0.0, 1.0)
    found: FloatArray = data[t.PF_ETA_35] + share * (data[t.PF_ETA_60] - data[t.PF_ETA_35])
    return found


def _preheat(proven: DistrictBound, name: str, weeks: Sequence[Recorded]) -> float:
    """Largest share of the charges' heat that the network brought in any step."""
    week = proven.week
    eta = week.par.consumer[week.consumers.index(name), t.CF_FUEL_ETA]
    best = 0.0
    for r in weeks:
        heat, fuel = r(f"{name}.heat_kw"), r(f"{name}.fuel_kw") * eta
        best = max(best, float((heat / np.maximum(heat + fuel, _RUNS_KW)).max()))
    return best * (1.0 + _ROUNDING)
