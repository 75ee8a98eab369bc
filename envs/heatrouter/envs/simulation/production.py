"""What producers offer at their commanded share: flow, heat, and the most they could give now."""

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.boiler import boiler_fuel, condensing_efficiency, heat_of_fuel
from heatrouter.envs.components.exchanger import exchanged_heat, film_term, substation_heat
from heatrouter.envs.components.heat_pump import lorenz_cop
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.components.solar_thermal import collector_heat
from heatrouter.envs.simulation import outputs as o
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.work import Work

MIN_SPREAD_K = 5.0
SOURCE_PINCH_K = 5.0
MIN_FLOW_SHARE = 0.05
SINK_MARGIN_K = 2.0
LIMITER_BAND_K = 5.0


@compiled
def ramp(value: float, target: float, step: float) -> float:
    """Move a value towards its target by at most ``step``."""
    return value + min(max(target - value, -step), step)


@compiled
def series_or_one(exogenous: FloatArray, column: int) -> float:
    """A series of a fault where the scenario has it, else 1."""
    return float(exogenous[column]) if column >= 0 else 1.0


@compiled
def switched_share(share: float, target: float, min_load: float, step: float) -> float:
    """Share of a unit that jumps between off and its least load and ramps above it."""
    if target >= min_load - 1e-9 and target > 0.0:
        return ramp(max(share, min_load), target, step)
    if share > min_load + step:
        return share - step
    return 0.0


@compiled
def prepare_cooling(par: Parameters, here: EnvState, exogenous: FloatArray, work: Work,
                    dt: float) -> None:  # fmt: skip
    """Cooling to be met and gas that can be burnt in this sub-step."""
    for k in range(par.cooling.shape[0]):
        level = exogenous[par.cooling_index[k, t.KI_LEVEL]]
        work.cooling[k, t.KW_LOAD] = par.cooling[k, t.KF_PEAK] * level
        work.cooling[k, t.KW_RESERVED] = 0.0
        work.cooling[k, t.KW_EVAPORATED] = 0.0
    for d in range(par.digester.shape[0]):
        inflow = par.digester[d, t.DF_PEAK] * exogenous[par.digester_index[d, t.DI_LEVEL]]
        work.digester[d, t.DW_LEFT] = here.fuel[d] / dt + inflow
        work.digester[d, t.DW_TAKEN] = 0.0


@compiled
def offer_heat(
    c: int,
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    set_points: FloatArray,
    work: Work,
    dt: float,
) -> None:
    """Move every producer of circuit ``c`` towards its set-point and note what it offers now."""
    cp = par.circuit[c, t.RF_CP]
    setting = work.circuit[c, t.RW_SET]
    for p in range(par.producer.shape[0]):
        index = par.producer_index[p]
        if index[t.PI_CIRCUIT] != c:
            continue
        data = par.producer[p]
        state = here.producer[p]
        offer = work.producer[p]
        target = 0.0
        if index[t.PI_SET_POINT] >= 0:
            target = min(max(set_points[index[t.PI_SET_POINT]], 0.0), 1.0)
        step = data[t.PF_RAMP] * dt
        if index[t.PI_SWITCHED] == 1:
            share = switched_share(state[t.PX_SHARE], target, data[t.PF_MIN_LOAD], step)
        else:
            share = ramp(state[t.PX_SHARE], target, step)
        state[t.PX_SHARE] = share
        inlet = here.node_temp[index[t.PI_IN]]
        kind = index[t.PI_KIND]
        fit = series_or_one(exogenous, index[t.PI_AVAILABILITY])
        if kind == t.SOURCE:
            level = exogenous[index[t.PI_LEVEL]]
            beside = _flow_beside(index, state, here)
            clean = series_or_one(exogenous, index[t.PI_CLEANNESS])
            _offer_source(beside, clean, data, state, offer, level * fit, inlet, setting, cp)
        elif kind == t.HEAT_PUMP:
            _offer_heat_pump(p, par, here, exogenous, share, fit, inlet, setting, work, cp)
        elif kind == t.SOLAR:
            _offer_solar(par, data, state, offer, exogenous, fit, inlet, setting, cp)
        elif kind == t.LINK:
            _offer_link(p, par, here, share, fit, inlet, setting, work, cp)
        else:
            beside = _flow_beside(index, state, here)
            _offer_fired(
                index[t.PI_FUEL], kind, beside, data, offer, share, fit, inlet, setting, work, cp
            )
        _limit_temperature(data, state, offer)


@compiled
def _limit_temperature(data: FloatArray, state: FloatArray, offer: FloatArray) -> None:
    """The limiter of a unit: above its highest outlet temperature it gives less, then nothing.

    Heat is set for the inlet of a moment ago; where that swings, the water would go on heating.
    """
    if data[t.PF_MAX_OUTLET] > 0.0 and state[t.PX_TEMP] > data[t.PF_MAX_OUTLET]:
        over = (state[t.PX_TEMP] - data[t.PF_MAX_OUTLET]) / LIMITER_BAND_K
        left = max(1.0 - over, 0.0)
        offer[t.PW_OFFER_HEAT] *= left
        offer[t.PW_LIMIT] *= left


