"""What consumers ask for: requests of heat, secondary sides, primary flows wanted."""

import math

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.batch_process import batch_step, preheat_share
from heatrouter.envs.components.building import heat_request
from heatrouter.envs.components.exchanger import film_term, flow_for_heat
from heatrouter.envs.components.fab import make_up_air_heat, ultrapure_water_heat
from heatrouter.envs.components.greenhouse import greenhouse_request, rail_return_temp
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.simulation import outputs as o
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.production import ramp, series_or_one
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.work import Work

RADIATOR_EXPONENT = 1.3
"""Heat of radiators over their excess temperature (EN 442)."""

ROOM_RECOVERY_S = 8.0 * 3600.0
GREENHOUSE_RECOVERY_S = 1800.0
BACKLOG_RECOVERY_S = 900.0
NIGHT_START_H = 22.0
NIGHT_END_H = 5.0
DAYLIGHT_W_M2 = 5.0
BYPASS_BAND_K = 4.0
EVAPORATOR_SPREAD_RATIO = 1.5
VALVE_STROKE_S = 240.0
"""From shut to wide open: motor valves of substations take 2 to 6 minutes."""
"""An evaporator that gets too little water cools it by at most this much more than designed."""


@compiled
def radiator_return(
    heat: float, design_heat: float, supply: float, back: float, room: float
) -> float:
    """Secondary return temperature of radiators at constant flow that give ``heat`` W, degC.

    The mean excess temperature follows (Q/Q_design)^(1/1.3), the spread follows Q.
    """
    share = heat / design_heat
    mean = room + (0.5 * (supply + back) - room) * math.pow(share, 1.0 / RADIATOR_EXPONENT)
    return mean - 0.5 * (supply - back) * share


@compiled
def lamp_power(data: FloatArray, local_hour: float, irradiance: float) -> float:
    """Electricity of a greenhouse's lamps now, W."""
    lit = data[t.CF_LAMP_START] <= local_hour < data[t.CF_LAMP_END]
    return float(data[t.CF_LAMPS]) if lit and irradiance < data[t.CF_LAMP_BELOW] else 0.0


@compiled
def request_heat(
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    set_points: FloatArray,
    work: Work,
    dt: float,
) -> None:
    """Heat that each consumer asks for now, W; primary sides of links ask later.

    ``CW_USEFUL`` holds, for greenhouses, what the set temperature without offset would need, and
    for others what they need without what is still owed.
    """
    ambient = exogenous[par.site_series[o.SITE_AMBIENT]]
    irradiance = exogenous[par.site_series[o.SITE_IRRADIANCE]]
    hour = exogenous[par.site_series[o.SITE_HOUR]]
    wind = exogenous[par.site_series[o.SITE_WIND]]
    ground = exogenous[par.site_series[o.SITE_GROUND]]
    night = hour >= NIGHT_START_H or hour < NIGHT_END_H
    for u in range(par.consumer.shape[0]):
        data = par.consumer[u]
        state = here.consumer[u]
        asked = work.consumer[u]
        kind = par.consumer_index[u, t.CI_KIND]
        asked[t.CW_HOT_REQUEST] = 0.0
        asked[t.CW_CLEAN] = series_or_one(exogenous, par.consumer_index[u, t.CI_CLEANNESS])
        if kind == t.SUBSTATION:
            gains = data[t.CF_GAINS] + data[t.CF_SOLAR] * irradiance
            wanted = data[t.CF_SET_TEMP] - (data[t.CF_SETBACK] if night else 0.0)
            need = 0.0
            if ambient < data[t.CF_CURVE_END]:
                need = heat_request(
                    state[t.CX_TEMP], wanted, gains, data[t.CF_LOSS], data[t.CF_CAPACITY], ambient,
                    ROOM_RECOVERY_S, 1.1 * data[t.CF_DESIGN_HEAT],
                )  # fmt: skip
            hot = exogenous[par.consumer_index[u, t.CI_HOT_WATER]] * data[t.CF_HOT_SCALE]
            asked[t.CW_REQUEST] = need
            asked[t.CW_HOT_REQUEST] = hot + state[t.CX_HOT_OWED] / BACKLOG_RECOVERY_S
            asked[t.CW_USEFUL] = need
        elif kind in (t.PROCESS, t.FAB):
            if kind == t.PROCESS:
                weather = max(data[t.CF_WEATHER_END] - ambient, 0.0)
                need = data[t.CF_BASE] + data[t.CF_PER_KELVIN] * weather
            else:
                need = make_up_air_heat(data[t.CF_AIR_FLOW], data[t.CF_AIR_TEMP], ambient)
                need += ultrapure_water_heat(data[t.CF_WATER_FLOW], data[t.CF_WATER_TEMP], ground)
            need *= exogenous[par.consumer_index[u, t.CI_LEVEL]]
            asked[t.CW_REQUEST] = need + state[t.CX_OWED] / BACKLOG_RECOVERY_S
            asked[t.CW_USEFUL] = need
        elif kind == t.BATCH:
            need = _request_charge(
                data, state, asked, exogenous[par.consumer_index[u, t.CI_LEVEL]],
                set_points[par.consumer_index[u, t.CI_SET_POINT]],
                here.node_temp[par.consumer_location[u]], dt,
            )  # fmt: skip
            asked[t.CW_REQUEST] = need
            asked[t.CW_USEFUL] = need
        elif kind == t.GREENHOUSE:
            _request_greenhouse(
                par, u, data, state, asked, ambient, irradiance, wind, hour, set_points
            )


