"""Plants of the simulation tests, their scenarios, and set-points anywhere in their ranges."""

from functools import cache
from typing import TypeVar

import numpy as np
from tests.envs import small_districts
from tests.envs.two_circuit_districts import two_circuits_with_exchanger

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.set_points import PlantSetPoint, plant_set_points
from heatrouter.envs.simulation.simulation import Simulation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, preset_names

T = TypeVar("T")

DAY_S = 86400
SUB_STEPS = 15
STEPS_PER_DAY = 96
SEASONS = (12, 105, 196, 300)

COMMANDED = "two_circuits_with_exchanger, commanded"
SMALL = (*small_districts.SMALL_DISTRICTS, COMMANDED)
"""Every kind of unit is in one of them."""

PLANTS = (*preset_names(), *SMALL)


@cache
def plant(name: str) -> District:
    """A preset or a small district."""
    if name == COMMANDED:
        return two_circuits_with_exchanger(commanded=True)
    if name in small_districts.SMALL_DISTRICTS:
        return small_districts.SMALL_DISTRICTS[name]()
    return load_district(name)


def unit(name: str, unit_name: str, kind: type[T]) -> T:
    """A unit of a plant, which must be of that kind."""
    found = plant(name).unit(unit_name)
    assert isinstance(found, kind)
    return found


@cache
def scenarios(name: str) -> ScenarioLibrary:
    """A year for a preset or small district."""
    return build_library(plant(name), "train", 1)


def start(
    district: District,
    library: ScenarioLibrary,
    days: tuple[int, ...] = SEASONS,
    threads: int | None = 1,
) -> Simulation:
    """One environment per day of the year."""
    n = len(days)
    simulation = Simulation(district, library, num_envs=n, threads=threads)
    scenario = np.arange(n) % library.n_scenarios
    simulation.reset(np.arange(n), scenario, np.array(days) * DAY_S, 7 + np.array(days))
    return simulation


def start_plant(name: str, days: tuple[int, ...] = SEASONS) -> Simulation:
    """The same for a preset or small district."""
    return start(plant(name), scenarios(name), days)


def safe_points(simulation: Simulation) -> np.ndarray:
    """Every set-point at its safe value, one row per environment."""
    safe = [p.safe for p in plant_set_points(simulation.district)]
    return np.tile(safe, (simulation.num_envs, 1))


def with_points(simulation: Simulation, points: np.ndarray, **values: float) -> np.ndarray:
    """A copy with some set-points changed; dots in their names are written ``__``."""
    changed = points.copy()
    for name, value in values.items():
        changed[:, simulation.set_point_names.index(name.replace("__", "."))] = value
    return changed


def random_points(
    points: tuple[PlantSetPoint, ...], rng: np.random.Generator, rows: int
) -> np.ndarray:
    """Set-points anywhere in their ranges, each at one of its ends a third of the time."""
    low, high = (np.array([getattr(p, end) for p in points]) for end in ("low", "high"))
    share = rng.random((rows, len(points)))
    ends = rng.random(share.shape)
    share = np.where(ends < 1 / 6, 0.0, np.where(ends > 5 / 6, 1.0, share))
    return np.asarray(low + share * (high - low), dtype=np.float64)


def run_random(
    simulation: Simulation, seed: int, steps: int, every: int = 8
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (steps, num_envs, n_columns) and the set-points that were held."""
    rng = np.random.default_rng(seed)
    points = plant_set_points(simulation.district)
    outputs, held = [], []
    for step in range(steps):
        if step % every == 0:
            now = random_points(points, rng, simulation.num_envs)
        outputs.append(simulation.advance(now, SUB_STEPS))
        held.append(now)
    return np.array(outputs), np.array(held)
