"""Stores in a sub-step: the flow that balanced their circuit or was commanded, capsules, losses."""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.components.pcm import PcmMaterial, molten_share, pcm_step
from heatrouter.envs.components.stratified_store import store_step
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.simulation import outputs as o
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import EnvState
from heatrouter.envs.simulation.tracing import blend_inversions, trace_store
from heatrouter.envs.simulation.work import Work, gain, spend

W_TO_KW = 1e-3
J_PER_KWH = 3.6e6


@compiled
def move_stores(
    net: Topology,
    par: Parameters,
    here: EnvState,
    ambient: float,
    work: Work,
    out: FloatArray,
    last: bool,
    dt: float,
) -> None:
    """Stores take or give their flow, exchange with what is melted in them, and lose heat."""
    n_loc = net.order.size
    for s in range(par.store.shape[0]):
        index, data = par.store_index[s], par.store[s]
        i, layers, k = index[t.SI_LOCATION], index[t.SI_LAYERS], index[t.SI_COLUMN]
        cp = par.circuit[index[t.SI_CIRCUIT], t.RF_CP]
        temps = here.store[s, :, t.SX_TEMP]
        flow = work.store[s, t.SW_FLOW]
        charging = flow > 0.0
        inlet = here.node_temp[i] if charging else here.node_temp[n_loc + i]
        outlet = temps[layers - 1] if charging else temps[0]
        if par.n_origins > 0:
            node = i if charging else n_loc + i
            trace_store(s, par, here.store[s], flow, inlet, here.node_share[node], dt)
        leak = store_step(
            temps, layers, data[t.SF_LAYER_MASS], flow, inlet, data[t.SF_CONDUCTANCE],
            data[t.SF_LAYER_LOSS], ambient, dt, cp,
        )  # fmt: skip
        if index[t.SI_PCM] == 1:
            _melt(s, par, here, layers, cp, dt)
        if par.n_origins > 0:
            blend_inversions(s, par, here.store[s], work.trace_work[0])
        gain(work.energy, work.store[s, t.SW_PUMPING] * dt)
        spend(work.energy, leak)
        out[k + o.STO_CHARGE] += abs(flow) * cp * (inlet - outlet) * W_TO_KW
        out[k + o.STO_FLOW] += flow
        out[k + o.STO_LOSS] += leak / dt * W_TO_KW
        if last:
            _report(s, par, here, layers, cp, out)


@compiled
def _material(data: FloatArray) -> PcmMaterial:
    """What fills the capsules of a store, from its row."""
    return PcmMaterial(
        data[t.SF_MELTING], data[t.SF_RANGE], data[t.SF_LATENT], data[t.SF_CP_SOLID],
        data[t.SF_CP_LIQUID], data[t.SF_SUPERCOOLING],
    )  # fmt: skip


@compiled
def _melt(s: int, par: Parameters, here: EnvState, layers: int, cp: float, dt: float) -> None:
    data = par.store[s]
    material = _material(data)
    for j in range(layers):
        layer = here.store[s, j]
        temp, enthalpy, molten = pcm_step(
            layer[t.SX_TEMP], data[t.SF_LAYER_MASS], cp, layer[t.SX_ENTHALPY], layer[t.SX_MOLTEN],
            data[t.SF_PCM_MASS], material, data[t.SF_TRANSFER], dt,
        )  # fmt: skip
        layer[t.SX_TEMP], layer[t.SX_ENTHALPY], layer[t.SX_MOLTEN] = temp, enthalpy, molten


@compiled
def _report(
    s: int, par: Parameters, here: EnvState, layers: int, cp: float, out: FloatArray
) -> None:
    data, k = par.store[s], par.store_index[s, t.SI_COLUMN]
    mean = 0.0
    latent = 0.0
    for j in range(layers):
        layer = here.store[s, j]
        mean += layer[t.SX_TEMP] / layers
        if par.store_index[s, t.SI_PCM] == 1:
            latent += layer[t.SX_ENTHALPY] * data[t.SF_PCM_MASS]
            share = molten_share(layer[t.SX_ENTHALPY], _material(data), layer[t.SX_MOLTEN])
            out[k + o.STO_MOLTEN] += share / layers
    excess = mean - data[t.SF_EMPTY]
    held = excess * layers * data[t.SF_LAYER_MASS] * cp + latent - data[t.SF_PCM_EMPTY]
    full = (data[t.SF_FULL] - data[t.SF_EMPTY]) * layers * data[t.SF_LAYER_MASS] * cp
    full += data[t.SF_PCM_FULL] - data[t.SF_PCM_EMPTY]
    out[k + o.STO_LEVEL] = min(max(held / full, 0.0), 1.0)
    out[k + o.STO_ENERGY] = held / J_PER_KWH
    out[k + o.STO_TOP] = here.store[s, 0, t.SX_TEMP]
    out[k + o.STO_MIDDLE] = here.store[s, layers // 2, t.SX_TEMP]
    out[k + o.STO_BOTTOM] = here.store[s, layers - 1, t.SX_TEMP]
