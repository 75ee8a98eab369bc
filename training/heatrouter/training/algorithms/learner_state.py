"""Everything of a learner that its next rollout and update depend on, as plain data and tensors.

SB3 names the modules, optimisers and variables of every algorithm itself, for its own files; those
lack the last observations, the memory of SAC and TQC, and the generators of random numbers.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.save_util import recursive_getattr

_MEMORY: Final = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


def has_memory(model: BaseAlgorithm) -> bool:
    """Whether a learner keeps a memory of steps, too large to be copied after every rollout."""
    return isinstance(model, OffPolicyAlgorithm)


def learner_state(model: BaseAlgorithm) -> dict[str, Any]:
    """Copy the state of a learner; its memory, if it has one, is shared and not copied.

    Args:
        model: Between two rollouts.
    """
    assert isinstance(model._last_obs, np.ndarray)  # noqa: SLF001  # SB3 has no accessor
    assert model._last_episode_starts is not None  # noqa: SLF001
    modules, variables = model._get_torch_save_params()  # noqa: SLF001
    state = {
        "updates": model._n_updates,  # noqa: SLF001
        "modules": {
            name: cloned(recursive_getattr(model, name).state_dict()) for name in sorted(modules)
        },
        "variables": {name: getattr(model, name).detach().clone() for name in sorted(variables)},
        "last_observation": torch.from_numpy(model._last_obs.copy()),  # noqa: SLF001
        "last_starts": torch.from_numpy(model._last_episode_starts.copy()),  # noqa: SLF001
        "action_random": _generator_words(model.action_space.np_random),
    }
    if isinstance(model, OffPolicyAlgorithm):
        assert isinstance(model.replay_buffer, ReplayBuffer)
        state["memory"] = _memory_state(model.replay_buffer)
        state["episodes"] = model._episode_num  # noqa: SLF001
    return state


def restore_learner(model: BaseAlgorithm, state: Mapping[str, Any]) -> None:
    """Put back what :func:`learner_state` returned.

    Args:
        model: Made from the same configuration, not used yet.
        state: The state.
    """
    for name, content in state["modules"].items():
        recursive_getattr(model, name).load_state_dict(content)
    with torch.no_grad():
        for name, value in state["variables"].items():
            getattr(model, name).copy_(value)
    model._n_updates = state["updates"]  # noqa: SLF001  # SB3 has no accessor
    # With a last observation there, `learn` does not reset the environments.
    model._last_obs = state["last_observation"].numpy().copy()  # noqa: SLF001
    model._last_episode_starts = state["last_starts"].numpy().copy()  # noqa: SLF001
    _set_generator(model.action_space.np_random, state["action_random"])
    if isinstance(model, OffPolicyAlgorithm):
        assert isinstance(model.replay_buffer, ReplayBuffer)
        _restore_memory(model.replay_buffer, state["memory"])
        model._episode_num = state["episodes"]  # noqa: SLF001


def cloned(tree: Any) -> Any:  # noqa: ANN401  # a tree of tensors and plain data
    """Return an independent copy of a tree of tensors and plain data."""
    if isinstance(tree, torch.Tensor):
        return tree.detach().clone()
    if isinstance(tree, Mapping):
        return {key: cloned(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [cloned(value) for value in tree]
    return tree


def _memory_state(memory: ReplayBuffer) -> dict[str, Any]:
    rows = memory.buffer_size if memory.full else memory.pos
    arrays = {name: torch.from_numpy(getattr(memory, name)[:rows]) for name in _MEMORY}
    # A view's file would hold the whole array that it looks into.
    kept = {
        name: array if rows == memory.buffer_size else array.clone()
        for name, array in arrays.items()
    }
    return {"position": memory.pos, "full": memory.full, **kept}


def _restore_memory(memory: ReplayBuffer, state: Mapping[str, Any]) -> None:
    for name in _MEMORY:
        rows = state[name].numpy()
        getattr(memory, name)[: len(rows)] = rows
    memory.pos, memory.full = state["position"], state["full"]


def _generator_words(generator: np.random.Generator) -> dict[str, Any]:
    state = generator.bit_generator.state
    # As text: what reads checkpoints knows no whole numbers of 128 bits.
    return {
        "kind": state["bit_generator"],
        "state": {name: f"{value:x}" for name, value in state["state"].items()},
        "rest": {name: int(state[name]) for name in ("has_uint32", "uinteger")},
    }


def _set_generator(generator: np.random.Generator, words: Mapping[str, Any]) -> None:
    generator.bit_generator.state = {
        "bit_generator": words["kind"],
        "state": {name: int(value, 16) for name, value in words["state"].items()},
        **words["rest"],
    }
