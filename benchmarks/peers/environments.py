"""The environments of the peers: made once, from exact pins."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAMP = ".pins"


class NotInstalledError(Exception):
    """A peer's environment could not be made; the message says why."""


def peer_python(name: str, folder: Path) -> Path:
    """The interpreter of a peer, its environment made first if its pins are not installed.

    Args:
        name: Of ``requirements-NAME.txt``.
        folder: Where environments lie.

    Raises:
        NotInstalledError: pip ends with an error.
    """
    pins = HERE / f"requirements-{name}.txt"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    home = folder / name
    python = home / "bin" / "python"
    stamp = home / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return python
    print(f"{name}: making {home} (once)", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(home)])
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    # without dependencies: the file holds all, and CityLearn's own would bring gigabytes unused
    _run([*pip, "--no-deps", "-r", str(pins)])
    stamp.write_text(digest, encoding="utf-8")
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = [line for line in done.stderr.strip().splitlines() if "WARNING" not in line][-3:]
        raise NotInstalledError(" ".join(last) or f"{command[0]} ended with {done.returncode}")
