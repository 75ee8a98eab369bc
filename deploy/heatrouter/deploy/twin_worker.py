"""The process of the live twin: compiles and runs the simulator so that the guard never does.

Started by the guard process as ``python -m heatrouter.deploy.twin_worker``. It may take minutes to
compile, hang or crash; without its answer the policy's proposals are refused and the rules control.
It ends by itself when the guard process is gone.
"""

import argparse
import logging
import signal
import socket
import time
from pathlib import Path

import numpy as np

from heatrouter.deploy.history_file import HISTORY_FILE, HistoryError
from heatrouter.deploy.history_reading import HistoryReader
from heatrouter.deploy.live_twin import LiveTwin, Measured, warm_up
from heatrouter.deploy.twin_frames import line, unline
from heatrouter.deploy.twin_settings import TWIN_STATE_FILE
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.spec.loading import load_district
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR

_log = logging.getLogger(__name__)


def answer(
    twin: LiveTwin, question: dict[str, object], state_dir: Path, warm_up_h: float, speed: float
) -> dict[str, object]:
    """Follow the plant by one step, and look ahead.

    Args:
        twin: The twin; begun with the first question.
        question: As in :mod:`.twin_frames`.
        state_dir: Where the history is, and the twin's state goes.
        warm_up_h: Hours of history to live through at first.
        speed: Plant seconds per real second.
    """
    number = question["ask"]
    values, clock = question["values"], _floats(question["clock"])
    assert isinstance(values, dict)
    if twin.steps == 0:
        _begin(twin, question, state_dir, warm_up_h, speed)
    known = {str(name): float(value) for name, value in values.items()}
    try:
        twin.follow(Measured(known, _floats(question["applied"])))
        outlook = twin.look_ahead(_floats(question["proposal"]))
        twin.save(state_dir / TWIN_STATE_FILE)
    except HeatrouterError as error:
        # A state that leads nowhere is not gone on from.
        twin.begin(float(clock[2]), float(clock[0]))
        return {"answer": number, "failed": str(error)}
    if not (np.isfinite(outlook.lowest).all() and np.isfinite(outlook.highest).all()):
        return {"answer": number, "failed": "the simulation ended in what is no number"}
    return {
        "answer": number,
        "horizon_s": outlook.horizon_s,
        "lowest": outlook.lowest.tolist(),
        "highest": outlook.highest.tolist(),
    }


def _begin(
    twin: LiveTwin,
    question: dict[str, object],
    state_dir: Path,
    warm_up_h: float,
    speed: float,
) -> None:
    clock, plant_time_s = _floats(question["clock"]), float(_floats(question["plant_time_s"]))
    hour, day = float(clock[0]), float(clock[2])
    steps = 0
    since = time.time() - warm_up_h * SECONDS_PER_HOUR / speed
    try:
        with HistoryReader(state_dir / HISTORY_FILE) as reader:
            rows = [row for row in reader.means(since) if row.plant_time_s < plant_time_s]
        steps = warm_up(twin, rows, plant_time_s=plant_time_s, day_of_year=day, local_hour=hour)
    except HistoryError as error:
        _log.warning("no history to begin with: %s", error)
        twin.begin(day, hour)
    _log.warning("the twin begins after %d control steps of history", steps)


def main() -> int:
    """Compile, say so, then answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--district", required=True)
    parser.add_argument("--task", type=Path, required=True, help="the task, JSON")
    parser.add_argument("--look-ahead-h", type=float, required=True)
    parser.add_argument("--warm-up-h", type=float, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--channel", type=int, required=True, help="file descriptor of the socket")
    arguments = parser.parse_args()
    # Ctrl-C is the guard's to handle: it closes the channel when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task = Task.model_validate_json(arguments.task.read_bytes())
    twin = LiveTwin(
        load_district(arguments.district),
        task,
        look_ahead_s=arguments.look_ahead_h * SECONDS_PER_HOUR,
    )
    twin.begin(1.0, 0.0)
    twin.look_ahead(twin.batch.limits.safe)
    with socket.socket(fileno=arguments.channel) as channel, channel.makefile("rb") as questions:
        try:
            channel.sendall(line({"ready": True}))
            for data in questions:
                content = answer(
                    twin, unline(data), arguments.state_dir, arguments.warm_up_h, arguments.speed
                )
                channel.sendall(line(content))
        except ConnectionError:
            _log.debug("the guard process is gone")
    return 0


def _floats(value: object) -> FloatArray:
    numbers: FloatArray = np.array(value, dtype=np.float64)
    return numbers


if __name__ == "__main__":
    raise SystemExit(main())
