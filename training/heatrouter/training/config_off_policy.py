"""Settings of SAC and TQC, which learn from a memory of all that was tried."""

from pydantic import Field

from heatrouter.envs.spec.base import Described


class SacSettings(Described):
    """Soft actor-critic (Haarnoja et al. 2018, arXiv:1812.05905)."""

    environments: int = Field(32, ge=1, le=4096, description="simulated side by side")
    rollout_steps: int = Field(
        24, ge=1, le=10_000, description="control steps per environment between two updates"
    )
    updates: int = Field(96, ge=1, le=100_000, description="gradient steps after each rollout")
    batch: int = Field(512, ge=2, le=100_000, description="samples per gradient step")
    memory_steps: int = Field(
        300_000, ge=1000, le=50_000_000, description="control steps kept to learn from"
    )
    warmup_steps: int = Field(
        10_000, ge=0, le=10**9, description="control steps before the first update"
    )
    random_warmup: bool = Field(
        False, description="whether these take random actions, or those of the policy's start"
    )
    learning_rate: float = Field(3e-4, gt=0.0, le=0.1, description="at the start")
    learning_rate_end: float = Field(1e-4, ge=0.0, le=0.1, description="at the end; linear between")
    discount_h: float = Field(
        24.0, gt=0.0, le=10_000.0, description="time constant of the discount, h"
    )
    target_updates: float = Field(
        200.0,
        ge=1.0,
        le=1.0e6,
        description="gradient steps over which target networks follow the critics",
    )
    critics: int = Field(2, ge=1, le=10, description="networks whose least value counts")
    entropy_weight: float | None = Field(
        None, ge=0.0, le=10.0, description="fixed; null lets it follow the wanted entropy"
    )
    entropy_weight_start: float = Field(
        0.05, gt=0.0, le=10.0, description="where it starts when it is not fixed"
    )
    entropy_per_action: float = Field(
        -1.0, ge=-10.0, le=1.0, description="wanted entropy per action channel, nats"
    )


class TqcSettings(SacSettings):
    """Truncated quantile critics (Kuznetsov et al. 2020, arXiv:2005.04269)."""

    quantiles: int = Field(25, ge=2, le=200, description="of every critic's distribution")
    dropped_quantiles: int = Field(
        2, ge=0, le=199, description="largest ones per critic left out, against optimism"
    )
