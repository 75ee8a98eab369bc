"""What producers offer and what the balance of a circuit makes of it.

Commanded units run at their share; the difference between what consumers take and what they give
goes to the store, then to balancing boilers, then is cut, in reverse merit order (MODEL 1).
"""

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.boiler import condensing_efficiency
from heatrouter.envs.components.exchanger import exchanged_heat
from heatrouter.envs.components.heat_pump import lorenz_cop
from heatrouter.envs.components.jit import compiled
from heatrouter.envs.simulation.parameters import (
    Boilers,
    Circuits,
    Coolings,
    HeatPumps,
    Sources,
    Stores,
)

MIN_SPREAD_K = 5.0
SOURCE_PINCH_K = 5.0
MIN_FLOW_SHARE = 0.05
STORE_USABLE_BAND_K = 8.0
STORE_USABLE_BELOW_K = 15.0
STORE_FULL_GAP_K = 5.0
SINK_MARGIN_K = 2.0


@compiled
def ramp(value: float, target: float, step: float) -> float:
    """Move a value towards its target by at most ``step``."""
    return value + min(max(target - value, -step), step)


@compiled
def switched_share(share: float, target: float, min_load: float, step: float) -> float:
    """Share of a unit that jumps between off and its least load and ramps above it."""
    if target >= min_load - 1e-9 and target > 0.0:
        return ramp(max(share, min_load), target, step)
    if share > min_load + step:
        return share - step
    return 0.0


@compiled
def source_offer(
    s: int,
    src: Sources,
    level: float,
    share: float,
    last_heat: float,
    inlet_temp: float,
    set_temp: float,
    cp: float,
) -> tuple[float, float]:
    """Flow in kg/s and heat in W of a waste-heat source at its commanded share."""
    capacity = src.stream_capacity[s] * level
    if share <= 0.0 or capacity <= 0.0:
        return 0.0, 0.0
    top = min(src.max_outlet[s], src.stream_temp[s] - SOURCE_PINCH_K)
    if src.to_return[s] == 1:
        flow = src.max_flow[s] * min(share * level * 1.25, 1.0)
        target = top
    else:
        target = min(set_temp, top)
        spread = max(target - inlet_temp, MIN_SPREAD_K)
        flow = last_heat / (cp * spread)
    flow = min(max(flow, MIN_FLOW_SHARE * src.max_flow[s]), src.max_flow[s])
    limit = capacity * max(src.stream_temp[s] - src.min_exhaust[s], 0.0)
    heat = share * min(
        limit,
        exchanged_heat(src.ua[s], capacity, flow * cp, src.stream_temp[s] - inlet_temp),
    )
    return flow, min(heat, max(flow * cp * (top - inlet_temp), 0.0))


@compiled
def heat_pump_offer(
    h: int,
    hps: HeatPumps,
    cools: Coolings,
    cooling: float,
    share: float,
    inlet_temp: float,
    set_temp: float,
    cp: float,
) -> tuple[float, float, float, float]:
    """Flow (kg/s), heat (W), COP and largest heat possible now (W) of a heat pump."""
    target = min(set_temp, hps.max_sink[h])
    outlet = max(target, inlet_temp + MIN_SPREAD_K)
    c = hps.cooling[h]
    cop = lorenz_cop(
        inlet_temp, outlet, cools.inlet_temp[c], cools.outlet_temp[c], hps.efficiency[h],
        hps.max_cop[h],
    )  # fmt: skip
    if inlet_temp > hps.max_sink[h] - SINK_MARGIN_K:
        return 0.0, 0.0, cop, 0.0
    spread = outlet - inlet_temp
    limit = min(hps.capacity[h], cooling / (1.0 - 1.0 / cop), hps.max_flow[h] * cp * spread)
    if limit < hps.min_load[h] * hps.capacity[h]:
        return 0.0, 0.0, cop, 0.0
    heat = min(share * hps.capacity[h], limit)
    return heat / (cp * spread), heat, cop, limit


@compiled
def boiler_flow(
    b: int, boi: Boilers, heat: float, inlet_temp: float, set_temp: float, cp: float
) -> float:
    """Flow in kg/s that carries a boiler's heat at the set temperature."""
    spread = max(set_temp - inlet_temp, MIN_SPREAD_K)
    return float(min(heat / (cp * spread), boi.max_flow[b]))


@compiled
def boiler_fuel(b: int, boi: Boilers, heat: float, inlet_temp: float) -> float:
    """Fuel in W (gross calorific value)."""
    return heat / condensing_efficiency(inlet_temp, boi.efficiency_35[b], boi.efficiency_60[b])


@compiled
def store_limits(
    t: int, sto: Stores, temps: FloatArray, supply_temp: float, set_temp: float
) -> tuple[float, float]:
    """Largest discharge and charge flow of a store now, kg/s.

    Discharge fades out as its top falls below what the network can use; charge fades out as its
    bottom nears the temperature that would be charged.
    """
    usable = (temps[0] - (set_temp - STORE_USABLE_BELOW_K)) / STORE_USABLE_BAND_K
    room = (supply_temp - STORE_FULL_GAP_K - temps[sto.layers[t] - 1]) / STORE_FULL_GAP_K
    top = sto.max_flow[t]
    return top * min(max(usable, 0.0), 1.0), top * min(max(room, 0.0), 1.0)


