"""Steps of the mode machine, as its tests take them."""

from collections.abc import Iterable

from heatrouter.deploy.modes import (
    Fault,
    Mode,
    ModeEvents,
    ModeSettings,
    ModeState,
    initial_state,
    next_mode,
)

SETTINGS = ModeSettings()

HOLD_OFF_S = 300.0  # restated: five clean minutes

QUIET = ModeEvents()


def faults(*names: Fault) -> ModeEvents:
    return ModeEvents(faults=frozenset(names))


def ask(mode: Mode) -> ModeEvents:
    return ModeEvents(request=mode)


def run(
    state: ModeState,
    events: Iterable[ModeEvents],
    *,
    start_s: float,
    tick_s: float = 1.0,
    settings: ModeSettings = SETTINGS,
) -> ModeState:
    """The state after some ticks, the first at ``start_s``."""
    for tick, happened in enumerate(events):
        state = next_mode(state, happened, start_s + tick * tick_s, settings)
    return state


def in_policy(now_s: float = 0.0) -> ModeState:
    state = next_mode(initial_state(now_s), ask(Mode.POLICY), now_s, SETTINGS)
    assert state.actual is Mode.POLICY
    return state
