"""Consumers in a sub-step: heat delivered, heat owed, rooms, air, charges, and their reports."""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.building import room_step
from heatrouter.envs.components.exchanger import substation_heat
from heatrouter.envs.components.greenhouse import greenhouse_step, rail_heat
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation import outputs as o
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.demand import (
    DAYLIGHT_W_M2,
    EVAPORATOR_SPREAD_RATIO,
    lamp_power,
)
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.work import Work, gain, spend

BACKLOG_LIMIT_S = 900.0
"""Heat owed up to this many seconds of design heat is late, beyond it is unmet."""

BACKLOG_MEMORY_S = 3600.0
COMFORT_BAND_K = 0.5
MEAN_AIR_S = 86400.0
W_TO_KW = 1e-3


@compiled
def _delivered_main(
    u: int, par: Parameters, here: EnvState, work: Work, supply: float, flow: float, cp: float
) -> float:
    """Heat that the main exchanger passes at the flow achieved, W."""
    kind = par.consumer_index[u, t.CI_KIND]
    data, asked = par.consumer[u], work.consumer[u]
    request = asked[t.CW_REQUEST]
    if request <= 0.0:
        return 0.0
    if kind == t.GREENHOUSE:
        rails = rail_heat(
            flow, supply, request, data[t.CF_DESIGN_HEAT], data[t.CF_SUPPLY], data[t.CF_RETURN],
            here.consumer[u, t.CX_TEMP], cp,
        )  # fmt: skip
        return float(rails)
    if kind == t.EVAPORATOR:
        spread = EVAPORATOR_SPREAD_RATIO * (data[t.CF_SUPPLY] - data[t.CF_RETURN])
        return float(min(request, flow * cp * spread))
    heat = substation_heat(
        flow, supply, asked[t.CW_SECONDARY], asked[t.CW_INLET], data[t.CF_PRIMARY],
        asked[t.CW_TERM], data[t.CF_UA] * asked[t.CW_CLEAN], cp,
    )  # fmt: skip
    return float(min(heat, request))