@compiled
def _request_charge(
    data: FloatArray,
    state: FloatArray,
    asked: FloatArray,
    level: float,
    release: float,
    supply: float,
    dt: float,
) -> float:
    """Move the queue of charges on; what the one in work takes as preheat, W."""
    due, waiting, oldest, left, started, heating, late = batch_step(
        state[t.CX_NEXT_DUE], state[t.CX_WAITING], state[t.CX_OLDEST], state[t.CX_RUN_LEFT],
        level, release, dt, data[t.CF_INTERVAL], data[t.CF_SLACK], data[t.CF_DURATION],
    )  # fmt: skip
    state[t.CX_NEXT_DUE], state[t.CX_WAITING], state[t.CX_OLDEST] = due, waiting, oldest
    state[t.CX_RUN_LEFT] = left
    asked[t.CW_RUNNING], asked[t.CW_STARTED], asked[t.CW_LATE] = heating / dt, started, late
    share = preheat_share(
        supply, data[t.CF_APPROACH], data[t.CF_START_TEMP], data[t.CF_TARGET_TEMP]
    )
    return float(data[t.CF_CHARGE_HEAT] * share * heating / dt)


@compiled
def _request_greenhouse(
    par: Parameters,
    u: int,
    data: FloatArray,
    state: FloatArray,
    asked: FloatArray,
    ambient: float,
    irradiance: float,
    wind: float,
    hour: float,
    set_points: FloatArray,
) -> None:
    day = irradiance > DAYLIGHT_W_M2
    wanted = data[t.CF_SET_TEMP] if day else data[t.CF_NIGHT_TEMP]
    lamps = data[t.CF_LAMP_HEAT] * lamp_power(data, hour, irradiance)
    closed = 0.0 if day else 1.0
    offset = set_points[par.consumer_index[u, t.CI_SET_POINT]]
    top = data[t.CF_DESIGN_HEAT]
    asked[t.CW_USEFUL] = greenhouse_request(
        state[t.CX_TEMP], wanted, irradiance, ambient, wind, lamps, data[t.CF_LOSS],
        data[t.CF_LEAKAGE], data[t.CF_COVER_RATIO], data[t.CF_CAPACITY], data[t.CF_SOLAR],
        data[t.CF_TRANSPIRATION], data[t.CF_SCREEN], closed, GREENHOUSE_RECOVERY_S, top,
    )  # fmt: skip
    if offset == 0.0:
        asked[t.CW_REQUEST] = asked[t.CW_USEFUL]
        return
    asked[t.CW_REQUEST] = greenhouse_request(
        state[t.CX_TEMP], wanted + offset, irradiance, ambient, wind, lamps, data[t.CF_LOSS],
        data[t.CF_LEAKAGE], data[t.CF_COVER_RATIO], data[t.CF_CAPACITY], data[t.CF_SOLAR],
        data[t.CF_TRANSPIRATION], data[t.CF_SCREEN], closed, GREENHOUSE_RECOVERY_S, top,
    )  # fmt: skip


@compiled
def _rail_flow(data: FloatArray, heat: float, supply: float, air: float, cp: float) -> float:
    """Primary flow in kg/s at which a greenhouse's rails give ``heat`` W, at most the largest."""
    if heat <= 0.0:
        return 0.0
    top, back = rail_return_temp(
        heat, data[t.CF_DESIGN_HEAT], data[t.CF_SUPPLY], data[t.CF_RETURN], air
    )
    if top >= supply:
        return float(data[t.CF_MAX_FLOW])
    return float(min(heat / (cp * (supply - back)), data[t.CF_MAX_FLOW]))


