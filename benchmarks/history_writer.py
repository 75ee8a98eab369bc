"""A historian that writes until it is killed: ``python history_writer.py FILE``."""

import sys
import time
from pathlib import Path

import numpy as np

from heatrouter.deploy.historian import Historian, HistorySettings
from heatrouter.deploy.history_file import HistorySample, Layout

LAYOUT = Layout("harness", ("a", "b"), ("p",))


def sample(tick: int, *, wall_time: float | None = None, bad: bool = False) -> HistorySample:
    return HistorySample(
        tick=tick,
        wall_time=time.time() if wall_time is None else wall_time,
        time_s=60.0 * tick,
        plant_time_s=1e6 + 60.0 * tick,
        mode="RULES",
        target="POLICY",
        written=True,
        series=np.array([tick, -tick, 0.5, 0.1 + 0.2 * tick], dtype=np.float64),
        causes=np.array([4 if bad else 0, 0], dtype=np.uint8),
    )


def main() -> None:
    historian = Historian(Path(sys.argv[1]), LAYOUT, "d" * 64, HistorySettings(), mean_s=900.0)
    historian.start()
    tick = 0
    print("ready", flush=True)
    while True:
        historian.put(sample(tick))
        tick += 1
        time.sleep(0.0005)


if __name__ == "__main__":
    main()
