"""Gymnasium's docstring sections: those that read the same for every preset are written here."""

import inspect
from collections.abc import Callable, Iterable
from typing import TypeVar

import gymnasium

EnvT = TypeVar("EnvT", bound=type[gymnasium.Env])

ActionRow = tuple[str, str, str, str]
"""What an entry of the action means, its least and its most, and its unit."""

_ACTION_SPACE = """\
## Action Space
A ``Box(-1, 1)`` of float32; -1, 0 and 1 mean the channel's low, neutral and high value.

| Num | Action | Min | Max | Unit |
|-----|--------|-----|-----|------|
"""

_SHARED = """\
## Observation Space
A ``Box`` of float32, one entry per channel of ``env.unwrapped.contract.observation``, as in
:class:`.DistrictEnv`.

## Rewards
Minus the cost of the control step in EUR, as in :class:`.DistrictEnv`.

## Starting State
A random step of a random scenario, after an hour of warm-up.

## Episode End
Never terminated; truncated after ``task.episode_hours``.

## Arguments
``gym.make("heatrouter.envs.gymenv:{name}-v0")``; arguments of :class:`.DistrictEnv`.

## Version History
- v0: first version."""


def prices(store: str) -> tuple[ActionRow, ...]:
    """Rows of a store whose price of heat depends on its level."""
    return tuple(
        (f"price of heat in the {state} {store}", "contract", "contract", "EUR/MWh")
        for state in ("empty", "full")
    )


def balancing(store: str) -> tuple[ActionRow, ...]:
    """Rows of a store that also balances its circuit."""
    return (*prices(store), (f"target level of the {store}", "0", "1", "1"))


def supply_offset(circuit: str = "") -> tuple[ActionRow]:
    """Row of a circuit; unnamed where there is one only."""
    whose = f"{circuit}'s " if circuit else ""
    return ((f"offset of the {whose}supply temperature", "-8", "8", "K"),)


def room_offset(block: str) -> tuple[ActionRow]:
    """Row of a greenhouse."""
    return ((f"set-point offset of the {block}", "-3", "3", "K"),)


def release(charges: str) -> tuple[ActionRow]:
    """Row of a batch process."""
    return ((f"release of {charges}", "0", "1", "1"),)


def described(*actions: Iterable[ActionRow]) -> Callable[[EnvT], EnvT]:
    """Add to an environment's summary and description the sections that follow from its actions.

    Args:
        actions: Rows of the action space, in the order of the contract.
    """
    rows = [row for part in actions for row in part]
    table = "\n".join(f"| {num} | {' | '.join(row)} |" for num, row in enumerate(rows))

    def complete(env: EnvT) -> EnvT:
        own = inspect.cleandoc(env.__doc__ or "")
        shared = _SHARED.format(name=env.__name__.removesuffix("Env"))
        env.__doc__ = f"{own}\n\n{_ACTION_SPACE}{table}\n\n{shared}\n"
        return env

    return complete
