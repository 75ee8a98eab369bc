"""A plausible first state: lines at their heating curve, tanks part full, rooms as set."""

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.pcm import PcmMaterial, pcm_enthalpy
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import State
from heatrouter.envs.simulation.transport import fill_pipes

RETURN_TEMP_C = 47.0
RETURN_GAP_K = 8.0
"""A first return lies at least this far below its supply."""

CURVE_WARM_C = 15.0
FIRST_FLOW_SHARE = 0.3


def initialise_env(
    e: int,
    net: Topology,
    pipes: PipeData,
    par: Parameters,
    state: State,
    values: FloatArray,
    scenario: int,
    start_s: int,
    step_s: int,
    rng: np.random.Generator,
) -> None:
    """Set row ``e`` of the state to a start drawn from ``rng`` (tank level 20..80 %).

    Args:
        e: environment.
        net: index arrays.
        pipes: pipe data.
        par: unit data.
        state: changed in row e.
        values: scenario series.
        scenario: scenario index.
        start_s: seconds since the scenario's step 0.
        step_s: scenario step, s.
        rng: decides what a start leaves open.
    """
    for array in state:
        array[e] = 0
    state.time_s[e] = start_s
    state.scenario[e] = scenario
    exogenous = values[scenario, (start_s // step_s) % values.shape[1]]
    ambient, ground = exogenous[par.site_series[0]], exogenous[par.site_series[1]]
    cold = np.clip((CURVE_WARM_C - ambient) / (CURVE_WARM_C - par.design_temp), 0.0, 1.0)
    low, high = par.circuit[:, t.RF_SUPPLY_MIN], par.circuit[:, t.RF_SUPPLY_MAX]
    supply = low + cold * (high - low)
    back = np.minimum(RETURN_TEMP_C, supply - RETURN_GAP_K)
    state.supply_set[e] = supply
    nodes = np.concatenate([supply[net.circuit_of], back[net.circuit_of]])
    state.node_temp[e] = nodes
    first = np.concatenate([net.pair_from, net.order.size + net.pair_from])
    fill_pipes(
        pipes,
        state.pipe[e],
        state.parcels[e],
        state.ring[e],
        nodes[first],
        np.full(par.level_ratio.size, float(ground)),
    )
    top = np.where(par.producer[:, t.PF_MAX_OUTLET] > 0.0, par.producer[:, t.PF_MAX_OUTLET], np.inf)
    state.producer[e, :, t.PX_TEMP] = np.minimum(nodes[par.producer_index[:, t.PI_OUT]], top)
    for s in range(par.store.shape[0]):
        level = rng.uniform(0.2, 0.8)
        _fill_store(s, par, state.store[e, s], level, supply, back)
    for d in range(par.digester.shape[0]):
        state.fuel[e, d] = rng.uniform(0.3, 0.7) * par.digester[d, t.DF_CAPACITY]
    if par.n_origins:
        # the last origin is what was there at first
        state.node_share[e, :, -1] = 1.0
        state.producer[e, :, -1] = 1.0
        state.store[e, :, :, -1] = 1.0
    consumer = state.consumer[e]
    consumer[:, t.CX_GUESS] = FIRST_FLOW_SHARE * par.consumer[:, t.CF_MAX_FLOW]
    consumer[:, t.CX_HOT_GUESS] = FIRST_FLOW_SHARE * par.consumer[:, t.CF_HOT_MAX]
    kind = par.consumer_index[:, t.CI_KIND]
    rooms, green = kind == t.SUBSTATION, kind == t.GREENHOUSE
    consumer[rooms, t.CX_TEMP] = par.consumer[rooms, t.CF_SET_TEMP]
    night = par.consumer[green, t.CF_NIGHT_TEMP]
    consumer[green, t.CX_TEMP] = night
    consumer[green, t.CX_MEAN] = night
    consumer[green, t.CX_COVER] = 0.5 * (night + ambient)
    batch = kind == t.BATCH
    consumer[batch, t.CX_NEXT_DUE] = par.consumer[batch, t.CF_INTERVAL]


def _fill_store(
    s: int,
    par: Parameters,
    rows: FloatArray,
    level: float,
    supply: FloatArray,
    back: FloatArray,
) -> None:
    """Layers hot from the top down to ``level``, with their capsules at the same temperature."""
    index, data = par.store_index[s], par.store[s]
    layers, c = int(index[t.SI_LAYERS]), int(index[t.SI_CIRCUIT])
    hot = np.clip(level * layers - np.arange(layers), 0.0, 1.0)
    rows[:layers, t.SX_TEMP] = back[c] + hot * (supply[c] - back[c])
    if index[t.SI_PCM] == 0:
        return
    material = PcmMaterial(*data[t.SF_MELTING : t.SF_SUPERCOOLING + 1])
    for layer in rows[:layers]:
        molten = float(layer[t.SX_TEMP] > material.melting_temp)
        layer[t.SX_MOLTEN] = molten
        layer[t.SX_ENTHALPY] = pcm_enthalpy(layer[t.SX_TEMP], material, molten)
