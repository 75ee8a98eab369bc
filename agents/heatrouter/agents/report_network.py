"""The map of the network as inline SVG."""

import re
from collections.abc import Mapping
from importlib.util import find_spec
from io import StringIO
from typing import Final

from heatrouter.envs.spec.district import District

_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_NAMESPACES: Final = re.compile(r'\s+xmlns(:\w+)?="[^"]*"')


def network_map(district: District, outputs: Mapping[str, float], subtitle: str) -> str:
    """Draw the network with its flows and temperatures.

    Args:
        district: The district.
        outputs: Outputs of the simulator by name, for instance the means of a week.
        subtitle: What flows and temperatures stand for.

    Returns:
        An SVG element without references; empty where matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        return ""
    import matplotlib as mpl

    from heatrouter.envs.drawing import draw_district

    drawn = StringIO()
    # Names inside the file are random otherwise, and the same report would differ each time.
    with mpl.rc_context({"svg.hashsalt": district.digest}):
        figure = draw_district(district, outputs, subtitle=subtitle)
        figure.savefig(drawn, format="svg", metadata=_METADATA)
    text = drawn.getvalue()
    svg = text[text.index("<svg") :]
    head, _, rest = svg.partition(">")
    # Inside HTML the namespaces are implied, and a size in points would not follow the page.
    head = re.sub(r'\s+(width|height)="[^"]*"', "", _NAMESPACES.sub("", head))
    return f'<div class="scroll map">{head} role="img" aria-label="map of the network">{rest}</div>'
