"""A plant of sums and sines: what a batch does with a plant, without the physics."""

from collections.abc import Mapping

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.set_points import set_point_names
from heatrouter.envs.simulation.outputs import output_layout
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task

DT = 900

NAMES = set_point_names(load_district("energy-web"))


class ArithmeticPlant:
    """Outputs that depend on scenario, time, seed and all past set-points of each environment."""

    def __init__(
        self,
        district: District,
        library: ScenarioLibrary,
        num_envs: int,
        names: tuple[str, ...] = NAMES,
    ) -> None:
        self.columns = dict(output_layout(district).columns)
        self.set_point_names = names
        self.time_s: IntArray = np.zeros(num_envs, dtype=np.int64)
        self.scenario: IntArray = np.zeros(num_envs, dtype=np.int64)
        self.memory = np.zeros((num_envs, len(names)))
        self._library = library
        self._contract = build_contract(district, load_task("energy-web"))
        site = [name for name in self.columns if name.startswith("site.")]
        self._site_at = np.array([self.columns[name] for name in site])
        self._series_at = np.array([library.column(name.removeprefix("site.")) for name in site])

    def reset(self, envs: IntArray, scenario: IntArray, start_s: IntArray, seeds: IntArray) -> None:
        self.time_s[envs] = start_s
        self.scenario[envs] = scenario
        for e, seed in zip(envs, seeds, strict=True):
            self.memory[e] = np.random.default_rng(int(seed)).random(self.memory.shape[1])

    def advance(self, set_points: FloatArray, sub_steps: int) -> FloatArray:
        assert sub_steps == DT // 60
        self.memory = 0.9 * self.memory + 0.1 * set_points
        num_envs, n_columns = self.time_s.size, len(self.columns)
        waves = np.sin(np.arange(n_columns) + self.time_s[:, np.newaxis] / 7200.0)
        outputs: FloatArray = (
            100.0 * (1.0 + waves) * (1.0 + self.memory.mean(axis=1, keepdims=True))
        )
        for channel in self._contract.observation:
            if channel.source == "measured":
                share = 0.5 + 0.4 * waves[:, self.columns[channel.name]]
                value = channel.low + (channel.high - channel.low) * share
                outputs[:, self.columns[channel.name]] = value
        step = self.time_s // self._library.step_s % self._library.values.shape[1]
        exogenous = self._library.values[self.scenario, step]
        outputs[:, self._site_at] = exogenous[:, self._series_at]
        self.time_s = self.time_s + DT
        assert outputs.shape == (num_envs, n_columns)
        return outputs

    def save_state(self) -> dict[str, np.ndarray]:
        return {
            "time_s": self.time_s.copy(),
            "scenario": self.scenario.copy(),
            "memory": self.memory.copy(),
        }

    def restore_state(self, saved: Mapping[str, np.ndarray], envs: IntArray | None = None) -> None:
        rows = slice(None) if envs is None else envs
        for name in ("time_s", "scenario", "memory"):
            own: np.ndarray = getattr(self, name)
            own[rows] = saved[name]
