"""What single units do in the plant, seen in its outputs."""

import dataclasses
import math

import numpy as np
import pytest
from tests.envs.simulation.plants import (
    COMMANDED,
    DAY_S,
    SMALL,
    STEPS_PER_DAY,
    SUB_STEPS,
    plant,
    random_points,
    safe_points,
    scenarios,
    start,
    start_plant,
    unit,
    with_points,
)

from heatrouter.envs.set_points import plant_set_points
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.consumer_units import BatchProcess, Substation
from heatrouter.envs.spec.plant_units import Boiler, Chp, HeatPump

CP_KJ = 4.19


def _minutes(simulation: Simulation, seed: int, steps: int) -> np.ndarray:
    """Outputs of one-minute calls under random set-points."""
    rng = np.random.default_rng(seed)
    points = plant_set_points(simulation.district)
    rows = []
    for step in range(steps):
        if step % 60 == 0:
            held = random_points(points, rng, simulation.num_envs)
        rows.append(simulation.advance(held, 1))
    return np.array(rows)


def _hold(
    simulation: Simulation, points: np.ndarray, steps: int, sub: int = SUB_STEPS
) -> np.ndarray:
    return np.array([simulation.advance(points, sub) for _ in range(steps)])


class _Reader:
    """Columns of outputs by name."""

    def __init__(self, simulation: Simulation, rows: np.ndarray) -> None:
        self.columns, self.rows = simulation.columns, rows

    def __call__(self, name: str) -> np.ndarray:
        return np.asarray(self.rows[:, :, self.columns[name]], dtype=np.float64)


# --- links ---


def test_a_heat_pump_moves_what_the_cold_circuit_gives() -> None:
    """Its evaporator is all that cools the cold circuit, and heat is evaporator plus power."""
    simulation = start_plant("two_circuits_with_heat_pump")
    got = _Reader(simulation, _minutes(simulation, 1, 900))
    evaporator, heat, power = (got(f"lift.{n}_kw") for n in ("evaporator", "heat", "power"))
    assert heat.max() > 100.0
    assert evaporator == pytest.approx(got("cold.load_kw"), abs=1e-9)
    assert heat == pytest.approx(evaporator + power, abs=1e-9)
    runs = heat > 1.0
    assert (got("lift.cop")[runs] <= 7.0).all()
    assert heat[runs] / power[runs] == pytest.approx(got("lift.cop")[runs], rel=1e-9)


@pytest.mark.parametrize("name", ["two_circuits_with_exchanger", COMMANDED])
def test_a_link_gives_what_it_takes(name: str) -> None:
    """By its own report, by the load of the feeding circuit, and by the primary water."""
    simulation = start_plant(name)
    got = _Reader(simulation, _minutes(simulation, 2, 900))
    heat = got("transfer.heat_kw")
    assert heat.max() > 50.0
    assert heat == pytest.approx(got("trunk.load_kw") - got("mill_houses.heat_kw"), abs=1e-9)
    spread = got("transfer.primary_supply_temp_c") - got("transfer.primary_return_temp_c")
    assert heat == pytest.approx(CP_KJ * got("transfer.primary_flow_kg_s") * spread, abs=1e-6)
    # against the stream: never hotter than what heats it, never more than it can pass
    assert (spread >= -1e-9).all()
    assert (heat <= 600.0 + 1e-9).all()


def test_a_link_cannot_heat_beyond_its_primary() -> None:
    simulation = start_plant("two_circuits_with_exchanger", (20,))
    points = with_points(simulation, safe_points(simulation), trunk__supply_temp_c=75.0)
    got = _Reader(simulation, _hold(simulation, points, 3 * STEPS_PER_DAY))
    assert got("transfer.outlet_temp_c")[-1, 0] < 75.0
    assert got("town.supply_temp_c")[-1, 0] < got("town.set_supply_temp_c")[-1, 0]


# --- fuel ---


def test_a_digester_holds_what_is_not_burnt_and_flares_the_rest() -> None:
    simulation = start_plant("biogas")
    got = _Reader(simulation, _hold(simulation, safe_points(simulation), 2 * STEPS_PER_DAY))
    fill, flared = got("digester.fill_level"), got("digester.flared_kw")
    assert (np.diff(fill, axis=0) >= 0.0).all()
    assert fill[-1] == pytest.approx(np.ones(4))
    assert flared[-1] == pytest.approx(got("digester.gas_kw")[-1])
    assert flared[0].max() == 0.0


