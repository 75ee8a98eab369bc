"""The district as a picture: pipes by temperature and flow, units with their heat."""

from heatrouter.envs.drawing.figure import draw_district, to_rgb_array

__all__ = ["draw_district", "to_rgb_array"]
