"""Settings of the networks that an algorithm trains."""

from typing import Literal

from pydantic import Field

from heatrouter.envs.spec.base import Described

Layers = tuple[int, ...]


class NetworkSettings(Described):
    """Two separate networks, for the policy and for its value."""

    policy_layers: Layers = Field(
        (128, 128),
        min_length=1,
        max_length=6,
        description="widths of the hidden layers of the policy, first to last",
    )
    value_layers: Layers = Field(
        (128, 128),
        min_length=1,
        max_length=6,
        description="the same of the value, or of each critic of sac and tqc",
    )
    activation: Literal["tanh", "relu"] = Field(
        "tanh", description="between the layers, of both networks"
    )
    output_gain: float = Field(
        0.01, ge=0.0, le=2.0, description="size of the policy's last weights at the start"
    )
    initial_std: float = Field(
        0.15, gt=0.0, le=2.0, description="of the normalised action in -1..1 at the start"
    )
    train_std: bool = Field(False, description="whether the deviation is learnt, or stays")
