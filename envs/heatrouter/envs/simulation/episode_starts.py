"""Where episodes start: each environment draws from its own stream of random numbers.

So what an environment meets depends on the seed and its number only, not on how many others there
are or when those end.
"""

import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import IntArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary

_WORD = (1 << 64) - 1
_SEED_LIMIT = 1 << 31


class EpisodeStarts:
    """Random scenarios, start steps and seeds.

    Args:
        library: The scenarios.
        episode_steps: Control steps of an episode.
        control_dt_s: Length of a control step, s.
        num_envs: Number of environments.
        seed: Of all streams.
        first_env: Number of the first environment, for batches that are parts of a larger one.

    Raises:
        ScenarioError: A scenario is shorter than an episode.
    """

    def __init__(
        self,
        library: ScenarioLibrary,
        *,
        episode_steps: int,
        control_dt_s: float,
        num_envs: int,
        seed: int,
        first_env: int = 0,
    ) -> None:
        n_scenarios, n_steps = library.values.shape[:2]
        needed = int(np.ceil(episode_steps * control_dt_s / library.step_s))
        if n_scenarios == 0 or needed > n_steps:
            message = (
                f"{library.split} scenarios: {n_scenarios} of {n_steps} steps, but an episode "
                f"takes {needed}; shorten episode_hours or give longer scenarios"
            )
            raise ScenarioError(message)
        self._n_scenarios = n_scenarios
        self._n_starts = n_steps - needed + 1
        self._episode_steps = episode_steps
        self._first_env = first_env
        self._num_envs = num_envs
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Begin all streams anew."""
        self._seed = seed
        self._streams = [
            np.random.Generator(
                np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(self._first_env + e,)))
            )
            for e in range(self._num_envs)
        ]

    def draw(self, envs: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Scenario, start step and seed of the next episode of some environments."""
        drawn = np.empty((3, len(envs)), dtype=np.int64)
        for i, e in enumerate(envs):
            stream = self._streams[e]
            drawn[0, i] = stream.integers(self._n_scenarios)
            drawn[1, i] = stream.integers(self._n_starts)
            drawn[2, i] = stream.integers(_SEED_LIMIT)
        return drawn[0], drawn[1], drawn[2]

    def stagger(self) -> IntArray:
        """Length of every environment's first episode, at random so that ends are spread out."""
        return np.array(
            [stream.integers(1, self._episode_steps + 1) for stream in self._streams],
            dtype=np.int64,
        )

    def seeds_of(self, scenario: IntArray, start_step: IntArray) -> IntArray:
        """Seeds of given starts: equal starts are equal in every environment and every time."""
        return np.array(
            [
                np.random.SeedSequence((self._seed, int(s), int(t))).generate_state(1)[0]
                % _SEED_LIMIT
                for s, t in zip(scenario, start_step, strict=True)
            ],
            dtype=np.int64,
        )

    def save_state(self) -> npt.NDArray[np.uint64]:
        """State of all streams, shape ``(num_envs, 6)``."""
        saved = np.empty((self._num_envs, 6), dtype=np.uint64)
        for row, stream in zip(saved, self._streams, strict=True):
            state = stream.bit_generator.state
            wide = (state["state"]["state"], state["state"]["inc"])
            row[:4] = [part for number in wide for part in (number >> 64, number & _WORD)]
            row[4:] = state["has_uint32"], state["uinteger"]
        return saved

    def restore_state(self, saved: npt.NDArray[np.uint64]) -> None:
        """Go back to saved streams."""
        for row, stream in zip(saved, self._streams, strict=True):
            words = [int(word) for word in row]
            stream.bit_generator.state = {
                "bit_generator": "PCG64",
                "state": {"state": words[0] << 64 | words[1], "inc": words[2] << 64 | words[3]},
                "has_uint32": words[4],
                "uinteger": words[5],
            }
