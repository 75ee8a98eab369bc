"""One environment through all sub-steps of a call, without returning to Python.

Order of a sub-step: requests and flows wanted (from the last node temperatures), commanded heat,
flow balance, hydraulics, supply line downstream, consumers, return line, producers' water, stores,
pipe losses. Every producer holds a minute of its largest flow, so what leaves it in a sub-step is
known before its inlet is: that breaks the circle supply -> return -> supply without iteration and
without an error in the energy balance.
"""

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.commands import balance_and_solve, command_units, pump_work
from heatrouter.envs.simulation.consumption import serve_consumers
from heatrouter.envs.simulation.demand import consumer_flows, request_heat
from heatrouter.envs.simulation.outputs import (
    CIR_ENERGY,
    CIR_FLOW,
    CIR_HEAD,
    CIR_LOAD,
    CIR_LOSS,
    CIR_MAX_SUPPLY,
    CIR_PUMP,
    CIR_RETURN,
    CIR_SET,
    CIR_SHORTFALL,
    CIR_SUPPLY,
    CIR_WORST_DP,
    ENE_IN,
    ENE_MASS,
    ENE_OUT,
    ENE_RESIDUAL,
    ENE_STOCK,
    ENE_THROUGHPUT,
    SITE_AMBIENT,
    SITE_GROUND,
    SITE_HOUR,
    SITE_IRRADIANCE,
    Aggregation,
)
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import State
from heatrouter.envs.simulation.stock import total_stock
from heatrouter.envs.simulation.supply import (
    J_PER_KWH,
    W_TO_KW,
    feed_return_line,
    feed_supply_line,
    fire_boilers,
    heat_pumps,
    heat_sources,
    move_stores,
)
from heatrouter.envs.simulation.transport import carry_line, lose_heat
from heatrouter.envs.simulation.work import (
    ENERGY_IN,
    ENERGY_OUT,
    ENERGY_THROUGHPUT,
    Work,
    make_work,
    spend,
)

UNIT_WATER_S = 60.0
"""A producer's water content, in seconds of its largest flow."""

MEAN = int(Aggregation.MEAN)
MIN = int(Aggregation.MIN)
MAX = int(Aggregation.MAX)
OK = 0
NO_CONVERGENCE = 1
FLOW_CIRCLE = 2
NOT_FINITE = 3


