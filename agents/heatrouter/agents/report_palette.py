"""Colours that people with any colour vision can tell apart (Okabe and Ito 2008; Tol 2021)."""

from collections.abc import Sequence
from typing import Final

from heatrouter.envs.spec.district import District

_BY_KIND: Final[dict[str, tuple[str, ...]]] = {
    "waste_heat_source": ("#e69f00", "#d55e00", "#f0d24a", "#a6761d"),
    "solar_thermal": ("#ffd92f",),
    "heat_pump": ("#0072b2", "#56b4e9"),
    "chp": ("#6a3d9a", "#cab2d6"),
    "heat_exchanger": ("#1f78b4",),
    "boiler": ("#7f7f7f", "#b5b5b5", "#4d4d4d"),
    "store": ("#009e73", "#66c2a5"),
    "substation": ("#cc79a7",),
    "digester": ("#66a61e",),
    "process_heat": ("#8c6bb1",),
    "batch_process": ("#a50f15",),
    "fab_heat": ("#1b9e77",),
    "greenhouse": ("#4dac26",),
}
"""Kind of unit -> its colours in the order of the district: waste heat warm, machines blue, fuel
grey, stores green."""

OTHER: Final = "#cfcfcf"
DEMAND: Final = "#111111"
ELECTRICITY: Final = "#56b4e9"
LOSS: Final = "#9aa0a6"

_CONTROLLERS: Final = ("#6b7280", "#0072b2", "#d55e00", "#009e73", "#cc79a7")


def unit_colours(district: District) -> dict[str, str]:
    """Unit -> colour; units of one kind take turns."""
    used: dict[str, int] = {}
    colours = {}
    for unit in district.units:
        choice = _BY_KIND.get(unit.kind, (OTHER,))
        turn = used.get(unit.kind, 0)
        colours[unit.name] = choice[turn % len(choice)]
        used[unit.kind] = turn + 1
    return colours


def controller_colours(names: Sequence[str], baseline: str) -> dict[str, str]:
    """Controller -> colour; the baseline is grey."""
    others = [name for name in names if name != baseline]
    colours = {baseline: _CONTROLLERS[0]}
    for position, name in enumerate(others):
        colours[name] = _CONTROLLERS[1 + position % (len(_CONTROLLERS) - 1)]
    return colours
