"""From set-points to flows: commanded heat, flow balance, hydraulics, the work of pumps."""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.friction import water_viscosity
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.hydraulics import solve_network
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.production import (
    MIN_SPREAD_K,
    balance_circuit,
    boiler_flow,
    heat_pump_offer,
    ramp,
    source_offer,
    switched_share,
)
from heatrouter.envs.simulation.state import State
from heatrouter.envs.simulation.work import BYPASS, HOT_WATER, MAIN, Work

MAX_BALANCE_ROUNDS = 4
SHORT_KG_S = 1e-9


@compiled
def command_units(
    e: int,
    net: Topology,
    par: Parameters,
    state: State,
    exogenous: FloatArray,
    set_points: FloatArray,
    work: Work,
    dt: float,
) -> None:
    """Move every unit towards its set-point and note what it offers now."""
    src, cools, hps, boi, cir = (
        par.sources,
        par.coolings,
        par.heat_pumps,
        par.boilers,
        par.circuits,
    )
    cp = cir.cp[0]
    n_loc = net.order.size
    node_temp = state.node_temp[e]
    for c in range(net.root.size):
        target = min(max(set_points[cir.set_point[c]], cir.supply_min[c]), cir.supply_max[c])
        state.supply_set[e, c] = ramp(state.supply_set[e, c], target, cir.ramp[c] * dt)
        work.set_temp[c] = state.supply_set[e, c]
    for s in range(src.location.size):
        target = min(max(set_points[src.set_point[s]], 0.0), 1.0)
        state.source_share[e, s] = ramp(state.source_share[e, s], target, src.ramp[s] * dt)
        work.source_offer[s, 0], work.source_offer[s, 1] = source_offer(
            s,
            src,
            exogenous[src.level_series[s]],
            state.source_share[e, s],
            state.source_heat[e, s],
            node_temp[n_loc + src.inlet_location[s]],
            work.set_temp[net.circuit_of[src.location[s]]],
            cp,
        )
    for i in range(cools.peak.size):
        work.cooling[i] = cools.peak[i] * exogenous[cools.level_series[i]]
        work.evaporated[i] = 0.0
    for h in range(hps.location.size):
        target = min(max(set_points[hps.set_point[h]], 0.0), 1.0)
        state.pump_share[e, h] = switched_share(
            state.pump_share[e, h], target, hps.min_load[h], hps.ramp[h] * dt
        )
        offer = heat_pump_offer(
            h,
            hps,
            cools,
            work.cooling[hps.cooling[h]],
            state.pump_share[e, h],
            node_temp[n_loc + hps.location[h]],
            work.set_temp[net.circuit_of[hps.location[h]]],
            cp,
        )
        for k in range(4):
            work.pump_offer[h, k] = offer[k]
    for b in range(boi.location.size):
        target = min(max(set_points[boi.set_point[b]], 0.0), 1.0)
        state.boiler_share[e, b] = switched_share(
            state.boiler_share[e, b], target, boi.min_load[b], boi.ramp[b] * dt
        )
        inlet = node_temp[n_loc + boi.location[b]]
        setting = work.set_temp[net.circuit_of[boi.location[b]]]
        heat = state.boiler_share[e, b] * boi.capacity[b]
        flow = boiler_flow(b, boi, heat, inlet, setting, cp)
        work.boiler_offer[b, 0] = flow
        work.boiler_offer[b, 1] = min(heat, flow * cp * max(setting - inlet, MIN_SPREAD_K))


