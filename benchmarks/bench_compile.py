"""How long until the first step: with nothing compiled yet, and in every process after that."""

import os
import subprocess
import sys
import tempfile
import time

from measure import Measurement, smoke

CACHE_VARIABLE = "HEATROUTER_CACHE_DIR"
WARM_LIMIT_S = 5.0
FIRST_STEP = (
    "import gymnasium\n"
    "env = gymnasium.make('heatrouter.envs.gymenv:EnergyWeb-v0', scenarios=1)\n"
    "env.reset(seed=0)\n"
    "env.step(env.action_space.sample())\n"
)


def main() -> list[Measurement]:
    if smoke():  # with what this user has compiled already: compiling takes minutes
        return [_measurement("first step of a process, compiled before", [_seconds(None)], None)]
    with tempfile.TemporaryDirectory() as folder:
        cold_s = _seconds(folder)
        warm_s = [_seconds(folder) for _ in range(3)]
    return [
        _measurement("first step of the first process, compiling", [cold_s], None),
        _measurement("first step of a process, compiled before", warm_s, WARM_LIMIT_S),
    ]


def _seconds(cache: str | None) -> float:
    """From the start of a Python process to its end after one step."""
    environment = dict(os.environ) if cache is None else os.environ | {CACHE_VARIABLE: cache}
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", FIRST_STEP], check=True, env=environment)
    return time.perf_counter() - begin


def _measurement(name: str, times_s: list[float], limit_s: float | None) -> Measurement:
    ordered = sorted(times_s)
    middle = ordered[len(ordered) // 2]
    return Measurement(name, middle, ordered[-1], len(ordered), 1, limit_s, ordered[0])
