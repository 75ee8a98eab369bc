"""Who is logged in. Sessions live in memory: a restart ends them all."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_SESSIONS: Final = 200


@dataclass(slots=True)
class Session:
    """One log-in.

    Attributes:
        user: Who.
        mark: Of the password that began it; another password ends it.
        csrf: What a page has to send along with every change.
        began_s: Monotonic real time, s.
        used_s: Last request, same clock.
    """

    user: str
    mark: str
    csrf: str
    began_s: float
    used_s: float


class Sessions:
    """Sessions by a random token, of which only the hash is kept.

    Args:
        idle_s: Real seconds without a request that end one.
        longest_s: Real seconds after which it ends anyway.
        clock: Monotonic real time, s.
    """

    def __init__(self, *, idle_s: float, longest_s: float, clock: Callable[[], float]) -> None:
        self._idle_s = idle_s
        self._longest_s = longest_s
        self._clock = clock
        self._sessions: dict[bytes, Session] = {}

    def begin(self, user: str, mark: str) -> tuple[str, Session]:
        """Begin a session and return its token, which is nowhere kept, and the session."""
        now_s = self._clock()
        self._drop_ended(now_s)
        if len(self._sessions) >= MOST_SESSIONS:
            oldest = min(self._sessions, key=lambda key: self._sessions[key].used_s)
            del self._sessions[oldest]
        token = secrets.token_urlsafe(32)
        session = Session(user, mark, secrets.token_urlsafe(32), now_s, now_s)
        self._sessions[_key(token)] = session
        return token, session

    def find(self, token: str) -> Session | None:
        """The session of a token, if it lives; counts as use."""
        key, now_s = _key(token), self._clock()
        # Found by the token's hash: how long the look-up takes says nothing about the token.
        session = self._sessions.get(key)
        if session is None:
            return None
        if not self._lives(session, now_s):
            del self._sessions[key]
            return None
        session.used_s = now_s
        return session

    def end(self, token: str) -> None:
        """End a session."""
        self._sessions.pop(_key(token), None)

    def _lives(self, session: Session, now_s: float) -> bool:
        young = now_s - session.began_s <= self._longest_s
        return young and now_s - session.used_s <= self._idle_s

    def _drop_ended(self, now_s: float) -> None:
        self._sessions = {k: s for k, s in self._sessions.items() if self._lives(s, now_s)}


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
