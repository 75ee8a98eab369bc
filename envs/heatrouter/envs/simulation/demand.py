"""What consumers ask for and get: requests, flows, delivered heat, return temperatures."""

import math

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.building import heat_request
from heatrouter.envs.components.exchanger import flow_for_heat, substation_heat
from heatrouter.envs.components.greenhouse import rail_heat, rail_return_temp
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.simulation.parameters import Consumers, Greenhouses, Processes, Rooms

RADIATOR_EXPONENT = 1.3
"""Heat of radiators over their excess temperature (EN 442)."""

ROOM_RECOVERY_S = 8.0 * 3600.0
GREENHOUSE_RECOVERY_S = 1800.0
BACKLOG_RECOVERY_S = 900.0
BACKLOG_MEMORY_S = 3600.0
NIGHT_START_H = 22.0
NIGHT_END_H = 5.0
DAYLIGHT_W_M2 = 5.0
BYPASS_BAND_K = 4.0


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
def rail_flow(u: int, con: Consumers, heat: float, supply: float, air: float, cp: float) -> float:
    """Primary flow in kg/s at which a greenhouse's rails give ``heat`` W, at most the largest."""
    if heat <= 0.0:
        return 0.0
    top, back = rail_return_temp(
        heat, con.design_heat[u], con.secondary_supply[u], con.secondary_return[u], air
    )
    if top >= supply:
        return float(con.max_flow[u])
    return float(min(heat / (cp * (supply - back)), con.max_flow[u]))


@compiled
def request_heat(
    con: Consumers,
    rooms: Rooms,
    processes: Processes,
    greens: Greenhouses,
    exogenous: FloatArray,
    ambient: float,
    irradiance: float,
    local_hour: float,
    set_points: FloatArray,
    room_temp: FloatArray,
    air_temp: FloatArray,
    backlog: FloatArray,
    request: FloatArray,
    useful: FloatArray,
) -> None:
    """Heat that each consumer asks for now, W, main and hot water, shape (n_consumers, 2).

    ``useful`` holds, for greenhouses, what the set temperature without offset would need.
    """
    n_rooms = rooms.set_temp.size
    n_processes = processes.base.size
    night = local_hour >= NIGHT_START_H or local_hour < NIGHT_END_H
    for u in range(con.location.size):
        request[u, 1] = 0.0
        if con.kind[u] == 0:
            gains = rooms.gains[u] + rooms.solar[u] * irradiance
            wanted = rooms.set_temp[u] - (rooms.setback[u] if night else 0.0)
            request[u, 0] = 0.0
            if ambient < rooms.curve_end[u]:
                request[u, 0] = heat_request(
                    room_temp[u], wanted, gains, rooms.loss[u], rooms.capacity[u], ambient,
                    ROOM_RECOVERY_S, 1.1 * con.design_heat[u],
                )  # fmt: skip
            hot = exogenous[rooms.hot_water_series[u]] * 1e3
            request[u, 1] = hot + backlog[u, 1] / BACKLOG_RECOVERY_S
            useful[u] = request[u, 0]
        elif con.kind[u] == 1:
            i = u - n_rooms
            weather = processes.per_kelvin[i] * max(processes.weather_end[i] - ambient, 0.0)
            need = exogenous[processes.level_series[i]] * (processes.base[i] + weather)
            request[u, 0] = need + backlog[u, 0] / BACKLOG_RECOVERY_S
            useful[u] = need
        else:
            i = u - n_rooms - n_processes
            day = irradiance > DAYLIGHT_W_M2
            wanted = greens.day_temp[i] if day else greens.night_temp[i]
            loss = greens.loss[i] * (1.0 if day else 1.0 - greens.screen[i])
            solar = greens.solar[i] * irradiance
            top = con.design_heat[u]
            useful[u] = heat_request(
                air_temp[i], wanted, solar, loss, greens.capacity[i], ambient,
                GREENHOUSE_RECOVERY_S, top,
            )  # fmt: skip
            request[u, 0] = heat_request(
                air_temp[i], wanted + set_points[greens.set_point[i]], solar, loss,
                greens.capacity[i], ambient, GREENHOUSE_RECOVERY_S, top,
            )  # fmt: skip


