"""Pressure drop of water in a pipe: Darcy-Weisbach with Colebrook-White friction.

Laminar below Re 2300 (64/Re), Colebrook-White above Re 4000, linear in Re between. Source of the
turbulent law: C. F. Colebrook, J. Inst. Civ. Eng. 11 (1939) 133.
"""

import math

from heatrouter.envs.components.jit import compiled

RE_LAMINAR = 2300.0
RE_TURBULENT = 4000.0
_F_LAMINAR_END = 64.0 / RE_LAMINAR
_TWO_BY_LN10 = 2.0 / math.log(10.0)
_MAX_STEPS = 6
_CLOSE = 1e-3


@compiled
def water_viscosity(temp_c: float) -> float:
    """Dynamic viscosity of water, Pa s, for 0..150 degC.

    mu = 2.414e-5 * 10^(247.8 / (T - 140 K)), T in kelvin (Al-Shemmeri, Engineering Fluid
    Mechanics, 2012); within 2.5 % of IAPWS over the range.
    """
    return float(2.414e-5 * 10.0 ** (247.8 / (temp_c + 273.15 - 140.0)))


@compiled
def colebrook(reynolds: float, relative_roughness: float, warm: float) -> tuple[float, float]:
    """1/sqrt(f) of turbulent flow and the logarithmic slope d ln f / d ln Re.

    Newton on x + 2 log10(k/3.7 + 2.51 x / Re) = 0. The equation is so nearly linear that a step of
    a thousandth leaves an error below 1e-7; from the value of a moment ago one logarithm is enough.

    Args:
        reynolds: Reynolds number.
        relative_roughness: roughness over diameter.
        warm: 1/sqrt(f) of a similar flow, or 0.
    """
    a = relative_roughness / 3.7
    b = 2.51 / reynolds
    x = warm if warm > 0.0 else -_TWO_BY_LN10 * math.log(a + 7.0 * b)
    slope = 0.0
    for _ in range(_MAX_STEPS):
        y = a + b * x
        slope = _TWO_BY_LN10 * b / y
        step = (x + _TWO_BY_LN10 * math.log(y)) / (1.0 + slope)
        x -= step
        if abs(step) < _CLOSE * x:
            break
    # implicit derivative of the equation with respect to ln Re
    return x, -2.0 * slope / (1.0 + slope)


@compiled
def pipe_drop(
    mass_flow: float,
    reynolds_per_flow: float,
    relative_roughness: float,
    friction_scale: float,
    fitting_scale: float,
    laminar_scale: float,
    viscosity: float,
    warm: float,
) -> tuple[float, float, float]:
    """Pressure drop in Pa along a pipe, its derivative by mass flow in Pa s/kg, and 1/sqrt(f).

    dp = (f L/d + sum zeta) m |m| / (2 rho A^2). The derivative is positive for every flow, zero
    included, so that the Newton matrix of a network is positive definite.

    Args:
        mass_flow: kg/s, signed.
        reynolds_per_flow: 4 / (pi d), 1/m.
        relative_roughness: roughness over diameter.
        friction_scale: L / (d 2 rho A^2).
        fitting_scale: sum zeta / (2 rho A^2).
        laminar_scale: 32 L / (rho A d^2).
        viscosity: Pa s.
        warm: third result of an earlier call for this pipe, or 0.
    """
    flow = abs(mass_flow)
    reynolds = flow * reynolds_per_flow / viscosity
    if reynolds < RE_LAMINAR:
        laminar = laminar_scale * viscosity
        slope = laminar + 2.0 * fitting_scale * flow
        return (laminar + fitting_scale * flow) * mass_flow, slope, warm
    x, log_slope = colebrook(max(reynolds, RE_TURBULENT), relative_roughness, warm)
    f = 1.0 / (x * x)
    if reynolds < RE_TURBULENT:
        rise = (f - _F_LAMINAR_END) / (RE_TURBULENT - RE_LAMINAR)
        f = _F_LAMINAR_END + rise * (reynolds - RE_LAMINAR)
        log_slope = rise * reynolds / f
    friction = f * friction_scale
    slope = (friction * (2.0 + log_slope) + 2.0 * fitting_scale) * flow
    return (friction + fitting_scale) * flow * mass_flow, slope, x
