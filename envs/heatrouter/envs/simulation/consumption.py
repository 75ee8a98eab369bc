"""Consumers in a sub-step: heat delivered, heat owed, rooms and air, and their reports."""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.building import room_step
from heatrouter.envs.components.greenhouse import air_step
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation.demand import BACKLOG_MEMORY_S, DAYLIGHT_W_M2, delivered_heat
from heatrouter.envs.simulation.outputs import (
    CON_DEMAND,
    CON_DP,
    CON_FLOW,
    CON_HEAT,
    CON_RETURN,
    CON_SUPPLY,
    CON_UNMET,
    GRE_AIR,
    GRE_COMFORT,
    GRE_MEAN,
    GRE_USEFUL,
    GRE_VENT,
    SUB_COMFORT,
    SUB_HOT_WATER,
    SUB_ROOM,
    SUB_SPACE,
)
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import State
from heatrouter.envs.simulation.work import BYPASS, HOT_WATER, MAIN, Work, gain, spend

BACKLOG_LIMIT_S = 900.0
"""Heat owed up to this many seconds of design heat is late, beyond it is unmet."""

COMFORT_BAND_K = 0.5
MEAN_AIR_S = 86400.0
W_TO_KW = 1e-3


@compiled
def serve_consumers(
    e: int,
    net: Topology,
    par: Parameters,
    state: State,
    exogenous: FloatArray,
    ambient: float,
    irradiance: float,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    """Deliver heat at the flows achieved and feed the return line; reports means and ends."""
    con = par.consumers
    cp = par.circuits.cp[0]
    first_green = con.location.size - par.greenhouses.loss.size
    for u in range(con.location.size):
        i = con.location[u]
        k = con.column[u]
        supply = state.node_temp[e, i]
        flow = work.achieved[u]
        set_flow = work.parts[u, MAIN] + work.parts[u, HOT_WATER] + work.parts[u, BYPASS]
        share = flow / set_flow if set_flow > 0.0 else 0.0
        air = state.air_temp[e, u - first_green] if con.kind[u] == 2 else 0.0
        main, hot = delivered_heat(
            u,
            con,
            par.rooms,
            supply,
            air,
            work.request[u, MAIN],
            work.request[u, HOT_WATER],
            work.parts[u, MAIN] * share,
            work.parts[u, HOT_WATER] * share,
            cp,
        )
        back = supply - (main + hot) / (flow * cp) if flow > 0.0 else supply
        work.mass[i] += flow
        work.enthalpy[i] += flow * back
        work.load[net.circuit_of[i]] += main + hot
        demand, unmet = _account_demand(e, u, par, state, exogenous, work, main, hot, dt)
        out[k + CON_HEAT] += (main + hot) * W_TO_KW
        out[k + CON_DEMAND] += demand * W_TO_KW
        out[k + CON_UNMET] += unmet / dt * W_TO_KW
        out[k + CON_SUPPLY] += supply
        out[k + CON_RETURN] += back
        out[k + CON_FLOW] += flow
        out[k + CON_DP] = min(out[k + CON_DP], work.available_dp[u] * 1e-5)
        if con.kind[u] == 0:
            _warm_rooms(e, u, par, state, ambient, irradiance, main, hot, work, out, last, dt)
        elif con.kind[u] == 1:
            spend(work, main * dt)
        else:
            _warm_greenhouse(
                e, u - first_green, u, par, state, ambient, irradiance, main, work, out, last, dt
            )


@compiled
def _account_demand(
    e: int,
    u: int,
    par: Parameters,
    state: State,
    exogenous: FloatArray,
    work: Work,
    main: float,
    hot: float,
    dt: float,
) -> tuple[float, float]:
    """Demand in W and heat that became unmet in this sub-step, J."""
    con = par.consumers
    demand = work.request[u, MAIN]
    if con.kind[u] == 0:
        hot_demand = exogenous[par.rooms.hot_water_series[u]] * 1e3
        demand += hot_demand
        # rooms ask again for what they lack, so space heat owed fades; hot water stays owed
        state.backlog[e, u, MAIN] *= 1.0 - min(dt / BACKLOG_MEMORY_S, 1.0)
        state.backlog[e, u, MAIN] += (work.request[u, MAIN] - main) * dt
        state.backlog[e, u, HOT_WATER] += (hot_demand - hot) * dt
    elif con.kind[u] == 1:
        demand = work.useful[u]
        state.backlog[e, u, MAIN] += (demand - main) * dt
    unmet = 0.0
    for j in range(2):
        limit = BACKLOG_LIMIT_S * (con.design_heat[u] if j == MAIN else con.hot_design_heat[u])
        owed = max(state.backlog[e, u, j], 0.0)
        unmet += max(owed - limit, 0.0)
        state.backlog[e, u, j] = min(owed, limit)
    return demand, unmet


@compiled
def _warm_rooms(
    e: int,
    u: int,
    par: Parameters,
    state: State,
    ambient: float,
    irradiance: float,
    main: float,
    hot: float,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    rooms = par.rooms
    k = par.consumers.column[u]
    gains = rooms.gains[u] + rooms.solar[u] * irradiance
    state.room_temp[e, u], leak = room_step(
        state.room_temp[e, u], main, gains, rooms.loss[u], rooms.capacity[u], ambient, dt
    )
    gain(work, gains * dt)
    spend(work, leak)
    spend(work, hot * dt)
    cold = rooms.set_temp[u] - rooms.setback[u] - COMFORT_BAND_K - state.room_temp[e, u]
    out[k + SUB_HOT_WATER] += hot * W_TO_KW
    out[k + SUB_SPACE] += main * W_TO_KW
    out[k + SUB_COMFORT] += max(cold, 0.0) * dt / 3600.0
    if last:
        out[k + SUB_ROOM] = state.room_temp[e, u]


@compiled
def _warm_greenhouse(
    e: int,
    g: int,
    u: int,
    par: Parameters,
    state: State,
    ambient: float,
    irradiance: float,
    main: float,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    greens = par.greenhouses
    k = par.consumers.column[u]
    day = irradiance > DAYLIGHT_W_M2
    loss = greens.loss[g] * (1.0 if day else 1.0 - greens.screen[g])
    solar = greens.solar[g] * irradiance
    vent_at = (greens.day_temp[g] if day else greens.night_temp[g]) + greens.vent_above[g]
    state.air_temp[e, g], leak, vented = air_step(
        state.air_temp[e, g],
        main,
        solar,
        loss,
        greens.vent_max[g],
        vent_at,
        greens.capacity[g],
        ambient,
        dt,
    )
    air = state.air_temp[e, g]
    state.air_mean[e, g] += (air - state.air_mean[e, g]) * min(dt / MEAN_AIR_S, 1.0)
    mean = state.air_mean[e, g]
    gain(work, solar * dt)
    spend(work, leak)
    spend(work, vented)
    beyond = max(greens.crop_min[g] - air, 0.0) + max(air - greens.crop_max[g], 0.0)
    beyond += max(greens.mean_min[g] - mean, 0.0) + max(mean - greens.mean_max[g], 0.0)
    out[k + GRE_VENT] += vented / dt * W_TO_KW
    out[k + GRE_USEFUL] += min(main, work.useful[u]) * W_TO_KW
    out[k + GRE_COMFORT] += beyond * dt / 3600.0
    if last:
        out[k + GRE_AIR] = air
        out[k + GRE_MEAN] = mean
