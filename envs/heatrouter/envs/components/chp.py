"""Combined heat and power: fuel and electricity of an engine that follows a heat load."""

from heatrouter.envs.components.jit import compiled


@compiled
def chp_fuel_and_power(
    heat: float,
    capacity: float,
    thermal_eff: float,
    electric_eff: float,
    electric_eff_min: float,
    min_load: float,
) -> tuple[float, float]:
    """Fuel heat burnt and electricity generated for ``heat`` W, both W; none at rest.

    The thermal efficiency is constant; the electric one runs in a straight line from its value at
    least load to that at full load, the two points that makers declare. Heat and electricity
    together never exceed the fuel.

    Args:
        heat: W.
        capacity: heat at full load, W.
        thermal_eff: heat over fuel.
        electric_eff: electricity over fuel at full load.
        electric_eff_min: the same at ``min_load``.
        min_load: least load, 0..1.
    """
    if heat <= 0.0:
        return 0.0, 0.0
    fuel = heat / max(thermal_eff, 1e-3)
    range_ = (1.0 - min_load) * capacity
    share = 1.0
    if range_ > 0.0:
        share = min(max((heat - min_load * capacity) / range_, 0.0), 1.0)
    electric = electric_eff_min + share * (electric_eff - electric_eff_min)
    return fuel, min(max(electric, 0.0) * fuel, max(fuel - heat, 0.0))
