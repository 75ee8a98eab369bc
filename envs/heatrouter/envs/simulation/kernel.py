"""One environment through all sub-steps of a call, without returning to Python.

Order of a sub-step: requests and flows wanted (from the last node temperatures), commanded heat,
flow balance, hydraulics, supply line downstream, consumers, return line, producers' water, store,
rooms and air, pipe losses. Every producer holds a minute of its largest flow, so what leaves it in a
sub-step is known before its inlet is: that breaks the circle supply -> return -> supply without
iteration and without an error in the energy balance.
"""

import numpy as np
from numba import njit

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.building import room_step
from heatrouter.envs.components.friction import water_viscosity
from heatrouter.envs.components.greenhouse import air_step
from heatrouter.envs.components.stratified_store import store_outlet_temp, store_step
from heatrouter.envs.network.hydraulics import solve_network
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.demand import (
    BACKLOG_MEMORY_S,
    DAYLIGHT_W_M2,
    consumer_flows,
    delivered_heat,
    request_heat,
)
from heatrouter.envs.simulation.outputs import (
    BOI_FLOW, BOI_FUEL, BOI_HEAT, BOI_IN, BOI_OUT, BOI_RAMP, BOI_SHARE, BOI_STARTS,
    CIR_ENERGY, CIR_FLOW, CIR_HEAD, CIR_LOAD, CIR_LOSS, CIR_MAX_SUPPLY, CIR_PUMP, CIR_RETURN,
    CIR_SET, CIR_SHORTFALL, CIR_SUPPLY, CIR_WORST_DP,
    CON_DEMAND, CON_DP, CON_FLOW, CON_HEAT, CON_RETURN, CON_SUPPLY, CON_UNMET,
    COOL_LEVEL, COOL_LOAD, COOL_POWER, COOL_TOWER,
    ENE_IN, ENE_MASS, ENE_OUT, ENE_RESIDUAL, ENE_STOCK, ENE_THROUGHPUT,
    GRE_AIR, GRE_COMFORT, GRE_MEAN, GRE_USEFUL, GRE_VENT,
    HP_COP, HP_EVAPORATOR, HP_FLOW, HP_HEAT, HP_IN, HP_LIMIT, HP_OUT, HP_POWER, HP_RAMP,
    HP_SHARE, HP_STARTS,
    SRC_AVAILABLE, SRC_FLOW, SRC_HEAT, SRC_IN, SRC_LEVEL, SRC_OUT, SRC_RAMP, SRC_REJECTED,
    SRC_SHARE, SRC_SINK_POWER, SRC_STARTS,
    STO_BOTTOM, STO_CHARGE, STO_ENERGY, STO_FLOW, STO_LEVEL, STO_LOSS, STO_MIDDLE, STO_TOP,
    SUB_COMFORT, SUB_HOT_WATER, SUB_ROOM, SUB_SPACE,
)  # fmt: skip
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.production import (
    balance_circuit,
    boiler_flow,
    boiler_fuel,
    heat_pump_offer,
    ramp,
    source_offer,
    switched_share,
)
from heatrouter.envs.simulation.state import State
from heatrouter.envs.simulation.transport import carry_line, lose_heat, pipe_stock

UNIT_WATER_S = 60.0
"""A producer's water content, in seconds of its largest flow."""

MEAN_AIR_S = 86400.0
COMFORT_BAND_K = 0.5
J_PER_KWH = 3.6e6
MAX_BALANCE_ROUNDS = 4

OK = 0
NO_CONVERGENCE = 1
FLOW_CIRCLE = 2
NOT_FINITE = 3


