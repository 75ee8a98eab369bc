"""A greenhouse as one air node: pipe rails, sun, cover, night screen, vents.

C dT/dt = Q_pipe + tau I - U (T - T_o) - G_vent (T - T_o), lumped per m2 of floor after B. Vanthoor
(PhD thesis, Wageningen 2011) and D. Katzin et al. (2021); implicit in T, and the vents open just
enough to hold the limit, up to their capacity.
"""

import math

from heatrouter.envs.components.jit import compiled

RAIL_EXPONENT = 1.32
DESIGN_AIR_C = 18.0
"""Night air at which rails give their design heat (Katzin 2021 keeps 18.5 degC)."""


@compiled
def rail_return_temp(
    heat: float, design_heat: float, design_supply: float, design_return: float, air: float
) -> tuple[float, float]:
    """Supply and return temperature in degC of pipe rails that give ``heat`` W.

    A mixing valve keeps the rails' own flow constant; heat follows the mean excess temperature to
    the power 1.32 (natural convection round pipes, Vanthoor 2011 table 8.4), the spread follows
    heat.
    """
    share = heat / design_heat
    excess = (0.5 * (design_supply + design_return) - DESIGN_AIR_C) * math.pow(
        share, 1.0 / RAIL_EXPONENT
    )
    half = 0.5 * (design_supply - design_return) * share
    return air + excess + half, air + excess - half


@compiled
def rail_heat(
    flow: float,
    supply_temp: float,
    limit: float,
    design_heat: float,
    design_supply: float,
    design_return: float,
    air: float,
    cp: float,
) -> float:
    """Heat in W that rails take from ``flow`` kg/s of water at ``supply_temp``, at most ``limit``.

    The largest heat whose rails need neither more flow nor warmer water than there is; both needs
    rise with heat, so bisection finds it.
    """
    if flow <= 0.0 or supply_temp <= air:
        return 0.0
    if rail_feasible(limit, flow, supply_temp, design_heat, design_supply, design_return, air, cp):
        return limit
    low = 0.0
    high = limit
    for _ in range(30):
        middle = 0.5 * (low + high)
        if rail_feasible(
            middle, flow, supply_temp, design_heat, design_supply, design_return, air, cp
        ):
            low = middle
        else:
            high = middle
    return low


@compiled
def rail_feasible(
    heat: float,
    flow: float,
    supply_temp: float,
    design_heat: float,
    design_supply: float,
    design_return: float,
    air: float,
    cp: float,
) -> bool:
    """Whether ``flow`` kg/s at ``supply_temp`` can feed rails that give ``heat`` W."""
    top, back = rail_return_temp(heat, design_heat, design_supply, design_return, air)
    return top <= supply_temp + 1e-9 and heat <= flow * cp * (supply_temp - back) * (1.0 + 1e-9)


@compiled
def air_step(
    air_temp: float,
    heat: float,
    solar: float,
    loss: float,
    vent_max: float,
    vent_temp: float,
    capacity: float,
    ambient_temp: float,
    dt: float,
) -> tuple[float, float, float]:
    """Implicit step of the air node.

    Args:
        air_temp: degC.
        heat: W from the pipe rails.
        solar: W of sun caught.
        loss: U A, W/K.
        vent_max: largest ventilation conductance, W/K.
        vent_temp: temperature above which vents open, degC.
        capacity: J/K.
        ambient_temp: degC.
        dt: s.

    Returns:
        New air temperature in degC, heat lost through the cover in J, heat vented in J.
    """
    new = (capacity * air_temp + dt * (heat + solar + loss * ambient_temp)) / (capacity + dt * loss)
    vented = 0.0
    if new > vent_temp and vent_temp > ambient_temp:
        # vents that hold vent_temp exactly: the balance at new = vent_temp gives their heat
        wanted = (
            heat + solar - loss * (vent_temp - ambient_temp)
            - capacity * (vent_temp - air_temp) / dt
        )  # fmt: skip
        conductance = min(wanted / (vent_temp - ambient_temp), vent_max)
        total = loss + conductance
        new = (capacity * air_temp + dt * (heat + solar + total * ambient_temp)) / (
            capacity + dt * total
        )
        vented = conductance * (new - ambient_temp) * dt
    elif new > vent_temp and new > ambient_temp:
        total = loss + vent_max
        new = (capacity * air_temp + dt * (heat + solar + total * ambient_temp)) / (
            capacity + dt * total
        )
        vented = vent_max * (new - ambient_temp) * dt
    return new, loss * (new - ambient_temp) * dt, vented
