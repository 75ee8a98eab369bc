"""Run a part of a study: train what has not been trained, judge, write the numbers."""

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from heatrouter.agents.evaluation_digest import code_digest, write_atomically
from heatrouter.agents.evaluation_scenarios import build_scenarios
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.training.run_folder import RunFolder, versions
from heatrouter.training.study.judging import judge
from heatrouter.training.study.planning import Training, plan_trainings
from heatrouter.training.study.results import Machine, PartResults, part_file
from heatrouter.training.study.settings import Part, Study
from heatrouter.training.sweep import run_sweep
from heatrouter.training.sweep_local import Outcome, local_outcomes
from heatrouter.training.sweep_plan import Cell

_CODE_DIGITS = 12


@dataclass(frozen=True, slots=True)
class StudyFolders:
    """Where a study keeps what.

    Attributes:
        out: Runs, labels and judged weeks: large, and not kept for ever.
        results: Files of numbers, beside the page.
    """

    out: Path
    results: Path

    def runs(self, part: Part) -> Path:
        """Folder of the trainings of a part."""
        return self.out / part.name

    @property
    def labels(self) -> Path:
        """Folder of label files, of all parts."""
        return self.out / "labels"

    @property
    def judged(self) -> Path:
        """Folder of weeks that were judged, of all parts."""
        return self.out / "judged"


def run_part(
    study: Study, part: Part, folders: StudyFolders, jobs: int, console: Console
) -> tuple[Path, PartResults]:
    """Run what is left of a part; the same call goes on after an interruption.

    Args:
        study: The study.
        part: Which of its parts.
        folders: Where everything is kept.
        jobs: Trainings, and later controllers, side by side.
        console: Where progress goes.

    Returns:
        The file of its numbers and what it holds.

    Raises:
        TrainingConfigError: A configuration cannot be used, or its training was begun otherwise.
        NumericalError: The rules broke down, or controllers did not meet the same weather.
        KeyboardInterrupt: The user stopped it; what has ended is kept.
    """
    trainings = plan_trainings(study, part, folders.labels)
    failed = _train(part, [t for t in trainings if t.bundle is None], folders, jobs, console)
    ended = [t for t in trainings if t.bundle is not None or _has_ended(t, part, folders)]
    presets = judge(
        study,
        part,
        ended,
        folders.runs(part),
        ResultStore(folders.judged),
        jobs=jobs,
        progress=lambda district, controller, done, count: console.print(
            f"{district}, {controller}: {done}/{count} weeks", highlight=False
        ),
    )
    found = PartResults(
        study=study.name,
        part=part.name,
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(),
        code=code_digest()[:_CODE_DIGITS],
        machine=machine(),
        core_seconds=study.core_seconds,
        failed=failed,
        presets=presets,
    )
    path = part_file(folders.results, study.name, part.name)
    write_atomically(path, found.model_dump_json(indent=1) + "\n")
    return path, found


def state_of(study: Study, part: Part, folders: StudyFolders) -> tuple[int, int]:
    """How many trainings of a part have ended or need not be run, and how many there are."""
    trainings = plan_trainings(study, part, folders.labels)
    ended = [t.bundle is not None or _has_ended(t, part, folders) for t in trainings]
    return sum(ended), len(ended)


def _has_ended(training: Training, part: Part, folders: StudyFolders) -> bool:
    return RunFolder(folders.runs(part) / training.cell.name).summary.is_file()


def machine() -> Machine:
    """This machine, as far as numbers depend on it."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        processor = names[0] if names else processor
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0))
    return Machine(processor=processor, cores=cores, memory_gb=round(pages / 1e9, 1))


def _train(
    part: Part,
    trainings: Sequence[Training],
    folders: StudyFolders,
    jobs: int,
    console: Console,
) -> dict[str, str]:
    """Train what is left; returns the trainings that failed with the reason."""
    if not trainings:
        return {}
    cells = [training.cell for training in trainings]
    runs = folders.runs(part)
    _check_settings(runs, cells)
    left = [cell for cell in cells if not RunFolder(runs / cell.name).summary.is_file()]
    _compile(left)

    def execute(
        out: Path, left: Sequence[Cell], watch: Callable[[Sequence[str]], None]
    ) -> Iterator[Outcome]:
        return local_outcomes(out, [cell.name for cell in left], jobs, watch)

    return run_sweep(cells, runs, execute, console).failed


def _check_settings(runs: Path, cells: Sequence[Cell]) -> None:
    """Refuse what was begun with other settings: it would be taken for what is asked for."""
    for cell in cells:
        run = RunFolder(runs / cell.name)
        if not (run.path / "config.yaml").is_file():
            continue
        config, task, district = run.read_inputs()
        if (config.digest, task, district) != (cell.config.digest, cell.task, cell.district):
            msg = (
                f"{run.path} was begun with other settings; remove that folder to train it anew, "
                "or name another with --out"
            )
            raise TrainingConfigError(msg)


def _compile(cells: Sequence[Cell]) -> None:
    """Make every district once with the sub-step of its trainings.

    What cannot be simulated is told before anything is trained, and the simulator is compiled here:
    no training's budget shall pay for it.
    """
    wanted = {
        (cell.task.district, cell.config.sim_dt_s or cell.task.sim_dt_s): cell for cell in cells
    }
    for (_, dt_s), cell in wanted.items():
        library, _ = build_scenarios(cell.district, "train", 1, (0,))
        task = cell.task.model_copy(update={"sim_dt_s": dt_s})
        DistrictBatch(cell.district, task, library, num_envs=1, seed=0).reset()
