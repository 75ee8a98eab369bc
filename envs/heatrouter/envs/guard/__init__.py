"""The guard: the shield between any controller and the plant.

Pure NumPy over a leading environment axis with explicit memory. Training, evaluation and the
control service call the same :func:`check`; it knows nothing of the controller.
"""

from heatrouter.envs.guard.check import check
from heatrouter.envs.guard.limits import GuardLimits
from heatrouter.envs.guard.memory import GuardMemory, initial_memory
from heatrouter.envs.guard.tables import Interlock, PredictedLimit, SetPointLimits
from heatrouter.envs.guard.verdict import Prediction, Reading, Reason, Verdict

__all__ = [
    "GuardLimits",
    "GuardMemory",
    "Interlock",
    "PredictedLimit",
    "Prediction",
    "Reading",
    "Reason",
    "SetPointLimits",
    "Verdict",
    "check",
    "initial_memory",
]
