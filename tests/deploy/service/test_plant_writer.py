"""The one place that writes: contract's tags, a mode that writes, sound values, or nothing."""

from collections.abc import Mapping

import numpy as np
import pytest

from heatrouter.deploy.field_link import FieldValue, Snapshot
from heatrouter.deploy.modes import WRITING, Mode, ModeState
from heatrouter.deploy.plant_writer import PlantWriter
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract


class Recorder:
    connected, reconnects = True, 0

    def __init__(self, *refused: str) -> None:
        self.batches: list[dict[str, FieldValue]] = []
        self._refused = refused

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def read(self) -> Snapshot:
        raise NotImplementedError

    async def write(self, values: Mapping[str, FieldValue]) -> tuple[str, ...]:
        self.batches.append(dict(values))
        return tuple(name for name in values if name in self._refused)


@pytest.fixture
def safe(contract: Contract) -> FloatArray:
    return np.array([point.safe for point in contract.set_points])


@pytest.mark.parametrize("mode", list(Mode))
async def test_only_a_writing_mode_writes(contract: Contract, safe: FloatArray, mode: Mode) -> None:
    link = Recorder()
    writer = PlantWriter(link, contract)
    result = await writer.write(ModeState(actual=mode), safe)
    assert result.sent is (mode in WRITING)
    assert len(link.batches) == (1 if mode in WRITING else 0)
    assert writer.refused_before_write == (0 if mode in WRITING else 1)


@pytest.mark.parametrize("at", [0, -1])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1e-3, 1e6])
async def test_an_unsound_value_stops_the_whole_batch(
    contract: Contract, safe: FloatArray, at: int, value: float
) -> None:
    link = Recorder()
    writer = PlantWriter(link, contract)
    points = safe.copy()
    points[at] = value
    result = await writer.write(ModeState(actual=Mode.POLICY), points)
    assert not result.sent
    assert link.batches == []


async def test_it_writes_the_contracts_tags_and_the_hand_shake(
    contract: Contract, safe: FloatArray
) -> None:
    link = Recorder()
    writer = PlantWriter(link, contract)
    for _ in range(2):
        await writer.write(ModeState(actual=Mode.RULES), safe)
    names = {f"set_point:{p.name}" for p in contract.set_points}
    assert set(link.batches[0]) == names | {"control:mode", "control:heartbeat"}
    assert [b["control:heartbeat"] for b in link.batches] == [1, 2]


async def test_letting_go_says_the_mode_and_no_heartbeat(contract: Contract) -> None:
    link = Recorder()
    result = await PlantWriter(link, contract).write(ModeState(actual=Mode.LOCAL), None)
    assert link.batches == [{"control:mode": "LOCAL"}]
    assert not result.sent


async def test_refused_set_points_are_told_apart(contract: Contract, safe: FloatArray) -> None:
    name = contract.set_points[2].name
    writer = PlantWriter(Recorder(f"set_point:{name}"), contract)
    result = await writer.write(ModeState(actual=Mode.POLICY), safe)
    assert result.refused == (f"set_point:{name}",)
    assert list(np.flatnonzero(result.kept)) == [2]
