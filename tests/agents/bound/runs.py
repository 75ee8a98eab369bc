"""Weeks of a district under controllers of every kind, and their bound."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np
from tests.envs.simulation.plants import plant, scenarios

from heatrouter.agents.bound.bound import WeekBounds
from heatrouter.agents.constant_price import ConstantPriceController
from heatrouter.agents.protocol import Controller
from heatrouter.agents.rollout import rollout
from heatrouter.agents.rules import RulesController
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.loading import load_task, preset_names
from heatrouter.envs.spec.task import Task

SEED = 5


class Wild:
    """Any action at all, held for a while."""

    name: Final = "wild"
    parametrisation: Final[Parametrisation] = "absolute"

    def __init__(self, seed: int, hold: int) -> None:
        self._random = np.random.default_rng(seed)
        self._hold = hold

    def reset(self, contract: Contract, num_envs: int) -> None:
        self._low = np.array([channel.low for channel in contract.action])
        self._high = np.array([channel.high for channel in contract.action])
        self._count, self._envs = 0, num_envs

    def act(self, observation: Float32Array) -> FloatArray:
        if self._count % self._hold == 0:
            share = self._random.uniform(size=(self._envs, self._low.size))
            # full ends are where limits are
            share = np.clip(1.6 * share - 0.3, 0.0, 1.0)
            self._action: FloatArray = self._low + share * (self._high - self._low)
        self._count += 1
        return self._action


def task_of(name: str) -> Task:
    """The task of a preset; for small districts that of energy-web."""
    return load_task(name if name in preset_names() else "energy-web")


@cache
def bounds(name: str, hours: float) -> WeekBounds:
    return WeekBounds(plant(name), task_of(name), scenarios(name), hours=hours, seed=SEED)


def run(
    name: str, controllers: Mapping[str, Controller], start_step: int, hours: float
) -> tuple[dict[str, int], dict[str, tuple[FloatArray, float]]]:
    """Outputs and cost of each controller."""
    weeks = {}
    columns: dict[str, int] = {}
    for label, controller in controllers.items():
        task = task_of(name).model_copy(update={"parametrisation": controller.parametrisation})
        batch = DistrictBatch(plant(name), task, scenarios(name), num_envs=1, seed=SEED)
        found = rollout(
            batch,
            controller,
            round(hours * 3600.0 / task.control_dt_s),
            starts=(np.zeros(1, dtype=np.int64), np.array([start_step])),
        )
        weeks[label] = (found.outputs[:, 0], float(found.cost_eur[0]))
        columns = dict(found.columns)
    return columns, weeks


def usual() -> dict[str, Controller]:
    return {
        "rules": RulesController(),
        "constant-price": ConstantPriceController(),
        "wild": Wild(3, 7),
    }
