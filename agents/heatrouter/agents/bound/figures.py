"""The best that units could ever do: temperatures nobody can leave, and what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatrouter.agents.bound.water import Water
from heatrouter.agents.bound.week_data import WeekData
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.demand import EVAPORATOR_SPREAD_RATIO, RADIATOR_EXPONENT
from heatrouter.envs.simulation.production import LIMITER_BAND_K, MIN_SPREAD_K, SOURCE_PINCH_K
from heatrouter.envs.units import W_PER_KW, ZERO_CELSIUS_K

_MIN_LIFT_K = 5.0  # of the simulator's heat pumps
_SHARES = np.linspace(0.0, 1.1, 111)


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Optimistic figures of a week; producers in the order of their table.

    Attributes:
        low_c: Coldest that the water of each circuit can get, ``(n_circuits,)``.
        high_c: Hottest that it can get, ``(n_circuits,)``.
        top_c: Hottest water that each producer makes, ``(n_producers,)``.
        most_kw: Heat of each producer, ``(n_steps, n_producers)``.
        best_cop: Of heat pumps, 1 of others, ``(n_steps, n_producers)``.
        best_efficiency: Of what burns fuel, 1 of others, ``(n_steps, n_producers)``.
        least_loss_kw: Of the pipes and stores of each circuit, ``(n_steps, n_circuits)``.
        stock_kwh: Least and largest heat held by the water of each circuit, ``(2, n_circuits)``.
        preheat_share: Of the charges' heat that the network can bring, by batch process.
    """

    low_c: FloatArray
    high_c: FloatArray
    top_c: FloatArray
    most_kw: FloatArray
    best_cop: FloatArray
    best_efficiency: FloatArray
    least_loss_kw: FloatArray
    stock_kwh: FloatArray
    preheat_share: Mapping[str, float]

    @classmethod
    def of(cls, week: WeekData, water: tuple[Water, ...]) -> "Figures":
        """Derive all figures."""
        low = _lowest(week, water)
        high, top = _highest(week, water)
        count, n_steps = len(week.producers), week.n_steps
        most, cop = np.zeros((n_steps, count)), np.ones((n_steps, count))
        efficiency = np.ones((n_steps, count))
        for p, index in enumerate(week.par.producer_index):
            data, kind = week.par.producer[p], index[t.PI_KIND]
            circuit = int(index[t.PI_CIRCUIT])
            fit = week.series_or_one(int(index[t.PI_AVAILABILITY]))
            cp = week.par.circuit[circuit, t.RF_CP]
            if kind == t.SOURCE:
                most[:, p] = source_w(week, p, fit, low[circuit], cp)
            elif kind == t.SOLAR:
                most[:, p] = _solar(week, p, fit, low[circuit])
            else:
                most[:, p] = data[t.PF_CAPACITY] * fit
            if kind == t.HEAT_PUMP:
                cop[:, p] = _cop(week, p, low[circuit], high)
                most[:, p] *= _source_is_warm(week, p)
            elif kind == t.BOILER:
                at_low, at_high = (_efficiency(data, c) for c in (low[circuit], high[circuit]))
                efficiency[:, p] = max(at_low, at_high)
            elif kind == t.CHP:
                efficiency[:, p] = data[t.PF_THERMAL]
        return cls(
            low_c=low,
            high_c=high,
            top_c=top,
            most_kw=most / W_PER_KW,
            best_cop=cop,
            best_efficiency=efficiency,
            least_loss_kw=_least_loss(week, low),
            stock_kwh=np.array(
                [
                    [w.at_kwh(c, most=False) for w, c in zip(water, low.tolist(), strict=True)],
                    [w.at_kwh(c, most=True) for w, c in zip(water, high.tolist(), strict=True)],
                ]
            ),
            preheat_share=_preheat(week, high),
        )


def _lowest(week: WeekData, water: tuple[Water, ...]) -> FloatArray:
    """Water cools towards the ground and what it heats, and no further."""
    ground = float(week.ground_c.min()) if week.ground_c.size else np.inf
    low = np.array([min(float(body.temp_c.min()), ground) for body in water])
    # a link's return is no colder than the return of what it feeds: to the last in the chain
    for _ in week.district.circuits:
        for u, index in enumerate(week.par.consumer_index):
            c = int(index[t.CI_CIRCUIT])
            low[c] = min(low[c], _coldest_return(week, u, low))
    return low


