"""What the pipe tables of the DESTEST exercises have in common: a tree from one root."""

from collections.abc import Sequence
from pathlib import Path

from heatrouter.envs.validation.measurement_files import LENGTH, Column, Reader, Table
from heatrouter.envs.validation.pipe_network import PipeLine

ROOT = "i"

TREE_COLUMNS = {
    "from_node": Column(None),
    "to_node": Column(None),
    "length": Column(LENGTH),
    "d_inner": Column(LENGTH),
}


def reaches_root(pipes: Table, path: Path, reader: Reader) -> bool:
    """Whether a pipe of the table at ``path`` ends at the root; the reader hears if none does."""
    if ROOT in {*pipes.text["from_node"], *pipes.text["to_node"]}:
        return True
    reader.complain(path, f"no pipe at the root {ROOT!r}; add it")
    return False


def pipe_lines(
    pipes: Table, resistance_mk_w: Sequence[float], roughness_m: float = 0.0
) -> list[PipeLine]:
    """Pipes of a table with `TREE_COLUMNS`.

    Args:
        pipes: The table.
        resistance_mk_w: Thermal resistance of each pipe, m K/W.
        roughness_m: Of every inner wall.
    """
    rows = zip(
        pipes.text["from_node"],
        pipes.text["to_node"],
        pipes["length"].tolist(),
        pipes["d_inner"].tolist(),
        resistance_mk_w,
        strict=True,
    )
    return [
        PipeLine(start, end, length_m, inner_m, resistance, roughness_m=roughness_m)
        for start, end, length_m, inner_m, resistance in rows
    ]
