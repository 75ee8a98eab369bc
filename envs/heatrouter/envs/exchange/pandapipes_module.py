"""pandapipes, loaded without what it does to matplotlib."""

from typing import Any


def load_pandapipes() -> Any:  # noqa: ANN401
    """Import pandapipes and undo its change to every picture of this process.

    Its plotting module replaces the graphics context of matplotlib by one whose line caps are
    text, which matplotlib's SVG writer refuses.

    Raises:
        ImportError: It is not installed.
    """
    try:
        from matplotlib.backend_bases import RendererBase
    except ImportError:
        import pandapipes

        return pandapipes
    before = RendererBase.new_gc
    try:
        import pandapipes
    finally:
        RendererBase.new_gc = before  # type: ignore[method-assign]
    return pandapipes
