"""How the cost of a sub-step grows with the number of pipes, on generated cities.

A city is a tree of streets with a ring for about every 200 pairs of pipes, a substation at every
third location, and a tank, a boiler and a source of waste heat at its root; pipes are sized for
their load. Times are CPU times of one environment under held set-points on winter days.
"""

import time

import numpy as np
from measure import Figure, Measurement, measure_cpu, smoke
from rich.console import Console
from rich.table import Table

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.set_points import plant_set_points
from heatrouter.envs.simulation.outputs import SITE_SERIES
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.consumer_units import Substation
from heatrouter.envs.spec.district import District

PAIRS = (10, 30, 100, 300, 1000, 3000, 10_000)
SUB_STEPS = 15
WARM_UP_CALLS = 20
PIPE_UPDATES_AT_ONCE = 3_000_000
MOST_EXPONENT = 1.1
PAIRS_PER_RING = 200
QUARTER = 100
"""Places apart, at most, of the two that a ring joins."""

DAYS = 4
DIAMETERS_M = (0.022, 0.029, 0.037, 0.043, 0.054, 0.070, 0.083, 0.107, 0.132, 0.160, 0.210, 0.263,
               0.313, 0.398, 0.495, 0.600, 0.800, 1.000)  # fmt: skip


def main() -> list[Measurement | Figure]:
    sizes = PAIRS[:3] if smoke() else PAIRS
    steps, builds, rows = [], [], []
    for pairs in sizes:
        district, library = city(pairs)
        begin = time.process_time()
        simulation = Simulation(district, library, num_envs=1, threads=1)
        builds.append(max(time.process_time() - begin, 1e-9))
        steps.append(_sub_step(simulation, pairs))
        held = sum(array.nbytes for array in simulation.save_state().values())
        rows.append((pairs, simulation, held))
    updates = [2 * pairs / step.best_s for pairs, step in zip(sizes, steps, strict=True)]
    _show(sizes, steps, builds, updates, [held for *_, held in rows])
    pairs, _, held = rows[-1]
    return [
        *steps,
        Figure("sub-step over pipes, fitted exponent", _exponent(sizes, steps)),
        Figure(
            f"sub-step over pipes, exponent from {sizes[-3]} pairs up",
            _exponent(sizes[-3:], steps[-3:]),
        ),
        Figure(
            "sub-step over pipes, room below an exponent of 1.1",
            MOST_EXPONENT - _exponent(sizes, steps),
            least=0.0,
        ),
        Figure(f"pipe updates per CPU second, {pairs} pairs", updates[-1], "1/s"),
        Figure(f"build of a simulation, {pairs} pairs", builds[-1], "s"),
        Figure(f"state, bytes per environment, {pairs} pairs", float(held), "B"),
        Figure(f"state, bytes per pipe, {pairs} pairs", held / (2 * pairs), "B"),
    ]


