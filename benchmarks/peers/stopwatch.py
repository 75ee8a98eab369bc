"""The talk between `run_peers.py` and the processes that it times; standard library only.

A process says that it is ready and what it is, then does what it is told by name, once per line,
and answers with how much it did and the CPU time that this took. All answers are lines of JSON on
what was standard output; whatever a library prints goes to standard error.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import NamedTuple


class Spent(NamedTuple):
    """What a work did.

    Attributes:
        done: Steps, solves, decisions or reads.
        cpu_s: CPU time of the process that they took.
        result: A number that both sides of a comparison should find alike, where there is one.
    """

    done: int
    cpu_s: float
    result: float | None = None


def timed(function: Callable[[], object], calls: int) -> Spent:
    """CPU time of some calls, the collector of garbage held off."""
    gc.collect()
    gc.disable()
    try:
        begin = time.process_time()
        for _ in range(calls):
            function()
        return Spent(calls, time.process_time() - begin)
    finally:
        gc.enable()


def serve(works: Mapping[str, Callable[[], Spent]], packages: tuple[str, ...]) -> None:
    """Do works by name until standard input ends; each is done once before, untimed.

    Args:
        works: What can be asked for.
        packages: Whose versions matter.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for work in works.values():
        work()
    ready = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "packages": {name: version(name) for name in packages},
    }
    answers.write(json.dumps(ready) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(works[line.strip()]()._asdict()) + "\n")
