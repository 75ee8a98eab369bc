"""All numbers of a reading from its registers, type by type instead of tag by tag."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heatrouter.deploy.modbus_registers import Block, Table, WordOrder
from heatrouter.deploy.tags import DataType
from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray

WordArray = npt.NDArray[np.uint16]

_DTYPES: Final[dict[DataType, str]] = {
    "double": ">f8",
    "float": ">f4",
    "int16": ">i2",
    "uint16": ">u2",
    "int32": ">i4",
    "uint32": ">u4",
    "int64": ">i8",
    "uint64": ">u8",
    "boolean": ">u2",
}


class Place(NamedTuple):
    """Where a number is, and how it is packed."""

    table: Table
    address: int
    width: int
    data_type: DataType
    order: WordOrder


class _Group(NamedTuple):
    """Numbers of one type: which they are, and where each of their words lies."""

    dtype: str
    numbers: IntArray
    words: IntArray


class RegisterDecoder:
    """Knows where every number lies in what is read.

    Args:
        blocks: What is read, in this order.
        places: The numbers.
    """

    def __init__(self, blocks: Sequence[Block], places: Sequence[Place]) -> None:
        self.blocks = tuple(blocks)
        self.n_words = sum(block.size for block in blocks)
        positions = {
            (block.table, block.address + i): begin + i
            for block, begin in zip(blocks, self.begins(), strict=True)
            for i in range(block.size)
        }
        self._n = len(places)
        kinds: dict[tuple[str, int], list[tuple[int, list[int]]]] = {}
        for number, place in enumerate(places):
            words = [positions[place.table, place.address + i] for i in range(place.width)]
            bits = place.table in {"coil", "discrete"}
            dtype = ">u2" if bits else _DTYPES[place.data_type]
            ordered = words if place.order == "big" else words[::-1]
            kinds.setdefault((dtype, place.width), []).append((number, ordered))
        self._groups = [
            _Group(
                dtype,
                np.array([number for number, _ in found]),
                np.array([words for _, words in found]),
            )
            for (dtype, _), found in kinds.items()
        ]

    def begins(self) -> list[int]:
        """Where each block begins among all words."""
        ends = np.cumsum([0, *(block.size for block in self.blocks)])
        return [int(end) for end in ends[:-1]]

    def decode(self, words: WordArray, known: BoolArray) -> FloatArray:
        """The numbers, shape ``(n_places,)``; NaN where a word is missing or they are none.

        Args:
            words: Of all blocks, shape ``(n_words,)``.
            known: Which of them the device gave, same shape.
        """
        numbers = np.full(self._n, np.nan)
        raw = words.astype(">u2")
        whole = bool(known.all())
        for group in self._groups:
            found = raw[group.words].view(group.dtype)[:, 0]
            numbers[group.numbers] = (
                found if whole else np.where(known[group.words].all(axis=1), found, np.nan)
            )
        numbers[~np.isfinite(numbers)] = np.nan
        return numbers
