"""How long a user waits for the command line itself."""

import subprocess
import sys

from measure import Measurement, measure


def _run(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "heatrouter", *arguments], check=True, stdout=subprocess.DEVNULL
    )


def main() -> list[Measurement]:
    return [
        measure("heatrouter --help", lambda: _run("--help"), repeats=15, limit_s=0.5),
        measure("heatrouter --version", lambda: _run("--version"), repeats=15),
    ]
