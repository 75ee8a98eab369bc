"""Recordings: wide and long, CSV and Parquet; what is read back is what was recorded."""

import json
from pathlib import Path

import numpy as np
import pytest

from heatrouter.deploy.field_link import LinkLostError, Quality
from heatrouter.deploy.recording import read_recording, recorded_tags
from heatrouter.deploy.replay_link import ReplayLink
from heatrouter.deploy.tag_file import override_tags
from heatrouter.deploy.tags import TagMap
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import ServiceConfigError

BEGIN_S = 1768456800.0  # Thursday 2026-01-15T06:00:00Z
WIDE = """time,tank.level,main.supply_temp_c,applied:main.supply_temp_c
2026-01-15T06:00:00Z,0.43,81.5,82.0
2026-01-15T06:01:00Z,,81.6,82.0
2026-01-15T07:03:00+01:00,0.44,81.7,82.5
"""
LONG = """time;tag;value;quality
2026-01-15T06:00:00Z;LI_1;43;good
2026-01-15T06:00:30Z;TI_1;178.7;Good
2026-01-15T06:01:30Z;LI_1;44;uncertain
2026-01-15T06:02:00Z;LI_1;45;bad
2026-01-15T06:02:10Z;LI_1;46;
"""


def write(folder: Path, text: str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def link_of(path: Path, tags: TagMap) -> ReplayLink:
    return ReplayLink(read_recording(path), tags, tick_s=60.0, timezone="Europe/Berlin")


async def readings(link: ReplayLink, name: str) -> list[tuple[float, int]]:
    await link.open()
    found = []
    for _ in range(link.ticks):
        snapshot = await link.read()
        at = snapshot.names.index(name)
        found.append((float(snapshot.values[at]), int(snapshot.quality[at])))
    return found


@pytest.fixture
def recorded(contract: Contract) -> TagMap:
    return recorded_tags(contract)


async def test_a_wide_file_tick_by_tick(tmp_path: Path, recorded: TagMap) -> None:
    path = write(tmp_path, WIDE)
    levels = await readings(link_of(path, recorded), "tank.level")
    assert [value for value, _ in levels] == pytest.approx(
        [0.43, np.nan, np.nan, 0.44], nan_ok=True
    )
    assert [quality for _, quality in levels] == [0, 2, 2, 0]


async def test_missing_calendar_and_read_back_are_made_up_for(
    tmp_path: Path, recorded: TagMap
) -> None:
    link = link_of(write(tmp_path, WIDE), recorded)
    await link.open()
    snapshot = await link.read()
    named = dict(zip(snapshot.names, snapshot.values, strict=True))
    # 06:00 UTC on Thursday the 15th is 07:00 in Berlin.
    assert [named[f"clock:{n}"] for n in ("local_hour", "weekday", "day_of_year")] == [7, 3, 15]
    assert named["clock:time_s"] == BEGIN_S
    assert named["set_point:main.supply_temp_c"] == 82.0


async def test_nothing_can_be_written_to_a_recording(tmp_path: Path, recorded: TagMap) -> None:
    link = link_of(write(tmp_path, WIDE), recorded)
    await link.open()
    snapshot = await link.read()
    assert snapshot.values[snapshot.names.index("control:enable")] == 0.0
    assert await link.write({"control:heartbeat": 1}) == ("control:heartbeat",)


async def test_the_end_is_told(tmp_path: Path, recorded: TagMap) -> None:
    link = link_of(write(tmp_path, WIDE), recorded)
    await readings(link, "tank.level")
    with pytest.raises(LinkLostError, match="ends after 4 ticks"):
        await link.read()


async def test_a_historians_rows_with_their_own_tags_units_and_quality(
    tmp_path: Path, recorded: TagMap
) -> None:
    tags = override_tags(
        recorded,
        {
            "measured": {
                "tank.level": {"node": "LI_1", "unit": "%"},
                "main.supply_temp_c": {"node": "TI_1", "unit": "degF"},
            }
        },
        "tags.yaml",
    )
    path = write(tmp_path, LONG)
    levels = await readings(link_of(path, tags), "tank.level")
    assert [value for value, _ in levels] == pytest.approx([0.43, 0.43, 0.45])
    assert [quality for _, quality in levels] == [Quality.GOOD, Quality.GOOD, Quality.BAD]
    supply = await readings(link_of(path, tags), "main.supply_temp_c")
    assert [quality for _, quality in supply] == [2, 0, 0], "nothing before its first row"
    assert supply[1][0] == pytest.approx(81.5)


async def test_parquet_holds_the_same(tmp_path: Path, recorded: TagMap) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = arrow.table(
        {
            "time": [BEGIN_S, BEGIN_S + 60.0],
            "tank.level": [0.43, None],
            "applied:main.supply_temp_c": [82.0, 82.0],
        }
    )
    parquet.write_table(table, tmp_path / "rows.parquet")
    levels = await readings(link_of(tmp_path / "rows.parquet", recorded), "tank.level")
    assert levels[0] == (0.43, Quality.GOOD)
    assert levels[1][1] == Quality.BAD


async def test_forecast_columns_become_arrays(tmp_path: Path, recorded: TagMap) -> None:
    names = [f"forecast:ambient_temp_c[{i}]" for i in range(8)]
    rows = f"time,tank.level,{','.join(names)}\n{BEGIN_S},0.5,{','.join('12345678')}\n"
    link = link_of(write(tmp_path, rows), recorded)
    await link.open()
    snapshot = await link.read()
    assert snapshot.arrays["ambient_temp_c"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert "irradiance_w_m2" not in snapshot.arrays


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("tank.level\n1\n", "no column 'time'"),
        ("time,tank.level\n", "no rows"),
        ("time,tank.level\n2026-01-15T06:00:00,1\n", "time[0]"),
        (f"time,tank.level\n{BEGIN_S},1\n{BEGIN_S},1\n", "not later"),
        (f"time,tank.level\n{BEGIN_S},much\n", "tank.level[0]"),
        (f"time,tank.level\n{BEGIN_S}\n", "row 2"),
        (f"time,tag,value,quality\n{BEGIN_S},a,1,fine\n", "quality[0]"),
    ],
)
def test_every_mistake_of_a_recording(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ServiceConfigError) as caught:
        read_recording(write(tmp_path, text))
    assert words in str(caught.value)


def test_a_recording_of_something_else(tmp_path: Path, recorded: TagMap) -> None:
    path = write(tmp_path, f"time,x\n{BEGIN_S},1\n")
    with pytest.raises(ServiceConfigError) as caught:
        read_recording(path).check(recorded)
    messages = json.dumps([m.message for m in caught.value.mistakes])
    assert "none of the measured tags" in messages
    assert "neither applied:main.supply_temp_c" in messages