@njit
def total_stock(
    e: int,
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    state: State,
    unit_mass_s: float,
    per_circuit: FloatArray,
) -> tuple[float, float]:
    """Heat above 0 degC in the whole environment and in rooms and greenhouses alone, J."""
    cp = par.circuits.cp[0]
    pipe_stock(
        net, pipes, state.parcel_mass[e], state.parcel_psi[e], state.parcel_start[e],
        state.parcel_count[e], state.base[e], state.age[e], state.wall[e], cp, per_circuit,
    )  # fmt: skip
    total = per_circuit.sum()
    for s in range(par.sources.location.size):
        total += par.sources.max_flow[s] * unit_mass_s * cp * state.source_temp[e, s]
    for h in range(par.heat_pumps.location.size):
        total += par.heat_pumps.max_flow[h] * unit_mass_s * cp * state.pump_temp[e, h]
    for b in range(par.boilers.location.size):
        total += par.boilers.max_flow[b] * unit_mass_s * cp * state.boiler_temp[e, b]
    for t in range(par.stores.location.size):
        for i in range(par.stores.layers[t]):
            total += par.stores.layer_mass[t] * cp * state.store_temp[e, t, i]
    masses = 0.0
    for r in range(par.rooms.set_temp.size):
        masses += par.rooms.capacity[r] * state.room_temp[e, r]
    for g in range(par.greenhouses.loss.size):
        masses += par.greenhouses.capacity[g] * state.air_temp[e, g]
    return total + masses, masses