@compiled
def serve_consumers(
    net: Topology,
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    """Deliver heat at the flows achieved and feed the return line; reports means and ends."""
    n_loc = net.order.size
    for c in range(net.root.size):
        work.circuit[c, t.RW_LOAD] = 0.0
    for u in range(par.consumer.shape[0]):
        index, data, asked = par.consumer_index[u], par.consumer[u], work.consumer[u]
        i, c, k, kind = (
            index[t.CI_LOCATION],
            index[t.CI_CIRCUIT],
            index[t.CI_COLUMN],
            index[t.CI_KIND],
        )
        cp = par.circuit[c, t.RF_CP]
        supply = here.node_temp[i]
        flow = work.achieved[u]
        set_flow = asked[t.CW_FLOW] + asked[t.CW_HOT_FLOW] + asked[t.CW_BYPASS]
        share = flow / set_flow if set_flow > 0.0 else 0.0
        main = _delivered_main(u, par, here, work, supply, asked[t.CW_FLOW] * share, cp)
        hot = 0.0
        if asked[t.CW_HOT_REQUEST] > 0.0:
            secondary = asked[t.CW_HOT_REQUEST] / (cp * (data[t.CF_HOT_OUT] - data[t.CF_HOT_IN]))
            hot = substation_heat(
                asked[t.CW_HOT_FLOW] * share, supply, secondary, data[t.CF_HOT_IN],
                data[t.CF_HOT_PRIMARY], asked[t.CW_HOT_TERM],
                data[t.CF_HOT_UA] * asked[t.CW_CLEAN], cp,
            )  # fmt: skip
            hot = min(hot, asked[t.CW_HOT_REQUEST])
        back = supply - (main + hot) / (flow * cp) if flow > 0.0 else supply
        work.mass[n_loc + i] += flow
        work.enthalpy[n_loc + i] += flow * back
        work.circuit[c, t.RW_LOAD] += main + hot
        asked[t.CW_DELIVERED] = main
        asked[t.CW_HOT_DELIVERED] = hot
        asked[t.CW_BACK] = back
        if kind >= t.EXCHANGER:
            # what it took is booked where it goes: to the water of the link or heat pump
            continue
        demand, unmet = _account_demand(u, par, here, exogenous, work, main, hot, dt)
        out[k + o.CON_HEAT] += (main + hot) * W_TO_KW
        out[k + o.CON_DEMAND] += demand * W_TO_KW
        out[k + o.CON_UNMET] += unmet / dt * W_TO_KW
        out[k + o.CON_SUPPLY] += supply
        out[k + o.CON_RETURN] += back
        out[k + o.CON_FLOW] += flow
        out[k + o.CON_DP] = min(out[k + o.CON_DP], work.available_dp[u] * 1e-5)
        if kind == t.SUBSTATION:
            _warm_rooms(u, par, here, exogenous, main, hot, work.energy, out, last, dt)
        elif kind == t.GREENHOUSE:
            _warm_greenhouse(u, par, here, exogenous, main, work, out, last, dt)
        else:
            spend(work.energy, main * dt)
            if kind == t.BATCH:
                _heat_charge(u, par, here, work, main, out, last)


@compiled
def _account_demand(
    u: int,
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    work: Work,
    main: float,
    hot: float,
    dt: float,
) -> tuple[float, float]:
    """Demand in W and heat that became unmet in this sub-step, J."""
    kind = par.consumer_index[u, t.CI_KIND]
    data, state, asked = par.consumer[u], here.consumer[u], work.consumer[u]
    demand = asked[t.CW_REQUEST]
    if kind == t.SUBSTATION:
        hot_demand = exogenous[par.consumer_index[u, t.CI_HOT_WATER]] * data[t.CF_HOT_SCALE]
        demand += hot_demand
        # rooms ask again for what they lack, so space heat owed fades; hot water stays owed
        state[t.CX_OWED] *= 1.0 - min(dt / BACKLOG_MEMORY_S, 1.0)
        state[t.CX_OWED] += (asked[t.CW_REQUEST] - main) * dt
        state[t.CX_HOT_OWED] += (hot_demand - hot) * dt
    elif kind in (t.PROCESS, t.FAB):
        demand = asked[t.CW_USEFUL]
        state[t.CX_OWED] += (demand - main) * dt
    unmet = 0.0
    for j in range(2):
        owed_at = t.CX_OWED + j
        limit = BACKLOG_LIMIT_S * (data[t.CF_DESIGN_HEAT] if j == 0 else data[t.CF_HOT_HEAT])
        owed = max(state[owed_at], 0.0)
        unmet += max(owed - limit, 0.0)
        state[owed_at] = min(owed, limit)
    return demand, unmet


@compiled
def _warm_rooms(
    u: int,
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    main: float,
    hot: float,
    energy: FloatArray,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    data, k = par.consumer[u], par.consumer_index[u, t.CI_COLUMN]
    ambient = exogenous[par.site_series[o.SITE_AMBIENT]]
    irradiance = exogenous[par.site_series[o.SITE_IRRADIANCE]]
    gains = data[t.CF_GAINS] + data[t.CF_SOLAR] * irradiance
    room, leak = room_step(
        here.consumer[u, t.CX_TEMP], main, gains, data[t.CF_LOSS], data[t.CF_CAPACITY], ambient, dt
    )
    here.consumer[u, t.CX_TEMP] = room
    gain(energy, gains * dt)
    spend(energy, leak)
    spend(energy, hot * dt)
    cold = data[t.CF_SET_TEMP] - data[t.CF_SETBACK] - COMFORT_BAND_K - room
    out[k + o.SUB_HOT_WATER] += hot * W_TO_KW
    out[k + o.SUB_SPACE] += main * W_TO_KW
    out[k + o.SUB_COMFORT] += max(cold, 0.0) * dt / 3600.0
    if last:
        out[k + o.SUB_ROOM] = room


@compiled
def _warm_greenhouse(
    u: int,
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    main: float,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    data, state = par.consumer[u], here.consumer[u]
    k = par.consumer_index[u, t.CI_COLUMN]
    irradiance = exogenous[par.site_series[o.SITE_IRRADIANCE]]
    day = irradiance > DAYLIGHT_W_M2
    power = lamp_power(data, exogenous[par.site_series[o.SITE_HOUR]], irradiance)
    lamps = data[t.CF_LAMP_HEAT] * power
    vent_at = (data[t.CF_SET_TEMP] if day else data[t.CF_NIGHT_TEMP]) + data[t.CF_VENT_ABOVE]
    air, cover, lost, vented, latent = greenhouse_step(
        state[t.CX_TEMP],
        state[t.CX_COVER],
        main,
        irradiance,
        exogenous[par.site_series[o.SITE_AMBIENT]],
        exogenous[par.site_series[o.SITE_WIND]],
        lamps,
        data[t.CF_LOSS],
        data[t.CF_LEAKAGE],
        data[t.CF_COVER_RATIO],
        data[t.CF_CAPACITY],
        data[t.CF_COVER_CAPACITY],
        data[t.CF_SOLAR],
        data[t.CF_TRANSPIRATION],
        data[t.CF_SCREEN],
        0.0 if day else 1.0,
        vent_at,
        data[t.CF_VENT_MAX],
        dt,
    )
    mean = state[t.CX_MEAN] + (air - state[t.CX_MEAN]) * min(dt / MEAN_AIR_S, 1.0)
    state[t.CX_TEMP], state[t.CX_COVER], state[t.CX_MEAN] = air, cover, mean
    gain(work.energy, (data[t.CF_SOLAR] * irradiance + lamps) * dt)
    spend(work.energy, lost)
    spend(work.energy, vented)
    spend(work.energy, latent)
    beyond = max(data[t.CF_CROP_MIN] - air, 0.0) + max(air - data[t.CF_CROP_MAX], 0.0)
    beyond += max(data[t.CF_MEAN_MIN] - mean, 0.0) + max(mean - data[t.CF_MEAN_MAX], 0.0)
    out[k + o.GRE_VENT] += vented / dt * W_TO_KW
    out[k + o.GRE_USEFUL] += min(main, work.consumer[u, t.CW_USEFUL]) * W_TO_KW
    out[k + o.GRE_COMFORT] += beyond * dt / 3600.0
    out[k + o.GRE_LAMPS] += power * W_TO_KW
    if last:
        out[k + o.GRE_AIR] = air
        out[k + o.GRE_MEAN] = mean
        out[k + o.GRE_COVER] = cover


@compiled
def _heat_charge(u: int, par: Parameters, here: EnvState, work: Work, main: float, out: FloatArray,
                 last: bool) -> None:  # fmt: skip
    """What the preheat left to do, fuel does; reports the queue."""
    data, asked = par.consumer[u], work.consumer[u]
    k = par.consumer_index[u, t.CI_COLUMN]
    rest = max(data[t.CF_CHARGE_HEAT] * asked[t.CW_RUNNING] - main, 0.0)
    out[k + o.BATCH_FUEL] += rest / data[t.CF_FUEL_ETA] * W_TO_KW
    out[k + o.BATCH_STARTED] += asked[t.CW_STARTED]
    out[k + o.BATCH_DELAY] += asked[t.CW_LATE] / 3600.0
    if last:
        out[k + o.BATCH_WAITING] = here.consumer[u, t.CX_WAITING]
