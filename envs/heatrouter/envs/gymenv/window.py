"""A window that shows pictures, where there is a display."""

import numpy as np
import numpy.typing as npt


class Window:
    """Shows one picture after another; without a display it does nothing.

    Args:
        title: Of the window.
    """

    def __init__(self, title: str) -> None:
        # The only use of pyplot: a window needs its event loop.
        import matplotlib.pyplot as plt

        self._plt = plt
        self._figure = plt.figure(title, figsize=(9.0, 6.0))
        self._axes = self._figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.axis("off")
        self._interactive = self._figure.canvas.required_interactive_framework is not None

    def show(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Show a picture of shape ``(height, width, 3)``."""
        if not self._interactive:
            return
        self._axes.clear()
        self._axes.axis("off")
        self._axes.imshow(pixels)
        self._plt.pause(0.001)

    def close(self) -> None:
        """Close it."""
        self._plt.close(self._figure)