def test_gas_that_is_burnt_was_there() -> None:
    """Content changes by gas minus fuel minus flare, between empty and full, and runs out."""
    simulation = start_plant("biogas")
    lowest = []
    for share in (1.0, 0.0, 1.0, 1.0):
        points = with_points(simulation, safe_points(simulation), biogas_boiler__load_share=share)
        before = simulation.state.fuel[:, 0] / 3.6e6
        rows = _hold(simulation, points, STEPS_PER_DAY)
        got = _Reader(simulation, rows)
        energy = np.concatenate([before[None], got("digester.energy_kwh")])
        rate = got("digester.gas_kw") - got("digester.flared_kw") - got("biogas_boiler.fuel_kw")
        assert np.diff(energy, axis=0) == pytest.approx(0.25 * rate, abs=1e-8)
        fill = got("digester.fill_level")
        assert (fill >= 0.0).all()
        assert (fill <= 1.0).all()
        lowest.append(fill.min())
        heat = got("biogas_boiler.heat_kw")
        assert (heat <= got("biogas_boiler.fuel_kw") * 0.98 + 1e-9).all()
    assert min(lowest) < 0.02


# --- stores ---


def _discharged(simulation: Simulation) -> tuple[np.ndarray, np.ndarray]:
    """Charge the foundry's store for two days at 95 degC, then let it give at 70 degC."""
    points = with_points(
        simulation, safe_points(simulation), pcm_store__charge_share=1.0,
        furnace__recovery_share=0.0, main__supply_temp_c=95.0,
    )  # fmt: skip
    _hold(simulation, points, 2 * STEPS_PER_DAY)
    points = with_points(simulation, points, pcm_store__charge_share=-0.3, main__supply_temp_c=70.0)
    got = _Reader(simulation, _hold(simulation, points, STEPS_PER_DAY))
    return got("pcm_store.top_temp_c")[:, 0], got("pcm_store.molten_share")[:, 0]


def test_a_phase_change_store_holds_its_temperature_while_it_freezes() -> None:
    """What leaves it stays near 70 degC for hours in which the fill freezes; water falls through.

    Supercooled by 4 K, half a melting range and the film: within 6 K.
    """
    name = "pcm_and_batch"
    district = plant(name)
    temps, molten = _discharged(start(district, scenarios(name), (15,)))
    assert molten[0] == pytest.approx(1.0)
    assert molten[-1] < 0.1
    plateau = np.abs(temps - 70.0) < 6.0
    held = np.flatnonzero(plateau)
    assert (np.diff(held) == 1).all()
    assert held.size >= 12
    assert molten[held[0]] - molten[held[-1]] > 0.25
    plain = district.model_copy(
        update={
            "units": tuple(
                u.model_copy(update={"pcm": None}) if u.name == "pcm_store" else u
                for u in district.units
            )
        }
    )
    water, none_molten = _discharged(start(plain, scenarios(name), (15,)))
    assert none_molten.max() == 0.0
    assert held.size > 4 * (np.abs(water - 70.0) < 6.0).sum()


@pytest.mark.parametrize("name", ["energy-web", "biogas", "pcm_and_batch"])
def test_a_stores_charge_is_the_change_of_what_it_holds(name: str) -> None:
    simulation = start_plant(name)
    store = next(u.name for u in plant(name).units if u.kind == "store")
    rows = _minutes(simulation, 3, 600)
    got = _Reader(simulation, rows)
    held = np.diff(got(f"{store}.energy_kwh"), axis=0)
    moved = (got(f"{store}.charge_kw") - got(f"{store}.loss_kw"))[1:] / 60.0
    assert held == pytest.approx(moved, abs=1e-8)
    assert np.abs(got(f"{store}.mass_flow_kg_s")).max() > 0.5


# --- producers ---


@pytest.mark.parametrize(
    ("name", "machine"),
    [("biogas", "wood_boiler"), ("chp_and_solar", "engine"), ("chp_and_solar", "air_heat_pump")],
)
def test_a_commanded_share_ramps_and_jumps_below_its_least_load(name: str, machine: str) -> None:
    simulation = start_plant(name)
    spec = plant(name).unit(machine)
    assert isinstance(spec, Boiler | Chp | HeatPump)
    least, ramp = spec.min_load, spec.ramp_share_per_min
    on = with_points(simulation, safe_points(simulation), **{f"{machine}__load_share": 1.0})
    up = _Reader(simulation, _hold(simulation, on, 90, 1))(f"{machine}.command_share")[:, 0]
    down = _Reader(simulation, _hold(simulation, safe_points(simulation), 90, 1))(
        f"{machine}.command_share"
    )[:, 0]
    assert up[0] == pytest.approx(min(least + ramp, 1.0))
    assert np.diff(up).max() <= ramp + 1e-12
    assert up[-1] == 1.0
    falls = -np.diff(np.concatenate([up[-1:], down]))
    assert (falls[:-1][down[:-1] > 0.0] <= ramp + 1e-12).all()
    assert ((down == 0.0) | (down >= least - 1e-12)).all()
    assert down[-1] == 0.0


