"""Build heatrouter, look into what was built, install it into empty environments and use it there.

Writes wheel, sdist, one bill of materials for each extra that was tried, and ``release.json`` with
the sizes and times that it prints. Ends with 1, and says why, where something must not be released.
"""

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bill_of_materials import make_tool, write_bill
from distributions import ROOT, ReleaseError, build, sdist_mistakes, wheel_mistakes
from empty_environment import CONSTRAINTS, EmptyEnvironment
from rich.console import Console
from rich.table import Column, Table
from small_jobs import JOBS, do_jobs

from heatrouter.envs.version import __version__

MOST_HELP_S = 0.5
"""Time of the processor, which is what a user waits for on a machine that is not busy."""

MOST_DEPLOY_MB = 500.0
"""Base and deploy together, without onnxruntime."""

IMPORTS = "import heatrouter.envs, heatrouter.agents, heatrouter.training, heatrouter.deploy"
SIMULATOR = "import heatrouter.envs.simulation.simulation"


@dataclass(frozen=True)
class Tried:
    """An extra in an empty environment.

    Attributes:
        extra: Its name; empty for none.
        installed_mb: What is installed, without onnxruntime, MB.
        onnxruntime_mb: That, MB.
        help_s: ``heatrouter --help``: real time and time of the processor, s.
        import_s: The same of an interpreter that imports the four portions.
        simulator_s: The same of one that imports the simulator.
        jobs: How many jobs were done.
    """

    extra: str
    installed_mb: float
    onnxruntime_mb: float
    help_s: tuple[float, float]
    import_s: tuple[float, float]
    simulator_s: tuple[float, float]
    jobs: int

    @property
    def name(self) -> str:
        """As pip is asked for it."""
        return f"heatrouter[{self.extra}]" if self.extra else "heatrouter"

    def mistakes(self) -> list[str]:
        """Bounds that it misses."""
        found = []
        cpu_s = self.help_s[1]
        if cpu_s >= MOST_HELP_S:
            found.append(f"{self.name}: --help takes {cpu_s:.2f} s, bound {MOST_HELP_S} s")
        if self.extra == "deploy" and self.installed_mb > MOST_DEPLOY_MB:
            found.append(f"{self.name}: {self.installed_mb:.0f} MB, bound {MOST_DEPLOY_MB:.0f} MB")
        return found


def try_extra(extra: str, wheel: Path, bench: Path, tool: EmptyEnvironment, out: Path) -> Tried:
    """Install the wheel with an extra, measure it, and do its jobs in an empty folder."""
    name = extra or "base"
    environment = EmptyEnvironment(bench / name)
    wanted = f"{wheel}[{extra}]" if extra else str(wheel)
    environment.install(wanted, constraints=CONSTRAINTS)
    installed_mb, large_mb = environment.sizes_mb()
    cwd = bench / f"{name}-jobs"
    cwd.mkdir()
    says = environment.run(["heatrouter", "--version"], cwd).output.strip()
    if says != f"heatrouter {__version__}":
        raise ReleaseError(f"installed {wheel.name}, and it says {says!r}")
    write_bill(tool, environment, __version__, out / f"heatrouter-{__version__}-{name}.cdx.json")
    tried = Tried(
        extra=extra,
        installed_mb=installed_mb,
        onnxruntime_mb=large_mb,
        help_s=environment.timed(["heatrouter", "--help"], cwd),
        import_s=environment.timed(["python", "-c", IMPORTS], cwd),
        simulator_s=environment.timed(["python", "-c", SIMULATOR], cwd),
        jobs=do_jobs(extra, environment, cwd),
    )
    shutil.rmtree(environment.folder)  # some gigabytes: the next one takes its place
    return tried


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder of the results")
    parser.add_argument(
        "--extras",
        default=",".join(name or "base" for name in JOBS),
        help="which to try, with commas between; default: %(default)s",
    )
    asked = parser.parse_args()
    extras = ["" if name == "base" else name for name in asked.extras.split(",")]
    if unknown := [name for name in extras if name not in JOBS]:
        parser.error(f"nothing is tried with {', '.join(unknown)}")
    console = Console(highlight=False, soft_wrap=True, width=120)  # the table, in a log too
    tried: list[Tried] = []
    failures: list[str] = []
    try:
        built = build(asked.out.resolve())
        failures += [f"{built.wheel.name}: {m}" for m in wheel_mistakes(built.wheel, __version__)]
        failures += [f"{built.sdist.name}: {m}" for m in sdist_mistakes(built.sdist)]
        with tempfile.TemporaryDirectory(prefix="heatrouter-release-") as folder:
            bench = Path(folder)
            tool = make_tool(bench / "bill-tool")
            for extra in extras:
                console.print(f"trying {extra or 'base'}")
                try:
                    found = try_extra(extra, built.wheel, bench, tool, asked.out.resolve())
                except ReleaseError as error:
                    failures.append(f"{extra or 'base'}: {error}")
                    continue
                tried.append(found)
                failures += found.mistakes()
                _keep(tried, asked.out / "release.json")
    except ReleaseError as error:
        failures.append(str(error))
    if tried:
        console.print(_table(tried))
    for failure in failures:
        console.print(f"failed: {failure}", markup=False)
    return 1 if failures else 0


def _keep(tried: list[Tried], file: Path) -> None:
    """Write what has been found so far: a later extra may be interrupted."""
    rows = {"version": __version__, "tried": [asdict(one) for one in tried]}
    file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _table(tried: list[Tried]) -> Table:
    times = ("--help s (CPU)", "import s (CPU)", "simulator s (CPU)")
    name = Column("installed", no_wrap=True)
    table = Table(name, "MB", "onnxruntime MB", *times, "jobs")
    for one in tried:
        found = (one.help_s, one.import_s, one.simulator_s)
        table.add_row(
            one.name.replace("[", "\\["),
            f"{one.installed_mb:.0f}",
            f"{one.onnxruntime_mb:.0f}",
            *(f"{real:.2f} ({cpu:.2f})" for real, cpu in found),
            str(one.jobs),
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
