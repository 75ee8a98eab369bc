"""Low-temperature heat of a semiconductor fab: make-up air and ultrapure water.

Both are sensible heat above the outside or raw temperature, Q = m cp (T_set - T_in); humidifying
the air is not part of it. Constants: dry air at 20 degC and 1013 hPa, water at 20 degC.
"""

from heatrouter.envs.components.jit import compiled

AIR_J_M3K = 1.204 * 1006.0
"""Heat capacity of air by volume."""
WATER_J_KGK = 4184.0


@compiled
def make_up_air_heat(air_m3_s: float, set_temp: float, ambient: float) -> float:
    """Heat that warms make-up air from outside to its preheat set-point, W; degC, m3/s."""
    return air_m3_s * AIR_J_M3K * max(set_temp - ambient, 0.0)


@compiled
def ultrapure_water_heat(flow_kg_s: float, set_temp: float, raw_temp: float) -> float:
    """Heat that warms raw water to the ultrapure water's temperature, W; degC, kg/s."""
    return flow_kg_s * WATER_J_KGK * max(set_temp - raw_temp, 0.0)
