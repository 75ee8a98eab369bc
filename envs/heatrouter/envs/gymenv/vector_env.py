"""Many environments of one district in one batch, as a Gymnasium vector environment."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from heatrouter.envs.actuate import ActionScaling
from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray
from heatrouter.envs.gymenv.building import (
    action_space,
    build_batch,
    observation_space,
    start_from_options,
)
from heatrouter.envs.gymenv.district_env import DEFAULT_SCENARIOS
from heatrouter.envs.objective import TERMS
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task


class DistrictVectorEnv(VectorEnv[Float32Array, Float32Array, FloatArray]):
    """Steps ``num_envs`` environments in one compiled call; spaces, rewards and ends as one's.

    Autoreset is SAME_STEP: where an episode ends, the observation is the first of the next one,
    and ``info["final_obs"]`` and ``info["final_info"]`` hold the last of the ended one. The first
    episodes after :meth:`reset` have random lengths, so that ends are spread over time. Every
    array that is returned is fresh.

    Args:
        num_envs: Number of environments.
        district: The description, a preset's name, or a YAML file.
        task: The task, a preset's name, or a YAML file.
        library: Scenarios; None generates ``scenarios`` years of ``split``.
        split: ``train``, ``validation`` or ``test``.
        scenarios: Number of generated years.
        scenario_seed: Of the generated years and of the first starts.
        render_mode: ``rgb_array`` (the first environment), or None.

    Raises:
        ConfigError: Something in the files is wrong; the message names all mistakes.
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # an instance variable upstream
        "render_modes": ["rgb_array"],
        "render_fps": 4,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        district: District | str | Path = "energy-web",
        task: Task | str | Path = "energy-web",
        library: ScenarioLibrary | None = None,
        *,
        split: Split = "train",
        scenarios: int = DEFAULT_SCENARIOS,
        scenario_seed: int = 0,
        render_mode: str | None = None,
    ) -> None:
        self.batch = build_batch(
            district,
            task,
            library,
            split=split,
            scenarios=scenarios,
            num_envs=num_envs,
            seed=scenario_seed,
        )
        self.contract = self.batch.contract
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.single_observation_space = observation_space(self.contract)
        self.single_action_space = action_space(self.contract)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._scaling = ActionScaling.from_contract(self.contract)
        self._term_sums = np.zeros((num_envs, len(TERMS)))
        self._outputs: FloatArray | None = None

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Float32Array, dict[str, Any]]:
        """Start all episodes; equal seeds give equal ones, also after their ends."""
        if isinstance(seed, list):
            known = [0 if part is None else part for part in seed]
            seed = int(np.random.SeedSequence(known).generate_state(1)[0])
        super().reset(seed=seed)
        start = start_from_options(options, self.batch.library, self.num_envs)
        observation = self.batch.reset(seed)
        if start is not None:
            observation = self.batch.reset_to(*start)
        self._term_sums = np.zeros((self.num_envs, len(TERMS)))
        self._outputs = None
        return observation, {}

    def step(  # type: ignore[override]  # upstream has one array type for rewards and ends
        self, actions: Float32Array
    ) -> tuple[Float32Array, FloatArray, BoolArray, BoolArray, dict[str, Any]]:
        """Run one control step of every environment."""
        physical = self._scaling.denormalise(np.asarray(actions, dtype=np.float64))
        step = self.batch.step(physical)
        self._outputs = step.outputs[0]
        self._term_sums += step.term_values
        info: dict[str, Any] = {}
        if np.count_nonzero(step.truncated):
            info = self._final_info(step.truncated, step.final_observation)
        terminated = np.zeros(self.num_envs, dtype=np.bool_)
        return step.observation, step.reward, terminated, step.truncated, info

    def render(self) -> tuple[Any, ...] | None:
        """Picture of the first environment, alone in a tuple; None without a render mode."""
        if self.render_mode is None:
            return None
        from heatrouter.envs.drawing import draw_district, to_rgb_array

        outputs = None
        if self._outputs is not None:
            outputs = {name: float(self._outputs[i]) for name, i in self.batch.columns.items()}
        return (to_rgb_array(draw_district(self.batch.district, outputs)),)

    def _final_info(self, ended: BoolArray, final: Float32Array) -> dict[str, Any]:
        """Last observations and episode sums, in Gymnasium's layout with its masks."""
        observations = np.full(self.num_envs, None, dtype=object)
        for env in np.flatnonzero(ended):
            observations[env] = final[env].copy()
        sums: dict[str, Any] = {}
        for name, total in zip(TERMS, self._term_sums.T, strict=True):
            sums[name] = np.where(ended, total, 0.0)
            sums[f"_{name}"] = ended.copy()
        self._term_sums[ended] = 0.0
        return {
            "final_obs": observations,
            "_final_obs": ended.copy(),
            "final_info": {"episode_terms": sums, "_episode_terms": ended.copy()},
            "_final_info": ended.copy(),
        }
