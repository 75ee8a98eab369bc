"""Compare heatrouter with named peers, in turns and in one run; 1 where a promise is missed.

Example: python benchmarks/run_peers.py --out runs/peers.json
"""

import argparse
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from peers.comparisons import GROUPS, Group, Side
from peers.environments import NotInstalledError, peer_python
from peers.page import page
from peers.record import GroupRecord, PairRecord, Record, SideRecord, read_record
from peers.stopwatch import Spent
from peers.worker import Worker, WorkerError
from rich.console import Console
from rich.table import Table
from run import pin_threads

from heatrouter.agents.shipped_bundles import shipped_bundle

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / "runs" / "peers"
PAGE, PAGE_JSON = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "benchmarks.json"
PRESET = "energy-web"
LEAST_ROUNDS = 5
PLANT_WAIT_S = 300.0


def compare(group: Group, rounds: int, scratch: Path) -> GroupRecord:
    """Let the sides of a group take turns.

    Args:
        group: Who takes part.
        rounds: How many times.
        scratch: For files between processes, and what they print.
    """
    missing: dict[str, str] = {}
    spent: dict[str, list[Spent]] = {side.title: [] for side in group.sides}
    with ExitStack() as stack:
        workers = _start(group, scratch, stack, missing)
        for number in range(rounds):
            print(f"{group.name}, round {number + 1} of {rounds}", flush=True)
            # each second round the other way, so that nobody always follows the same one
            for side in group.sides[:: 1 if number % 2 == 0 else -1]:
                if side.module in missing:
                    continue
                try:
                    spent[side.title].append(workers[side.module].do(side.work))
                except WorkerError as error:
                    missing[side.module] = str(error)
        about = {name: worker.about for name, worker in workers.items()}
    sides = tuple(
        SideRecord(title=side.title, unit=side.unit, missing=missing[side.module])
        if side.module in missing
        else SideRecord(
            title=side.title,
            unit=side.unit,
            rates_per_cpu_s=tuple(s.done / s.cpu_s for s in spent[side.title]),
            result=spent[side.title][-1].result,
            **about[side.module],
        )
        for side in group.sides
    )
    rates = {side.title: side.rates_per_cpu_s for side in sides}
    pairs = tuple(
        PairRecord(
            ours=pair.ours,
            peer=pair.peer,
            ratios=tuple(a / b for a, b in zip(rates[pair.ours], rates[pair.peer], strict=False)),
            least=pair.least,
        )
        for pair in group.pairs
    )
    return GroupRecord(name=group.name, sides=sides, pairs=pairs)


def _start(
    group: Group, scratch: Path, stack: ExitStack, missing: dict[str, str]
) -> dict[str, Worker]:
    wanted = {name for names in group.shared.values() for name in names}
    shared = {"network": str(scratch / "network.json"), "nodes": str(scratch / "nodes.txt")}
    bundle = shipped_bundle(PRESET)
    if bundle is not None:
        shared["graph"] = str(bundle / "policy.onnx")
    if "endpoint" in wanted:
        shared["endpoint"] = stack.enter_context(_plant(scratch))
    workers: dict[str, Worker] = {}
    for side in group.sides:
        if side.module in workers or side.module in missing:
            continue
        try:
            python = _python(side)
            workers[side.module] = stack.enter_context(
                Worker(
                    python,
                    side.module,
                    [shared[name] for name in group.shared.get(side.module, ())],
                    own=not side.pins,
                    log=scratch / f"{side.module}.log",
                )
            )
        except (NotInstalledError, WorkerError) as error:
            missing[side.module] = str(error)
            print(f"{side.title} is left out: {error}", file=sys.stderr)
    return workers


def _python(side: Side) -> Path:
    return peer_python(side.pins, ENVIRONMENTS) if side.pins else Path(sys.executable)


@contextmanager
def _plant(scratch: Path) -> Iterator[str]:
    """A virtual plant in a process of its own; gives its endpoint."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}"
    ready = scratch / "plant-ready"
    command = [sys.executable, "-m", "heatrouter", "plant", PRESET, "--opcua", endpoint]
    with (scratch / "plant.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PLANT_WAIT_S
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        yield endpoint  # where it did not start, the clients say so
    finally:
        process.terminate()
        process.wait()


def show(record: Record) -> None:
    """Print the ratios."""
    table = Table("heatrouter", "peer", "median", "least", "greatest", "promised")
    for pair in (pair for group in record.groups for pair in group.pairs):
        numbers = (
            [f"{x:.3g}" for x in (pair.median, min(pair.ratios), max(pair.ratios))]
            if pair.ratios
            else ["not measured", "", ""]
        )
        least = "" if pair.least is None else f"{pair.least:g}"
        table.add_row(pair.ours, pair.peer, *numbers, least, style="red" if pair.missed else None)
    Console().print(table)


def measure_all(groups: tuple[Group, ...], rounds: int) -> Record:
    """Compare all groups, one after the other."""
    for pins in dict.fromkeys(side.pins for group in groups for side in group.sides if side.pins):
        try:
            peer_python(pins, ENVIRONMENTS)
        except NotInstalledError as error:
            print(f"{pins} cannot be installed: {error}", file=sys.stderr)
    found, load = [], []
    began = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    with tempfile.TemporaryDirectory() as scratch:
        for group in groups:
            load.append(os.getloadavg()[0])
            found.append(compare(group, rounds, Path(scratch)))
    load.append(os.getloadavg()[0])
    return Record(
        time=began,
        machine=f"{platform.system()} {platform.machine()}",
        cores=len(os.sched_getaffinity(0)),
        load_average=tuple(load),
        rounds=rounds,
        groups=tuple(found),
    )


def main() -> int:
    """Run; 1 where a promised ratio is missed or was not measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--rounds", type=int, default=5, help="how many times all take turns")
    parser.add_argument("--only", default="", help="groups whose name contains this")
    parser.add_argument("--docs", action="store_true", help="write docs/benchmarks.json and .md")
    parser.add_argument("--read", type=Path, help="take this JSON instead of measuring")
    options = parser.parse_args()
    if options.rounds < LEAST_ROUNDS:
        parser.error(f"--rounds: {options.rounds} is too few to judge, take {LEAST_ROUNDS} or more")
    groups = tuple(g for g in GROUPS if options.only.lower() in g.name.lower())
    if not groups:
        names = ", ".join(group.name for group in GROUPS)
        parser.error(f"--only: no group {options.only!r}; there are: {names}")
    if options.docs and options.only:
        parser.error("--docs: the page has all groups, so leave out --only")
    record = read_record(options.read) if options.read else measure_all(groups, options.rounds)
    show(record)
    text = record.model_dump_json(indent=1) + "\n"
    for path in filter(None, (options.out, PAGE_JSON if options.docs else None)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"written: {path}")
    if options.docs:
        PAGE.write_text(page(record), encoding="utf-8")
        print(f"written: {PAGE}")
    missed = record.missed()
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    pin_threads()
    sys.exit(main())
