"""Producers and stores in a sub-step: what they feed in, what they take, their reports."""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.components.stratified_store import store_outlet_temp, store_step
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation.outputs import (
    BOI_FLOW,
    BOI_FUEL,
    BOI_HEAT,
    BOI_IN,
    BOI_OUT,
    BOI_RAMP,
    BOI_SHARE,
    BOI_STARTS,
    COOL_LEVEL,
    COOL_LOAD,
    COOL_POWER,
    COOL_TOWER,
    HP_COP,
    HP_EVAPORATOR,
    HP_FLOW,
    HP_HEAT,
    HP_IN,
    HP_LIMIT,
    HP_OUT,
    HP_POWER,
    HP_RAMP,
    HP_SHARE,
    HP_STARTS,
    SRC_AVAILABLE,
    SRC_FLOW,
    SRC_HEAT,
    SRC_IN,
    SRC_LEVEL,
    SRC_OUT,
    SRC_RAMP,
    SRC_REJECTED,
    SRC_SHARE,
    SRC_SINK_POWER,
    SRC_STARTS,
    STO_BOTTOM,
    STO_CHARGE,
    STO_ENERGY,
    STO_FLOW,
    STO_LEVEL,
    STO_LOSS,
    STO_MIDDLE,
    STO_TOP,
)
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.production import boiler_fuel
from heatrouter.envs.simulation.state import State
from heatrouter.envs.simulation.work import Work, gain, spend

W_TO_KW = 1e-3
J_PER_KWH = 3.6e6


@compiled
def feed_supply_line(e: int, par: Parameters, state: State, work: Work) -> None:
    """Flow and enthalpy that producers and discharging stores give to the supply nodes."""
    src, hps, boi, sto = par.sources, par.heat_pumps, par.boilers, par.stores
    work.mass[:] = 0.0
    work.enthalpy[:] = 0.0
    for s in range(src.location.size):
        if src.to_return[s] == 0:
            work.mass[src.location[s]] += work.source_flow[s]
            work.enthalpy[src.location[s]] += work.source_flow[s] * state.source_temp[e, s]
    for h in range(hps.location.size):
        work.mass[hps.location[h]] += work.pump_flow[h]
        work.enthalpy[hps.location[h]] += work.pump_flow[h] * state.pump_temp[e, h]
    for b in range(boi.location.size):
        work.mass[boi.location[b]] += work.boiler_flow[b]
        work.enthalpy[boi.location[b]] += work.boiler_flow[b] * state.boiler_temp[e, b]
    for t in range(sto.location.size):
        if work.store_flow[t] < 0.0:
            i = sto.location[t]
            outlet = store_outlet_temp(state.store_temp[e, t], sto.layers[t], False)
            work.mass[i] -= work.store_flow[t]
            work.enthalpy[i] -= work.store_flow[t] * outlet
            work.enthalpy[i] += work.store_work[t] / par.circuits.cp[0]


@compiled
def feed_return_line(e: int, par: Parameters, state: State, work: Work) -> None:
    """Flow and enthalpy that preheating sources and charging stores add to the return nodes."""
    src, sto = par.sources, par.stores
    for s in range(src.location.size):
        if src.to_return[s] == 1:
            work.mass[src.location[s]] += work.source_flow[s]
            work.enthalpy[src.location[s]] += work.source_flow[s] * state.source_temp[e, s]
    for t in range(sto.location.size):
        if work.store_flow[t] > 0.0:
            outlet = store_outlet_temp(state.store_temp[e, t], sto.layers[t], True)
            work.mass[sto.location[t]] += work.store_flow[t]
            work.enthalpy[sto.location[t]] += work.store_flow[t] * outlet


@compiled
def heat_sources(
    e: int,
    net: Topology,
    par: Parameters,
    state: State,
    exogenous: FloatArray,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
    unit_s: float,
) -> None:
    """Waste-heat sources take this sub-step's return; the rest of their stream is rejected."""
    src = par.sources
    cp = par.circuits.cp[0]
    n_loc = net.order.size
    for s in range(src.location.size):
        k = src.column[s]
        level = exogenous[src.level_series[s]]
        inlet = state.node_temp[e, n_loc + src.inlet_location[s]]
        heat = work.source_heat[s]
        entering = heat + work.source_work[s]
        carried = work.source_flow[s] * (inlet - state.source_temp[e, s])
        state.source_temp[e, s] += dt * (carried + entering / cp) / (src.max_flow[s] * unit_s)
        gain(work, entering * dt)
        capacity = src.stream_capacity[s] * level
        available = capacity * max(src.stream_temp[s] - src.reference_temp[s], 0.0)
        rejected = max(available - heat, 0.0)
        out[k + SRC_HEAT] += heat * W_TO_KW
        out[k + SRC_AVAILABLE] += available * W_TO_KW
        out[k + SRC_REJECTED] += rejected * W_TO_KW
        out[k + SRC_SINK_POWER] += src.sink_ratio[s] * rejected * W_TO_KW
        out[k + SRC_LEVEL] += level
        out[k + SRC_FLOW] += work.source_flow[s]
        out[k + SRC_IN] += inlet
        out[k + SRC_OUT] += state.source_temp[e, s]
        out[k + SRC_RAMP] += abs(heat - state.source_heat[e, s]) * W_TO_KW
        if heat > 0.0 and state.source_heat[e, s] <= 0.0:
            out[k + SRC_STARTS] += 1.0
        state.source_heat[e, s] = heat
        if last:
            out[k + SRC_SHARE] = state.source_share[e, s]


