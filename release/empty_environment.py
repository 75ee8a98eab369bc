"""An empty environment with the wheel and one extra in it, and what that weighs and takes."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from distributions import ROOT, ReleaseError

REPEATS = 5
LARGE = "onnxruntime"
"""Counted on its own: the bound on base and deploy leaves it out."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended.

    Attributes:
        code: Its exit code.
        output: Standard output and error.
        seconds: Real time, s.
        cpu_s: Time of the processor, s; the same on a busy machine.
    """

    code: int
    output: str
    seconds: float
    cpu_s: float


class EmptyEnvironment:
    """A virtual environment without pip, so that nothing but heatrouter's needs is in it.

    Args:
        folder: Where it is; made anew.
        python: The interpreter that it is made from.
    """

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        command = [python, "-m", "venv", "--clear", "--without-pip", str(folder)]
        subprocess.run(command, check=True)

    def install(self, *requirements: str, constraints: Path | None = None) -> None:
        """Install with the pip of this interpreter, whose cache all environments share.

        Raises:
            ReleaseError: It could not be installed.
        """
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        command += ["--disable-pip-version-check"]
        command += [] if constraints is None else ["-c", str(constraints)]
        done = subprocess.run(
            [*command, *requirements], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ReleaseError(f"pip install {' '.join(requirements)}:\n{done.stderr[-3000:]}")

    def run(self, words: Iterable[str], cwd: Path, timeout_s: float = 1800.0) -> Finished:
        """Run one of its programs outside the checkout.

        Args:
            words: Program in its ``bin`` and arguments.
            cwd: Where.
            timeout_s: Real seconds.
        """
        program, *arguments = words
        begun, cpu_before_s = time.perf_counter(), _cpu_of_children_s()
        done = subprocess.run(
            [str(self.folder / "bin" / program), *arguments],
            cwd=cwd,
            env=_bare_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        seconds, cpu_s = time.perf_counter() - begun, _cpu_of_children_s() - cpu_before_s
        return Finished(done.returncode, done.stdout, seconds, cpu_s)

    def sizes_mb(self) -> tuple[float, float]:
        """What is installed, MB (10**6 bytes): all but the package that counts on its own; it."""
        (packages,) = self.folder.glob("lib/python*/site-packages")
        large = _bytes_below(packages / LARGE)
        return (_bytes_below(packages) - large) / 1e6, large / 1e6

    def timed(self, words: Iterable[str], cwd: Path) -> tuple[float, float]:
        """Medians of a command that succeeds, after one run that does not count.

        Returns:
            Real time and time of the processor, s.

        Raises:
            ReleaseError: It failed.
        """
        wanted = [*words]
        runs = [self.run(wanted, cwd) for _ in range(REPEATS + 1)]
        if any(run.code for run in runs):
            raise ReleaseError(f"{' '.join(wanted)}:\n{runs[0].output[-2000:]}")
        counted = runs[1:]
        median = statistics.median
        return median(run.seconds for run in counted), median(run.cpu_s for run in counted)


def _cpu_of_children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _bytes_below(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _bare_environment() -> dict[str, str]:
    """What a user's shell has, less what points into a checkout or another environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "HEATROUTER"))}
    return {k: v for k, v in kept.items() if k != "VIRTUAL_ENV"} | {"COLUMNS": "200"}


CONSTRAINTS = ROOT / "constraints.txt"
