"""Labels on disk: one file for some courses, named by everything that it depends on.

Files appear whole or not at all. What is there already is not made again, so that an interrupted
collection goes on, and a second run of the same configuration starts with the labels of the first.
"""

import hashlib
import json
import multiprocessing
import os
import pickle
import signal
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.agents import planning
from heatrouter.envs.actuate import ActionScaling
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.compile import kernel_digest
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.training.imitation import collection, held_releases
from heatrouter.training.imitation.collection import Course, Drive, collect
from heatrouter.training.imitation.network import PlainNetwork
from heatrouter.training.imitation.settings import LabelSettings
from heatrouter.training.imitation.weeks import cut_weeks

_FORMAT: Final = 1
_CORE_S: Final = "core_s"
_THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True, slots=True)
class Round:
    """One round of collecting.

    Attributes:
        number: From zero.
        courses: How many courses.
        expert_share: Of the time that the planner drives.
        network: What drives the rest; the rules if None.
    """

    number: int
    courses: int
    expert_share: float
    network: PlainNetwork | None


@dataclass(frozen=True, slots=True)
class Work:
    """What all files of a run share.

    Attributes:
        district: The district.
        task: Of the policy, with the simulator's sub-step of the training.
        library: Training scenarios.
        settings: How to collect.
        seed: Of starts, turns and noise.
    """

    district: District
    task: Task
    library: ScenarioLibrary
    settings: LabelSettings
    seed: int

    def digest(self, this: Round) -> str:
        """sha256 of everything that a round's labels depend on."""
        plain = {
            "format": _FORMAT,
            "sources": _sources_digest(),
            "district": self.district.digest,
            "task": self.task.model_dump(mode="json"),
            "scenarios": hashlib.sha256(self.library.values.tobytes()).hexdigest(),
            "settings": self.settings.model_dump(
                mode="json", exclude={"weeks", "round_weeks", "rounds", "processes"}
            ),
            "seed": self.seed,
            "round": this.number,
            "courses": this.courses,
            "expert_share": this.expert_share,
            "network": (
                None
                if this.network is None
                else hashlib.sha256(this.network.to_bytes()).hexdigest()
            ),
        }
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@cache
def _sources_digest() -> str:
    """sha256 over the code that labels come from: another planner gives other labels."""
    digest = hashlib.sha256(kernel_digest().encode())
    for module in (planning, collection, held_releases):
        assert module.__file__ is not None
        file = Path(module.__file__)
        sources = sorted(file.parent.glob("*.py")) if file.stem == "__init__" else [file]
        for source in sources:
            digest.update(source.read_bytes())
    return digest.hexdigest()


def round_weeks(work: Work, this: Round) -> ScenarioLibrary:
    """The weeks of a round's courses, in their order."""
    return cut_weeks(
        work.library,
        this.courses,
        seed=work.seed * 1000 + this.number,
        hours=work.settings.hours,
    )