@compiled
def heat_pumps(
    e: int,
    net: Topology,
    par: Parameters,
    state: State,
    exogenous: FloatArray,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
    unit_s: float,
) -> None:
    """Heat pumps lift cooling-water heat; what they leave of the cooling goes to the towers."""
    hps, cools = par.heat_pumps, par.coolings
    cp = par.circuits.cp[0]
    for h in range(hps.location.size):
        k = hps.column[h]
        inlet = state.node_temp[e, net.order.size + hps.location[h]]
        heat = work.pump_heat[h]
        cop = work.pump_offer[h, 2]
        power = heat / cop
        taken = heat - power
        work.evaporated[hps.cooling[h]] += taken
        entering = power + taken + work.pump_work[h]
        carried = work.pump_flow[h] * (inlet - state.pump_temp[e, h])
        state.pump_temp[e, h] += dt * (carried + entering / cp) / (hps.max_flow[h] * unit_s)
        gain(work, entering * dt)
        out[k + HP_HEAT] += heat * W_TO_KW
        out[k + HP_POWER] += power * W_TO_KW
        out[k + HP_EVAPORATOR] += taken * W_TO_KW
        out[k + HP_COP] += cop
        out[k + HP_FLOW] += work.pump_flow[h]
        out[k + HP_IN] += inlet
        out[k + HP_OUT] += state.pump_temp[e, h]
        out[k + HP_RAMP] += abs(heat - state.pump_heat[e, h]) * W_TO_KW
        if heat > 0.0 and state.pump_heat[e, h] <= 0.0:
            out[k + HP_STARTS] += 1.0
        state.pump_heat[e, h] = heat
        if last:
            out[k + HP_SHARE] = state.pump_share[e, h]
            out[k + HP_LIMIT] = work.pump_offer[h, 3] * W_TO_KW
    for i in range(cools.peak.size):
        k = cools.column[i]
        tower = max(work.cooling[i] - work.evaporated[i], 0.0)
        out[k + COOL_LOAD] += work.cooling[i] * W_TO_KW
        out[k + COOL_TOWER] += tower * W_TO_KW
        out[k + COOL_POWER] += tower * cools.tower_ratio[i] * W_TO_KW
        out[k + COOL_LEVEL] += exogenous[cools.level_series[i]]


@compiled
def fire_boilers(
    e: int,
    net: Topology,
    par: Parameters,
    state: State,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
    unit_s: float,
) -> None:
    """Boilers heat what the balance gave them; fuel follows from their return temperature."""
    boi = par.boilers
    cp = par.circuits.cp[0]
    for b in range(boi.location.size):
        k = boi.column[b]
        inlet = state.node_temp[e, net.order.size + boi.location[b]]
        heat = work.boiler_heat[b]
        entering = heat + work.boiler_work[b]
        carried = work.boiler_flow[b] * (inlet - state.boiler_temp[e, b])
        state.boiler_temp[e, b] += dt * (carried + entering / cp) / (boi.max_flow[b] * unit_s)
        gain(work, entering * dt)
        out[k + BOI_HEAT] += heat * W_TO_KW
        out[k + BOI_FUEL] += boiler_fuel(b, boi, heat, inlet) * W_TO_KW
        out[k + BOI_FLOW] += work.boiler_flow[b]
        out[k + BOI_IN] += inlet
        out[k + BOI_OUT] += state.boiler_temp[e, b]
        out[k + BOI_RAMP] += abs(heat - state.boiler_heat[e, b]) * W_TO_KW
        if heat > 0.0 and state.boiler_heat[e, b] <= 0.0:
            out[k + BOI_STARTS] += 1.0
        state.boiler_heat[e, b] = heat
        if last:
            out[k + BOI_SHARE] = state.boiler_share[e, b]


@compiled
def move_stores(
    e: int,
    net: Topology,
    par: Parameters,
    state: State,
    ambient: float,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    """Stores take the flow that balanced their circuit."""
    sto = par.stores
    cp = par.circuits.cp[0]
    for t in range(sto.location.size):
        k = sto.column[t]
        i = sto.location[t]
        temps = state.store_temp[e, t]
        layers = sto.layers[t]
        flow = work.store_flow[t]
        charging = flow > 0.0
        inlet = state.node_temp[e, i] if charging else state.node_temp[e, net.order.size + i]
        outlet = store_outlet_temp(temps, layers, charging)
        leak = store_step(
            temps,
            layers,
            sto.layer_mass[t],
            flow,
            inlet,
            sto.conductance[t],
            sto.layer_loss[t],
            ambient,
            dt,
            cp,
        )
        gain(work, work.store_work[t] * dt)
        spend(work, leak)
        out[k + STO_CHARGE] += abs(flow) * cp * (inlet - outlet) * W_TO_KW
        out[k + STO_FLOW] += flow
        out[k + STO_LOSS] += leak / dt * W_TO_KW
        if last:
            mean = 0.0
            for j in range(layers):
                mean += temps[j] / layers
            excess = mean - sto.empty_temp[t]
            level = excess / (sto.full_temp[t] - sto.empty_temp[t])
            out[k + STO_LEVEL] = min(max(level, 0.0), 1.0)
            out[k + STO_ENERGY] = excess * layers * sto.layer_mass[t] * cp / J_PER_KWH
            out[k + STO_TOP] = temps[0]
            out[k + STO_MIDDLE] = temps[layers // 2]
            out[k + STO_BOTTOM] = temps[layers - 1]