def test_a_balancing_boiler_runs_at_least_its_minimum_time() -> None:
    """Minute by minute over days in which tank and boiler take turns."""
    simulation = start_plant("biogas", (95, 110, 125, 290))
    least = int(unit("biogas", "reserve_boiler", Boiler).min_run_min)
    got = _Reader(simulation, _hold(simulation, safe_points(simulation), 4 * 1440, 1))
    runs: list[int] = []
    for heat in got("reserve_boiler.heat_kw").T:
        edges = np.flatnonzero(np.diff((heat > 0.0).astype(int)))
        starts = [e + 1 for e in edges if heat[e + 1] > 0.0]
        runs += [int(end - s) for s in starts for end in edges[edges >= s][:1] + 1]
    assert len(runs) >= 4
    assert min(runs) >= least


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_booster_pumps_no_water_round(share: float) -> None:
    """What it lifts flows on to the consumer behind it; the water that passes decides."""
    simulation = start_plant("pcm_and_batch")
    points = with_points(simulation, safe_points(simulation), hall_booster__load_share=share)
    got = _Reader(simulation, _hold(simulation, points, 600, 1))
    booster, behind = got("hall_booster.mass_flow_kg_s"), got("moulds.mass_flow_kg_s")
    allowed = np.maximum(behind[1:], behind[:-1])
    assert (booster[1:] <= allowed + 1e-6).all()
    assert booster.max() > 0.1
    heat = got("hall_booster.heat_kw")
    assert (heat[booster == 0.0] == 0.0).all()
    assert got("main.max_supply_temp_c").max() < 125.0


@pytest.mark.parametrize("name", ["pcm_and_batch", "fab"])
def test_a_cooler_at_its_limit_curtails(name: str) -> None:
    """On a hot day; what is available is recovered, rejected or curtailed, to the last watt."""
    library = scenarios(name)
    values = library.values.copy()
    values[:, :, library.column("ambient_temp_c")] = 33.0
    hot = dataclasses.replace(library, values=values)
    simulation = start(plant(name), hot, (190, 191))
    got = _Reader(simulation, _minutes(simulation, 6, 1440))
    if name == "fab":
        load, taken = got("process_cooling.cooling_kw"), got("recovery_chiller.evaporator_kw")
        away = got("process_cooling.tower_kw")
        curtailed = got("process_cooling.curtailed_kw")
        power = got("process_cooling.tower_power_kw")
        most = 12.0
    else:
        load, taken = got("furnace.available_kw"), got("furnace.heat_kw")
        away = got("furnace.rejected_kw")
        curtailed, power = got("furnace.curtailed_kw"), got("furnace.sink_power_kw")
        most = 9.0
    assert load == pytest.approx(taken + away + curtailed, abs=1e-6)
    assert curtailed.max() > 1.0
    assert (power <= most + 1e-9).all()
    assert power[curtailed > 1.0] == pytest.approx(most)
    cool = start_plant(name, (10,))
    mild = _Reader(cool, _hold(cool, safe_points(cool), STEPS_PER_DAY))
    calm = mild("process_cooling.curtailed_kw" if name == "fab" else "furnace.curtailed_kw")
    assert calm.max() <= curtailed.max()


# --- consumers ---


def test_a_charge_starts_at_its_latest_start_whatever_is_commanded() -> None:
    """Never released: every charge waits its slack and then starts, none is late."""
    simulation = start_plant("pcm_and_batch")
    spec = unit("pcm_and_batch", "moulds", BatchProcess)
    held = with_points(simulation, safe_points(simulation), moulds__release=0.0)
    got = _Reader(simulation, _hold(simulation, held, 2 * 1440, 1))
    started, waiting = got("moulds.started"), got("moulds.waiting")
    assert started.sum() > 4
    assert got("moulds.delay_h").max() == 0.0
    assert waiting.max() <= 1.0
    for wait, begun in zip(waiting.T, started.T, strict=True):
        due = np.flatnonzero(np.diff(wait) > 0.5) + 1
        starts = np.flatnonzero(begun)
        for moment in due:
            after = starts[starts > moment]
            if after.size:
                assert after[0] - moment == pytest.approx(spec.slack_min, abs=1.0)


