"""What circuits report in a sub-step, and the energy account of a call."""

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation import outputs as o
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.stock import total_stock
from heatrouter.envs.simulation.work import (
    ENERGY_IN,
    ENERGY_OUT,
    ENERGY_THROUGHPUT,
    Work,
    spend,
)

W_TO_KW = 1e-3
J_PER_KWH = 3.6e6
PA_TO_BAR = 1e-5


@compiled
def report_circuits(
    net: Topology,
    par: Parameters,
    here: EnvState,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    """Temperatures, flow, pump and loss of each circuit; books the loss."""
    n_loc = net.order.size
    for c in range(net.root.size):
        k = par.circuit_index[c, t.RI_COLUMN]
        spend(work.energy, work.lost[c])
        worst = np.inf
        taken = 0.0
        for u in range(par.consumer.shape[0]):
            if par.consumer_index[u, t.CI_CIRCUIT] == c:
                worst = min(worst, work.available_dp[u])
                taken += work.achieved[u]
        if worst == np.inf:
            worst = work.head[c]  # nobody is connected
        hottest = -np.inf
        for i in range(n_loc):
            if net.circuit_of[i] == c:
                hottest = max(hottest, here.node_temp[i])
        out[k + o.CIR_SUPPLY] += here.node_temp[net.root[c]]
        out[k + o.CIR_RETURN] += here.node_temp[n_loc + net.root[c]]
        out[k + o.CIR_FLOW] += taken
        out[k + o.CIR_LOAD] += work.circuit[c, t.RW_LOAD] * W_TO_KW
        pumping = work.circuit[c, t.RW_PUMPING] / par.circuit[c, t.RF_EFFICIENCY]
        out[k + o.CIR_PUMP] += pumping * W_TO_KW
        out[k + o.CIR_HEAD] += work.head[c] * PA_TO_BAR
        out[k + o.CIR_WORST_DP] = min(out[k + o.CIR_WORST_DP], worst * PA_TO_BAR)
        out[k + o.CIR_LOSS] += work.lost[c] / dt * W_TO_KW
        out[k + o.CIR_MAX_SUPPLY] = max(out[k + o.CIR_MAX_SUPPLY], hottest)
        out[k + o.CIR_SHORTFALL] += work.circuit[c, t.RW_UNHEATED]
        if last:
            out[k + o.CIR_SET] = work.circuit[c, t.RW_SET]


@compiled
def report_energy(
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    here: EnvState,
    work: Work,
    out: FloatArray,
    unit_s: float,
    before: float,
) -> float:
    """Close the account: stock recomputed from the full state against the boundary flows.

    Returns:
        The stock now, J.
    """
    per_circuit = work.lost
    stock, masses = total_stock(net, pipes, par, here, unit_s, per_circuit)
    k = par.energy_column
    entered, left = work.energy[ENERGY_IN], work.energy[ENERGY_OUT]
    out[k + o.ENE_STOCK] = stock / J_PER_KWH
    out[k + o.ENE_MASS] = masses / J_PER_KWH
    out[k + o.ENE_IN] = entered / J_PER_KWH
    out[k + o.ENE_OUT] = left / J_PER_KWH
    out[k + o.ENE_RESIDUAL] = (stock - before - entered + left) / J_PER_KWH
    out[k + o.ENE_THROUGHPUT] = work.energy[ENERGY_THROUGHPUT] / J_PER_KWH
    for c in range(net.root.size):
        out[par.circuit_index[c, t.RI_COLUMN] + o.CIR_ENERGY] = per_circuit[c] / J_PER_KWH
    return stock
