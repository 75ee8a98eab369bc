"""Producers in a sub-step: the water they feed in, the heat they take up, their reports."""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.boiler import boiler_fuel, heat_of_fuel
from heatrouter.envs.components.chp import chp_fuel_and_power
from heatrouter.envs.components.dry_cooler import dry_cooler
from heatrouter.envs.components.fuel_store import fuel_step
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation import outputs as o
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.tracing import trace_producer
from heatrouter.envs.simulation.work import Work, gain, spend

W_TO_KW = 1e-3
J_PER_KWH = 3.6e6


@compiled
def feed_lines(net: Topology, par: Parameters, here: EnvState, work: Work) -> None:
    """Flow and enthalpy that producers and stores give to the nodes."""
    for i in range(2 * net.order.size):
        work.mass[i] = 0.0
        work.enthalpy[i] = 0.0
    for p in range(par.producer.shape[0]):
        i = par.producer_index[p, t.PI_OUT]
        flow = work.producer[p, t.PW_FLOW]
        work.mass[i] += flow
        work.enthalpy[i] += flow * here.producer[p, t.PX_TEMP]
    n_loc = net.order.size
    for s in range(par.store.shape[0]):
        index = par.store_index[s]
        i, flow = index[t.SI_LOCATION], work.store[s, t.SW_FLOW]
        if flow < 0.0:
            work.mass[i] -= flow
            work.enthalpy[i] -= flow * here.store[s, 0, t.SX_TEMP]
            cp = par.circuit[index[t.SI_CIRCUIT], t.RF_CP]
            work.enthalpy[i] += work.store[s, t.SW_PUMPING] / cp
        elif flow > 0.0:
            bottom = here.store[s, index[t.SI_LAYERS] - 1, t.SX_TEMP]
            work.mass[n_loc + i] += flow
            work.enthalpy[n_loc + i] += flow * bottom


@compiled
def convert_heat(
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
    unit_s: float,
) -> None:
    """Every producer heats its water by what its offer became; reports means and ends."""
    for d in range(par.digester.shape[0]):
        work.digester[d, t.DW_TAKEN] = 0.0
    for p in range(par.producer.shape[0]):
        index, data = par.producer_index[p], par.producer[p]
        state, offer = here.producer[p], work.producer[p]
        k = index[t.PI_COLUMN]
        cp = par.circuit[index[t.PI_CIRCUIT], t.RF_CP]
        inlet = here.node_temp[index[t.PI_IN]]
        heat = _heat_of(p, par, here, exogenous, work, out, dt)
        flow = offer[t.PW_FLOW]
        if par.n_origins > 0:
            trace_producer(p, par, here, work, heat, inlet, dt, unit_s)
        entering = heat + offer[t.PW_PUMPING]
        carried = flow * (inlet - state[t.PX_TEMP])
        state[t.PX_TEMP] += dt * (carried + entering / cp) / (data[t.PF_MAX_FLOW] * unit_s)
        gain(work.energy, offer[t.PW_PUMPING] * dt)
        out[k + o.PRO_HEAT] += heat * W_TO_KW
        out[k + o.PRO_FLOW] += flow
        out[k + o.PRO_IN] += inlet
        out[k + o.PRO_OUT] += state[t.PX_TEMP]
        out[k + o.PRO_RAMP] += abs(heat - state[t.PX_HEAT]) * W_TO_KW
        if heat > 0.0 and state[t.PX_HEAT] <= 0.0:
            out[k + o.PRO_STARTS] += 1.0
        state[t.PX_HEAT] = heat
        state[t.PX_FLOW] = flow
        out[k + o.PRO_LIMIT] += offer[t.PW_LIMIT] * W_TO_KW
        if last:
            out[k + o.PRO_SHARE] = state[t.PX_SHARE]