@njit
def advance_env(
    e: int,
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    state: State,
    values: FloatArray,
    set_points: FloatArray,
    sub_steps: int,
    dt: float,
    step_s: int,
    aggregation: IntArray,
    out: FloatArray,
) -> int:
    """Advance environment ``e`` by ``sub_steps`` of ``dt`` seconds and fill its outputs.

    Args:
        e: environment.
        net: index arrays.
        pipes: pipe data.
        par: unit data.
        state: full state, changed in row e.
        values: scenario series, shape (n_scenarios, n_steps, n_series).
        set_points: shape (n_set_points,).
        sub_steps: number of sub-steps.
        dt: s.
        step_s: scenario step, s.
        aggregation: Aggregation of each column.
        out: outputs of this environment, shape (n_columns,), overwritten.

    Returns:
        OK, or the code of a numerical failure.
    """
    src, cools, hps = par.sources, par.coolings, par.heat_pumps
    boi, sto, con = par.boilers, par.stores, par.consumers
    rooms, processes, greens, cir = par.rooms, par.processes, par.greenhouses, par.circuits
    n_loc, n_pairs = net.order.size, pipes.length.size
    n_consumers, n_circuits = con.location.size, net.root.size
    n_rooms, n_processes = rooms.set_temp.size, processes.base.size
    first_green = n_rooms + n_processes
    cp = cir.cp[0]
    density = cir.density[0]
    unit_s = max(UNIT_WATER_S, dt)

    node_temp = state.node_temp[e]
    flow = state.pipe_flow[e]
    drop = np.zeros(2 * n_pairs)
    head = np.zeros(n_circuits)
    request = np.zeros((n_consumers, 2))
    useful = np.zeros(n_consumers)
    parts = np.zeros((n_consumers, 3))
    wanted = np.zeros(n_consumers)
    achieved = np.zeros(n_consumers)
    available_dp = np.zeros(n_consumers)
    saturated = np.zeros(n_consumers, dtype=np.bool_)
    no_valve = np.zeros(n_consumers)
    w_supply = np.zeros(n_loc)
    w_return = np.zeros(n_loc)
    mass = np.zeros(n_loc)
    enthalpy = np.zeros(n_loc)
    pressure = np.zeros(2 * n_loc)
    pending = np.zeros(n_loc, dtype=np.int64)
    queue = np.zeros(n_loc, dtype=np.int64)
    src_cmd = np.zeros((src.location.size, 2))
    hp_cmd = np.zeros((hps.location.size, 4))
    boi_cmd = np.zeros((boi.location.size, 2))
    src_flow = np.zeros(src.location.size)
    src_heat = np.zeros(src.location.size)
    hp_flow = np.zeros(hps.location.size)
    hp_heat = np.zeros(hps.location.size)
    boi_flow = np.zeros(boi.location.size)
    boi_heat = np.zeros(boi.location.size)
    sto_flow = np.zeros(sto.location.size)
    cooling = np.zeros(cools.peak.size)
    evaporated = np.zeros(cools.peak.size)
    consumption = np.zeros(n_circuits)
    unheated = np.zeros(n_circuits)
    set_temp = np.zeros(n_circuits)
    lost = np.zeros(n_circuits)
    loads = np.zeros(n_circuits)
    pump_w = np.zeros(n_circuits)
    root_heat = np.zeros(n_circuits)
    per_circuit = np.zeros(n_circuits)

    for k in range(out.size):
        out[k] = np.inf if aggregation[k] == 3 else (-np.inf if aggregation[k] == 4 else 0.0)
    stock_before = state.stock[e]
    energy_in = 0.0
    energy_out = 0.0
    throughput = 0.0

    for sub in range(sub_steps):
        step = (state.time_s[e] // step_s) % values.shape[1]
        exogenous = values[state.scenario[e], step]
        ambient = exogenous[par.site_series[0]]
        ground = exogenous[par.site_series[1]]
        irradiance = exogenous[par.site_series[2]]
        local_hour = exogenous[par.site_series[8]]
        last = sub == sub_steps - 1
        for k in range(par.site_series.size):
            if k < 8:
                out[k] += exogenous[par.site_series[k]]
            elif last:
                out[k] = exogenous[par.site_series[k]]

        # --- what consumers ask for
        request_heat(
            con, rooms, processes, greens, exogenous, ambient, irradiance, local_hour, set_points,
            state.room_temp[e], state.air_temp[e], state.backlog[e], request, useful,
        )  # fmt: skip
        consumer_flows(
            con, rooms, state.air_temp[e], node_temp, request, state.flow_guess[e], parts, cp
        )
        for u in range(n_consumers):
            wanted[u] = parts[u, 0] + parts[u, 1] + parts[u, 2]

        # --- what producers are told to give
        for c in range(n_circuits):
            target = min(max(set_points[cir.set_point[c]], cir.supply_min[c]), cir.supply_max[c])
            state.supply_set[e, c] = ramp(state.supply_set[e, c], target, cir.ramp[c] * dt)
            set_temp[c] = state.supply_set[e, c]
        for s in range(src.location.size):
            target = min(max(set_points[src.set_point[s]], 0.0), 1.0)
            state.source_share[e, s] = ramp(state.source_share[e, s], target, src.ramp[s] * dt)
            src_cmd[s, 0], src_cmd[s, 1] = source_offer(
                s, src, exogenous[src.level_series[s]], state.source_share[e, s],
                state.source_heat[e, s], node_temp[n_loc + src.inlet_location[s]],
                set_temp[net.circuit_of[src.location[s]]], cp,
            )  # fmt: skip
        for i in range(cools.peak.size):
            cooling[i] = cools.peak[i] * exogenous[cools.level_series[i]]
            evaporated[i] = 0.0
        for h in range(hps.location.size):
            target = min(max(set_points[hps.set_point[h]], 0.0), 1.0)
            state.pump_share[e, h] = switched_share(
                state.pump_share[e, h], target, hps.min_load[h], hps.ramp[h] * dt
            )
            hp_cmd[h, 0], hp_cmd[h, 1], hp_cmd[h, 2], hp_cmd[h, 3] = heat_pump_offer(
                h, hps, cools, cooling[hps.cooling[h]], state.pump_share[e, h],
                node_temp[n_loc + hps.location[h]], set_temp[net.circuit_of[hps.location[h]]], cp,
            )  # fmt: skip
        for b in range(boi.location.size):
            target = min(max(set_points[boi.set_point[b]], 0.0), 1.0)
            state.boiler_share[e, b] = switched_share(
                state.boiler_share[e, b], target, boi.min_load[b], boi.ramp[b] * dt
            )
            inlet = node_temp[n_loc + boi.location[b]]
            setting = set_temp[net.circuit_of[boi.location[b]]]
            boi_cmd[b, 1] = state.boiler_share[e, b] * boi.capacity[b]
            boi_cmd[b, 0] = boiler_flow(b, boi, boi_cmd[b, 1], inlet, setting, cp)
            spread = max(setting - inlet, 5.0)
            boi_cmd[b, 1] = min(boi_cmd[b, 1], boi_cmd[b, 0] * cp * spread)

        # --- flow balance and hydraulics, again where saturated valves change the consumption
        root_supply = node_temp[net.root[0]]
        for attempt in range(MAX_BALANCE_ROUNDS):
            for s in range(src.location.size):
                src_flow[s], src_heat[s] = src_cmd[s, 0], src_cmd[s, 1]
            for h in range(hps.location.size):
                hp_flow[h], hp_heat[h] = hp_cmd[h, 0], hp_cmd[h, 1]
            for b in range(boi.location.size):
                boi_flow[b], boi_heat[b] = boi_cmd[b, 0], boi_cmd[b, 1]
            consumption[:] = 0.0
            for u in range(n_consumers):
                consumption[net.circuit_of[con.location[u]]] += wanted[u]
            for c in range(n_circuits):
                root_supply = node_temp[net.root[c]]
                unheated[c], missing = balance_circuit(
                    c, net.circuit_of, cir, src, hps, boi, sto, consumption[c], set_temp[c],
                    root_supply, node_temp[n_loc + net.root[c]], state.store_temp[e],
                    state.boiler_balances[e], state.boiler_run_s[e], src_flow, src_heat, hp_flow,
                    hp_heat, boi_flow, boi_heat, sto_flow, dt if attempt == 0 else 0.0, cp,
                )  # fmt: skip
                if missing > 0.0:
                    factor = 1.0 - missing / consumption[c]
                    for u in range(n_consumers):
                        if net.circuit_of[con.location[u]] == c:
                            wanted[u] *= factor
            w_supply[:] = 0.0
            w_return[:] = 0.0
            for s in range(src.location.size):
                if src.to_return[s] == 1:
                    w_return[src.inlet_location[s]] += src_flow[s]
                    w_return[src.location[s]] -= src_flow[s]
                elif net.parent[src.location[s]] >= 0:
                    w_supply[src.location[s]] -= src_flow[s]
                    w_return[src.location[s]] += src_flow[s]
            for h in range(hps.location.size):
                if net.parent[hps.location[h]] >= 0:
                    w_supply[hps.location[h]] -= hp_flow[h]
                    w_return[hps.location[h]] += hp_flow[h]
            final = attempt == MAX_BALANCE_ROUNDS - 1
            solved = solve_network(
                net, pipes, density, water_viscosity(node_temp[net.root[0]]),
                water_viscosity(node_temp[n_loc + net.root[0]]), w_supply, w_return, con.location,
                wanted, no_valve if final else con.valve_resistance, cir.min_dp, cir.max_head,
                cir.head_drop, state.chord_flow[e], achieved, flow, drop, head, available_dp,
                saturated,
            )  # fmt: skip
            if solved < 0:
                return NO_CONVERGENCE
            short = 0.0
            for u in range(n_consumers):
                short += wanted[u] - achieved[u]
            if short <= 1e-9:
                break
            for u in range(n_consumers):
                wanted[u] = achieved[u]

        # --- pumps: the head they give is heat in the water where they stand
        for j in range(n_loc):
            i = net.order[j]
            up = net.parent[i]
            if up < 0:
                pressure[i] = head[net.circuit_of[i]]
                pressure[n_loc + i] = 0.0
            else:
                p = net.parent_pair[i]
                pressure[i] = pressure[up] - net.parent_sign[i] * drop[p]
                pressure[n_loc + i] = pressure[n_loc + up] - net.parent_sign[i] * drop[n_pairs + p]
        pump_w[:] = 0.0
        root_heat[:] = 0.0
        for s in range(src.location.size):
            i = src.location[s]
            low = pressure[n_loc + src.inlet_location[s]]
            high = pressure[n_loc + i] if src.to_return[s] == 1 else pressure[i]
            work = src_flow[s] * max(high - low, 0.0) / density
            src_heat[s] += work
            pump_w[net.circuit_of[i]] += work
            src_cmd[s, 0] = work
        for h in range(hps.location.size):
            i = hps.location[h]
            work = hp_flow[h] * max(pressure[i] - pressure[n_loc + i], 0.0) / density
            hp_cmd[h, 1] = work
            pump_w[net.circuit_of[i]] += work
        for b in range(boi.location.size):
            i = boi.location[b]
            work = boi_flow[b] * max(pressure[i] - pressure[n_loc + i], 0.0) / density
            boi_cmd[b, 1] = work
            pump_w[net.circuit_of[i]] += work
        for t in range(sto.location.size):
            if sto_flow[t] < 0.0:
                i = sto.location[t]
                work = -sto_flow[t] * max(pressure[i] - pressure[n_loc + i], 0.0) / density
                root_heat[net.circuit_of[i]] += work
                pump_w[net.circuit_of[i]] += work

        # --- supply line
        mass[:] = 0.0
        enthalpy[:] = 0.0
        for s in range(src.location.size):
            if src.to_return[s] == 0:
                mass[src.location[s]] += src_flow[s]
                enthalpy[src.location[s]] += src_flow[s] * state.source_temp[e, s]
        for h in range(hps.location.size):
            mass[hps.location[h]] += hp_flow[h]
            enthalpy[hps.location[h]] += hp_flow[h] * state.pump_temp[e, h]
        for b in range(boi.location.size):
            mass[boi.location[b]] += boi_flow[b]
            enthalpy[boi.location[b]] += boi_flow[b] * state.boiler_temp[e, b]
        for t in range(sto.location.size):
            if sto_flow[t] < 0.0:
                outlet = store_outlet_temp(state.store_temp[e, t], sto.layers[t], False)
                mass[sto.location[t]] -= sto_flow[t]
                enthalpy[sto.location[t]] -= sto_flow[t] * outlet
                enthalpy[sto.location[t]] += root_heat[net.circuit_of[sto.location[t]]] / cp
        if not carry_line(
            0, net, pipes, flow, mass, enthalpy, node_temp, state.parcel_mass[e],
            state.parcel_psi[e], state.parcel_start[e], state.parcel_count[e], state.psi_sum[e],
            state.base[e], state.age[e], state.wall[e], dt, cp, pending, queue,
        ):  # fmt: skip
            return FLOW_CIRCLE

        # --- consumers, which feed the return line
        mass[:] = 0.0
        enthalpy[:] = 0.0
        loads[:] = 0.0
        for u in range(n_consumers):
            i = con.location[u]
            k = con.column[u]
            supply = node_temp[i]
            set_flow = parts[u, 0] + parts[u, 1] + parts[u, 2]
            share = achieved[u] / set_flow if set_flow > 0.0 else 0.0
            air = state.air_temp[e, u - first_green] if con.kind[u] == 2 else 0.0
            main, hot = delivered_heat(
                u, con, rooms, supply, air, request[u, 0], request[u, 1], parts[u, 0] * share,
                parts[u, 1] * share, cp,
            )  # fmt: skip
            heat = main + hot
            back = supply - heat / (achieved[u] * cp) if achieved[u] > 1e-9 else supply
            if achieved[u] <= 1e-9:
                main = 0.0
                hot = 0.0
                heat = 0.0
            mass[i] += achieved[u]
            enthalpy[i] += achieved[u] * back
            loads[net.circuit_of[i]] += heat
            demand = request[u, 0]
            if con.kind[u] == 0:
                hot_demand = exogenous[rooms.hot_water_series[u]] * 1e3
                demand += hot_demand
                state.backlog[e, u, 0] *= 1.0 - min(dt / BACKLOG_MEMORY_S, 1.0)
                state.backlog[e, u, 0] += (request[u, 0] - main) * dt
                state.backlog[e, u, 1] += (hot_demand - hot) * dt
            elif con.kind[u] == 1:
                demand = useful[u]
                state.backlog[e, u, 0] += (useful[u] - main) * dt
            unmet = 0.0
            for j in range(2):
                limit = 900.0 * (con.design_heat[u] if j == 0 else con.hot_design_heat[u])
                state.backlog[e, u, j] = max(state.backlog[e, u, j], 0.0)
                if state.backlog[e, u, j] > limit:
                    unmet += state.backlog[e, u, j] - limit
                    state.backlog[e, u, j] = limit
            out[k + CON_HEAT] += heat
            out[k + CON_DEMAND] += demand
            out[k + CON_UNMET] += unmet / dt
            out[k + CON_SUPPLY] += supply
            out[k + CON_RETURN] += back
            out[k + CON_FLOW] += achieved[u]
            out[k + CON_DP] = min(out[k + CON_DP], available_dp[u] * 1e-5)
            if con.kind[u] == 0:
                gains = rooms.gains[u] + rooms.solar[u] * irradiance
                state.room_temp[e, u], leak = room_step(
                    state.room_temp[e, u], main, gains, rooms.loss[u], rooms.capacity[u], ambient, dt
                )
                energy_in += gains * dt
                energy_out += leak + hot * dt
                throughput += gains * dt + abs(leak) + hot * dt
                cold = rooms.set_temp[u] - rooms.setback[u] - COMFORT_BAND_K
                cold -= state.room_temp[e, u]
                out[k + SUB_HOT_WATER] += hot
                out[k + SUB_SPACE] += main
                out[k + SUB_COMFORT] += max(cold, 0.0) * dt / 3600.0
                if last:
                    out[k + SUB_ROOM] = state.room_temp[e, u]
            elif con.kind[u] == 1:
                energy_out += main * dt
                throughput += main * dt
            else:
                g = u - first_green
                day = irradiance > DAYLIGHT_W_M2
                loss = greens.loss[g] * (1.0 if day else 1.0 - greens.screen[g])
                solar = greens.solar[g] * irradiance
                vent_at = greens.day_temp[g] if day else greens.night_temp[g]
                state.air_temp[e, g], leak, vented = air_step(
                    state.air_temp[e, g], main, solar, loss, greens.vent_max[g],
                    vent_at + greens.vent_above[g], greens.capacity[g], ambient, dt,
                )  # fmt: skip
                air = state.air_temp[e, g]
                state.air_mean[e, g] += (air - state.air_mean[e, g]) * min(dt / MEAN_AIR_S, 1.0)
                mean = state.air_mean[e, g]
                energy_in += solar * dt
                energy_out += leak + vented
                throughput += solar * dt + abs(leak) + vented
                beyond = max(greens.crop_min[g] - air, 0.0) + max(air - greens.crop_max[g], 0.0)
                beyond += max(greens.mean_min[g] - mean, 0.0)
                beyond += max(mean - greens.mean_max[g], 0.0)
                out[k + GRE_VENT] += vented / dt
                out[k + GRE_USEFUL] += min(main, useful[u])
                out[k + GRE_COMFORT] += beyond * dt / 3600.0
                if last:
                    out[k + GRE_AIR] = air
                    out[k + GRE_MEAN] = mean

        # --- return line
        for s in range(src.location.size):
            if src.to_return[s] == 1:
                mass[src.location[s]] += src_flow[s]
                enthalpy[src.location[s]] += src_flow[s] * state.source_temp[e, s]
        for t in range(sto.location.size):
            if sto_flow[t] > 0.0:
                outlet = store_outlet_temp(state.store_temp[e, t], sto.layers[t], True)
                mass[sto.location[t]] += sto_flow[t]
                enthalpy[sto.location[t]] += sto_flow[t] * outlet
        if not carry_line(
            1, net, pipes, flow, mass, enthalpy, node_temp, state.parcel_mass[e],
            state.parcel_psi[e], state.parcel_start[e], state.parcel_count[e], state.psi_sum[e],
            state.base[e], state.age[e], state.wall[e], dt, cp, pending, queue,
        ):  # fmt: skip
            return FLOW_CIRCLE

        # --- producers' water takes this step's return and heat
        for s in range(src.location.size):
            i = src.location[s]
            k = src.column[s]
            level = exogenous[src.level_series[s]]
            inlet = node_temp[n_loc + src.inlet_location[s]]
            water = src.max_flow[s] * unit_s
            state.source_temp[e, s] += dt * (
                src_flow[s] * (inlet - state.source_temp[e, s]) + src_heat[s] / cp
            ) / water  # fmt: skip
            heat = src_heat[s] - src_cmd[s, 0]
            energy_in += src_heat[s] * dt
            throughput += src_heat[s] * dt
            capacity = src.stream_capacity[s] * level
            available = capacity * max(src.stream_temp[s] - src.reference_temp[s], 0.0)
            rejected = max(available - heat, 0.0)
            out[k + SRC_HEAT] += heat * 1e-3
            out[k + SRC_AVAILABLE] += available * 1e-3
            out[k + SRC_REJECTED] += rejected * 1e-3
            out[k + SRC_SINK_POWER] += src.sink_ratio[s] * rejected * 1e-3
            out[k + SRC_LEVEL] += level
            out[k + SRC_FLOW] += src_flow[s]
            out[k + SRC_IN] += inlet
            out[k + SRC_OUT] += state.source_temp[e, s]
            out[k + SRC_RAMP] += abs(heat - state.source_heat[e, s]) * 1e-3
            if heat > 0.0 and state.source_heat[e, s] <= 0.0:
                out[k + SRC_STARTS] += 1.0
            state.source_heat[e, s] = heat
            if last:
                out[k + SRC_SHARE] = state.source_share[e, s]
        for h in range(hps.location.size):
            k = hps.column[h]
            inlet = node_temp[n_loc + hps.location[h]]
            cop = hp_cmd[h, 2]
            power = hp_heat[h] / cop
            taken = hp_heat[h] - power
            evaporated[hps.cooling[h]] += taken
            state.pump_temp[e, h] += dt * (
                hp_flow[h] * (inlet - state.pump_temp[e, h]) + (hp_heat[h] + hp_cmd[h, 1]) / cp
            ) / (hps.max_flow[h] * unit_s)  # fmt: skip
            energy_in += (power + taken + hp_cmd[h, 1]) * dt
            throughput += (power + taken + hp_cmd[h, 1]) * dt
            out[k + HP_HEAT] += hp_heat[h] * 1e-3
            out[k + HP_POWER] += power * 1e-3
            out[k + HP_EVAPORATOR] += taken * 1e-3
            out[k + HP_COP] += cop
            out[k + HP_FLOW] += hp_flow[h]
            out[k + HP_IN] += inlet
            out[k + HP_OUT] += state.pump_temp[e, h]
            out[k + HP_RAMP] += abs(hp_heat[h] - state.pump_heat[e, h]) * 1e-3
            if hp_heat[h] > 0.0 and state.pump_heat[e, h] <= 0.0:
                out[k + HP_STARTS] += 1.0
            state.pump_heat[e, h] = hp_heat[h]
            if last:
                out[k + HP_SHARE] = state.pump_share[e, h]
                out[k + HP_LIMIT] = hp_cmd[h, 3] * 1e-3
        for b in range(boi.location.size):
            k = boi.column[b]
            inlet = node_temp[n_loc + boi.location[b]]
            state.boiler_temp[e, b] += dt * (
                boi_flow[b] * (inlet - state.boiler_temp[e, b]) + (boi_heat[b] + boi_cmd[b, 1]) / cp
            ) / (boi.max_flow[b] * unit_s)  # fmt: skip
            energy_in += (boi_heat[b] + boi_cmd[b, 1]) * dt
            throughput += (boi_heat[b] + boi_cmd[b, 1]) * dt
            out[k + BOI_HEAT] += boi_heat[b] * 1e-3
            out[k + BOI_FUEL] += boiler_fuel(b, boi, boi_heat[b], inlet) * 1e-3
            out[k + BOI_FLOW] += boi_flow[b]
            out[k + BOI_IN] += inlet
            out[k + BOI_OUT] += state.boiler_temp[e, b]
            out[k + BOI_RAMP] += abs(boi_heat[b] - state.boiler_heat[e, b]) * 1e-3
            if boi_heat[b] > 0.0 and state.boiler_heat[e, b] <= 0.0:
                out[k + BOI_STARTS] += 1.0
            state.boiler_heat[e, b] = boi_heat[b]
            if last:
                out[k + BOI_SHARE] = state.boiler_share[e, b]
        for i in range(cools.peak.size):
            k = cools.column[i]
            tower = max(cooling[i] - evaporated[i], 0.0)
            out[k + COOL_LOAD] += cooling[i] * 1e-3
            out[k + COOL_TOWER] += tower * 1e-3
            out[k + COOL_POWER] += tower * cools.tower_ratio[i] * 1e-3
            out[k + COOL_LEVEL] += exogenous[cools.level_series[i]]

        # --- stores
        for t in range(sto.location.size):
            k = sto.column[t]
            i = sto.location[t]
            temps = state.store_temp[e, t]
            charging = sto_flow[t] > 0.0
            inlet = node_temp[i] if charging else node_temp[n_loc + i]
            outlet = store_outlet_temp(temps, sto.layers[t], charging)
            leak = store_step(
                temps, sto.layers[t], sto.layer_mass[t], sto_flow[t], inlet, sto.conductance[t],
                sto.layer_loss[t], ambient, dt, cp,
            )  # fmt: skip
            if sto_flow[t] < 0.0:
                work = root_heat[net.circuit_of[i]]
                energy_in += work * dt
                throughput += work * dt
            energy_out += leak
            throughput += abs(leak)
            out[k + STO_CHARGE] += abs(sto_flow[t]) * cp * (inlet - outlet) * 1e-3
            out[k + STO_FLOW] += sto_flow[t]
            out[k + STO_LOSS] += leak / dt * 1e-3
            if last:
                held = 0.0
                for j in range(sto.layers[t]):
                    held += temps[j]
                mean = held / sto.layers[t]
                span = sto.full_temp[t] - sto.empty_temp[t]
                out[k + STO_LEVEL] = min(max((mean - sto.empty_temp[t]) / span, 0.0), 1.0)
                out[k + STO_ENERGY] = (
                    (mean - sto.empty_temp[t]) * sto.layers[t] * sto.layer_mass[t] * cp / J_PER_KWH
                )
                out[k + STO_TOP] = temps[0]
                out[k + STO_MIDDLE] = temps[sto.layers[t] // 2]
                out[k + STO_BOTTOM] = temps[sto.layers[t] - 1]

        # --- losses of the pipes
        lost[:] = 0.0
        lose_heat(
            net, pipes, flow, state.parcel_mass[e], state.parcel_psi[e], state.parcel_start[e],
            state.parcel_count[e], state.psi_sum[e], state.base[e], state.age[e], state.wall[e],
            ground, dt, cp, lost,
        )  # fmt: skip
        for c in range(n_circuits):
            k = cir.column[c]
            energy_out += lost[c]
            throughput += abs(lost[c])
            worst = np.inf
            delivered = 0.0
            for u in range(n_consumers):
                if net.circuit_of[con.location[u]] == c:
                    worst = min(worst, available_dp[u])
                    delivered += achieved[u]
            supply = node_temp[net.root[c]]
            out[k + CIR_SUPPLY] += supply
            out[k + CIR_RETURN] += node_temp[n_loc + net.root[c]]
            out[k + CIR_FLOW] += delivered
            out[k + CIR_LOAD] += loads[c] * 1e-3
            out[k + CIR_PUMP] += pump_w[c] / cir.pump_efficiency[c] * 1e-3
            out[k + CIR_HEAD] += head[c] * 1e-5
            out[k + CIR_WORST_DP] = min(out[k + CIR_WORST_DP], worst * 1e-5)
            out[k + CIR_LOSS] += lost[c] / dt * 1e-3
            hottest = supply
            for i in range(n_loc):
                if net.circuit_of[i] == c:
                    hottest = max(hottest, node_temp[i])
            out[k + CIR_MAX_SUPPLY] = max(out[k + CIR_MAX_SUPPLY], hottest)
            out[k + CIR_SHORTFALL] += unheated[c]
            if last:
                out[k + CIR_SET] = set_temp[c]
        state.time_s[e] += int(round(dt))

    for u in range(n_consumers):
        k = con.column[u]
        for offset in (CON_HEAT, CON_DEMAND, CON_UNMET):
            out[k + offset] *= 1e-3
        if con.kind[u] == 0:
            out[k + SUB_HOT_WATER] *= 1e-3
            out[k + SUB_SPACE] *= 1e-3
        elif con.kind[u] == 2:
            out[k + GRE_VENT] *= 1e-3
            out[k + GRE_USEFUL] *= 1e-3
    for k in range(out.size):
        if aggregation[k] == 0:
            out[k] /= sub_steps
    stock, masses = total_stock(e, net, pipes, par, state, unit_s, per_circuit)
    k = par.energy_column
    out[k + ENE_STOCK] = stock / J_PER_KWH
    out[k + ENE_MASS] = masses / J_PER_KWH
    out[k + ENE_IN] = energy_in / J_PER_KWH
    out[k + ENE_OUT] = energy_out / J_PER_KWH
    out[k + ENE_RESIDUAL] = (stock - stock_before - energy_in + energy_out) / J_PER_KWH
    out[k + ENE_THROUGHPUT] = throughput / J_PER_KWH
    for c in range(n_circuits):
        out[cir.column[c] + CIR_ENERGY] = per_circuit[c] / J_PER_KWH
    state.stock[e] = stock
    for k in range(out.size):
        if not np.isfinite(out[k]):
            return NOT_FINITE
    return OK
