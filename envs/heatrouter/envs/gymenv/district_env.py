"""One district as a Gymnasium environment: glue over a batch of one."""

from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt

from heatrouter.envs.actuate import ActionScaling
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.gymenv.building import (
    action_space,
    build_batch,
    observation_space,
    start_from_options,
)
from heatrouter.envs.gymenv.window import Window
from heatrouter.envs.objective import TERMS
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

DEFAULT_SCENARIOS = 4
"""Generated years of an environment that gets no library; about 0.2 s each."""


class DistrictEnv(gymnasium.Env[Float32Array, Float32Array]):
    """Run a district heat network so that waste heat replaces gas, at the least cost.

    ## Description
    Factories give waste heat, a town and greenhouses take it, a tank, heat pumps, engines and
    boilers balance. Which unit runs when depends on prices, weather, shifts and what the tank, the
    pipes and the buildings hold. Between the action and the plant stand the dispatch layer and the
    guard; demand is met as long as the plant can meet it, whatever the action.

    ## Action Space
    A ``Box(-1, 1)`` of float32, one entry per action channel of ``env.unwrapped.contract.action``:
    -1, 0 and 1 mean the channel's low, neutral and high value. With the parametrisation
    ``heat_price`` of the preset ``energy-web``:

    | Num | Action | Min | Max | Unit |
    |-----|--------|-----|-----|------|
    | 0 | price of heat in the empty tank | contract | contract | EUR/MWh |
    | 1 | price of heat in the full tank | contract | contract | EUR/MWh |
    | 2 | target level of the tank | 0 | 1 | 1 |
    | 3 | offset of the circuit's supply temperature from the heating curve | -8 | 8 | K |
    | 4 | set-point offset of the greenhouse | -3 | 3 | K |

    ## Observation Space
    A ``Box`` of float32 in physical units with the bounds of the contract, one entry per channel
    of ``env.unwrapped.contract.observation``: measured values, their history (15 to 120 min), the
    last executed set-points and dwell times, the clock, the tariff, and forecasts. Nothing that a
    control room could not know. There is no episode clock.

    ## Rewards
    Minus the cost of the control step in EUR: energy, CO2, wear, unmet demand, comfort, and the
    change of the value of stored heat. ``info`` is empty but at the end of an episode,
    where ``info["episode_terms"]`` holds every term of the cost, summed.

    ## Starting State
    A random step of a random scenario, after an hour of warm-up. ``reset(options={"scenario": i,
    "start_step": k})`` starts at a given one.

    ## Episode End
    Never terminated; truncated after ``task.episode_hours``.

    ## Arguments
    ```python
    import gymnasium as gym

    env = gym.make("heatrouter.envs.gymenv:EnergyWeb-v0", render_mode="rgb_array")
    observation, info = env.reset(seed=1)
    observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
    picture = env.render()
    ```

    ## Version History
    - v0: first version.

    Args:
        district: The description, a preset's name, or a YAML file; by default the class's preset.
        task: The task, a preset's name, or a YAML file; by default the class's preset.
        library: Scenarios; None generates ``scenarios`` years of ``split``.
        split: ``train``, ``validation`` or ``test``.
        scenarios: Number of generated years.
        scenario_seed: Of the generated years and of initial states.
        render_mode: ``human``, ``rgb_array``, or None.

    Raises:
        ConfigError: Something in the files is wrong; the message names all mistakes.
    """

    preset: ClassVar[str] = "energy-web"

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # an instance variable upstream
        "render_modes": ["human", "rgb_array"],
        "render_fps": 4,
    }

    def __init__(
        self,
        district: District | str | Path | None = None,
        task: Task | str | Path | None = None,
        library: ScenarioLibrary | None = None,
        *,
        split: Split = "train",
        scenarios: int = DEFAULT_SCENARIOS,
        scenario_seed: int = 0,
        render_mode: str | None = None,
    ) -> None:
        self.batch = build_batch(
            self.preset if district is None else district,
            self.preset if task is None else task,
            library,
            split=split,
            scenarios=scenarios,
            num_envs=1,
            seed=scenario_seed,
        )
        self.contract = self.batch.contract
        self.observation_space = observation_space(self.contract)
        self.action_space = action_space(self.contract)
        self.render_mode = render_mode
        self._scaling = ActionScaling.from_contract(self.contract)
        self._window: Window | None = None
        self._outputs: FloatArray | None = None
        self._term_sums = np.zeros(len(TERMS))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32Array, dict[str, Any]]:
        """Start an episode of full length; equal seeds give equal episodes."""
        super().reset(seed=seed)
        library = self.batch.library
        start = start_from_options(options, library, 1)
        if start is None:
            # Not the batch's own draw, whose first episodes are of random length.
            n_scenarios, n_steps = library.values.shape[:2]
            scenario = self.np_random.integers(n_scenarios, size=1)
            start = (scenario, self.np_random.integers(n_steps, size=1))
        observation = self.batch.reset_to(*start)
        self._outputs = None
        self._term_sums = np.zeros(len(TERMS))
        if self.render_mode == "human":
            self.render()
        return observation[0], {}

    def step(self, action: Float32Array) -> tuple[Float32Array, float, bool, bool, dict[str, Any]]:
        """Run one control step."""
        physical = self._scaling.denormalise(np.asarray(action, dtype=np.float64))
        step = self.batch.step(physical[np.newaxis])
        self._outputs = step.outputs[0]
        self._term_sums += step.term_values[0]
        truncated = step.truncated.item(0)
        info: dict[str, Any] = {}
        if truncated:
            info["episode_terms"] = dict(zip(TERMS, self._term_sums.tolist(), strict=True))
            self._term_sums[:] = 0.0
        if self.render_mode == "human":
            self.render()
        return step.final_observation[0], step.reward.item(0), False, truncated, info

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Draw the network: pipes by temperature and flow, units with their heat."""
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() needs a render_mode; make the environment with 'human' or 'rgb_array'"
            )
            return None
        from heatrouter.envs.drawing import draw_district, to_rgb_array

        outputs = None
        if self._outputs is not None:
            outputs = {name: float(self._outputs[i]) for name, i in self.batch.columns.items()}
        pixels = to_rgb_array(draw_district(self.batch.district, outputs))
        if self.render_mode == "rgb_array":
            return pixels
        if self._window is None:
            self._window = Window(self.batch.district.title)
        self._window.show(pixels)
        return None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()
            self._window = None
