"""One environment through all sub-steps of a call, without returning to Python.

Order of a sub-step: requests, flows and offers and the flow balance circuit by circuit (from the
last node temperatures), hydraulics, supply line downstream, consumers, return line, producers'
water, stores, pipe losses. Every producer holds a minute of its largest flow, so what leaves it in
a sub-step is known before its inlet is: that breaks the circle supply -> return -> supply without
iteration and without an error in the energy balance.
"""

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.circles import break_circles
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.circulation import circulate, command_circuits, pump_work
from heatrouter.envs.simulation.consumption import serve_consumers
from heatrouter.envs.simulation.conversion import convert_heat, feed_lines, settle_sources
from heatrouter.envs.simulation.demand import request_heat
from heatrouter.envs.simulation.outputs import SITE_AMBIENT, SITE_GROUND, Aggregation
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.reports import J_PER_KWH, report_circuits, report_energy
from heatrouter.envs.simulation.state import EnvState, State, env_state
from heatrouter.envs.simulation.storage import move_stores
from heatrouter.envs.simulation.tracing import feed_origins, trace_consumers
from heatrouter.envs.simulation.transport import carry_line, lose_heat, pipe_decay
from heatrouter.envs.simulation.work import Work

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
    work: Work,
    values: FloatArray,
    set_points: FloatArray,
    sub_steps: int,
    dt: float,
    step_s: int,
    aggregation: IntArray,
    out: FloatArray,
    traced: FloatArray,
) -> int:
    """Advance environment ``e`` by ``sub_steps`` of ``dt`` seconds and fill its outputs.

    Args:
        e: environment.
        net: index arrays.
        pipes: pipe data.
        par: unit data.
        state: full state, changed in row e.
        work: scratch.
        values: scenario series, shape (n_scenarios, n_steps, n_series).
        set_points: shape (n_set_points,).
        sub_steps: number of sub-steps.
        dt: s, whole.
        step_s: scenario step, s.
        aggregation: Aggregation of each column.
        out: outputs of this environment, shape (n_columns,), overwritten.
        traced: heat delivered by origin, kWh, shape (n_consumers, n_origins), overwritten.

    Returns:
        OK, or the code of a numerical failure.
    """
    unit_s = max(UNIT_WATER_S, dt)
    work.energy[:] = 0.0
    work.heat_by_origin[:] = 0.0
    here = env_state(state, e)
    series = values[state.scenario[e]]
    mean_ground = par.ground_mean[state.scenario[e]]
    pipe_decay(pipes, dt, work.decay)
    for k in range(out.size):
        out[k] = 0.0
        if aggregation[k] == MIN:
            out[k] = np.inf
        elif aggregation[k] == MAX:
            out[k] = -np.inf
    for sub in range(sub_steps):
        last = sub == sub_steps - 1
        step = (state.time_s[e] // step_s) % series.shape[0]
        exogenous = series[step]
        for k in range(par.site_series.size):
            if aggregation[k] == MEAN:
                out[k] += exogenous[par.site_series[k]]
            elif last:
                out[k] = exogenous[par.site_series[k]]
        for level in range(par.level_ratio.size):
            then = (step - par.level_lag[level] // step_s) % series.shape[0]
            wave = series[then, par.site_series[SITE_GROUND]] - mean_ground
            work.ground[level] = mean_ground + par.level_ratio[level] * wave
        request_heat(par, here, exogenous, set_points, work, dt)
        command_circuits(net, par, here, exogenous, set_points, work, dt)
        if not circulate(net, pipes, par, here, work):
            return NO_CONVERGENCE
        if net.chords.size > 0:
            break_circles(net, here.pipe_flow, work.pressure, work.pending, work.queue)
        pump_work(net, par, work)
        feed_lines(net, par, here, work)
        if par.n_origins > 0:
            feed_origins(net, par, here, work)
        if not _carry(0, net, pipes, here, work, dt):
            return FLOW_CIRCLE
        serve_consumers(net, par, here, exogenous, work, out, last, dt)
        if par.n_origins > 0:
            trace_consumers(net, par, here, work, dt)
        if not _carry(1, net, pipes, here, work, dt):
            return FLOW_CIRCLE
        convert_heat(par, here, exogenous, work, out, last, dt, unit_s)
        settle_sources(par, here, exogenous, work, out, last, dt)
        ambient = exogenous[par.site_series[SITE_AMBIENT]]
        move_stores(net, par, here, ambient, work, out, last, dt)
        for c in range(net.root.size):
            work.lost[c] = 0.0
        lose_heat(
            net, pipes, here.pipe_flow, work.decay, work.ground, here.pipe, here.parcels,
            here.ring, dt, work.lost,
        )  # fmt: skip
        report_circuits(net, par, here, work, out, last, dt)
        state.time_s[e] += round(dt)
    for k in range(out.size):
        if aggregation[k] == MEAN:
            out[k] /= sub_steps
    state.stock[e] = report_energy(net, pipes, par, here, work, out, unit_s, state.stock[e])
    for u in range(traced.shape[0]):
        for j in range(traced.shape[1]):
            traced[u, j] = work.heat_by_origin[u, j] / J_PER_KWH
    for k in range(out.size):
        if not np.isfinite(out[k]):
            return NOT_FINITE
    return OK


@compiled
def _carry(
    line: int, net: Topology, pipes: PipeData, here: EnvState, work: Work, dt: float
) -> bool:
    n_loc = net.order.size
    first, end = line * n_loc, (line + 1) * n_loc
    return carry_line(
        line, net, pipes, here.pipe_flow, work.mass[first:end], work.enthalpy[first:end],
        here.node_temp, here.pipe, here.parcels, here.ring, dt, work.pending, work.queue,
        work.origin[first:end], here.node_share, work.trace_work,
    )  # fmt: skip
