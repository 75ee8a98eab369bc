"""Animated files: whole, with every frame, or not there at all."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image, ImageSequence
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.envs.cli import main
from heatrouter.envs.drawing.animation import MOST_FRAMES, Pixels, check_animation, write_animation
from heatrouter.envs.drawing.canvas import SYMBOLS
from heatrouter.envs.errors import ConfigError

HOUR = ["--days", "0.0417", "--start", "15", "--frame-minutes", "15"]


def test_every_step_is_a_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, movie = tmp_path / "small.yaml", tmp_path / "new" / "hour.gif"
    district = SMALL_DISTRICTS["two_circuits_with_exchanger"]()
    file.write_text(yaml.safe_dump(district.model_dump(mode="json")), encoding="utf-8")
    assert main(["simulate", str(file), *HOUR, "--animate", str(movie)]) == 0
    assert f"wrote {movie}" in capsys.readouterr().out.replace("\n", "")
    with Image.open(movie) as image:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
    assert len(frames) == 4
    assert all(frame.shape == (600, 900, 3) for frame in frames)
    for before, after in itertools.pairwise(frames):
        assert (before != after).any()
    assert list(movie.parent.iterdir()) == [movie], "nothing unfinished is left"


def test_colours_of_symbols_survive(tmp_path: Path) -> None:
    colour = tuple(bytes.fromhex(SYMBOLS["heat_pump"].colour[1:]))
    frame = np.full((40, 60, 3), colour, np.uint8)
    path = tmp_path / "violet.gif"
    write_animation([frame], path)
    with Image.open(path) as image:
        assert image.convert("RGB").getpixel((30, 20)) == colour


def test_what_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "old.gif"
    path.write_bytes(b"old")

    def broken() -> Iterator[Pixels]:
        yield np.zeros((20, 20, 3), np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_animation(broken(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ValueError, match="at least one frame"):
        write_animation([], path)


def test_what_cannot_be_written_is_said_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["simulate", *HOUR, "--animate", str(tmp_path / "map.mp4")]) == 78
    assert "ffmpeg" in capsys.readouterr().err
    assert main(["simulate", *HOUR, "--animate", str(tmp_path / "map.avi")]) == 78
    assert ".gif or .mp4" in capsys.readouterr().err
    with pytest.raises(ConfigError, match=str(MOST_FRAMES)):
        check_animation(tmp_path / "map.gif", MOST_FRAMES + 1)
    assert list(tmp_path.iterdir()) == []