def _coldest_return(week: WeekData, u: int, low: FloatArray) -> float:
    data, kind = week.par.consumer[u], week.par.consumer_index[u, t.CI_KIND]
    if kind == t.SUBSTATION:
        supply, back, room = data[[t.CF_SUPPLY, t.CF_RETURN, t.CF_SET_TEMP]]
        excess = (0.5 * (supply + back) - room) * _SHARES ** (1.0 / RADIATOR_EXPONENT)
        returns = room + excess - 0.5 * (supply - back) * _SHARES
        return float(min(returns.min(), data[t.CF_HOT_IN]))
    if kind == t.GREENHOUSE:
        return float(data[t.CF_CROP_MIN])
    if kind in (t.EXCHANGER, t.EVAPORATOR):
        name = week.consumers[u]
        p = week.producers.index(name)
        fed = int(week.par.producer_index[p, t.PI_CIRCUIT])
        if kind == t.EXCHANGER:
            return float(low[fed])
        spread = data[t.CF_SUPPLY] - data[t.CF_RETURN]
        return float(week.par.producer[p, t.PF_SOURCE_MIN] - EVAPORATOR_SPREAD_RATIO * spread)
    return float(data[t.CF_RETURN])


def _highest(week: WeekData, water: tuple[Water, ...]) -> tuple[FloatArray, FloatArray]:
    """Nothing but producers warms water, and each up to its limiter.

    Not up to the highest setting: return water that comes hotter than 5 K below it is heated by 5 K
    all the same, and a wild controller gets there.
    """
    par = week.par
    start = np.array([float(body.temp_c.max()) for body in water])
    high = np.maximum(start, par.circuit[:, t.RF_SUPPLY_MAX])
    top = np.zeros(len(week.producers))
    for _ in week.district.circuits:  # links pass on what they get
        for p, index in enumerate(par.producer_index):
            data, kind = par.producer[p], index[t.PI_KIND]
            if kind == t.LINK:
                primary = int(par.consumer_index[index[t.PI_PRIMARY], t.CI_CIRCUIT])
                top[p] = high[primary]
            else:
                top[p] = data[t.PF_MAX_OUTLET]
                if kind == t.SOURCE:
                    top[p] = min(top[p], data[t.PF_STREAM_TEMP] - SOURCE_PINCH_K)
            top[p] += LIMITER_BAND_K
            c = int(index[t.PI_CIRCUIT])
            high[c] = max(high[c], top[p])
    return high, top


def exchanged_heat(
    ua: npt.ArrayLike, hot: npt.ArrayLike, cold: npt.ArrayLike, span: npt.ArrayLike
) -> FloatArray:
    """Heat of a counterflow exchanger (epsilon-NTU), W, elementwise; conductances in W/K."""
    ua, hot, cold, span = (np.asarray(a, dtype=np.float64) for a in (ua, hot, cold, span))
    least, largest = np.minimum(hot, cold), np.maximum(hot, cold)
    ratio = np.minimum(least / np.maximum(largest, 1e-12), 0.9999)
    ntu = np.minimum(ua / np.maximum(least, 1e-12), 50.0)
    left = np.exp(-ntu * (1.0 - ratio))
    # balanced streams: the formula is steep there, its limit is the larger
    effectiveness = np.maximum((1.0 - left) / (1.0 - ratio * left), ntu / (1.0 + ntu))
    found: FloatArray = effectiveness * least * np.maximum(span, 0.0)
    return found


def source_w(
    week: WeekData, p: int, fit: FloatArray, low: float | FloatArray, cp: float
) -> FloatArray:
    """Most that a source gives into water of ``low`` degC, W, ``(n_steps,)``."""
    data, index = week.par.producer[p], week.par.producer_index[p]
    stream = data[t.PF_STREAM_CAPACITY] * week.values[:, index[t.PI_LEVEL]] * fit
    clean = week.series_or_one(int(index[t.PI_CLEANNESS]))
    hot, water = data[t.PF_STREAM_TEMP], data[t.PF_MAX_FLOW] * cp
    top = min(data[t.PF_MAX_OUTLET], hot - SOURCE_PINCH_K)
    given = np.minimum(
        exchanged_heat(data[t.PF_UA] * clean, stream, water, hot - low),
        stream * max(hot - data[t.PF_MIN_EXHAUST], 0.0),
    )
    found: FloatArray = np.minimum(given, water * np.maximum(top - low, 0.0))
    return found


def _solar(week: WeekData, p: int, fit: FloatArray, low: float) -> FloatArray:
    data = week.par.producer[p]
    circuit = int(week.par.producer_index[p, t.PI_CIRCUIT])
    coldest = week.par.circuit[circuit, t.RF_SUPPLY_MIN]
    outlet = max(min(coldest, data[t.PF_MAX_OUTLET]), low + MIN_SPREAD_K)
    excess = np.maximum(0.5 * (low + outlet) - week.ambient_c, 0.0)
    plane = week.irradiance_w_m2 * data[t.PF_PLANE]
    lost = (data[t.PF_A1] + data[t.PF_A2] * excess) * excess
    found: FloatArray = fit * np.maximum(data[t.PF_AREA] * (data[t.PF_ETA_0] * plane - lost), 0.0)
    return found


