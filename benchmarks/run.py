"""Run every ``bench_*.py`` beside this file, print a table, write JSON.

Example: python benchmarks/run.py --out runs/bench.json --only cli
"""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from measure import SMOKE_VARIABLE, Figure, Measurement
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
MEASURED_PACKAGES = ("heatrouter", "numpy", "numba", "highspy", "onnxruntime", "torch")


THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""Libraries read these when they are loaded, so they must be set before."""


def pin_threads() -> None:
    """Begin again with one thread per library, unless that is so already.

    The plants of a batch have threads of their own, by the cores this process may use.
    """
    pinned = dict.fromkeys(THREAD_VARIABLES, "1")
    if not pinned.items() <= os.environ.items():
        os.environ.update(pinned)
        os.execv(sys.executable, sys.orig_argv)


def discover(only: str | None) -> list[str]:
    """Return the names of the benchmark modules, all or those that contain `only`."""
    names = sorted(path.stem for path in HERE.glob("bench_*.py"))
    return [name for name in names if only is None or only in name]


def environment() -> dict[str, object]:
    """Return what the times depend on; nothing that identifies the machine."""
    packages = {}
    for name in MEASURED_PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "packages": packages,
    }


def show(measurements: Iterable[Measurement]) -> None:
    """Print the table."""
    table = Table("benchmark", "best", "p50", "p99", "limit", "timings")
    for item in measurements:
        limit = "" if item.limit_s is None else _duration(item.limit_s)
        style = "red" if _missed(item) else None
        table.add_row(
            item.name,
            _duration(item.best_s),
            _duration(item.p50_s),
            _duration(item.p99_s),
            limit,
            f"{item.repeats} x {item.calls}",
            style=style,
        )
    Console().print(table)


def show_figures(figures: Iterable[Figure]) -> None:
    """Print the numbers that are no times."""
    table = Table("figure", "value", "unit", "at least")
    for item in figures:
        least = "" if item.least is None else f"{item.least:g}"
        table.add_row(
            item.name, f"{item.value:.4g}", item.unit, least, style="red" if _missed(item) else None
        )
    Console().print(table)


def _missed(item: Measurement | Figure) -> bool:
    if isinstance(item, Figure):
        return item.least is not None and item.value < item.least
    return item.limit_s is not None and item.p50_s > item.limit_s


def _duration(seconds: float) -> str:
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1.0:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def main() -> int:
    """Run the benchmarks; 1 if there is none, or one misses what the design promises."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--only", help="run the modules whose name contains this")
    parser.add_argument("--smoke", action="store_true", help="run everything once, for breakage")
    options = parser.parse_args()
    if options.smoke:
        os.environ[SMOKE_VARIABLE] = "1"
    modules = discover(options.only)
    if not modules:
        print(f"no benchmark matches {options.only!r} in {HERE.name}/bench_*.py", file=sys.stderr)
        return 1
    found: list[Measurement | Figure] = []
    for name in modules:
        print(f"{name} ...", flush=True)
        found += importlib.import_module(name).main()
    measurements = [item for item in found if isinstance(item, Measurement)]
    figures = [item for item in found if isinstance(item, Figure)]
    show(measurements)
    if figures:
        show_figures(figures)
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        result = {
            **environment(),
            "measurements": [asdict(item) for item in measurements],
            "figures": [asdict(item) for item in figures],
        }
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        print(f"written: {options.out}")
    return 1 if any(map(_missed, found)) and not options.smoke else 0


if __name__ == "__main__":
    pin_threads()
    sys.exit(main())
