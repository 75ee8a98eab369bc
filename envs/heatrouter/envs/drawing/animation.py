"""Pictures one after the other as an animated file: GIF, or MP4 where ffmpeg is installed."""

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.spec.district import District

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""A frame, shape ``(height, width, 3)``."""

FRAMES_PER_SECOND = 6.0
MOST_FRAMES = 1500
"""A GIF is put together in memory, half a megabyte for each frame."""
_MS_PER_S = 1000.0


def check_animation(path: Path, frames: int) -> None:
    """Make sure that an animation can be written, before anything is computed for it.

    Args:
        path: File to write.
        frames: How many it will have.

    Raises:
        ConfigError: The file ends neither in .gif nor .mp4, .mp4 is asked for without ffmpeg, the
            drawing packages are missing, or there would be more than ``MOST_FRAMES`` frames.
    """
    if path.suffix.lower() not in {".gif", ".mp4"}:
        msg = f"{path} must end in .gif or .mp4"
        raise ConfigError(msg)
    if find_spec("matplotlib") is None:
        msg = (
            f"{path}: the package 'matplotlib' is not installed; "
            "install it with: pip install 'heatrouter[study]'"
        )
        raise ConfigError(msg)
    if path.suffix.lower() == ".mp4" and shutil.which("ffmpeg") is None:
        msg = f"{path}: the program ffmpeg, which writes .mp4, is not installed; use .gif"
        raise ConfigError(msg)
    if frames > MOST_FRAMES:
        msg = f"{path} would have {frames} frames, the limit is {MOST_FRAMES}; draw fewer"
        raise ConfigError(msg)


def district_frames(
    district: District, columns: Mapping[str, int], rows: FloatArray
) -> Iterator[Pixels]:
    """Draw the state of a district, one frame for each row.

    Args:
        district: What was simulated.
        columns: Name of an output to its column.
        rows: Outputs, shape ``(n_frames, n_columns)``.

    Yields:
        Pixels, shape ``(600, 900, 3)``.
    """
    from heatrouter.envs.drawing.figure import draw_district, to_rgb_array

    for row in rows:
        outputs = {name: float(row[i]) for name, i in columns.items()}
        yield to_rgb_array(draw_district(district, outputs))


def write_animation(
    frames: Iterable[Pixels], path: Path, frames_per_second: float = FRAMES_PER_SECOND
) -> None:
    """Write frames as an animation; the file is there once it is whole.

    Frames may come from a generator, and from ``env.render()`` of an environment made with
    ``render_mode="rgb_array"``.

    Args:
        frames: All of the same shape ``(height, width, 3)``, at least one.
        path: A .gif or .mp4 to write; its folder is made, a file of that name replaced.
        frames_per_second: Speed, above 0; GIF viewers slow down above 50.

    Raises:
        ConfigError: As :func:`check_animation`, and where ffmpeg fails.
        ValueError: There is no frame.
    """
    check_animation(path, 1)
    waiting = iter(frames)
    first = next(waiting, None)
    if first is None:
        msg = f"{path}: an animation needs at least one frame"
        raise ValueError(msg)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    write = _write_gif if path.suffix.lower() == ".gif" else _write_mp4
    try:
        write(first, waiting, unfinished, frames_per_second)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_gif(
    first: Pixels, others: Iterator[Pixels], path: Path, frames_per_second: float
) -> None:
    from heatrouter.envs.drawing.palette import with_palette

    # The file is opened here: what breaks off inside Pillow would leave it open.
    with path.open("wb") as file:
        with_palette(first).save(
            file,
            format="GIF",
            save_all=True,
            append_images=(with_palette(frame) for frame in others),
            duration=round(_MS_PER_S / frames_per_second),
            loop=0,
        )


def _write_mp4(
    first: Pixels, others: Iterator[Pixels], path: Path, frames_per_second: float
) -> None:
    height, width, _ = first.shape
    source = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {frames_per_second:g} -i -"
    # Players want 4:2:0, and that wants even sides.
    coding = "-vf pad=ceil(iw/2)*2:ceil(ih/2)*2 -c:v libx264 -pix_fmt yuv420p -f mp4"
    command = ["ffmpeg", "-y", "-loglevel", "error", *source.split(), *coding.split(), str(path)]
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=complaints) as ffmpeg:
            assert ffmpeg.stdin is not None
            try:
                for frame in itertools.chain([first], others):
                    ffmpeg.stdin.write(np.ascontiguousarray(frame).tobytes())
            except BrokenPipeError:
                pass  # its own words follow
            finally:
                # Popen's own exit closes it, too, but would not expect a closed pipe.
                ffmpeg.communicate()
        if ffmpeg.returncode != 0:
            complaints.seek(0)
            words = complaints.read().decode(errors="replace").strip()
            msg = f"ffmpeg failed with exit code {ffmpeg.returncode}: {words}; use .gif"
            raise ConfigError(msg)
