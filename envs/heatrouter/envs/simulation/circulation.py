"""From set-points to flows: circuits in order, flow balance, hydraulics, the work of pumps.

Circuits that are fed by others come first: their balance decides what the primary sides of their
links ask of the circuits that feed them.
"""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.exchanger import film_term
from heatrouter.envs.components.friction import water_viscosity
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.hydraulics import solve_network
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.balance import balance_circuit, store_limits
from heatrouter.envs.simulation.demand import consumer_flows
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.production import (
    MIN_SPREAD_K,
    offer_heat,
    prepare_cooling,
    ramp,
    series_or_one,
)
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.work import Work

MAX_BALANCE_ROUNDS = 4
SHORT_KG_S = 1e-9


@compiled
def command_circuits(
    net: Topology,
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    set_points: FloatArray,
    work: Work,
    dt: float,
) -> None:
    """Flows that consumers want, what producers offer, and the balance, circuit by circuit."""
    n_loc = net.order.size
    for c in range(net.root.size):
        data = par.circuit[c]
        setting = set_points[par.circuit_index[c, t.RI_SET_POINT]]
        target = min(max(setting, data[t.RF_SUPPLY_MIN]), data[t.RF_SUPPLY_MAX])
        here.supply_set[c] = ramp(here.supply_set[c], target, data[t.RF_RAMP] * dt)
        work.circuit[c, t.RW_SET] = here.supply_set[c]
        pump = series_or_one(exogenous, par.circuit_index[c, t.RI_PUMP])
        work.max_head[c] = par.max_head[c] * pump
        work.viscosity[0, c] = water_viscosity(here.node_temp[net.root[c]])
        work.viscosity[1, c] = water_viscosity(here.node_temp[n_loc + net.root[c]])
    prepare_cooling(par, here, exogenous, work, dt)
    for s in range(par.store.shape[0]):
        work.store[s, t.SW_FLOW] = 0.0
        point = par.store_index[s, t.SI_SET_POINT]
        if point >= 0:
            share = min(max(set_points[point], -1.0), 1.0)
            discharge, charge = store_limits(s, par, here, work)
            wanted = share * par.store[s, t.SF_MAX_FLOW]
            work.store[s, t.SW_FLOW] = min(max(wanted, -discharge), charge)
    for j in range(par.circuit_order.size):
        c = par.circuit_order[j]
        consumer_flows(c, par, here, work, dt)
        offer_heat(c, par, here, exogenous, set_points, work, dt)
        _balance(c, par, here, work, dt)
        _ask_primaries(c, par, here, work)


@compiled
def _balance(c: int, par: Parameters, here: EnvState, work: Work, dt: float) -> None:
    consumption = 0.0
    for u in range(par.consumer.shape[0]):
        if par.consumer_index[u, t.CI_CIRCUIT] == c:
            consumption += work.wanted[u]
    work.circuit[c, t.RW_CONSUMPTION] = consumption
    missing = balance_circuit(c, par, here, work, dt)
    if missing > 0.0:
        factor = max(1.0 - missing / consumption, 0.0) if consumption > 0.0 else 0.0
        for u in range(par.consumer.shape[0]):
            if par.consumer_index[u, t.CI_CIRCUIT] == c:
                work.wanted[u] *= factor


@compiled
def _ask_primaries(c: int, par: Parameters, here: EnvState, work: Work) -> None:
    """What the links that feed circuit ``c`` ask of the circuits on their other side."""
    for p in range(par.producer.shape[0]):
        index = par.producer_index[p]
        u = index[t.PI_PRIMARY]
        if index[t.PI_CIRCUIT] != c or u < 0:
            continue
        offer, asked = work.producer[p], work.consumer[u]
        if index[t.PI_KIND] == t.LINK:
            cp = par.circuit[c, t.RF_CP]
            primary_cp = par.circuit[par.consumer_index[u, t.CI_CIRCUIT], t.RF_CP]
            inlet = here.node_temp[index[t.PI_IN]]
            spread = max(work.circuit[c, t.RW_SET] - inlet, MIN_SPREAD_K)
            asked[t.CW_INLET] = inlet
            # the exchanger knows one heat capacity: secondary flow as kg/s of primary water
            asked[t.CW_SECONDARY] = offer[t.PW_FLOW] * cp / primary_cp
            asked[t.CW_REQUEST] = min(offer[t.PW_HEAT], offer[t.PW_FLOW] * cp * spread)
        else:
            asked[t.CW_REQUEST] = offer[t.PW_HEAT] * (1.0 - 1.0 / offer[t.PW_COP])


