"""Phase-change material: heats by hand, hysteresis loop, exchange that keeps every joule."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.components.pcm import (
    PcmMaterial,
    molten_share,
    pcm_enthalpy,
    pcm_step,
    pcm_temperature,
)

CP_WATER = 4190.0
# sodium acetate trihydrate, with a nucleating agent
SAT = PcmMaterial(58.0, 2.0, 264e3, 2200.0, 3000.0, 6.0)
modes = st.sampled_from([0.0, 1.0])


def test_heat_from_50_to_70_degc() -> None:
    """By hand: 7 K solid, 264 kJ/kg over 2 K at the mean heat capacity, 11 K liquid."""
    heat = pcm_enthalpy(70.0, SAT, 0.0) - pcm_enthalpy(50.0, SAT, 0.0)
    assert heat == pytest.approx(7.0 * 2200.0 + 264e3 + 2.0 * 2600.0 + 11.0 * 3000.0, rel=1e-12)
    assert pcm_enthalpy(20.0, SAT, 0.0) == pytest.approx(20.0 * 2200.0, rel=1e-12)


def test_half_molten() -> None:
    melting = pcm_enthalpy(58.0, SAT, 0.0)
    assert molten_share(melting, SAT, 0.0) == pytest.approx(0.5)
    assert pcm_temperature(melting, SAT, 0.0) == pytest.approx(58.0)
    freezing = pcm_enthalpy(52.0, SAT, 1.0)
    assert molten_share(freezing, SAT, 1.0) == pytest.approx(0.5)


@given(temp=st.floats(-20.0, 120.0), mode=modes)
def test_enthalpy_and_temperature_are_inverse(temp: float, mode: float) -> None:
    enthalpy = pcm_enthalpy(temp, SAT, mode)
    assert pcm_temperature(enthalpy, SAT, mode) == pytest.approx(temp, abs=1e-9)


@given(low=st.floats(-1e5, 8e5), more=st.floats(0.0, 1e5), mode=modes)
def test_temperature_and_molten_share_rise_with_enthalpy(
    low: float, more: float, mode: float
) -> None:
    assert pcm_temperature(low + more, SAT, mode) >= pcm_temperature(low, SAT, mode)
    assert molten_share(low + more, SAT, mode) >= molten_share(low, SAT, mode)


@given(enthalpy=st.one_of(st.floats(0.0, 1.12e5), st.floats(4.0e5, 8e5)))
def test_both_curves_agree_where_nothing_melts(enthalpy: float) -> None:
    """Solid below 51 degC (112 kJ/kg), liquid above 59 degC (395 kJ/kg): no jump at a switch."""
    assert pcm_temperature(enthalpy, SAT, 0.0) == pytest.approx(
        pcm_temperature(enthalpy, SAT, 1.0), abs=1e-9
    )


def _run(water: float, enthalpy: float, mode: float, steps: int) -> tuple[float, float]:
    """Hold the water at a temperature for some minutes."""
    for _ in range(steps):
        _, enthalpy, mode = pcm_step(
            water, 1e9, CP_WATER, enthalpy, mode, 1000.0, SAT, 2000.0, 60.0
        )
    return enthalpy, mode


def test_freezes_lower_than_it_melts() -> None:
    cold = pcm_enthalpy(45.0, SAT, 0.0)
    hot, mode = _run(65.0, cold, 0.0, 3000)
    assert mode == 1.0
    assert pcm_temperature(hot, SAT, mode) == pytest.approx(65.0, abs=1e-3)
    # water at 54 degC, between the two ranges: the melt stays liquid, a solid stays solid
    supercooled, mode = _run(54.0, hot, mode, 3000)
    assert mode == 1.0
    assert molten_share(supercooled, SAT, mode) == 1.0
    solid, solid_mode = _run(54.0, cold, 0.0, 3000)
    assert molten_share(solid, SAT, solid_mode) == 0.0
    assert supercooled - solid == pytest.approx(264e3, rel=0.03)
    frozen, mode = _run(45.0, supercooled, mode, 3000)
    assert mode == 0.0
    assert frozen == pytest.approx(cold, abs=1.0)


def test_interrupted_freezing_stays_on_its_curve() -> None:
    half = pcm_enthalpy(52.0, SAT, 1.0)
    warmer, mode = _run(53.5, half, 1.0, 5000)
    assert mode == 1.0
    assert molten_share(warmer, SAT, mode) == 1.0


@given(
    water=st.floats(5.0, 110.0),
    pcm=st.floats(5.0, 110.0),
    mode=modes,
    water_mass=st.floats(1.0, 1e5),
    mass=st.floats(1.0, 1e5),
    ua=st.floats(0.0, 1e9),
    dt=st.floats(1.0, 1e4),
)
def test_exchange_keeps_energy_and_stops_at_equilibrium(
    water: float, pcm: float, mode: float, water_mass: float, mass: float, ua: float, dt: float
) -> None:
    enthalpy = pcm_enthalpy(pcm, SAT, mode)
    new_water, new, new_mode = pcm_step(
        water, water_mass, CP_WATER, enthalpy, mode, mass, SAT, ua, dt
    )
    drawn = water_mass * CP_WATER * (water - new_water)
    scale = water_mass * CP_WATER * 100.0 + mass * 5e5
    assert mass * (new - enthalpy) == pytest.approx(drawn, abs=1e-12 * scale)
    before = water - pcm_temperature(enthalpy, SAT, mode)
    after = new_water - pcm_temperature(new, SAT, new_mode)
    assert before * after >= -1e-9 * abs(before)
    assert abs(after) <= abs(before) + 1e-9


@given(water=st.floats(20.0, 100.0), pcm=st.floats(20.0, 100.0), mode=modes)
def test_endless_exchange_ends_in_equilibrium(water: float, pcm: float, mode: float) -> None:
    enthalpy = pcm_enthalpy(pcm, SAT, mode)
    new_water, new, new_mode = pcm_step(
        water, 500.0, CP_WATER, enthalpy, mode, 700.0, SAT, 1e15, 3600.0
    )
    assert pcm_temperature(new, SAT, new_mode) == pytest.approx(new_water, abs=1e-6)


def test_equilibrium_stays() -> None:
    enthalpy = pcm_enthalpy(58.3, SAT, 0.0)
    temp = pcm_temperature(enthalpy, SAT, 0.0)
    water, new, mode = pcm_step(temp, 500.0, CP_WATER, enthalpy, 0.0, 700.0, SAT, 5e3, 60.0)
    assert (water, new, mode) == (temp, enthalpy, 0.0)


def test_front_slows_the_exchange() -> None:
    """From 58 degC half molten, against 57.01 degC just begun: less heat per kelvin."""
    rates = []
    for temp in (57.01, 58.99):
        enthalpy = pcm_enthalpy(temp, SAT, 0.0)
        _, new, _ = pcm_step(temp + 5.0, 1e9, CP_WATER, enthalpy, 0.0, 1e6, SAT, 1000.0, 1.0)
        rates.append((new - enthalpy) * 1e6 / 5.0)
    assert rates[0] == pytest.approx(1000.0, rel=0.01)
    assert rates[1] == pytest.approx(500.0, rel=0.01)


@given(
    numbers=st.tuples(*(st.floats(-1e9, 1e9) for _ in range(5))),
    latent=st.floats(0.0, 1e6),
    supercooling=st.floats(0.0, 100.0),
    mode=modes,
)
def test_finite(
    numbers: tuple[float, ...], latent: float, supercooling: float, mode: float
) -> None:
    water, enthalpy, mass, ua, water_mass = numbers
    material = PcmMaterial(58.0, 0.2, latent, 2000.0, 4000.0, supercooling)
    assert all(
        math.isfinite(value)
        for value in pcm_step(water, water_mass, CP_WATER, enthalpy, mode, mass, material, ua, 60.0)
    )
    assert math.isfinite(pcm_temperature(enthalpy, material, mode))