def log_mean(inlet_c: npt.ArrayLike, outlet_c: npt.ArrayLike) -> FloatArray:
    """Logarithmic mean of two temperatures, K."""
    a = np.asarray(inlet_c, dtype=np.float64) + ZERO_CELSIUS_K
    b = np.asarray(outlet_c, dtype=np.float64) + ZERO_CELSIUS_K
    apart = np.abs(a - b) >= 0.01
    ratio = np.where(apart, b / a, np.e)
    found: FloatArray = np.where(apart, (b - a) / np.log(ratio), 0.5 * (a + b))
    return found


def _cop(week: WeekData, p: int, low: float, high: FloatArray) -> FloatArray:
    """COP with the coldest inlet, the lowest setting and the warmest source."""
    data, index = week.par.producer[p], week.par.producer_index[p]
    coldest = week.par.circuit[index[t.PI_CIRCUIT], t.RF_SUPPLY_MIN]
    outlet = max(min(coldest, data[t.PF_MAX_OUTLET]), low + MIN_SPREAD_K)
    sink = log_mean(low, outlet)
    if index[t.PI_MEDIUM] == 0:
        row = week.par.cooling[index[t.PI_COOLING]]
        source = log_mean(row[t.KF_IN], row[t.KF_OUT])
    else:
        warm = _source_temp(week, p, high)
        source = log_mean(warm, warm - data[t.PF_SOURCE_SPREAD])
    lift = np.maximum(sink - source, _MIN_LIFT_K)
    found: FloatArray = np.clip(data[t.PF_EFFICIENCY] * sink / lift, 1.0, data[t.PF_MAX_COP])
    return np.broadcast_to(found, (week.n_steps,))


def _source_temp(week: WeekData, p: int, high: FloatArray) -> FloatArray:
    index = week.par.producer_index[p]
    if index[t.PI_MEDIUM] == 1:
        primary = week.par.consumer_index[index[t.PI_PRIMARY], t.CI_CIRCUIT]
        return np.full(week.n_steps, high[primary])
    return week.ambient_c if index[t.PI_MEDIUM] == 2 else week.ground_series_c


def _source_is_warm(week: WeekData, p: int) -> FloatArray:
    """0 where air or ground is too cold for a heat pump, else 1."""
    if week.par.producer_index[p, t.PI_MEDIUM] < 2:
        return np.ones(week.n_steps)
    warm = _source_temp(week, p, np.zeros(0))
    found: FloatArray = np.where(warm >= week.par.producer[p, t.PF_SOURCE_MIN], 1.0, 0.0)
    return found


def _efficiency(data: FloatArray, return_c: float) -> float:
    share = min(max((return_c - 35.0) / 25.0, 0.0), 1.0)
    return float(data[t.PF_ETA_35] + share * (data[t.PF_ETA_60] - data[t.PF_ETA_35]))


def _least_loss(week: WeekData, low: FloatArray) -> FloatArray:
    """Loss with all water as cold as it gets; below zero where ground or air is warmer."""
    loss = np.zeros((week.n_steps, len(low)))
    for p, conductance in enumerate(week.pipes.to_ground):
        c = int(week.net.circuit_of[week.net.pair_from[p]])
        ground = week.ground_c[:, week.pipes.ground_level[p]]
        loss[:, c] += 2.0 * conductance * np.minimum(low[c] - ground, 0.0)
    for s, index in enumerate(week.par.store_index):
        c = int(index[t.SI_CIRCUIT])
        conductance = week.par.store[s, t.SF_LAYER_LOSS] * index[t.SI_LAYERS]
        loss[:, c] += conductance * np.minimum(low[c] - week.ambient_c, 0.0)
    return loss / W_PER_KW


def _preheat(week: WeekData, high: FloatArray) -> dict[str, float]:
    """Share of each charge's heat with the hottest water."""
    found = {}
    for u in week.consumers_of(t.BATCH):
        data = week.par.consumer[u]
        span = data[t.CF_TARGET_TEMP] - data[t.CF_START_TEMP]
        hottest = high[week.par.consumer_index[u, t.CI_CIRCUIT]]
        reach = hottest - data[t.CF_APPROACH] - data[t.CF_START_TEMP]
        found[week.consumers[u]] = float(np.clip(reach / span, 0.0, 1.0)) if span > 0.0 else 0.0
    return found
