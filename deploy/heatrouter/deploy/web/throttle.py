"""How often somebody may ask, and how often guess."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

KEYS_KEPT: Final = 10_000
"""Somebody with many addresses must not fill the memory: those not seen for longest go first."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_s: float


class RateLimit:
    """So many at once, and so many a second on the average, per key.

    Args:
        per_s: Refill.
        burst: How many at once.
        clock: Monotonic real time, s.
    """

    def __init__(self, *, per_s: float, burst: int, clock: Callable[[], float]) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Take one; 0 where that is allowed, else real seconds until it is."""
        now_s = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._burst, now_s))
        self._buckets.move_to_end(key)
        if len(self._buckets) > KEYS_KEPT:
            self._buckets.popitem(last=False)
        gained = (now_s - bucket.at_s) * self._per_s
        bucket.tokens, bucket.at_s = min(bucket.tokens + gained, self._burst), now_s
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            return 0.0
        return (1.0 - bucket.tokens) / self._per_s


@dataclass(slots=True)
class _Failures:
    count: int = 0
    locked_until_s: float = -math.inf
    last_s: float = -math.inf


class Lockout:
    """Wrong passwords lock a key out: for longer with every one more.

    Args:
        free: So many failures have no consequence.
        first_s: Real seconds of the first lock; each further failure doubles them.
        longest_s: But not beyond these; failures are forgotten after twice as long.
        clock: Monotonic real time, s.
    """

    def __init__(
        self, *, free: int, first_s: float, longest_s: float, clock: Callable[[], float]
    ) -> None:
        self._free = free
        self._first_s = first_s
        self._longest_s = longest_s
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """0 where a key may try, else real seconds until it may."""
        known = self._failures.get(key)
        return 0.0 if known is None else max(known.locked_until_s - self._clock(), 0.0)

    def failed(self, key: str) -> None:
        """Note a failure."""
        now_s = self._clock()
        known = self._failures.setdefault(key, _Failures())
        self._failures.move_to_end(key)
        if len(self._failures) > KEYS_KEPT:
            self._failures.popitem(last=False)
        if now_s - known.last_s > 2.0 * self._longest_s:
            known.count = 0
        known.count, known.last_s = known.count + 1, now_s
        beyond = known.count - self._free
        if beyond >= 0:
            lock_s = min(self._first_s * 2.0 ** min(beyond, 30), self._longest_s)
            known.locked_until_s = now_s + lock_s

    def succeeded(self, key: str) -> None:
        """Forget a key's failures."""
        self._failures.pop(key, None)
