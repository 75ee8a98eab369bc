"""Array types, named once for the whole project."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
"""Physical quantities: SI inside, the unit in the name at borders."""

Float32Array: TypeAlias = npt.NDArray[np.float32]
"""What a policy sees and answers: observations, actions, network weights."""

IntArray: TypeAlias = npt.NDArray[np.int64]
"""Indices and counts."""

BoolArray: TypeAlias = npt.NDArray[np.bool_]
"""Masks and flags."""
