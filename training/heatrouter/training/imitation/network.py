"""A trained network as plain arrays, for worker processes that do without PyTorch."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from heatrouter.envs.arrays import Float32Array, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PlainNetwork:
    """Scaling, layers and a linear head.

    Attributes:
        offset: Taken from observations, ``(n_obs,)``.
        factor: Multiplied with what is left, ``(n_obs,)``.
        limit: Features are clipped to plus and minus this.
        activation: Of all layers but the head.
        layers: Weights ``(n_out, n_in)`` and biases ``(n_out,)`` of each layer, the head last.
    """

    offset: Float32Array
    factor: Float32Array
    limit: float
    activation: Literal["tanh", "relu"]
    layers: tuple[tuple[Float32Array, Float32Array], ...]

    def normalised(self, observation: Float32Array) -> FloatArray:
        """Mean action, not clipped, ``(num_envs, n_action)``."""
        value = np.clip((observation - self.offset) * self.factor, -self.limit, self.limit)
        for weight, bias in self.layers[:-1]:
            value = _product(value, weight) + bias
            value = np.tanh(value) if self.activation == "tanh" else np.maximum(value, 0.0)
        weight, bias = self.layers[-1]
        return np.asarray(_product(value, weight) + bias, dtype=np.float64)

    def to_bytes(self) -> bytes:
        """All numbers in a row: what a digest is made of."""
        parts = [self.offset, self.factor, np.array([self.limit], dtype=np.float32)]
        for weight, bias in self.layers:
            parts += [weight, bias]
        name = self.activation.encode()
        return name + b"".join(
            np.ascontiguousarray(part, dtype=np.float32).tobytes() for part in parts
        )


def _product(value: Float32Array, weight: Float32Array) -> Float32Array:
    """``value @ weight.T``, the same bits whatever number of threads a library would take."""
    return np.asarray(np.einsum("ni,oi->no", value, weight), dtype=np.float32)