@compiled
def _heat_of(
    p: int,
    par: Parameters,
    here: EnvState,
    exogenous: FloatArray,
    work: Work,
    out: FloatArray,
    dt: float,
) -> float:
    """Heat that a producer puts into its water, W, with what its kind reports and books."""
    index, offer = par.producer_index[p], work.producer[p]
    kind, k = index[t.PI_KIND], index[t.PI_COLUMN]
    heat = offer[t.PW_HEAT]
    offer[t.PW_POWER] = 0.0
    if kind == t.SOURCE:
        gain(work.energy, heat * dt)
        _reject(p, par, exogenous, heat, offer[t.PW_LEVEL], out)
    elif kind == t.HEAT_PUMP:
        heat = _pump_heat(p, par, work, out, dt)
    elif kind == t.BOILER:
        heat = _fire(p, par, work, out, dt)
    elif kind == t.CHP:
        heat = _run_engine(p, par, work, out, dt)
    elif kind == t.SOLAR:
        gain(work.energy, heat * dt)
        out[k + o.SOL_AVAILABLE] += offer[t.PW_AVAILABLE] * W_TO_KW
        out[k + o.SOL_REJECTED] += max(offer[t.PW_AVAILABLE] - heat, 0.0) * W_TO_KW
    else:
        u = index[t.PI_PRIMARY]
        heat = work.consumer[u, t.CW_DELIVERED]
        out[k + o.LINK_FLOW] += work.achieved[u]
        out[k + o.LINK_SUPPLY] += here.node_temp[par.consumer_location[u]]
        out[k + o.LINK_RETURN] += work.consumer[u, t.CW_BACK]
        out[k + o.LINK_DP] = min(out[k + o.LINK_DP], work.available_dp[u] * 1e-5)
    return float(heat)


@compiled
def _reject(
    p: int, par: Parameters, exogenous: FloatArray, heat: float, level: float, out: FloatArray
) -> None:
    """What is not recovered goes to the source's own sink; what that cannot take is curtailed."""
    data, k = par.producer[p], par.producer_index[p, t.PI_COLUMN]
    hot, reference = data[t.PF_STREAM_TEMP], data[t.PF_REFERENCE]
    available = data[t.PF_STREAM_CAPACITY] * level * max(hot - reference, 0.0)
    rejected = max(available - heat, 0.0)
    power = data[t.PF_SINK] * rejected
    curtailed = 0.0
    cooler = data[t.PF_COOLER : t.PF_COOLER + 6]
    if cooler[t.COOLER_FITTED] > 0.0:
        ambient = exogenous[par.site_series[o.SITE_AMBIENT]]
        taken, power = dry_cooler(
            rejected, cooler[t.COOLER_IN], cooler[t.COOLER_OUT], ambient,
            cooler[t.COOLER_CAPACITY], cooler[t.COOLER_AIR], cooler[t.COOLER_IN],
            cooler[t.COOLER_OUT], cooler[t.COOLER_FAN],
        )  # fmt: skip
        curtailed = max(rejected - taken, 0.0)
        rejected = taken
    out[k + o.SRC_AVAILABLE] += available * W_TO_KW
    out[k + o.SRC_REJECTED] += rejected * W_TO_KW
    out[k + o.SRC_SINK_POWER] += power * W_TO_KW
    out[k + o.SRC_LEVEL] += level
    out[k + o.SRC_CURTAILED] += curtailed * W_TO_KW


@compiled
def _pump_heat(p: int, par: Parameters, work: Work, out: FloatArray, dt: float) -> float:
    index, offer = par.producer_index[p], work.producer[p]
    k, cop = index[t.PI_COLUMN], offer[t.PW_COP]
    heat = offer[t.PW_HEAT]
    taken = heat * (1.0 - 1.0 / cop)
    if index[t.PI_PRIMARY] >= 0:
        # its evaporator got what the other circuit could give
        taken = work.consumer[index[t.PI_PRIMARY], t.CW_DELIVERED]
        heat = taken / (1.0 - 1.0 / cop) if cop > 1.0 else heat
    elif index[t.PI_MEDIUM] == 0:
        work.cooling[index[t.PI_COOLING], t.KW_EVAPORATED] += taken
    power = heat - taken
    offer[t.PW_POWER] = power
    gain(work.energy, power * dt)
    if index[t.PI_PRIMARY] < 0:
        gain(work.energy, taken * dt)
    out[k + o.HP_POWER] += power * W_TO_KW
    out[k + o.HP_EVAPORATOR] += taken * W_TO_KW
    out[k + o.HP_COP] += cop
    out[k + o.HP_SOURCE] += offer[t.PW_SOURCE_TEMP]
    return float(heat)


@compiled
def _gas_left(d: int, work: Work) -> float:
    return float(max(work.digester[d, t.DW_LEFT] - work.digester[d, t.DW_TAKEN], 0.0))


