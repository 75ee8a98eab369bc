"""What the balance of a circuit makes of its offers.

Commanded units run at their share; the difference between what consumers take and what they give
goes to the balancing store and producers, in order, then is cut, in reverse merit order. Heat is
never invented: what is missing lets the supply temperature fall.
"""

from heatrouter.envs.components.jit import compiled
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.production import MIN_SPREAD_K
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.work import Work

STORE_USABLE_BAND_K = 8.0
STORE_USABLE_BELOW_K = 15.0
STORE_FULL_GAP_K = 5.0
ENOUGH = 1e-6


@compiled
def store_limits(s: int, par: Parameters, here: EnvState, work: Work) -> tuple[float, float]:
    """Largest discharge and charge flow of a store now, kg/s.

    Discharge fades out as its top falls below what the network can use; charge fades out as its
    bottom nears the temperature that would be charged.
    """
    index = par.store_index[s]
    setting = work.circuit[index[t.SI_CIRCUIT], t.RW_SET]
    supply = here.node_temp[index[t.SI_LOCATION]]
    top = here.store[s, 0, t.SX_TEMP]
    bottom = here.store[s, index[t.SI_LAYERS] - 1, t.SX_TEMP]
    usable = (top - (setting - STORE_USABLE_BELOW_K)) / STORE_USABLE_BAND_K
    room = (supply - STORE_FULL_GAP_K - bottom) / STORE_FULL_GAP_K
    most = par.store[s, t.SF_MAX_FLOW]
    return most * min(max(usable, 0.0), 1.0), most * min(max(room, 0.0), 1.0)


@compiled
def _add_balancing(
    c: int,
    first: int,
    end: int,
    short: float,
    recovered: bool,
    par: Parameters,
    here: EnvState,
    work: Work,
    dt: float,
) -> float:
    """Let balancing producers of ranks first..end-1 make up ``short`` kg/s; returns what they add.

    Boilers start on a shortage and stop once the store ahead of them has recovered; an exchanger
    follows the shortage.
    """
    cp = par.circuit[c, t.RF_CP]
    total = 0.0
    for rank in range(first, end):
        p = par.balance_order[c, rank]
        if p < 0:
            break
        data, state, offer = par.producer[p], here.producer[p], work.producer[p]
        inlet = here.node_temp[par.producer_index[p, t.PI_IN]]
        lift = max(work.circuit[c, t.RW_SET] - inlet, 0.0)
        spread = max(lift, MIN_SPREAD_K)
        capacity = offer[t.PW_LIMIT]
        most = min(capacity / (cp * spread), data[t.PF_MAX_FLOW])
        if par.producer_index[p, t.PI_KIND] == t.LINK:
            runs = short > 0.0
            least = 0.0
        else:
            if state[t.PX_BALANCING] > 0.0:
                state[t.PX_BALANCING_S] += dt
                rested = state[t.PX_BALANCING_S] >= data[t.PF_MIN_RUN]
                if short <= 0.0 and recovered and rested:
                    state[t.PX_BALANCING] = 0.0
            elif short > ENOUGH:
                state[t.PX_BALANCING] = 1.0
                state[t.PX_BALANCING_S] = 0.0
            runs = state[t.PX_BALANCING] > 0.0
            least = min(data[t.PF_MIN_LOAD] * data[t.PF_CAPACITY] / (cp * spread), most)
        if runs:
            flow = min(max(offer[t.PW_FLOW] + short, least), most)
            added = max(flow - offer[t.PW_FLOW], 0.0)
            if added > 0.0:
                offer[t.PW_FLOW] += added
                offer[t.PW_HEAT] = min(offer[t.PW_HEAT] + added * cp * lift, capacity)
                total += added
                short = max(short - added, 0.0)
    return total


