"""A stratified hot-water tank: equal layers, upwind flow, exact merge of inversions.

rho cp V dT/dt = m cp (T_up - T) + k A/dz d2T - UA (T - T_a). Inverted layers are mixed
adiabatically after each step, which is unconditionally stable (IBPSA library for the layer model).
"""

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.components.jit import compiled


@compiled
def store_step(
    temps: FloatArray,
    layers: int,
    layer_mass: float,
    flow: float,
    inlet_temp: float,
    conductance: float,
    layer_loss: float,
    ambient_temp: float,
    dt: float,
    cp: float,
) -> float:
    """Advance the layers (index 0 on top) and return the heat lost to ambient, J.

    Args:
        temps: degC, shape (>= layers,), changed.
        layers: number of layers.
        layer_mass: kg.
        flow: kg/s, positive charges (in at the top, out at the bottom).
        inlet_temp: degC of the inflow.
        conductance: between neighbours, W/K.
        layer_loss: of each layer to ambient, W/K.
        ambient_temp: degC.
        dt: s.
        cp: J/(kg K).
    """
    share = abs(flow) * dt / layer_mass
    if flow > 0.0:
        for i in range(layers - 1, 0, -1):
            temps[i] += share * (temps[i - 1] - temps[i])
        temps[0] += share * (inlet_temp - temps[0])
    elif flow < 0.0:
        for i in range(layers - 1):
            temps[i] += share * (temps[i + 1] - temps[i])
        temps[layers - 1] += share * (inlet_temp - temps[layers - 1])
    # explicit conduction is stable: conductance dt is below a thousandth of a layer's capacity
    exchange = conductance * dt / (layer_mass * cp)
    above = temps[0]
    for i in range(1, layers):
        here = temps[i]
        q = exchange * (above - here)
        temps[i - 1] -= q
        temps[i] += q
        above = temps[i]
    lost = 0.0
    decay = layer_loss * dt / (layer_mass * cp)
    for i in range(layers):
        q = decay * (temps[i] - ambient_temp)
        temps[i] -= q
        lost += q
    _mix_inversions(temps, layers)
    return lost * layer_mass * cp


@compiled
def _mix_inversions(temps: FloatArray, layers: int) -> None:
    """Pool adjacent violators: every group of inverted layers takes its mean."""
    i = 0
    while i < layers - 1:
        if temps[i] >= temps[i + 1]:
            i += 1
            continue
        low = i
        high = i + 1
        total = temps[low] + temps[high]
        mean = 0.5 * total
        grown = True
        while grown:
            grown = False
            while low > 0 and temps[low - 1] < mean:
                low -= 1
                total += temps[low]
                mean = total / (high - low + 1)
                grown = True
            while high < layers - 1 and temps[high + 1] > mean:
                high += 1
                total += temps[high]
                mean = total / (high - low + 1)
                grown = True
        for j in range(low, high + 1):
            temps[j] = mean
        i = high