def _sub_step(simulation: Simulation, pairs: int) -> Measurement:
    simulation.reset(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64),
                     np.zeros(1, np.int64))  # fmt: skip
    points = np.array([[p.safe for p in plant_set_points(simulation.district)]])
    calls = 1 if smoke() else max(PIPE_UPDATES_AT_ONCE // (2 * pairs * SUB_STEPS), 2)

    def run() -> None:
        for _ in range(calls):
            simulation.advance(points, SUB_STEPS)

    for _ in range(1 if smoke() else WARM_UP_CALLS):
        simulation.advance(points, SUB_STEPS)
    return measure_cpu(f"sub-step, {pairs} pairs of pipes", run, calls=calls * SUB_STEPS, repeats=7)


def _exponent(sizes: tuple[int, ...], steps: list[Measurement]) -> float:
    return float(np.polyfit(np.log(sizes), np.log([s.best_s for s in steps]), 1)[0])


def _show(
    sizes: tuple[int, ...],
    steps: list[Measurement],
    builds: list[float],
    updates: list[float],
    held: list[int],
) -> None:
    table = Table("pairs of pipes", "sub-step", "ns per pipe", "pipe updates/s", "build", "state")
    for pairs, step, build, rate, size in zip(sizes, steps, builds, updates, held, strict=True):
        table.add_row(
            str(pairs), f"{step.best_s * 1e6:.1f} µs", f"{step.best_s / (2 * pairs) * 1e9:.0f}",
            f"{rate / 1e6:.2f} M", f"{build:.3f} s", f"{size / 1024:.0f} KiB",
        )  # fmt: skip
    Console().print(table)


def city(pairs: int) -> tuple[District, ScenarioLibrary]:
    """A district of so many pairs of pipes and a few winter days for it."""
    rng = np.random.default_rng(pairs)
    rings = pairs // PAIRS_PER_RING
    n_loc = pairs - rings + 1
    parent = [int(rng.integers(max(i - max(12, i // 4), 0), i)) for i in range(1, n_loc)]
    ends = [(a, i + 1) for i, a in enumerate(parent)]
    # a ring joins two places of about the same distance from the root
    first = rng.integers(1, max(n_loc - QUARTER, 2), size=rings)
    ends += [(int(a), int(a + rng.integers(1, QUARTER))) for a in first]
    drawn = np.zeros(n_loc)
    homes = np.arange(1, n_loc)[:: 3 if n_loc > 4 else 1]
    kw = rng.uniform(20.0, 120.0, homes.size)
    drawn[homes] = kw / (4.19 * 36.0)
    for i in range(n_loc - 1, 0, -1):
        drawn[parent[i - 1]] += drawn[i]
    widest = [drawn[b] for _, b in ends[: n_loc - 1]]
    widest += [min(drawn[a], drawn[b]) for a, b in ends[n_loc - 1 :]]
    length = rng.uniform(10.0, 60.0, pairs)
    units = _plant(float(kw.sum()))
    units += [_home(int(i), float(q)) for i, q in zip(homes, kw, strict=True)]
    district = District.model_validate(
        {
            "name": f"city-{pairs}",
            "title": "City",
            "description": "Generated for a benchmark.",
            "hypothetical": True,
            "site": {
                "latitude_deg": 48.2,
                "longitude_deg": 12.5,
                "timezone": "Europe/Berlin",
                "test_reference_region": 13,
            },
            "soil": {},
            "grid": {"electricity_fee_eur_per_mwh": 75.0, "gas_fee_eur_per_mwh": 8.0},
            "circuits": [
                {
                    "name": "main",
                    "root": "p0",
                    "locations": [f"p{i}" for i in range(n_loc)],
                    "dp_control": {"min_dp_bar": 0.5, "max_head_bar": 30.0},
                    "balancing": ["tank", "boiler"],
                    "supply_temp_min_c": 65.0,
                    "supply_temp_max_c": 90.0,
                }
            ],
            "locations": [
                {"name": f"p{i}", "x_m": float(i % 100), "y_m": float(i // 100)}
                for i in range(n_loc)
            ],
            "pipe_series": [
                {
                    "name": f"d{k}",
                    "inner_diameter_m": d,
                    "wall_thickness_m": 0.003 + 0.005 * d,
                    "casing_diameter_m": d + 0.12,
                }
                for k, d in enumerate(DIAMETERS_M)
            ],
            "pipes": [
                {
                    "name": f"s{k}",
                    "from_location": f"p{a}",
                    "to_location": f"p{b}",
                    "length_m": float(length[k]),
                    "series": f"d{_size(widest[k])}",
                    "axis_distance_m": 1.4,
                    "burial_depth_m": 1.2,
                }
                for k, (a, b) in enumerate(ends)
            ],
            "units": units,
        }
    )
    return district, _winter_days(district)


def _size(flow_kg_s: float) -> int:
    """The series in which ``flow_kg_s`` falls about 100 Pa/m at f = 0.02."""
    wanted = (8.0 * 0.02 * flow_kg_s**2 / (np.pi**2 * 983.0 * 100.0)) ** 0.2
    return min(int(np.searchsorted(DIAMETERS_M, wanted)), len(DIAMETERS_M) - 1)


def _plant(kw: float) -> list[dict[str, object]]:
    flow = 1.2 * kw / (4.19 * 40.0)
    common = {"location": "p0", "sizing": "hypothetical"}
    return [
        {
            "kind": "waste_heat_source", "name": "source", "stream_temp_c": 160.0,
            "stream_capacity_kw_k": kw / 200.0, "min_exhaust_temp_c": 70.0,
            "reference_temp_c": 30.0, "exchanger_ua_kw_k": kw / 80.0, "max_mass_flow_kg_s": flow,
            "sink_power_ratio": 0.01, "production": {"idle_level": 1.0}, **common,
        },
        {
            "kind": "store", "name": "tank", "volume_m3": max(0.06 * kw, 20.0), "height_m": 20.0,
            "max_mass_flow_kg_s": max(0.06 * kw, 20.0) / 5.0, "full_temp_c": 88.0,
            "empty_temp_c": 45.0, "layers": 12, **common,
        },
        {
            "kind": "boiler", "name": "boiler", "capacity_kw": 1.3 * kw, "max_mass_flow_kg_s": flow,
            "start_cost_eur": 10.0, **common,
        },
    ]  # fmt: skip


def _home(place: int, kw: float) -> dict[str, object]:
    return {
        "kind": "substation", "name": f"home{place}", "location": f"p{place}",
        "space_heat_design_kw": float(kw),
        "space_heat_exchanger": {
            "primary_supply_c": 82.0, "primary_return_c": 44.0, "secondary_supply_c": 65.0,
            "secondary_return_c": 40.0,
        },
        "hot_water_annual_mwh": float(kw) * 0.6,
        "hot_water_exchanger": {
            "primary_supply_c": 68.0, "primary_return_c": 32.0, "secondary_supply_c": 60.0,
            "secondary_return_c": 22.0,
        },
        "buildings": {},
        "sizing": "hypothetical",
    }  # fmt: skip


def _winter_days(district: District) -> ScenarioLibrary:
    """Cold days with a morning and an evening, the same for every home but in size."""
    steps = DAYS * 96
    hour = (np.arange(steps) * 0.25) % 24.0
    wave = np.sin(2.0 * np.pi * (hour - 9.0) / 24.0)
    columns = {
        "ambient_temp_c": 1.0 + 4.0 * wave,
        "ground_temp_c": np.full(steps, 7.0),
        "irradiance_w_m2": np.maximum(250.0 * wave, 0.0),
        "wind_speed_m_s": 3.0 + wave,
        "electricity_eur_per_mwh": 80.0 + 30.0 * wave,
        "gas_eur_per_mwh": np.full(steps, 35.0),
        "co2_eur_per_t": np.full(steps, 70.0),
        "carbon_intensity_g_per_kwh": np.full(steps, 380.0),
        "local_hour": hour,
        "weekday": (np.arange(steps) // 96) % 7.0,
        "day_of_year": 15.0 + np.arange(steps) // 96,
    }
    draw = 0.5 * (1.0 + 0.9 * np.cos(2.0 * np.pi * (hour - 7.0) / 12.0))
    series = {name: columns[name] for name in SITE_SERIES}
    series["source.level"] = np.full(steps, 1.0)
    for unit in district.units:
        if isinstance(unit, Substation):
            series[f"{unit.name}.hot_water_kw"] = unit.hot_water_annual_mwh / 8.76 * draw
    values = np.stack([*series.values()], axis=1)[None].astype(np.float64)
    return ScenarioLibrary(
        names=("winter",), split="train", series=tuple(series), step_s=900,
        start_utc=("2023-01-15T00:00:00+00:00",), values=values, provenance=({},),
    )  # fmt: skip
