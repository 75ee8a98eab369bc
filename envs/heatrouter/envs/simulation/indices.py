"""Where the names of a description are in the arrays, and tables from rows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.spec.district import District

_T = TypeVar("_T")


class Indices(NamedTuple):
    """Where names are in the arrays."""

    location: Mapping[str, int]
    circuit_of: IntArray  # (n_loc,)
    series: Mapping[str, int]
    set_point: Mapping[str, int]
    column: Mapping[str, int]
    roots: frozenset[str]

    def point(self, name: str) -> int:
        """Index of a set-point, -1 where there is none."""
        return self.set_point.get(name, -1)


def of_kind(district: District, kind: type[_T]) -> list[_T]:
    """Units of a kind, in the order of the district."""
    return [u for u in district.units if isinstance(u, kind)]


def float_table(rows: Sequence[Sequence[float]], fields: int) -> FloatArray:
    """Rows as a table, also where there are none."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), fields)


def int_table(rows: Sequence[Sequence[int]], fields: int) -> IntArray:
    """Rows of indices as a table, also where there are none."""
    return np.array(rows, dtype=np.int64).reshape(len(rows), fields)
