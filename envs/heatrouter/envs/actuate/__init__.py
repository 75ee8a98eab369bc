"""From actions to set-points, and the limits that the guard holds them against."""

from heatrouter.envs.actuate.decoder import ActionDecoder
from heatrouter.envs.actuate.district_limits import guard_limits
from heatrouter.envs.actuate.scaling import ActionScaling, denormalise, normalise

__all__ = ["ActionDecoder", "ActionScaling", "denormalise", "guard_limits", "normalise"]