@compiled
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
        dt: s, whole.
        step_s: scenario step, s.
        aggregation: Aggregation of each column.
        out: outputs of this environment, shape (n_columns,), overwritten.

    Returns:
        OK, or the code of a numerical failure.
    """
    cp = par.circuits.cp[0]
    unit_s = max(UNIT_WATER_S, dt)
    work = make_work(net, pipes, par)
    for k in range(out.size):
        out[k] = 0.0
        if aggregation[k] == MIN:
            out[k] = np.inf
        elif aggregation[k] == MAX:
            out[k] = -np.inf
    for sub in range(sub_steps):
        last = sub == sub_steps - 1
        step = (state.time_s[e] // step_s) % values.shape[1]
        exogenous = values[state.scenario[e], step]
        ambient = exogenous[par.site_series[SITE_AMBIENT]]
        irradiance = exogenous[par.site_series[SITE_IRRADIANCE]]
        for k in range(par.site_series.size):
            if aggregation[k] == MEAN:
                out[k] += exogenous[par.site_series[k]]
            elif last:
                out[k] = exogenous[par.site_series[k]]
        request_heat(
            par.consumers,
            par.rooms,
            par.processes,
            par.greenhouses,
            exogenous,
            ambient,
            irradiance,
            exogenous[par.site_series[SITE_HOUR]],
            set_points,
            state.room_temp[e],
            state.air_temp[e],
            state.backlog[e],
            work.request,
            work.useful,
        )
        consumer_flows(
            par.consumers,
            par.rooms,
            state.air_temp[e],
            state.node_temp[e],
            work.request,
            state.flow_guess[e],
            work.parts,
            cp,
        )
        command_units(e, net, par, state, exogenous, set_points, work, dt)
        if not balance_and_solve(e, net, pipes, par, state, work, dt):
            return NO_CONVERGENCE
        pump_work(net, pipes, par, work)

        feed_supply_line(e, par, state, work)
        if not _carry(0, e, net, pipes, state, work, dt, cp):
            return FLOW_CIRCLE
        work.mass[:] = 0.0
        work.enthalpy[:] = 0.0
        work.load[:] = 0.0
        serve_consumers(e, net, par, state, exogenous, ambient, irradiance, work, out, last, dt)
        feed_return_line(e, par, state, work)
        if not _carry(1, e, net, pipes, state, work, dt, cp):
            return FLOW_CIRCLE

        heat_sources(e, net, par, state, exogenous, work, out, last, dt, unit_s)
        heat_pumps(e, net, par, state, exogenous, work, out, last, dt, unit_s)
        fire_boilers(e, net, par, state, work, out, last, dt, unit_s)
        move_stores(e, net, par, state, ambient, work, out, last, dt)
        work.lost[:] = 0.0
        lose_heat(
            net,
            pipes,
            state.pipe_flow[e],
            state.parcel_mass[e],
            state.parcel_psi[e],
            state.parcel_start[e],
            state.parcel_count[e],
            state.psi_sum[e],
            state.base[e],
            state.age[e],
            state.wall[e],
            exogenous[par.site_series[SITE_GROUND]],
            dt,
            cp,
            work.lost,
        )
        _report_circuits(e, net, par, state, work, out, last, dt)
        state.time_s[e] += round(dt)

    for k in range(out.size):
        if aggregation[k] == MEAN:
            out[k] /= sub_steps
    _report_energy(e, net, pipes, par, state, work, out, unit_s)
    for k in range(out.size):
        if not np.isfinite(out[k]):
            return NOT_FINITE
    return OK


@compiled
def _carry(
    line: int,
    e: int,
    net: Topology,
    pipes: PipeData,
    state: State,
    work: Work,
    dt: float,
    cp: float,
) -> bool:
    return carry_line(
        line,
        net,
        pipes,
        state.pipe_flow[e],
        work.mass,
        work.enthalpy,
        state.node_temp[e],
        state.parcel_mass[e],
        state.parcel_psi[e],
        state.parcel_start[e],
        state.parcel_count[e],
        state.psi_sum[e],
        state.base[e],
        state.age[e],
        state.wall[e],
        dt,
        cp,
        work.pending,
        work.queue,
    )


@compiled
def _report_circuits(
    e: int,
    net: Topology,
    par: Parameters,
    state: State,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    cir, con = par.circuits, par.consumers
    n_loc = net.order.size
    for c in range(net.root.size):
        k = cir.column[c]
        spend(work, work.lost[c])
        worst = np.inf
        taken = 0.0
        for u in range(con.location.size):
            if net.circuit_of[con.location[u]] == c:
                worst = min(worst, work.available_dp[u])
                taken += work.achieved[u]
        hottest = -np.inf
        for i in range(n_loc):
            if net.circuit_of[i] == c:
                hottest = max(hottest, state.node_temp[e, i])
        out[k + CIR_SUPPLY] += state.node_temp[e, net.root[c]]
        out[k + CIR_RETURN] += state.node_temp[e, n_loc + net.root[c]]
        out[k + CIR_FLOW] += taken
        out[k + CIR_LOAD] += work.load[c] * W_TO_KW
        out[k + CIR_PUMP] += work.pumping[c] / cir.pump_efficiency[c] * W_TO_KW
        out[k + CIR_HEAD] += work.head[c] * 1e-5
        out[k + CIR_WORST_DP] = min(out[k + CIR_WORST_DP], worst * 1e-5)
        out[k + CIR_LOSS] += work.lost[c] / dt * W_TO_KW
        out[k + CIR_MAX_SUPPLY] = max(out[k + CIR_MAX_SUPPLY], hottest)
        out[k + CIR_SHORTFALL] += work.unheated[c]
        if last:
            out[k + CIR_SET] = work.set_temp[c]


@compiled
def _report_energy(
    e: int,
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    state: State,
    work: Work,
    out: FloatArray,
    unit_s: float,
) -> None:
    """Close the account: stock recomputed from the full state against the boundary flows."""
    before = state.stock[e]
    per_circuit = np.zeros(net.root.size)
    stock, masses = total_stock(e, net, pipes, par, state, unit_s, per_circuit)
    state.stock[e] = stock
    k = par.energy_column
    entered, left = work.energy[ENERGY_IN], work.energy[ENERGY_OUT]
    out[k + ENE_STOCK] = stock / J_PER_KWH
    out[k + ENE_MASS] = masses / J_PER_KWH
    out[k + ENE_IN] = entered / J_PER_KWH
    out[k + ENE_OUT] = left / J_PER_KWH
    out[k + ENE_RESIDUAL] = (stock - before - entered + left) / J_PER_KWH
    out[k + ENE_THROUGHPUT] = work.energy[ENERGY_THROUGHPUT] / J_PER_KWH
    for c in range(net.root.size):
        out[par.circuits.column[c] + CIR_ENERGY] = per_circuit[c] / J_PER_KWH