def test_a_released_charge_starts_at_once_and_network_and_burner_share_it() -> None:
    simulation = start_plant("pcm_and_batch")
    spec = unit("pcm_and_batch", "moulds", BatchProcess)
    got = _Reader(simulation, _hold(simulation, safe_points(simulation), 2 * 1440, 1))
    assert got("moulds.waiting").max() <= 1.0
    heat, fuel = got("moulds.heat_kw"), got("moulds.fuel_kw")
    busy = fuel > 0.0
    lift = spec.target_temp_c - spec.start_temp_c
    charge_kw = spec.charge_kg * spec.heat_capacity_kj_kgk * lift / (spec.duration_min * 60.0)
    whole = (heat + spec.fuel_efficiency * fuel)[busy]
    assert whole == pytest.approx(charge_kw, rel=1e-9)
    assert heat[busy].max() > 0.05 * charge_kw
    assert heat[~busy].max() == 0.0


def test_bypasses_open_where_the_supply_is_too_cold() -> None:
    """Without demand: shut at 80 degC; open at 56 degC, with the water as warm as it came."""
    name = "biogas"
    library = scenarios(name)
    values = library.values.copy()
    for k, series in enumerate(library.series):
        if series == "ambient_temp_c":
            values[:, :, k] = 24.0
        elif series.endswith("hot_water_kw"):
            values[:, :, k] = 0.0
    simulation = start(plant(name), dataclasses.replace(library, values=values), (150,))
    spec = unit(name, "village_houses", Substation)
    # heated by nobody, the line cools below the bypass's temperature
    got = _Reader(simulation, _hold(simulation, safe_points(simulation), 1440, 1))
    flow, supply = (got(f"village_houses.{n}")[:, 0] for n in ("mass_flow_kg_s", "supply_temp_c"))
    back = got("village_houses.return_temp_c")[:, 0]
    exchanger = spec.space_heat_exchanger
    design = spec.space_heat_design_kw / (
        CP_KJ * (exchanger.primary_supply_c - exchanger.primary_return_c)
    )
    shut, wide = supply[:-1] > spec.bypass_temp_c + 2.1, supply[:-1] < spec.bypass_temp_c - 2.1
    assert shut.any()
    assert flow[1:][shut] == pytest.approx(0.0, abs=1e-9)
    assert flow.max() > 0.0
    if wide.any():
        assert flow[1:][wide] == pytest.approx(spec.bypass_flow_share * design, rel=1e-6)
    assert back == pytest.approx(supply, abs=1e-9)


# --- ground ---


def test_ground_at_two_depths_follows_kusuda() -> None:
    """T(z, t) = mean - A exp(-z/d) cos(w t - z/d), also at depths the series is not given for."""
    name = "biogas"
    district = plant(name)
    depths = (0.6, 2.5, 1.0)
    pipes = tuple(
        p.model_copy(update={"burial_depth_m": z, "length_m": 200.0})
        for p, z in zip(district.pipes, depths, strict=True)
    )
    deep = district.model_copy(update={"pipes": pipes})
    library = scenarios(name)
    damping = math.sqrt(365.0 * deep.soil.diffusivity_m2_d / math.pi)
    day = np.arange(library.n_steps) * library.step_s / DAY_S

    def kusuda(z: float, at_day: np.ndarray) -> np.ndarray:
        wave = np.cos(2.0 * np.pi * (at_day - 20.0) / 365.0 - z / damping)
        return np.asarray(10.0 - 12.0 * math.exp(-z / damping) * wave)

    values = library.values.copy()
    mean_depth = sum(depths) / 3.0
    values[:, :, library.column("ground_temp_c")] = kusuda(mean_depth, day)
    known = dataclasses.replace(library, values=values)
    for start_day in (0, 80, 170, 260, 364):
        simulation = start(deep, known, (start_day,))
        simulation.advance(safe_points(simulation), 1)
        (work,) = simulation._work
        for ground, z in zip(work.ground, sorted(depths), strict=True):
            expected = float(kusuda(z, np.array([float(start_day)]))[0])
            assert ground == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("name", SMALL)
def test_winter_pipes_lose_less_the_deeper_they_lie(name: str) -> None:
    losses = []
    for depth in (0.6, 2.5):
        district = plant(name)
        pipes = tuple(p.model_copy(update={"burial_depth_m": depth}) for p in district.pipes)
        simulation = start(district.model_copy(update={"pipes": pipes}), scenarios(name), (20,))
        got = _Reader(simulation, _hold(simulation, safe_points(simulation), STEPS_PER_DAY))
        losses.append(sum(got(f"{c.name}.loss_kw").sum() for c in district.circuits))
    assert losses[1] < losses[0]