@compiled
def _fire(p: int, par: Parameters, work: Work, out: FloatArray, dt: float) -> float:
    """A boiler; with stored gas no more heat than the gas that is left gives."""
    index, data, offer = par.producer_index[p], par.producer[p], work.producer[p]
    k, d, eta = index[t.PI_COLUMN], index[t.PI_FUEL], offer[t.PW_ETA]
    standby, capacity = data[t.PF_STANDBY], data[t.PF_CAPACITY]
    heat = offer[t.PW_HEAT]
    fuel = boiler_fuel(heat, capacity, eta, standby)
    if d >= 0:
        left = _gas_left(d, work)
        if fuel > left:
            fuel = left
            heat = heat_of_fuel(fuel, capacity, eta, standby)
        work.digester[d, t.DW_TAKEN] += fuel
        spend(work.energy, (fuel - heat) * dt)
    else:
        gain(work.energy, heat * dt)
    if data[t.PF_ELECTRIC] > 0.0:
        offer[t.PW_POWER] = heat
    out[k + (o.BOI_POWER if data[t.PF_ELECTRIC] > 0.0 else o.BOI_FUEL)] += fuel * W_TO_KW
    return float(heat)


@compiled
def _run_engine(p: int, par: Parameters, work: Work, out: FloatArray, dt: float) -> float:
    index, data = par.producer_index[p], par.producer[p]
    k, d = index[t.PI_COLUMN], index[t.PI_FUEL]
    heat = work.producer[p, t.PW_HEAT]
    fuel, power = chp_fuel_and_power(
        heat, data[t.PF_CAPACITY], data[t.PF_THERMAL], data[t.PF_ETA_EL], data[t.PF_ETA_EL_MIN],
        data[t.PF_MIN_LOAD],
    )  # fmt: skip
    if d >= 0:
        left = _gas_left(d, work)
        if fuel > left:
            share = left / fuel
            fuel, heat, power = left, heat * share, power * share
        work.digester[d, t.DW_TAKEN] += fuel
        spend(work.energy, (fuel - heat) * dt)
    else:
        gain(work.energy, heat * dt)
    out[k + o.CHP_FUEL] += fuel * W_TO_KW
    out[k + o.CHP_GENERATED] += power * W_TO_KW
    return float(heat)


@compiled
def settle_sources(
    par: Parameters, here: EnvState, exogenous: FloatArray, work: Work, out: FloatArray,
    last: bool, dt: float,
) -> None:  # fmt: skip
    """Cooling that heat pumps left to the towers, and the gas of the digesters."""
    ambient = exogenous[par.site_series[o.SITE_AMBIENT]]
    for i in range(par.cooling.shape[0]):
        data, k = par.cooling[i], par.cooling_index[i, t.KI_COLUMN]
        load = work.cooling[i, t.KW_LOAD]
        tower = max(load - work.cooling[i, t.KW_EVAPORATED], 0.0)
        power = tower * data[t.KF_RATIO]
        curtailed = 0.0
        cooler = data[t.KF_COOLER : t.KF_COOLER + 6]
        if cooler[t.COOLER_FITTED] > 0.0:
            taken, power = dry_cooler(
                tower, data[t.KF_IN], data[t.KF_OUT], ambient, cooler[t.COOLER_CAPACITY],
                cooler[t.COOLER_AIR], cooler[t.COOLER_IN], cooler[t.COOLER_OUT],
                cooler[t.COOLER_FAN],
            )  # fmt: skip
            curtailed = max(tower - taken, 0.0)
            tower = taken
        out[k + o.COOL_LOAD] += load * W_TO_KW
        out[k + o.COOL_TOWER] += tower * W_TO_KW
        out[k + o.COOL_POWER] += power * W_TO_KW
        out[k + o.COOL_LEVEL] += exogenous[par.cooling_index[i, t.KI_LEVEL]]
        out[k + o.COOL_CURTAILED] += curtailed * W_TO_KW
    for d in range(par.digester.shape[0]):
        data, k = par.digester[d], par.digester_index[d, t.DI_COLUMN]
        level = exogenous[par.digester_index[d, t.DI_LEVEL]]
        inflow = data[t.DF_PEAK] * level
        stored, _, flared = fuel_step(
            here.fuel[d], inflow, work.digester[d, t.DW_TAKEN], data[t.DF_CAPACITY], dt
        )
        here.fuel[d] = stored
        gain(work.energy, inflow * dt)
        spend(work.energy, flared * dt)
        out[k + o.DIG_GAS] += inflow * W_TO_KW
        out[k + o.DIG_FLARED] += flared * W_TO_KW
        out[k + o.DIG_LEVEL] += level
        if last:
            out[k + o.DIG_FILL] = stored / data[t.DF_CAPACITY]
            out[k + o.DIG_ENERGY] = stored / J_PER_KWH