@compiled
def balance_circuit(c: int, par: Parameters, here: EnvState, work: Work, dt: float) -> float:
    """Close the flow balance of circuit ``c``; returns the flow that no pump can move, kg/s.

    Flows and heats of its producers are set from their offers, possibly cut or raised; flows of its
    stores are set (positive charges). ``RW_UNHEATED`` gets the flow that passes unheated.
    """
    given = 0.0
    for p in range(par.producer.shape[0]):
        index = par.producer_index[p]
        if index[t.PI_CIRCUIT] == c:
            offer = work.producer[p]
            offer[t.PW_FLOW] = offer[t.PW_OFFER_FLOW]
            offer[t.PW_HEAT] = offer[t.PW_OFFER_HEAT]
            if index[t.PI_FEEDS] == 1:
                given += offer[t.PW_FLOW]
    need = work.circuit[c, t.RW_CONSUMPTION] - given
    for s in range(par.store.shape[0]):
        if par.store_index[s, t.SI_CIRCUIT] == c and par.store_index[s, t.SI_SET_POINT] >= 0:
            need += work.store[s, t.SW_FLOW]
    work.circuit[c, t.RW_UNHEATED] = 0.0
    store = par.circuit_index[c, t.RI_STORE]
    rank = par.circuit_index[c, t.RI_STORE_RANK]
    ranks = par.balance_order.shape[1]
    discharge_max = 0.0
    charge_max = 0.0
    recovered = True
    if store >= 0:
        discharge_max, charge_max = store_limits(store, par, here, work)
        recovered = discharge_max >= 0.999 * par.store[store, t.SF_MAX_FLOW]
        work.store[store, t.SW_FLOW] = 0.0
        need -= _add_balancing(c, 0, rank, max(need, 0.0), True, par, here, work, dt)
    else:
        rank = 0
    short = max(need - discharge_max, 0.0)
    need -= _add_balancing(c, rank, ranks, short, recovered, par, here, work, dt)
    # what stores were told to take or give yields to what flows there are
    if need > 0.0:
        need -= _ease_stores(c, 1.0, need, par, work)
    if need > 0.0:
        return _pass_unheated(c, store, discharge_max, need, par, work)
    surplus = -need
    if store >= 0:
        taken = min(surplus, charge_max)
        work.store[store, t.SW_FLOW] = taken
        surplus -= taken
    surplus -= _ease_stores(c, -1.0, surplus, par, work)
    for j in range(par.cut_order.size):
        p = par.cut_order[j]
        index, offer = par.producer_index[p], work.producer[p]
        gives = index[t.PI_CIRCUIT] == c and index[t.PI_FEEDS] == 1
        if surplus > 0.0 and gives and offer[t.PW_FLOW] > 0.0:
            cut = min(surplus, offer[t.PW_FLOW])
            offer[t.PW_HEAT] *= 1.0 - cut / offer[t.PW_FLOW]
            offer[t.PW_FLOW] -= cut
            surplus -= cut
    return 0.0


@compiled
def _ease_stores(c: int, sign: float, amount: float, par: Parameters, work: Work) -> float:
    """Take up to ``amount`` kg/s off commanded charge (sign 1) or discharge (-1)."""
    total = 0.0
    for s in range(par.store.shape[0]):
        if par.store_index[s, t.SI_CIRCUIT] == c and par.store_index[s, t.SI_SET_POINT] >= 0:
            taken = min(amount - total, max(sign * work.store[s, t.SW_FLOW], 0.0))
            if taken > 0.0:
                work.store[s, t.SW_FLOW] -= sign * taken
                total += taken
    return total


@compiled
def _pass_unheated(
    c: int, store: int, discharge_max: float, need: float, par: Parameters, work: Work
) -> float:
    """The pumps of store and balancing producers still move water that nobody can heat."""
    unheated = 0.0
    if store >= 0:
        taken = min(need, par.store[store, t.SF_MAX_FLOW])
        work.store[store, t.SW_FLOW] = -taken
        unheated = max(taken - discharge_max, 0.0)
        need -= taken
    for rank in range(par.balance_order.shape[1]):
        p = par.balance_order[c, rank]
        if p < 0 or need <= 0.0:
            break
        offer = work.producer[p]
        passed = min(need, max(par.producer[p, t.PF_MAX_FLOW] - offer[t.PW_FLOW], 0.0))
        offer[t.PW_FLOW] += passed
        unheated += passed
        need -= passed
    work.circuit[c, t.RW_UNHEATED] = unheated
    return need
