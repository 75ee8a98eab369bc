"""A plausible first state: lines at their heating curve, tank part full, rooms at their setting."""

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.network.topology import PipeData, Topology
from heatrouter.envs.simulation.parameters import Parameters
from heatrouter.envs.simulation.state import State
from heatrouter.envs.simulation.transport import fill_pipes

RETURN_TEMP_C = 47.0
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
        rng: decides the tank level.
    """
    for array in state:
        array[e] = 0
    state.time_s[e] = start_s
    state.scenario[e] = scenario
    exogenous = values[scenario, (start_s // step_s) % values.shape[1]]
    ambient, ground = exogenous[par.site_series[0]], exogenous[par.site_series[1]]
    cir = par.circuits
    share = np.clip((CURVE_WARM_C - ambient) / (CURVE_WARM_C - par.design_temp), 0.0, 1.0)
    supply = float(cir.supply_min[0] + share * (cir.supply_max[0] - cir.supply_min[0]))
    n_loc = net.order.size
    state.supply_set[e] = supply
    state.node_temp[e, :n_loc] = supply
    state.node_temp[e, n_loc:] = RETURN_TEMP_C
    fill_pipes(
        pipes,
        state.parcel_mass[e],
        state.parcel_psi[e],
        state.parcel_start[e],
        state.parcel_count[e],
        state.psi_sum[e],
        state.base[e],
        state.age[e],
        state.wall[e],
        supply,
        RETURN_TEMP_C,
        float(ground),
    )
    state.source_temp[e] = np.where(par.sources.to_return == 1, RETURN_TEMP_C, supply)
    state.pump_temp[e] = np.minimum(supply, par.heat_pumps.max_sink)
    state.boiler_temp[e] = supply
    for t in range(par.stores.location.size):
        level = rng.uniform(0.2, 0.8)
        layers = int(par.stores.layers[t])
        hot = np.clip(level * layers - np.arange(layers), 0.0, 1.0)
        state.store_temp[e, t, :layers] = RETURN_TEMP_C + hot * (supply - RETURN_TEMP_C)
    state.flow_guess[e, :, 0] = FIRST_FLOW_SHARE * par.consumers.max_flow
    state.flow_guess[e, :, 1] = FIRST_FLOW_SHARE * par.consumers.hot_max_flow
    state.room_temp[e] = par.rooms.set_temp
    state.air_temp[e] = par.greenhouses.night_temp
    state.air_mean[e] = par.greenhouses.night_temp