@compiled
def secondary_side(u: int, con: Consumers, rooms: Rooms, request: float) -> tuple[float, float]:
    """Flow (kg/s) and inlet temperature (degC) on the consumer's side of the main exchanger."""
    if con.kind[u] == 0:
        inlet = radiator_return(
            request, con.design_heat[u], con.secondary_supply[u], con.secondary_return[u],
            rooms.set_temp[u],
        )  # fmt: skip
        return con.secondary_design[u], inlet
    # a process keeps its temperatures and varies its flow
    flow = con.secondary_design[u] * request / con.design_heat[u]
    return flow, con.secondary_return[u]


@compiled
def consumer_flows(
    con: Consumers,
    rooms: Rooms,
    air_temp: FloatArray,
    node_temp: FloatArray,
    request: FloatArray,
    guess: FloatArray,
    parts: FloatArray,
    cp: float,
) -> None:
    """Primary flows wanted, kg/s: main exchanger, hot water, bypass, shape (n_consumers, 3)."""
    first_green = con.location.size - air_temp.size
    for u in range(con.location.size):
        supply = node_temp[con.location[u]]
        parts[u, 1] = 0.0
        if con.kind[u] == 2:
            parts[u, 0] = rail_flow(u, con, request[u, 0], supply, air_temp[u - first_green], cp)
        else:
            flow, inlet = secondary_side(u, con, rooms, request[u, 0])
            parts[u, 0] = flow_for_heat(
                request[u, 0], supply, flow, inlet, con.primary_design[u],
                con.secondary_design[u], con.ua[u], con.max_flow[u], guess[u, 0], cp,
            )  # fmt: skip
        if con.kind[u] == 0 and request[u, 1] > 0.0:
            flow = request[u, 1] / (cp * (con.hot_outlet[u] - con.hot_inlet[u]))
            parts[u, 1] = flow_for_heat(
                request[u, 1], supply, flow, con.hot_inlet[u], con.hot_primary_design[u],
                con.hot_secondary_design[u], con.hot_ua[u], con.hot_max_flow[u], guess[u, 1], cp,
            )  # fmt: skip
        guess[u, 0] = parts[u, 0]
        guess[u, 1] = parts[u, 1]
        opening = (con.bypass_temp[u] + 0.5 * BYPASS_BAND_K - supply) / BYPASS_BAND_K
        parts[u, 2] = con.bypass_flow[u] * min(max(opening, 0.0), 1.0)


@compiled
def delivered_heat(
    u: int,
    con: Consumers,
    rooms: Rooms,
    supply: float,
    air: float,
    request_main: float,
    request_hot: float,
    flow_main: float,
    flow_hot: float,
    cp: float,
) -> tuple[float, float]:
    """Heat delivered at the flows achieved, W: main exchanger and hot water."""
    main = 0.0
    if con.kind[u] == 2:
        main = rail_heat(
            flow_main, supply, request_main, con.design_heat[u], con.secondary_supply[u],
            con.secondary_return[u], air, cp,
        )  # fmt: skip
    elif request_main > 0.0:
        flow, inlet = secondary_side(u, con, rooms, request_main)
        main = substation_heat(
            flow_main, supply, flow, inlet, con.primary_design[u], con.secondary_design[u],
            con.ua[u], cp,
        )  # fmt: skip
    hot = 0.0
    if request_hot > 0.0:
        flow = request_hot / (cp * (con.hot_outlet[u] - con.hot_inlet[u]))
        hot = substation_heat(
            flow_hot, supply, flow, con.hot_inlet[u], con.hot_primary_design[u],
            con.hot_secondary_design[u], con.hot_ua[u], cp,
        )  # fmt: skip
    return min(main, request_main), min(hot, request_hot)
