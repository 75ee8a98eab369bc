"""A gas holder between a digester and what burns its gas; too much gas is flared."""

from heatrouter.envs.components.jit import compiled


@compiled
def fuel_step(
    stored_j: float, inflow_w: float, wanted_w: float, capacity_j: float, dt: float
) -> tuple[float, float, float]:
    """Balance of the holder over a step: what is there is taken first, the surplus is flared.

    new = stored + dt (inflow - taken - flared), to rounding.

    Args:
        stored_j: fuel heat held, J.
        inflow_w: fuel heat that arrives, W.
        wanted_w: fuel heat that burners ask for, W.
        capacity_j: J.
        dt: s.

    Returns:
        New content in J, fuel heat taken and fuel heat flared in W.
    """
    there = max(stored_j / dt + inflow_w, 0.0)
    taken = min(max(wanted_w, 0.0), there)
    new = (there - taken) * dt
    flared = 0.0
    if new > capacity_j:
        flared = (new - capacity_j) / dt
        new = capacity_j
    return new, taken, flared
