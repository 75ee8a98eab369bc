"""Faults between the sensors and whoever reads them: bias, freeze, drop-out, delay.

What is wrong when is a function of scenario and step; what a frozen or late channel shows is a
reading of the past, which is the only state here. A reading that is missing is replaced by the last
one that there was and marked as invalid, as the control service does.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.spec.events import (
    CommunicationDelay,
    SensorBias,
    SensorEvent,
    SensorFreeze,
)

_BIAS, _FREEZE, _DROPOUT, _DELAY = range(4)
_SECONDS_PER_DAY = 86400.0
_SECONDS_PER_HOUR = 3600.0


class SensorFaults:
    """The faults of a batch of environments and the readings that they need.

    Args:
        contract: Names the channels; only measured ones can fail.
        events: For each scenario of the library its faults.
        num_envs: Number of environments.

    Raises:
        ScenarioError: A channel that the contract does not measure; every mistake with its path.
    """

    def __init__(
        self, contract: Contract, events: Sequence[Sequence[SensorEvent]], num_envs: int
    ) -> None:
        names = [channel.name for channel in contract.observation]
        self._measured = np.flatnonzero(
            [channel.source == "measured" for channel in contract.observation]
        )
        measured = [names[i] for i in self._measured]
        table, masks = _table(contract, events, measured)
        self._scenario, self._kind = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
        self._begin_s, self._end_s, self._value = table[:, 2], table[:, 3], table[:, 4]
        self._masks = masks
        late = self._value[self._kind == _DELAY]
        depth = 1 + int(late.max(initial=0.0))
        # newest first: the true readings of the last steps, and what was shown last
        self._past = np.zeros((depth, num_envs, len(measured)))
        self._shown = np.zeros((num_envs, len(measured)))

    def begin(self, envs: IntArray, raw: FloatArray) -> None:
        """Start anew: the present readings, ``(len(envs), n_obs)``, stand for the past."""
        self._past[:, envs] = raw[:, self._measured]
        self._shown[envs] = raw[:, self._measured]

    def apply(self, raw: FloatArray, scenario: IntArray, time_s: IntArray) -> BoolArray:
        """Write what the sensors show over true readings, and tell which are valid.

        Args:
            raw: True readings where the observation has them, ``(num_envs, n_obs)``; written over.
            scenario: Scenario of each environment, ``(num_envs,)``.
            time_s: Seconds since its step 0, ``(num_envs,)``.

        Returns:
            Whether each channel is valid, ``(num_envs, n_obs)``. No value is NaN.
        """
        valid = np.ones(raw.shape, dtype=np.bool_)
        self._past = np.roll(self._past, 1, axis=0)
        self._past[0] = raw[:, self._measured]
        shown = self._past[0].copy()
        now = time_s[:, np.newaxis]
        active = (
            (self._scenario == scenario[:, np.newaxis])
            & (now > self._begin_s)
            & (now <= self._end_s)
        )
        # late first, then wrong, then stuck or gone: what is stuck stays so
        for kind in (_DELAY, _BIAS, _FREEZE, _DROPOUT):
            for env, fault in zip(*np.nonzero(active & (self._kind == kind)), strict=True):
                at = self._masks[fault]
                if kind == _DELAY:
                    shown[env, at] = self._past[int(self._value[fault]), env, at]
                elif kind == _BIAS:
                    shown[env, at] += self._value[fault]
                else:
                    shown[env, at] = self._shown[env, at]
                if kind == _DROPOUT:
                    valid[env, self._measured[at]] = False
        self._shown = shown
        raw[:, self._measured] = shown
        return valid

    def save_state(self) -> dict[str, np.ndarray]:
        """Everything that later readings depend on, as fresh arrays."""
        return {"past": self._past.copy(), "shown": self._shown.copy()}

    def restore_state(self, saved: Mapping[str, np.ndarray]) -> None:
        """Go back to a saved state, exactly."""
        self._past = np.array(saved["past"])
        self._shown = np.array(saved["shown"])


def _table(
    contract: Contract, events: Sequence[Sequence[SensorEvent]], measured: list[str]
) -> tuple[FloatArray, list[IntArray]]:
    """Scenario, kind, begin, end and value of every fault, and the channels of each."""
    rows: list[list[float]] = []
    masks: list[IntArray] = []
    mistakes = []
    for scenario, own in enumerate(events):
        for i, event in enumerate(own):
            unknown = [name for name in event.channels if name not in measured]
            for name in unknown:
                message = f"{name!r} is no measured channel; there are: {', '.join(measured)}"
                mistakes.append(Mistake(f"scenario {scenario}, sensor event {i}", message))
            # whole seconds, as the clock has: a begin that is a step is that very step
            begin_s = round((event.from_day - 1.0) * _SECONDS_PER_DAY)
            end_s = begin_s + round(event.hours * _SECONDS_PER_HOUR)
            kind, value = _DROPOUT, 0.0
            if isinstance(event, SensorBias):
                kind, value = _BIAS, event.bias
            elif isinstance(event, SensorFreeze):
                kind = _FREEZE
            elif isinstance(event, CommunicationDelay):
                kind, value = _DELAY, float(math.ceil(event.delay_s / contract.control_dt_s))
            rows.append([scenario, kind, begin_s, end_s, value])
            chosen = event.channels or tuple(measured)
            masks.append(np.array([measured.index(n) for n in chosen if n in measured], np.int64))
    if mistakes:
        subject = "faults of sensors"
        raise ScenarioError(subject, mistakes)
    return np.array(rows, dtype=np.float64).reshape(-1, 5), masks
