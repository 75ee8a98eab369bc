"""History on disk: what comes back, what a kill or a full disk leaves, what retention removes."""

import math
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import history_writer
import numpy as np
import pytest
from history_writer import LAYOUT, sample

from heatrouter.deploy import history_reading
from heatrouter.deploy.historian import Historian, HistorySettings
from heatrouter.deploy.history_file import HistoryError, open_for_writing
from heatrouter.deploy.history_keeping import Keeping, drop_old
from heatrouter.deploy.history_reading import HistoryReader

KILLS = 12
NOW = float(int(time.time()))  # what is older than some weeks is removed at once


def historian(path: Path, **options: int) -> Historian:
    return Historian(path, LAYOUT, "d" * 64, HistorySettings(), mean_s=900.0, **options)


def written(path: Path, ticks: int, *, wall_time: float = NOW, bad: tuple[int, ...] = ()) -> None:
    writer = historian(path)
    writer.start()
    for tick in range(ticks):
        writer.put(sample(tick, wall_time=wall_time + 60.0 * tick, bad=tick in bad))
    writer.close()
    assert writer.state.cause is None
    assert writer.state.written == ticks


def test_what_went_in_comes_out_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    written(path, 40, bad=(7,))
    with HistoryReader(path) as reader:
        rows = list(reader.rows())
        assert reader.names == ("a", "b", "applied:p", "wanted:p")
    assert [row.series[3] for row in rows] == [0.1 + 0.2 * tick for tick in range(40)]
    assert rows[7].known.tolist() == [0.0, 1.0, 1.0, 1.0]
    assert rows[7].series[0] == 7.0, "the value as read is kept, with what was thought of it"
    assert {row.mode for row in rows} == {"RULES"}


def test_means_leave_out_what_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    written(path, 46, bad=tuple(range(15, 30)))
    with HistoryReader(path) as reader:
        first, second, third = reader.means()
    assert first.series[0] == pytest.approx(7.0)
    assert math.isnan(second.series[0])
    assert second.known[:2].tolist() == [0.0, 1.0]
    assert second.series[1] == pytest.approx(-22.0)
    assert third.time_s == 1800.0


def test_courses_are_thinned_and_keep_the_last_point(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    written(path, 100, bad=(99,))
    with HistoryReader(path) as reader:
        time_s, wall, values = reader.course(["b", "a"], begin_s=-1e9, end_s=1e9, points=10)
    assert values.shape == (2, 10)
    assert values[0, -1] == -99.0
    assert math.isnan(values[1, -1])
    assert (np.diff(time_s) > 0.0).all()
    assert wall[-1] == pytest.approx(NOW + 99 * 60.0)


def test_courses_go_back_to_means_where_ticks_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    written(path, 100)
    base = open_for_writing(path)
    keeping = Keeping(ticks_s=1800.0, means_s=1e9, max_bytes=2**40, mean_s=900.0)
    assert drop_old(base, keeping, NOW + 99 * 60.0) == 69
    base.close()
    with HistoryReader(path) as reader:
        wall = reader.course(["a"], begin_s=-1e10, end_s=1e10, points=1000)[1]
    assert wall[0] == NOW
    assert np.diff(wall).max() == 900.0
    assert np.diff(wall).min() == 60.0


def test_a_file_that_is_too_large_loses_its_oldest_ticks_and_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    written(path, 3000)
    base = open_for_writing(path)
    before = path.stat().st_size
    keeping = Keeping(ticks_s=1e12, means_s=1e12, max_bytes=100_000, mean_s=900.0)
    assert drop_old(base, keeping, NOW) > 0
    base.close()
    assert path.stat().st_size < before / 2
    with HistoryReader(path) as reader:
        assert reader.span().means > 100


def test_killed_at_any_moment_it_opens_and_holds_whole_rows(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    random = np.random.default_rng(3)
    runs = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, history_writer.__file__, str(path)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(float(random.uniform(0.0, 0.3)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if not path.exists():
            continue
        base = sqlite3.connect(path)
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            continue  # killed before its tables were there
        base.close()
        with HistoryReader(path) as reader:
            rows = list(reader.rows())
        for run in {row.run for row in rows}:
            ticks = [row.series[0] for row in rows if row.run == run]
            assert ticks == list(range(len(ticks))), "no hole, no half row"
        runs = len({row.run for row in rows})
    assert runs > KILLS / 2


def test_a_full_disk_is_said_and_ends_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    writer = historian(path, max_pages=40, queue_samples=64)
    writer.start()
    tick = 0
    deadline = time.monotonic() + 60.0
    while writer.state.cause is None or "full" not in writer.state.cause:
        assert time.monotonic() < deadline
        writer.put(sample(tick, wall_time=NOW + tick))
        tick += 1
        time.sleep(0.0002)
    assert writer.state.dropped > 0
    begin = time.monotonic()
    for _ in range(1000):
        writer.put(sample(tick, wall_time=NOW + tick))
    assert time.monotonic() - begin < 0.9, "handing over never waits for the disk"
    room = sqlite3.connect(path, timeout=30.0)
    room.execute("DELETE FROM sample")
    room.commit()
    room.close()
    state = writer.state
    while state.cause is not None:
        assert time.monotonic() < deadline
        writer.put(sample(tick, wall_time=NOW + tick))
        time.sleep(0.05)
        state = writer.state
    writer.close()
    with HistoryReader(path) as reader:
        assert reader.span().samples > 0


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"this is no database at all" * 400)
    written(path, 3)
    assert [p.name for p in tmp_path.glob("*.damaged-*")]
    with HistoryReader(path) as reader:
        assert reader.span().samples == 3


def test_without_a_history_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="there is no history"):
        HistoryReader(tmp_path / "history.sqlite")


def test_very_many_ticks_are_drawn_from_their_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.sqlite"
    written(path, 300)
    monkeypatch.setattr(history_reading, "TICKS_PER_POINT", 2)
    with HistoryReader(path) as reader:
        wall = reader.course(["a"], begin_s=-1e10, end_s=1e10, points=100)[1]
    # 19 means, of which the newest gives way to the ticks from its begin on.
    assert np.diff(wall).max() == 900.0
    assert wall[-1] == NOW + 299 * 60.0
