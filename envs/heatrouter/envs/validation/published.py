"""Errors of known models, for tests whose folder holds no other tool's result.

RMSE and bias in K of plug flow with the wall as two mixing volumes, the model of the IBPSA library,
at 0.1 s steps (README of the validation data, "Errors of known models").
"""

TWO_VOLUMES = "plug flow, two wall volumes"

ULG_ERRORS_K: dict[str, tuple[float, float]] = {
    "150801": (0.53, -0.12),
    "151202": (0.56, -0.08),
    "151204_1": (0.34, 0.04),
    "151204_2": (0.31, 0.11),
    "151204_4": (0.56, -0.02),
    "160104_2": (0.05, -0.02),
    "160118_1": (0.61, 0.18),
}