@compiled
def balance_circuit(
    c: int,
    circuit_of_loc: IntArray,
    cir: Circuits,
    src: Sources,
    hps: HeatPumps,
    boi: Boilers,
    sto: Stores,
    consumption: float,
    set_temp: float,
    supply_temp: float,
    return_temp: float,
    store_temps: FloatArray,
    boiler_balances: FloatArray,
    boiler_run_s: FloatArray,
    src_flow: FloatArray,
    src_heat: FloatArray,
    hp_flow: FloatArray,
    hp_heat: FloatArray,
    boi_flow: FloatArray,
    boi_heat: FloatArray,
    store_flow: FloatArray,
    dt: float,
    cp: float,
) -> tuple[float, float]:
    """Close the flow balance of a circuit.

    Returns the flow that passes unheated and the flow that no pump can move, both kg/s.

    Commanded flows and heats come in and leave possibly cut or raised; ``store_flow`` is set
    (positive charges). Heat is never invented: what is missing lets the supply temperature fall.
    """
    given = 0.0
    for s in range(src.location.size):
        if src.to_return[s] == 0 and circuit_of_loc[src.location[s]] == c:
            given += src_flow[s]
    for h in range(hps.location.size):
        if circuit_of_loc[hps.location[h]] == c:
            given += hp_flow[h]
    for b in range(boi.location.size):
        if circuit_of_loc[boi.location[b]] == c:
            given += boi_flow[b]
    t = cir.store_of[c]
    discharge_max = 0.0
    charge_max = 0.0
    if t >= 0:
        discharge_max, charge_max = store_limits(t, sto, store_temps[t], supply_temp, set_temp)
        store_flow[t] = 0.0
    need = consumption - given
    short = max(need - discharge_max, 0.0)
    # balancing boilers start on a shortage and stop once the store ahead of them has recovered
    spread = max(set_temp - return_temp, MIN_SPREAD_K)
    for k in range(cir.boiler_order.shape[1]):
        b = cir.boiler_order[c, k]
        if b < 0:
            break
        recovered = discharge_max >= 0.999 * (sto.max_flow[t] if t >= 0 else 0.0)
        if boiler_balances[b] > 0.0:
            boiler_run_s[b] += dt
            if short <= 0.0 and recovered and boiler_run_s[b] >= boi.min_run[b]:
                boiler_balances[b] = 0.0
        elif short > 1e-6:
            boiler_balances[b] = 1.0
            boiler_run_s[b] = 0.0
        if boiler_balances[b] > 0.0:
            most = min(boi.capacity[b] / (cp * spread), boi.max_flow[b])
            least = min(boi.min_load[b] * boi.capacity[b] / (cp * spread), most)
            flow = min(max(boi_flow[b] + short, least), most)
            added = max(flow - boi_flow[b], 0.0)
            if added > 0.0:
                boi_flow[b] += added
                boi_heat[b] = min(boi_heat[b] + added * cp * spread, boi.capacity[b])
                need -= added
                short = max(short - added, 0.0)
    unheated = 0.0
    if need > 0.0:
        # the pumps of store and boilers still move water that nobody can heat: it passes colder
        if t >= 0:
            taken = min(need, sto.max_flow[t])
            store_flow[t] = -taken
            unheated = max(taken - discharge_max, 0.0)
            need -= taken
        for k in range(cir.boiler_order.shape[1]):
            b = cir.boiler_order[c, k]
            if b < 0 or need <= 0.0:
                break
            passed = min(need, max(boi.max_flow[b] - boi_flow[b], 0.0))
            boi_flow[b] += passed
            unheated += passed
            need -= passed
        return unheated, need
    surplus = -need
    if t >= 0:
        taken = min(surplus, charge_max)
        store_flow[t] = taken
        surplus -= taken
    for b in range(boi.location.size - 1, -1, -1):
        if surplus > 0.0 and circuit_of_loc[boi.location[b]] == c and boi_flow[b] > 0.0:
            cut = min(surplus, boi_flow[b])
            boi_heat[b] *= 1.0 - cut / boi_flow[b]
            boi_flow[b] -= cut
            surplus -= cut
    for h in range(hps.location.size - 1, -1, -1):
        if surplus > 0.0 and circuit_of_loc[hps.location[h]] == c and hp_flow[h] > 0.0:
            cut = min(surplus, hp_flow[h])
            hp_heat[h] *= 1.0 - cut / hp_flow[h]
            hp_flow[h] -= cut
            surplus -= cut
    for s in range(src.location.size - 1, -1, -1):
        local = circuit_of_loc[src.location[s]] == c and src.to_return[s] == 0
        if surplus > 0.0 and local and src_flow[s] > 0.0:
            cut = min(surplus, src_flow[s])
            src_heat[s] *= 1.0 - cut / src_flow[s]
            src_flow[s] -= cut
            surplus -= cut
    return 0.0, 0.0