def collect_round(
    work: Work, this: Round, folder: Path, on_file: Callable[[int, int], None]
) -> list[Course]:
    """Collect a round, as far as its files are not there yet.

    Args:
        work: What all rounds share.
        this: The round.
        folder: Of the label files.
        on_file: Called with files done and files in all.

    Returns:
        The courses in the order of their files, whatever order they were made in.

    Raises:
        HeatrouterError: A worker died, or the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: cannot hold labels ({error.strerror or error}); set imitation.folder"
        raise HeatrouterError(msg) from error
    paths = _paths(work, this, folder)
    count = len(paths)
    missing = [number for number, path in enumerate(paths) if _read(path) is None]
    done = count - len(missing)
    on_file(done, count)
    for _ in _made(work, this, paths, missing):
        done += 1
        on_file(done, count)
    courses = [_read(path) for path in paths]
    lost = [str(path) for path, course in zip(paths, courses, strict=True) if course is None]
    if lost:
        msg = f"{lost[0]}: was there a moment ago and cannot be read now; start again"
        raise HeatrouterError(msg)
    return [course for course in courses if course is not None]


def round_core_s(work: Work, this: Round, folder: Path) -> float:
    """CPU time that collecting a round has taken, whoever did it and when, s.

    Args:
        work: What all rounds share.
        this: The round, collected.
        folder: Of the label files. Those from before this was noted count nothing.
    """
    return sum(_core_s(path) for path in _paths(work, this, folder))


def _core_s(path: Path) -> float:
    with np.load(path, allow_pickle=False) as archive:
        return float(archive[_CORE_S]) if _CORE_S in archive.files else 0.0


def _paths(work: Work, this: Round, folder: Path) -> list[Path]:
    size = work.settings.environments
    stem = f"{work.district.name}-{work.digest(this)[:20]}"
    count = -(-this.courses // size)
    return [folder / f"{stem}-{size}-{number:04d}.npz" for number in range(count)]


def _made(work: Work, this: Round, paths: Sequence[Path], missing: Sequence[int]) -> Iterator[int]:
    """Make files, in this process or in several; yields their numbers as they come."""
    jobs = min(work.settings.processes, len(missing))
    if jobs <= 1:
        for number in missing:
            _make(work, this, paths[number], number)
            yield number
        return
    before = set(multiprocessing.active_children())
    with tempfile.TemporaryDirectory(prefix="heatrouter-") as shared, _one_thread():
        _share(work, this, Path(shared))
        pool = ProcessPoolExecutor(
            jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(shared,),
        )
        try:
            waiting: dict[Future[None], int] = {
                pool.submit(_work, paths[number], number): number for number in missing
            }
            while waiting:
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    number = waiting.pop(future)
                    try:
                        future.result()
                    except BrokenProcessPool as error:
                        msg = (
                            "a worker died while labels were collected (out of memory?); use fewer "
                            "imitation.labels.processes and start again: files that are whole stay"
                        )
                        raise HeatrouterError(msg) from error
                    yield number
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise
        pool.shutdown()


def _make(work: Work, this: Round, path: Path, number: int) -> None:
    """Collect the courses of one file and write it."""
    begin = time.process_time()
    random = np.random.default_rng([work.seed, this.number, number])
    size = work.settings.environments
    weeks = round_weeks(work, this)
    course = collect(
        work.district,
        work.task,
        weeks.select(range(number * size, min((number + 1) * size, weeks.n_scenarios))),
        work.settings,
        expert_share=this.expert_share,
        drive=_drive(work, this.network),
        random=random,
    )
    stage = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with stage.open("wb") as file:
            took = {_CORE_S: np.float64(time.process_time() - begin)}
            np.savez_compressed(file, allow_pickle=False, **course.arrays(), **took)
        stage.replace(path)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror or error}); files that are whole stay"
        raise HeatrouterError(msg) from error
    finally:
        stage.unlink(missing_ok=True)


def _drive(work: Work, network: PlainNetwork | None) -> Drive | None:
    if network is None:
        return None
    scaling = ActionScaling.from_contract(build_contract(work.district, work.task))

    def drive(observation: Float32Array) -> FloatArray:
        return scaling.denormalise(network.normalised(observation))

    return drive


def _read(path: Path) -> Course | None:
    """A file's courses; None where it is missing or damaged."""
    try:
        # opened here: NumPy leaves a damaged file open
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return Course(**{part.name: archive[part.name] for part in fields(Course)})
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _share(work: Work, this: Round, folder: Path) -> None:
    np.save(folder / "values.npy", work.library.values)
    library = {
        part.name: getattr(work.library, part.name)
        for part in fields(work.library)
        if part.name != "values"
    }
    rest = {part.name: getattr(work, part.name) for part in fields(work) if part.name != "library"}
    (folder / "work.pickle").write_bytes(pickle.dumps((library, rest, this)))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have every process that is started meanwhile use one thread."""
    before: Mapping[str, str | None] = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_state: list[tuple[Work, Round]] = []


def _begin(folder: str) -> None:
    # the parent ends its workers; a second voice at Ctrl-C would only print tracebacks
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    library, rest, this = pickle.loads(  # noqa: S301  # the parent's own
        (Path(folder) / "work.pickle").read_bytes()
    )
    # mapped, and read-only as kernels know it: they would compile anew for a writable array
    values = np.asarray(np.load(Path(folder) / "values.npy", mmap_mode="r"))
    _state[:] = [(Work(library=ScenarioLibrary(values=values, **library), **rest), this)]


def _work(path: Path, number: int) -> None:
    ((work, this),) = _state
    _make(work, this, path, number)