@compiled
def _flow_beside(index: IntArray, state: FloatArray, here: EnvState) -> float:
    """Flow that a unit within one line can take over without pumping it round in a circle, kg/s.

    Negative for units that lift return water to the supply.
    """
    if index[t.PI_FEEDS] == 1:
        return -1.0
    pipe = index[t.PI_BESIDE]
    if pipe < 0:
        return 0.0
    along = index[t.PI_BESIDE_SIGN] * here.pipe_flow[pipe]
    return float(max(along + state[t.PX_FLOW], 0.0))


@compiled
def _offer_source(
    beside: float,
    clean: float,
    data: FloatArray,
    state: FloatArray,
    offer: FloatArray,
    level: float,
    inlet: float,
    setting: float,
    cp: float,
) -> None:
    """A stream of waste heat behind its exchanger (epsilon-NTU)."""
    share = state[t.PX_SHARE]
    capacity = data[t.PF_STREAM_CAPACITY] * level
    hot = data[t.PF_STREAM_TEMP]
    limit = capacity * max(hot - data[t.PF_MIN_EXHAUST], 0.0)
    offer[t.PW_LEVEL] = level
    offer[t.PW_LIMIT] = limit
    offer[t.PW_OFFER_FLOW] = 0.0
    offer[t.PW_OFFER_HEAT] = 0.0
    if share <= 0.0 or capacity <= 0.0:
        return
    largest = data[t.PF_MAX_FLOW]
    top = min(data[t.PF_MAX_OUTLET], hot - SOURCE_PINCH_K)
    if beside < 0.0:
        spread = max(min(setting, top) - inlet, MIN_SPREAD_K)
        flow = state[t.PX_HEAT] / (cp * spread)
    else:
        flow = largest * min(share * level * 1.25, 1.0)
    flow = min(max(flow, MIN_FLOW_SHARE * largest), largest)
    if beside >= 0.0:
        flow = min(flow, beside)
    heat = share * min(
        limit, exchanged_heat(data[t.PF_UA] * clean, capacity, flow * cp, hot - inlet)
    )
    offer[t.PW_OFFER_FLOW] = flow
    offer[t.PW_OFFER_HEAT] = min(heat, max(flow * cp * (top - inlet), 0.0))


@compiled
def _offer_heat_pump(
    p: int,
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    share: float,
    fit: float,
    inlet: float,
    setting: float,
    work: Work,
    cp: float,
) -> None:
    """A compression heat pump on cooling water, another circuit, air or ground."""
    index, data, offer = par.producer_index[p], par.producer[p], work.producer[p]
    outlet = max(min(setting, data[t.PF_MAX_OUTLET]), inlet + MIN_SPREAD_K)
    warm, cold = _heat_pump_source(index, data, par, here, exogenous)
    cop = lorenz_cop(inlet, outlet, warm, cold, data[t.PF_EFFICIENCY], data[t.PF_MAX_COP])
    spread = outlet - inlet
    lift = 1.0 - 1.0 / cop
    limit = min(data[t.PF_CAPACITY] * fit, data[t.PF_MAX_FLOW] * cp * spread)
    if index[t.PI_MEDIUM] == 0:
        k = index[t.PI_COOLING]
        free = work.cooling[k, t.KW_LOAD] - work.cooling[k, t.KW_RESERVED]
        limit = min(limit, max(free, 0.0) / max(lift, 1e-6))
    elif index[t.PI_MEDIUM] == 1:
        u = index[t.PI_PRIMARY]
        primary_cp = par.circuit[par.consumer_index[u, t.CI_CIRCUIT], t.RF_CP]
        most = par.consumer[u, t.CF_MAX_FLOW] * primary_cp * data[t.PF_SOURCE_SPREAD]
        limit = min(limit, most / max(lift, 1e-6))
    offer[t.PW_COP] = cop
    offer[t.PW_SOURCE_TEMP] = warm
    offer[t.PW_LIMIT] = limit
    offer[t.PW_OFFER_FLOW] = 0.0
    offer[t.PW_OFFER_HEAT] = 0.0
    too_hot = inlet > data[t.PF_MAX_OUTLET] - SINK_MARGIN_K
    if too_hot or warm < data[t.PF_SOURCE_MIN] or limit < data[t.PF_MIN_LOAD] * data[t.PF_CAPACITY]:
        offer[t.PW_LIMIT] = 0.0
        return
    heat = min(share * data[t.PF_CAPACITY], limit)
    offer[t.PW_OFFER_HEAT] = heat
    offer[t.PW_OFFER_FLOW] = heat / (cp * spread)
    if index[t.PI_MEDIUM] == 0:
        work.cooling[index[t.PI_COOLING], t.KW_RESERVED] += heat * lift


