"""Rooms of a town quarter as one thermal mass (VDI 6007-like, reduced to one node)."""

from heatrouter.envs.components.jit import compiled


@compiled
def room_step(
    room_temp: float,
    heat: float,
    gains: float,
    loss: float,
    capacity: float,
    ambient_temp: float,
    dt: float,
) -> tuple[float, float]:
    """Implicit step of C dT/dt = Q + gains - UA (T - T_a).

    Args:
        room_temp: degC.
        heat: W from the network.
        gains: W from sun and use.
        loss: UA, W/K.
        capacity: J/K.
        ambient_temp: degC.
        dt: s.

    Returns:
        New room temperature in degC and the loss in J.
    """
    new = (capacity * room_temp + dt * (heat + gains + loss * ambient_temp)) / (
        capacity + dt * loss
    )
    return new, loss * (new - ambient_temp) * dt


@compiled
def heat_request(
    room_temp: float,
    set_temp: float,
    gains: float,
    loss: float,
    capacity: float,
    ambient_temp: float,
    recovery_s: float,
    limit: float,
) -> float:
    """Heat in W that holds the set temperature, plus recovery of a deficit over ``recovery_s``."""
    need = loss * (set_temp - ambient_temp) - gains
    need += capacity * (set_temp - room_temp) / recovery_s
    return min(max(need, 0.0), limit)
