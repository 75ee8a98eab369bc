"""Which settings of a training a tuning changes, and how far."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from heatrouter.envs.errors import Mistake, TrainingConfigError
from heatrouter.training.config import TrainingConfig

_AXIS: Final = re.compile(r"^\s*([\w.]+)\s*=\s*([^:\s]+?)\.\.([^:\s]+?)(:log)?\s*$")


@dataclass(frozen=True, slots=True)
class PolicyAxis:
    """A setting that is searched.

    Attributes:
        key: As in ``--set``.
        low: Least value; whole numbers at both ends make a whole number.
        high: Largest value.
        log: Whether factors count, not differences.
    """

    key: str
    low: float | int
    high: float | int
    log: bool = False

    @property
    def distribution(self) -> BaseDistribution:
        """As Optuna takes it."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.log)
        return FloatDistribution(float(self.low), float(self.high), log=self.log)


_PPO: Final = (
    PolicyAxis("ppo.learning_rate", 5e-5, 3e-3, log=True),
    PolicyAxis("ppo.discount_h", 6.0, 60.0, log=True),
    PolicyAxis("ppo.gae_h", 3.0, 30.0, log=True),
    PolicyAxis("ppo.clip", 0.1, 0.3),
    PolicyAxis("ppo.epochs", 2, 8),
    PolicyAxis("ppo.target_kl", 0.005, 0.05, log=True),
    PolicyAxis("network.initial_std", 0.05, 0.4, log=True),
)


def _off_policy(section: str) -> tuple[PolicyAxis, ...]:
    return (
        PolicyAxis(f"{section}.learning_rate", 1e-4, 3e-3, log=True),
        PolicyAxis(f"{section}.discount_h", 6.0, 60.0, log=True),
        PolicyAxis(f"{section}.updates", 24, 384, log=True),
        PolicyAxis(f"{section}.target_updates", 50.0, 1000.0, log=True),
        PolicyAxis(f"{section}.entropy_weight_start", 0.005, 0.5, log=True),
        PolicyAxis("network.initial_std", 0.05, 0.4, log=True),
    )


USUAL_AXES: Final[dict[str, tuple[PolicyAxis, ...]]] = {
    "ppo": _PPO,
    "lagrangian-ppo": (
        *_PPO,
        PolicyAxis("lagrangian.multiplier_rate", 0.01, 0.3, log=True),
        PolicyAxis("lagrangian.damping", 0.0, 2.0),
    ),
    "sac": _off_policy("sac"),
    "tqc": _off_policy("tqc"),
}
"""What is searched where nothing is named."""


def parse_axes(texts: Sequence[str], config: TrainingConfig) -> tuple[PolicyAxis, ...]:
    """Read what is searched: ``ppo.discount_h=6..60:log``.

    Args:
        texts: One for each setting; none takes what is usual for the algorithm.
        config: What is trained.

    Raises:
        TrainingConfigError: All texts that cannot be read.
    """
    if not texts:
        return USUAL_AXES[config.algorithm]
    axes, mistakes = [], []
    for text in texts:
        found = _AXIS.match(text)
        low, high = (_number(found[2]), _number(found[3])) if found else (None, None)
        if found is None or low is None or high is None:
            message = "must be KEY=LOW..HIGH or KEY=LOW..HIGH:log, as in ppo.discount_h=6..60:log"
            mistakes.append(Mistake(f"--axis {text}", message))
            continue
        log = bool(found[4])
        if not low < high or (log and low <= 0):
            message = f"{low:g}..{high:g} must rise{', from above zero' if log else ''}"
            mistakes.append(Mistake(f"--axis {found[1]}", message))
            continue
        axes.append(PolicyAxis(found[1], low, high, log))
    if mistakes:
        subject = "search space"
        raise TrainingConfigError(subject, mistakes)
    return tuple(axes)


def _number(text: str) -> float | int | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None
