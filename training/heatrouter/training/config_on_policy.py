"""Settings of PPO, which learns from what it has just tried."""

from pydantic import Field

from heatrouter.envs.spec.base import Described


class PpoSettings(Described):
    """Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347)."""

    environments: int = Field(64, ge=1, le=4096, description="simulated side by side")
    rollout_steps: int = Field(
        168, ge=2, le=10_000, description="control steps per environment between two updates"
    )
    epochs: int = Field(4, ge=1, le=50, description="passes over each rollout")
    minibatch: int = Field(2688, ge=2, le=1_000_000, description="samples per gradient step")
    learning_rate: float = Field(2e-4, gt=0.0, le=0.1, description="at the start")
    learning_rate_end: float = Field(0.0, ge=0.0, le=0.1, description="at the end; linear between")
    clip: float = Field(0.15, gt=0.0, lt=1.0, description="range of the probability ratio")
    target_kl: float | None = Field(
        0.02, gt=0.0, le=1.0, description="an update stops beyond 1.5 times this; null for never"
    )
    discount_h: float = Field(
        33.0, gt=0.0, le=10_000.0, description="time constant of the discount, h (33: 0.97 per h)"
    )
    gae_h: float = Field(
        19.5,
        ge=0.0,
        le=10_000.0,
        description="time constant of advantages, h (19.5: 0.95 per h)",
    )
    value_weight: float = Field(
        0.5,
        ge=0.0,
        le=10.0,
        description="of the value's loss beside the policy's, in the sum that is minimised",
    )
    entropy_weight: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="of the reward for random actions; higher explores longer. An anchor takes "
        "its place",
    )
    max_gradient_norm: float = Field(
        0.5, gt=0.0, le=100.0, description="longer gradients are cut to this length"
    )
    critic_rollouts: int = Field(
        2, ge=0, le=1000, description="first rollouts that train the value only"
    )