@compiled
def balance_and_solve(
    e: int,
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    state: State,
    work: Work,
    dt: float,
) -> bool:
    """Close the flow balance and solve the network, again where saturated valves take less.

    Returns:
        False if the hydraulics did not converge.
    """
    src, hps, boi, con, cir = par.sources, par.heat_pumps, par.boilers, par.consumers, par.circuits
    n_loc = net.order.size
    node_temp = state.node_temp[e]
    for u in range(con.location.size):
        work.wanted[u] = work.parts[u, MAIN] + work.parts[u, HOT_WATER] + work.parts[u, BYPASS]
    for attempt in range(MAX_BALANCE_ROUNDS):
        work.source_flow[:] = work.source_offer[:, 0]
        work.source_heat[:] = work.source_offer[:, 1]
        work.pump_flow[:] = work.pump_offer[:, 0]
        work.pump_heat[:] = work.pump_offer[:, 1]
        work.boiler_flow[:] = work.boiler_offer[:, 0]
        work.boiler_heat[:] = work.boiler_offer[:, 1]
        work.consumption[:] = 0.0
        for u in range(con.location.size):
            work.consumption[net.circuit_of[con.location[u]]] += work.wanted[u]
        for c in range(net.root.size):
            work.unheated[c], missing = balance_circuit(
                c,
                net.circuit_of,
                cir,
                src,
                hps,
                boi,
                par.stores,
                work.consumption[c],
                work.set_temp[c],
                node_temp[net.root[c]],
                node_temp[n_loc + net.root[c]],
                state.store_temp[e],
                state.boiler_balances[e],
                state.boiler_run_s[e],
                work.source_flow,
                work.source_heat,
                work.pump_flow,
                work.pump_heat,
                work.boiler_flow,
                work.boiler_heat,
                work.store_flow,
                dt if attempt == 0 else 0.0,
                cir.cp[c],
            )
            if missing > 0.0:
                factor = 1.0 - missing / work.consumption[c]
                for u in range(con.location.size):
                    if net.circuit_of[con.location[u]] == c:
                        work.wanted[u] *= factor
        _withdrawals(net, par, work)
        final = attempt == MAX_BALANCE_ROUNDS - 1
        solved = solve_network(
            net,
            pipes,
            cir.density[0],
            water_viscosity(node_temp[net.root[0]]),
            water_viscosity(node_temp[n_loc + net.root[0]]),
            work.w_supply,
            work.w_return,
            con.location,
            work.wanted,
            # the last round only carries out what the round before found
            work.no_valve if final else con.valve_resistance,
            cir.min_dp,
            cir.max_head,
            cir.head_drop,
            state.chord_flow[e],
            work.achieved,
            state.pipe_flow[e],
            work.drop,
            work.head,
            work.available_dp,
            work.saturated,
        )
        if solved < 0:
            return False
        short = 0.0
        for u in range(con.location.size):
            short += work.wanted[u] - work.achieved[u]
        if short <= SHORT_KG_S:
            return True
        work.wanted[:] = work.achieved
    return True


@compiled
def _withdrawals(net: Topology, par: Parameters, work: Work) -> None:
    """What producers away from the roots take from and give to the nodes; roots close the rest."""
    src, hps = par.sources, par.heat_pumps
    work.w_supply[:] = 0.0
    work.w_return[:] = 0.0
    for s in range(src.location.size):
        if src.to_return[s] == 1:
            work.w_return[src.inlet_location[s]] += work.source_flow[s]
            work.w_return[src.location[s]] -= work.source_flow[s]
        elif net.parent[src.location[s]] >= 0:
            work.w_supply[src.location[s]] -= work.source_flow[s]
            work.w_return[src.location[s]] += work.source_flow[s]
    for h in range(hps.location.size):
        if net.parent[hps.location[h]] >= 0:
            work.w_supply[hps.location[h]] -= work.pump_flow[h]
            work.w_return[hps.location[h]] += work.pump_flow[h]


@compiled
def pump_work(net: Topology, pipes: PipeData, par: Parameters, work: Work) -> None:
    """Hydraulic power of every unit's pump, W: all of it ends as heat in the water."""
    n_loc, n_pairs = net.order.size, pipes.length.size
    density = par.circuits.density[0]
    for j in range(n_loc):
        i = net.order[j]
        up = net.parent[i]
        if up < 0:
            work.pressure[i] = work.head[net.circuit_of[i]]
            work.pressure[n_loc + i] = 0.0
        else:
            p = net.parent_pair[i]
            sign = net.parent_sign[i]
            work.pressure[i] = work.pressure[up] - sign * work.drop[p]
            work.pressure[n_loc + i] = work.pressure[n_loc + up] - sign * work.drop[n_pairs + p]
    work.pumping[:] = 0.0
    src, hps, boi, sto = par.sources, par.heat_pumps, par.boilers, par.stores
    for s in range(src.location.size):
        i = src.location[s]
        low = work.pressure[n_loc + src.inlet_location[s]]
        high = work.pressure[n_loc + i] if src.to_return[s] == 1 else work.pressure[i]
        work.source_work[s] = work.source_flow[s] * max(high - low, 0.0) / density
        work.pumping[net.circuit_of[i]] += work.source_work[s]
    for h in range(hps.location.size):
        i = hps.location[h]
        lift = max(work.pressure[i] - work.pressure[n_loc + i], 0.0)
        work.pump_work[h] = work.pump_flow[h] * lift / density
        work.pumping[net.circuit_of[i]] += work.pump_work[h]
    for b in range(boi.location.size):
        i = boi.location[b]
        lift = max(work.pressure[i] - work.pressure[n_loc + i], 0.0)
        work.boiler_work[b] = work.boiler_flow[b] * lift / density
        work.pumping[net.circuit_of[i]] += work.boiler_work[b]
    for t in range(sto.location.size):
        i = sto.location[t]
        lift = max(work.pressure[i] - work.pressure[n_loc + i], 0.0)
        work.store_work[t] = max(-work.store_flow[t], 0.0) * lift / density
        work.pumping[net.circuit_of[i]] += work.store_work[t]
