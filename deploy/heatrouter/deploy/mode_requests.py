"""What people ask the service for: once with its start, then through its state folder."""

import logging

from heatrouter.deploy.config import ServiceConfig
from heatrouter.deploy.modes import Mode, ModeState
from heatrouter.deploy.service_journal import Journal, TickContext
from heatrouter.deploy.state_dir import ModeRequest, StateDir

_log = logging.getLogger(__name__)


class ModeRequests:
    """Requests for a mode, one a tick; what cannot be is answered here.

    Args:
        config: With the mode to start in.
        state_dir: Where later requests come from.
        journal: Takes the answers.
        has_policy: Whether there is a policy to ask for.
    """

    def __init__(
        self, config: ServiceConfig, state_dir: StateDir, journal: Journal, *, has_policy: bool
    ) -> None:
        self._state_dir = state_dir
        self._journal = journal
        self._has_policy = has_policy
        self._first: ModeRequest | None = _start_request(config)

    def take(self, tick: TickContext, state: ModeState) -> ModeRequest | None:
        """Take what is waiting, if the mode machine can make something of it."""
        waiting = self._first or self._state_dir.take_request()
        self._first = None
        if waiting is None:
            return None
        if isinstance(waiting, str):
            _log.warning("%s", waiting)
            return None
        refusal = self._refusal_of(waiting)
        if refusal is not None:
            self._journal.request_refused(tick, state, waiting, refusal)
            return None
        return waiting

    def _refusal_of(self, request: ModeRequest) -> str | None:
        if request.mode not in set(Mode):
            return f"{request.mode!r} is no mode"
        if request.mode == Mode.POLICY and not self._has_policy:
            return "this service runs without a policy"
        return None


def target_before_crash(state_dir: StateDir) -> Mode:
    """What a service that ended without saying so was asked for; OFF after a clean end."""
    status = state_dir.read_status()
    if status is None or not status.get("running"):
        return Mode.OFF
    target = status.get("target")
    return Mode(target) if isinstance(target, str) and target in set(Mode) else Mode.SHADOW


def _start_request(config: ServiceConfig) -> ModeRequest | None:
    mode = config.mode.upper()
    if mode == Mode.OFF:
        return None
    reason = "start, armed" if config.arm else "start"
    return ModeRequest(mode=mode, user=config.user, reason=reason)
