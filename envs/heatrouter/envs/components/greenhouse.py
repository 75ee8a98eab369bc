"""A greenhouse: pipe rails, sun, lamps, night screen, cover, leakage and vents.

``greenhouse_step`` has two nodes, after B. Vanthoor (PhD thesis, Wageningen 2011, ch. 8) and
D. Katzin et al. (Biosyst. Eng. 194, 2020):

    C_a dT_a/dt = Q_pipe + Q_lamp + (1 - f) S - G_in (T_a - T_c) - (G_leak + G_vent) (T_a - T_o)
    C_c dT_c/dt = G_in (T_a - T_c) - G_out (T_c - T_o)

with the sun caught S and its share f that leaves as vapour.
"""

import math

from heatrouter.envs.components.jit import compiled

RAIL_EXPONENT = 1.32
DESIGN_AIR_C = 18.0
"""Night air at which rails give their design heat (Katzin 2021 keeps 18.5 degC)."""
_RAIL_STEPS = 3
_STILL_KG_S = 1e-12
"""Flows below this carry nothing; keeps reciprocals finite."""
DESIGN_WIND_M_S = 4.0
"""Wind at which the lumped design loss holds."""
_FREE_FILM = 3.5
"""Inner convection, W/(m2 K) of cover: 1.86 |dT|^0.33 (Vanthoor 2011 table 8.2) at 7 K."""
_SKY_FILM = 4.6
"""Canopy to glass by radiation, W/(m2 K) of floor: 4 sigma T^3 at 15 degC, emissivity 0.85."""
_STILL_FILM = 2.8
_WIND_FILM = 1.2
"""Outer film 2.8 + 1.2 v in W/(m2 K) of cover (Vanthoor 2011 table 8.2)."""
_MIN_LEAK_WIND_M_S = 0.25
"""Leakage follows the wind above this speed (Vanthoor 2011 equation 8.71)."""
_MAX_SAVING = 0.95


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

    The largest heat whose rails need neither more flow nor warmer water than there is. With
    u = (Q / Q_design)^(1/1.32) both needs read E u + a u^1.32 <= T_s - T_a, and the larger a
    binds. The left side is convex, so Newton steps from above come down to the root and never pass
    it; three leave less than 1e-6 of the heat.
    """
    span = supply_temp - air
    if flow <= _STILL_KG_S or span <= 0.0 or limit <= 0.0:
        return 0.0
    excess = max(0.5 * (design_supply + design_return) - DESIGN_AIR_C, 0.1)
    half = 0.5 * (design_supply - design_return)
    slope = max(half, design_heat / (flow * cp) - half, 0.0)
    top = limit / design_heat
    u = math.pow(top, 1.0 / RAIL_EXPONENT)
    if excess * u + slope * top <= span * (1.0 + 1e-9):
        return limit
    u = min(span / excess, math.pow(span / slope, 1.0 / RAIL_EXPONENT), u)
    for _ in range(_RAIL_STEPS):
        w = slope * math.pow(u, RAIL_EXPONENT - 1.0)
        u = (span + (RAIL_EXPONENT - 1.0) * w * u) / (excess + RAIL_EXPONENT * w)
    return min(design_heat * math.pow(u, RAIL_EXPONENT), limit)


@compiled
def cover_conductances(
    loss_design: float,
    cover_ratio: float,
    wind: float,
    screen_saving: float,
    screen_closed: float,
) -> tuple[float, float]:
    """Conductance from air to cover and from cover to outside, W/K.

    The films keep the proportions of Vanthoor (2011): inside, convection on the cover and radiation
    on the floor area; outside, convection by wind. Their size is such that both in series give
    ``loss_design`` at a wind of 4 m/s with the screen open. A closed screen adds resistance inside
    that cuts this series by ``screen_saving``.

    Args:
        loss_design: U A at 4 m/s, W/K.
        cover_ratio: area of the cover over that of the floor.
        wind: m/s.
        screen_saving: 0..0.95.
        screen_closed: 0 (open) to 1.
    """
    if loss_design <= 0.0:
        return 0.0, 0.0
    ratio = max(cover_ratio, 0.1)
    inner = _FREE_FILM * ratio + _SKY_FILM
    outer = (_STILL_FILM + _WIND_FILM * DESIGN_WIND_M_S) * ratio
    outer_design = loss_design * (inner + outer) / inner
    saving = min(max(screen_saving * screen_closed, 0.0), _MAX_SAVING)
    inside = 1.0 / (1.0 / (loss_design * (1.0 - saving)) - 1.0 / outer_design)
    film = (_STILL_FILM + _WIND_FILM * max(wind, 0.0)) / (
        _STILL_FILM + _WIND_FILM * DESIGN_WIND_M_S
    )
    return inside, outer_design * film


@compiled
def leakage_conductance(leakage: float, wind: float) -> float:
    """Loss by air leaking out, W/K, proportional to wind above 0.25 m/s; ``leakage`` at 4 m/s."""
    return leakage * max(wind, _MIN_LEAK_WIND_M_S) / DESIGN_WIND_M_S


@compiled
def greenhouse_request(
    air_temp: float,
    set_temp: float,
    irradiance: float,
    ambient: float,
    wind: float,
    lamp_heat: float,
    loss_design: float,
    leakage: float,
    cover_ratio: float,
    air_capacity: float,
    solar_share: float,
    transpiration_share: float,
    screen_saving: float,
    screen_closed: float,
    recovery_s: float,
    limit: float,
) -> float:
    """Heat in W that holds ``set_temp`` with a settled cover, plus recovery; arguments as below."""
    inside, outside = cover_conductances(
        loss_design, cover_ratio, wind, screen_saving, screen_closed
    )
    loss = leakage_conductance(leakage, wind)
    if outside > 0.0:
        loss += inside * outside / (inside + outside)
    need = loss * (set_temp - ambient) - lamp_heat
    need -= (1.0 - transpiration_share) * solar_share * irradiance
    need += air_capacity * (set_temp - air_temp) / recovery_s
    return min(max(need, 0.0), limit)


@compiled
def greenhouse_step(
    air_temp: float,
    cover_temp: float,
    heat: float,
    irradiance: float,
    ambient: float,
    wind: float,
    lamp_heat: float,
    loss_design: float,
    leakage: float,
    cover_ratio: float,
    air_capacity: float,
    cover_capacity: float,
    solar_share: float,
    transpiration_share: float,
    screen_saving: float,
    screen_closed: float,
    vent_temp: float,
    vent_max: float,
    dt: float,
) -> tuple[float, float, float, float, float]:
    """Implicit step of air and cover; vents open just enough to hold ``vent_temp``.

    C_air dT_air + C_cover dT_cover = dt (heat + lamp_heat + solar_share irradiance)
    - lost - vented - latent, to rounding.

    Args:
        air_temp: degC.
        cover_temp: degC.
        heat: W from the pipe rails.
        irradiance: W/m2.
        ambient: degC.
        wind: m/s.
        lamp_heat: W that lamps leave in the air.
        loss_design: U A through the cover at 4 m/s, screen open, W/K.
        leakage: conductance of leaking air at 4 m/s, W/K.
        cover_ratio: area of the cover over that of the floor.
        air_capacity: of air, crop and floor top, J/K.
        cover_capacity: J/K.
        solar_share: sun caught over irradiance, m2.
        transpiration_share: of the sun caught that leaves as vapour, 0..1.
        screen_saving: cut of the design loss by a closed screen, 0..0.95.
        screen_closed: 0..1.
        vent_temp: temperature that the vents hold, degC.
        vent_max: largest conductance of the vents, W/K.
        dt: s.

    Returns:
        New air and cover temperature in degC; heat lost through the cover, carried out by leakage
        and vents (sensible), and carried out as vapour, J.
    """
    inside, outside = cover_conductances(
        loss_design, cover_ratio, wind, screen_saving, screen_closed
    )
    leak = leakage_conductance(leakage, wind)
    caught = solar_share * irradiance
    latent = transpiration_share * caught
    # temperatures above ambient, cover eliminated: a T_a = b
    store = cover_capacity / dt
    cover = max(store + inside + outside, 1e-9)
    kept = store * (cover_temp - ambient)
    a = max(air_capacity / dt + inside * (store + outside) / cover + leak, 1e-9)
    b = air_capacity / dt * (air_temp - ambient) + heat + lamp_heat + caught - latent
    b += inside * kept / cover
    air = b / a
    hold = vent_temp - ambient
    vent = 0.0
    if air > max(hold, 0.0):
        vent = vent_max
        if hold > 0.0:
            vent = min((b - a * hold) / hold, vent_max)
        air = b / (a + vent)
    glass = (kept + inside * air) / cover
    return (
        air + ambient,
        glass + ambient,
        outside * glass * dt,
        (leak + vent) * air * dt,
        latent * dt,
    )
