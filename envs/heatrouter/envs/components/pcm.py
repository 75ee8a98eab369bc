"""Phase-change material in capsules: enthalpy, hysteresis, exchange with a layer of water.

Two straight-flanked curves of temperature over enthalpy, one for melting and one for freezing that
lies lower by the supercooling; a material stays on its curve until the transition is complete: the
curve-track model of T. Barz et al., J. Building Performance Simulation 12 (2019) 770. Below and
above the transitions both curves are the same, so temperature stays continuous. The front that
grows from the wall adds a quasi-steady plane layer in series: R = R_wall (1 + Bi s), with the
share s that has melted (melting) or frozen (freezing).
"""

from typing import NamedTuple

from heatrouter.envs.components.jit import compiled

FRONT_BIOT = 1.0
"""Resistance of a finished front over that of wall and water film (assumption)."""
_NO_MASS_KG = 1e-9
_MIN_WIDTH_J_KG = 1.0


class PcmMaterial(NamedTuple):
    """What a material is, whatever its state."""

    melting_temp: float  # degC, middle of the melting range
    melting_range: float  # K, spread evenly; positive
    latent: float  # J/kg, without the sensible heat of the range
    cp_solid: float  # J/(kg K)
    cp_liquid: float  # J/(kg K)
    supercooling: float  # K by which freezing lies lower than melting


@compiled
def _transition(material: PcmMaterial, molten_mode: float) -> tuple[float, float, float, float]:
    """Enthalpy (J/kg) and temperature (degC) where the followed curve leaves solid and liquid."""
    melting_temp, melting_range, latent, cp_solid, cp_liquid, supercooling = material
    lower = melting_temp - 0.5 * melting_range
    upper = melting_temp + 0.5 * melting_range
    solid = cp_solid * lower
    liquid = solid + latent + 0.5 * (cp_solid + cp_liquid) * melting_range
    if molten_mode > 0.5:
        lower -= supercooling
        upper -= supercooling
        solid -= cp_solid * supercooling
        liquid -= cp_liquid * supercooling
    return solid, lower, max(liquid, solid + _MIN_WIDTH_J_KG), upper


@compiled
def pcm_temperature(enthalpy: float, material: PcmMaterial, molten_mode: float) -> float:
    """Temperature of the material, degC.

    Args:
        enthalpy: J/kg above the solid at 0 degC.
        material: of the capsules.
        molten_mode: 1 since the material was last wholly molten, 0 since it was last wholly solid.
    """
    solid, lower, liquid, upper = _transition(material, molten_mode)
    if enthalpy <= solid:
        return lower + (enthalpy - solid) / material.cp_solid
    if enthalpy >= liquid:
        return upper + (enthalpy - liquid) / material.cp_liquid
    return lower + (upper - lower) * (enthalpy - solid) / (liquid - solid)


@compiled
def pcm_enthalpy(temp: float, material: PcmMaterial, molten_mode: float) -> float:
    """Enthalpy at a temperature in degC, J/kg; inverse of ``pcm_temperature``, for first states."""
    solid, lower, liquid, upper = _transition(material, molten_mode)
    if temp <= lower:
        return solid + material.cp_solid * (temp - lower)
    if temp >= upper:
        return liquid + material.cp_liquid * (temp - upper)
    return solid + (liquid - solid) * (temp - lower) / (upper - lower)


@compiled
def molten_share(enthalpy: float, material: PcmMaterial, molten_mode: float) -> float:
    """Liquid mass over all mass, 0..1; arguments as in ``pcm_temperature``."""
    solid, _, liquid, _ = _transition(material, molten_mode)
    return min(max((enthalpy - solid) / (liquid - solid), 0.0), 1.0)


@compiled
def pcm_step(
    water_temp: float,
    water_mass: float,
    cp_water: float,
    enthalpy: float,
    molten_mode: float,
    pcm_mass: float,
    material: PcmMaterial,
    ua: float,
    dt: float,
) -> tuple[float, float, float]:
    """Implicit exchange of the water of one layer with the capsules in it.

    Backward Euler on the piecewise linear curve, solved exactly: stable for every step, past
    equilibrium for none, and what the water loses the capsules gain. The front's resistance is that
    at the start of the step.

    Args:
        water_temp: degC.
        water_mass: kg.
        cp_water: J/(kg K).
        enthalpy: J/kg.
        molten_mode: 0 or 1, see ``pcm_temperature``.
        pcm_mass: kg.
        material: of the capsules.
        ua: between water and capsules before a front has formed, W/K.
        dt: s.

    Returns:
        New water temperature (degC), new enthalpy (J/kg), new molten mode.
    """
    solid, lower, liquid, upper = _transition(material, molten_mode)
    if pcm_mass < _NO_MASS_KG or water_mass < _NO_MASS_KG or ua <= 0.0:
        return water_temp, enthalpy, molten_mode
    molten = min(max((enthalpy - solid) / (liquid - solid), 0.0), 1.0)
    front = 1.0 - molten if molten_mode > 0.5 else molten
    exchange = ua * dt / (1.0 + FRONT_BIOT * front)
    per_water = 1.0 / (water_mass * cp_water)
    # which flank holds the end state: the balance is monotone, so its sign at the corners tells
    to_solid = pcm_mass * (solid - enthalpy)
    to_liquid = pcm_mass * (liquid - enthalpy)
    if to_solid >= exchange * (water_temp - to_solid * per_water - lower):
        slope = 1.0 / material.cp_solid
        start = lower + (enthalpy - solid) * slope
    elif to_liquid <= exchange * (water_temp - to_liquid * per_water - upper):
        slope = 1.0 / material.cp_liquid
        start = upper + (enthalpy - liquid) * slope
    else:
        slope = (upper - lower) / (liquid - solid)
        start = lower + (enthalpy - solid) * slope
    heat = exchange * (water_temp - start) / (1.0 + exchange * (per_water + slope / pcm_mass))
    new = enthalpy + heat / pcm_mass
    mode = molten_mode
    if molten_mode > 0.5:
        if new <= solid:
            mode = 0.0
    elif new >= liquid:
        mode = 1.0
    return water_temp - heat * per_water, new, mode