@compiled
def circulate(
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    here: EnvState,
    work: Work,
) -> bool:
    """Solve the network, and balance again where saturated valves take less.

    Returns:
        False if the hydraulics did not converge.
    """
    for attempt in range(MAX_BALANCE_ROUNDS):
        if attempt > 0:
            for j in range(par.circuit_order.size):
                _balance(par.circuit_order[j], par, here, work, 0.0)
        _withdraw(net, par, work)
        steps = solve_network(
            net, pipes, work.viscosity, work.withdrawal, par.consumer_location, work.wanted,
            par.valve_resistance, par.min_dp, work.max_head, par.head_drop, here.chord_flow,
            here.friction, work.achieved, here.pipe_flow, work.drop, work.slope, work.pressure,
            work.head, work.root_flow, work.available_dp, work.saturated, work.node_work,
            work.matrix, work.rhs, work.valve_step,
        )  # fmt: skip
        if steps < 0:
            return False
        short = 0.0
        for u in range(par.consumer.shape[0]):
            short += work.wanted[u] - work.achieved[u]
        if short <= SHORT_KG_S:
            if attempt > 0:
                _ask_again(par, here, work)
            return True
        for u in range(par.consumer.shape[0]):
            work.wanted[u] = work.achieved[u]
    # the valves have settled but for rounding; what producers give must match what is taken
    return _settle(net, pipes, par, here, work)


@compiled
def _settle(net: Topology, pipes: PipeData, par: Parameters, here: EnvState, work: Work) -> bool:
    """Carry out what the last round found, with valves that pass it."""
    for j in range(par.circuit_order.size):
        _balance(par.circuit_order[j], par, here, work, 0.0)
    _withdraw(net, par, work)
    steps = solve_network(
        net, pipes, work.viscosity, work.withdrawal, par.consumer_location, work.wanted,
        work.no_valve, work.no_dp, work.no_limit, par.head_drop, here.chord_flow,
        here.friction, work.achieved, here.pipe_flow, work.drop, work.slope, work.pressure,
        work.head, work.root_flow,
        work.available_dp, work.saturated, work.node_work, work.matrix, work.rhs,
        work.valve_step,
    )  # fmt: skip
    _ask_again(par, here, work)
    return steps >= 0


@compiled
def _ask_again(par: Parameters, here: EnvState, work: Work) -> None:
    """Links pass no more than the flow that the new balance left on their secondary sides."""
    for c in range(par.circuit.shape[0]):
        _ask_primaries(c, par, here, work)
    for u in range(par.consumer.shape[0]):
        if par.consumer_index[u, t.CI_KIND] == t.EXCHANGER:
            asked = work.consumer[u]
            asked[t.CW_TERM] = film_term(asked[t.CW_SECONDARY] / par.consumer[u, t.CF_SECONDARY])


@compiled
def _withdraw(net: Topology, par: Parameters, work: Work) -> None:
    """What units away from the roots take from and give to the nodes; roots close the rest."""
    n_loc = net.order.size
    for i in range(2 * n_loc):
        work.withdrawal[i] = 0.0
    for p in range(par.producer.shape[0]):
        index = par.producer_index[p]
        if index[t.PI_AT_ROOT] == 0:
            flow = work.producer[p, t.PW_FLOW]
            work.withdrawal[index[t.PI_IN]] += flow
            work.withdrawal[index[t.PI_OUT]] -= flow
    for s in range(par.store.shape[0]):
        if par.store_index[s, t.SI_AT_ROOT] == 0:
            i = par.store_index[s, t.SI_LOCATION]
            work.withdrawal[i] += work.store[s, t.SW_FLOW]
            work.withdrawal[n_loc + i] -= work.store[s, t.SW_FLOW]


@compiled
def pump_work(net: Topology, par: Parameters, work: Work) -> None:
    """Hydraulic power of every unit's pump, W: all of it ends as heat in the water."""
    n_loc = net.order.size
    for c in range(net.root.size):
        work.circuit[c, t.RW_PUMPING] = 0.0
    for p in range(par.producer.shape[0]):
        index, offer = par.producer_index[p], work.producer[p]
        c = index[t.PI_CIRCUIT]
        lift = max(work.pressure[index[t.PI_OUT]] - work.pressure[index[t.PI_IN]], 0.0)
        power = offer[t.PW_FLOW] * lift / par.circuit[c, t.RF_DENSITY]
        offer[t.PW_PUMPING] = power
        work.circuit[c, t.RW_PUMPING] += power
    for s in range(par.store.shape[0]):
        i, c = par.store_index[s, t.SI_LOCATION], par.store_index[s, t.SI_CIRCUIT]
        lift = max(work.pressure[i] - work.pressure[n_loc + i], 0.0)
        discharged = max(-work.store[s, t.SW_FLOW], 0.0)
        power = discharged * lift / par.circuit[c, t.RF_DENSITY]
        work.store[s, t.SW_PUMPING] = power
        work.circuit[c, t.RW_PUMPING] += power
