"""Tank, rooms and greenhouse: energy kept, limits held."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from heatrouter.envs.components.boiler import condensing_efficiency
from heatrouter.envs.components.building import heat_request, room_step
from heatrouter.envs.components.greenhouse import rail_heat, rail_return_temp
from heatrouter.envs.components.stratified_store import store_step

CP = 4190.0
LAYER_KG = 5000.0


@given(
    temps=arrays(np.float64, 10, elements=st.floats(5.0, 110.0)),
    flow=st.floats(-80.0, 80.0),
    inlet=st.floats(5.0, 110.0),
)
def test_tank_keeps_energy_and_ends_sorted(temps: np.ndarray, flow: float, inlet: float) -> None:
    temps = np.sort(temps)[::-1].copy()
    before = temps.sum() * LAYER_KG * CP
    outlet = temps[-1] if flow > 0.0 else temps[0]
    lost = store_step(temps, 10, LAYER_KG, flow, inlet, 40.0, 8.0, 10.0, 60.0, CP)
    after = temps.sum() * LAYER_KG * CP
    carried = abs(flow) * 60.0 * CP * (inlet - outlet)
    assert after - before == pytest.approx(carried - lost, abs=1e-9 * before + 1e-3)
    assert (np.diff(temps) <= 1e-9).all()


def test_still_tank_only_cools() -> None:
    temps = np.linspace(85.0, 45.0, 10)
    mean = temps.mean()
    for _ in range(1440):
        lost = store_step(temps, 10, LAYER_KG, 0.0, 0.0, 40.0, 8.0, 10.0, 60.0, CP)
        assert lost > 0.0
    assert temps.mean() < mean


@given(
    room=st.floats(10.0, 28.0),
    heat=st.floats(0.0, 1e6),
    gains=st.floats(0.0, 3e5),
    ambient=st.floats(-20.0, 35.0),
)
def test_room_balance(room: float, heat: float, gains: float, ambient: float) -> None:
    capacity, loss, dt = 9e9, 3e4, 60.0
    after, leak = room_step(room, heat, gains, loss, capacity, ambient, dt)
    assert capacity * (after - room) == pytest.approx(
        (heat + gains) * dt - leak, abs=1e-9 * capacity * 30.0
    )


def test_room_request_holds_the_set_temperature() -> None:
    request = heat_request(21.0, 21.0, 1e5, 3e4, 9e9, -5.0, 3600.0, 1e7)
    after, _ = room_step(21.0, request, 1e5, 3e4, 9e9, -5.0, 60.0)
    assert after == pytest.approx(21.0, abs=1e-9)


@given(flow=st.floats(0.0, 60.0), supply=st.floats(20.0, 95.0), share=st.floats(0.01, 1.0))
def test_rails_take_no_more_than_water_brings(flow: float, supply: float, share: float) -> None:
    design, air = 4e6, 18.5
    heat = rail_heat(flow, supply, share * design, design, 80.0, 42.0, air, CP)
    assert 0.0 <= heat <= share * design
    assert heat <= flow * CP * max(supply - air, 0.0) + 1e-6
    if heat > 0.0:
        top, _ = rail_return_temp(heat, design, 80.0, 42.0, air)
        assert top <= supply + 1e-6


def test_boiler_efficiency_points() -> None:
    assert condensing_efficiency(35.0, 0.97, 0.88) == pytest.approx(0.97)
    assert condensing_efficiency(60.0, 0.97, 0.88) == pytest.approx(0.88)
    assert condensing_efficiency(90.0, 0.97, 0.88) == pytest.approx(0.88)