@compiled
def _heat_pump_source(
    index: IntArray, data: FloatArray, par: Parameters, here: EnvState, exogenous: FloatArray
) -> tuple[float, float]:
    """Temperatures of what a heat pump cools, before and after, degC."""
    medium = index[t.PI_MEDIUM]
    if medium == 0:
        k = index[t.PI_COOLING]
        return par.cooling[k, t.KF_IN], par.cooling[k, t.KF_OUT]
    if medium == 1:
        warm = here.node_temp[par.consumer_location[index[t.PI_PRIMARY]]]
    elif medium == 2:
        warm = exogenous[par.site_series[o.SITE_AMBIENT]]
    else:
        warm = exogenous[par.site_series[o.SITE_GROUND]]
    return warm, warm - data[t.PF_SOURCE_SPREAD]


@compiled
def _offer_fired(
    fuel: int,
    kind: int,
    beside: float,
    data: FloatArray,
    offer: FloatArray,
    share: float,
    fit: float,
    inlet: float,
    setting: float,
    work: Work,
    cp: float,
) -> None:
    """A boiler or an engine; what burns stored gas can burn no more than there is."""
    if kind == t.BOILER:
        eta = condensing_efficiency(inlet, data[t.PF_ETA_35], data[t.PF_ETA_60])
        standby = data[t.PF_STANDBY]
    else:
        eta = data[t.PF_THERMAL]
        standby = 0.0
    limit = data[t.PF_CAPACITY] * fit
    if fuel >= 0:
        limit = min(limit, heat_of_fuel(work.digester[fuel, t.DW_LEFT], limit, eta, standby))
    heat = min(share * data[t.PF_CAPACITY], limit)
    if share > 0.0 and heat < data[t.PF_MIN_LOAD] * data[t.PF_CAPACITY]:
        heat = 0.0
    if beside < 0.0:
        spread = max(min(setting, data[t.PF_MAX_OUTLET]) - inlet, MIN_SPREAD_K)
        flow = min(heat / (cp * spread), data[t.PF_MAX_FLOW])
    else:
        flow = min(beside, data[t.PF_MAX_FLOW])
    heat = min(heat, flow * cp * max(data[t.PF_MAX_OUTLET] - inlet, 0.0))
    offer[t.PW_ETA] = eta
    offer[t.PW_LIMIT] = limit
    offer[t.PW_OFFER_FLOW] = flow
    offer[t.PW_OFFER_HEAT] = heat
    if fuel >= 0 and heat > 0.0:
        work.digester[fuel, t.DW_LEFT] -= boiler_fuel(heat, data[t.PF_CAPACITY], eta, standby)


@compiled
def _offer_solar(
    par: Parameters,
    data: FloatArray,
    state: FloatArray,
    offer: FloatArray,
    exogenous: FloatArray,
    fit: float,
    inlet: float,
    setting: float,
    cp: float,
) -> None:
    """A collector field whose flow is set so that it leaves at the supply's setting."""
    ambient = exogenous[par.site_series[o.SITE_AMBIENT]]
    plane = exogenous[par.site_series[o.SITE_IRRADIANCE]] * data[t.PF_PLANE]
    outlet = max(min(setting, data[t.PF_MAX_OUTLET]), inlet + MIN_SPREAD_K)
    heat = collector_heat(
        plane, 0.5 * (inlet + outlet), ambient, data[t.PF_AREA], data[t.PF_ETA_0], data[t.PF_A1],
        data[t.PF_A2],
    )  # fmt: skip
    limit = fit * min(heat, data[t.PF_MAX_FLOW] * cp * (outlet - inlet))
    offer[t.PW_AVAILABLE] = heat
    offer[t.PW_LIMIT] = limit
    offer[t.PW_OFFER_HEAT] = state[t.PX_SHARE] * limit
    offer[t.PW_OFFER_FLOW] = offer[t.PW_OFFER_HEAT] / (cp * (outlet - inlet))


@compiled
def _offer_link(
    p: int,
    par: Parameters,
    here: EnvState,
    share: float,
    fit: float,
    inlet: float,
    setting: float,
    work: Work,
    cp: float,
) -> None:
    """An exchanger from another circuit: what its primary could give with a wide-open valve."""
    data, offer = par.producer[p], work.producer[p]
    u = par.producer_index[p, t.PI_PRIMARY]
    design = par.consumer[u]
    primary_cp = par.circuit[par.consumer_index[u, t.CI_CIRCUIT], t.RF_CP]
    supply = here.node_temp[par.consumer_location[u]]
    spread = max(setting - inlet, MIN_SPREAD_K)
    largest = data[t.PF_MAX_FLOW]
    # the exchanger knows one heat capacity: secondary flow as kg/s of primary water
    term = film_term(largest * cp / primary_cp / design[t.CF_SECONDARY])
    most = substation_heat(
        design[t.CF_MAX_FLOW], supply, largest * cp / primary_cp, inlet, design[t.CF_PRIMARY],
        term, design[t.CF_UA], primary_cp,
    )  # fmt: skip
    limit = fit * min(data[t.PF_CAPACITY], most, largest * cp * spread)
    heat = min(share * data[t.PF_CAPACITY], limit)
    offer[t.PW_LIMIT] = limit
    offer[t.PW_OFFER_HEAT] = heat
    offer[t.PW_OFFER_FLOW] = heat / (cp * spread)