@compiled
def _secondary_side(kind: int, data: FloatArray, asked: FloatArray) -> None:
    """Flow (kg/s), inlet (degC) and film term on the consumer's side of the main exchanger.

    The primary side of a link has been told its flow and inlet by the circuit that it feeds.
    """
    if kind == t.SUBSTATION:
        asked[t.CW_SECONDARY] = data[t.CF_SECONDARY]
        asked[t.CW_TERM] = 1.0
        asked[t.CW_INLET] = radiator_return(
            asked[t.CW_REQUEST], data[t.CF_DESIGN_HEAT], data[t.CF_SUPPLY], data[t.CF_RETURN],
            data[t.CF_SET_TEMP],
        )  # fmt: skip
        return
    if kind != t.EXCHANGER:
        # a process keeps its temperatures and varies its flow
        asked[t.CW_SECONDARY] = data[t.CF_SECONDARY] * asked[t.CW_REQUEST] / data[t.CF_DESIGN_HEAT]
        asked[t.CW_INLET] = data[t.CF_RETURN]
    asked[t.CW_TERM] = film_term(asked[t.CW_SECONDARY] / data[t.CF_SECONDARY])


@compiled
def consumer_flows(c: int, par: Parameters, here: EnvState, work: Work, dt: float) -> None:
    """Primary flows wanted by the consumers of circuit ``c``: main exchanger, hot water, bypass.

    The valve of a main exchanger takes its time: what it wants at once would, in the place of a
    valve and of a control loop that is tuned to be stable, make supply and return swing.
    """
    cp = par.circuit[c, t.RF_CP]
    for u in range(par.consumer.shape[0]):
        if par.consumer_index[u, t.CI_CIRCUIT] != c:
            continue
        data = par.consumer[u]
        state = here.consumer[u]
        asked = work.consumer[u]
        kind = par.consumer_index[u, t.CI_KIND]
        supply = here.node_temp[par.consumer_index[u, t.CI_LOCATION]]
        request = asked[t.CW_REQUEST]
        if kind == t.GREENHOUSE:
            flow = _rail_flow(data, request, supply, state[t.CX_TEMP], cp)
        elif kind == t.EVAPORATOR:
            flow = min(
                request / (cp * (data[t.CF_SUPPLY] - data[t.CF_RETURN])), data[t.CF_MAX_FLOW]
            )
        elif request > 0.0:
            _secondary_side(kind, data, asked)
            flow = flow_for_heat(
                request, supply, asked[t.CW_SECONDARY], asked[t.CW_INLET], data[t.CF_PRIMARY],
                asked[t.CW_TERM], data[t.CF_UA] * asked[t.CW_CLEAN], data[t.CF_MAX_FLOW],
                state[t.CX_GUESS], cp,
            )  # fmt: skip
        else:
            flow = 0.0
        if kind < t.EXCHANGER:
            flow = ramp(state[t.CX_GUESS], flow, data[t.CF_MAX_FLOW] * dt / VALVE_STROKE_S)
        asked[t.CW_FLOW] = flow
        hot_flow = 0.0
        hot = asked[t.CW_HOT_REQUEST]
        if hot > 0.0:
            secondary = hot / (cp * (data[t.CF_HOT_OUT] - data[t.CF_HOT_IN]))
            asked[t.CW_HOT_TERM] = film_term(secondary / data[t.CF_HOT_SECONDARY])
            hot_flow = flow_for_heat(
                hot, supply, secondary, data[t.CF_HOT_IN], data[t.CF_HOT_PRIMARY],
                asked[t.CW_HOT_TERM], data[t.CF_HOT_UA] * asked[t.CW_CLEAN], data[t.CF_HOT_MAX],
                state[t.CX_HOT_GUESS], cp,
            )  # fmt: skip
        asked[t.CW_HOT_FLOW] = hot_flow
        state[t.CX_GUESS] = flow
        state[t.CX_HOT_GUESS] = hot_flow
        opening = (data[t.CF_BYPASS_TEMP] + 0.5 * BYPASS_BAND_K - supply) / BYPASS_BAND_K
        asked[t.CW_BYPASS] = data[t.CF_BYPASS_FLOW] * min(max(opening, 0.0), 1.0)
        work.wanted[u] = flow + hot_flow + asked[t.CW_BYPASS]
