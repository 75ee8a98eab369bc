"""Work off units of an evaluation, in this process or in several.

Workers are started afresh (spawn), with one thread each. What all of them need is written once:
scenarios as files that are mapped into memory, the rest pickled. Controllers are made anew in every
worker from what the user said, since sessions and solvers cannot be pickled.
"""

import multiprocessing
import os
import pickle
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_run import run_unit
from heatrouter.agents.evaluation_store import ResultStore
from heatrouter.agents.evaluation_units import Unit, UnitResult
from heatrouter.envs.errors import HeatrouterError
from heatrouter.envs.scenarios.library import ScenarioLibrary

_THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_CASES: Final = "cases.pickle"


@dataclass(frozen=True)
class Case:
    """One district that is judged, with the controllers that take part there."""

    question: Question
    entrants: Mapping[str, Entrant]


def run_units(
    cases: Sequence[Case], units: Sequence[Unit], store: ResultStore | None, jobs: int
) -> Iterator[tuple[Unit, UnitResult, bool]]:
    """Work units off.

    Args:
        cases: What the units are about.
        units: In the order in which they are begun.
        store: Where results are kept and looked for.
        jobs: Processes, at least 1; with one, everything runs in this process.

    Yields:
        Unit, result without its steps, and whether it was stored already; as they come.

    Raises:
        ConfigError: A controller does not fit its district.
        HeatrouterError: A worker died.
    """
    left = []
    for unit in units:
        stored = store.load(unit) if store is not None else None
        if stored is None:
            left.append(unit)
        else:
            yield unit, stored, True
    # Timing comes last and alone: it would measure how busy the others keep the machine.
    shared = [unit for unit in left if unit.kind != "decisions" and _portable(cases, unit)]
    jobs = min(jobs, len(shared))
    if jobs > 1:
        for unit, result in _in_workers(cases, shared, store, jobs):
            yield unit, result, False
        left = [unit for unit in left if unit not in shared]
    for unit in left:
        case = cases[unit.case]
        entrant = case.entrants.get(unit.controller)
        yield unit, _done(case.question, entrant, unit, store), False


def _portable(cases: Sequence[Case], unit: Unit) -> bool:
    entrant = cases[unit.case].entrants.get(unit.controller)
    return entrant is None or entrant.remake is not None


def _done(
    question: Question, entrant: Entrant | None, unit: Unit, store: ResultStore | None
) -> UnitResult:
    result = run_unit(question, entrant, unit)
    if store is not None:
        store.save(unit, result)
    return replace(result, steps={})


def _in_workers(
    cases: Sequence[Case], units: Sequence[Unit], store: ResultStore | None, jobs: int
) -> Iterator[tuple[Unit, UnitResult]]:
    before = set(multiprocessing.active_children())
    with tempfile.TemporaryDirectory(prefix="heatrouter-") as folder, _one_thread():
        _write(cases, Path(folder))
        _warm(cases[units[0].case])
        pool = ProcessPoolExecutor(
            jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(folder, store),
        )
        try:
            waiting: dict[Future[UnitResult], Unit] = {
                pool.submit(_work, unit): unit for unit in units
            }
            while waiting:
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    unit = waiting.pop(future)
                    yield unit, _result(future, unit)
        except BaseException:
            # Workers would finish their week first, which can take minutes.
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise
        pool.shutdown()


def _result(future: "Future[UnitResult]", unit: Unit) -> UnitResult:
    from concurrent.futures.process import BrokenProcessPool

    try:
        return future.result()
    except BrokenProcessPool as error:
        msg = (
            f"a worker process died, at the latest while {unit.controller!r} was run (out of "
            "memory?); use fewer with --jobs, and --work DIR to go on from here"
        )
        raise HeatrouterError(msg) from error


def _warm(case: Case) -> None:
    """Compile here what is not compiled yet, once and not in every worker."""
    if case.question.make_batch is None and case.entrants:
        entrant = next(iter(case.entrants.values()))
        case.question.batch(entrant, 1).reset()


def _write(cases: Sequence[Case], folder: Path) -> None:
    content = []
    for position, case in enumerate(cases):
        library = case.question.library
        np.save(folder / f"{position}.npy", library.values)
        described = {
            part.name: getattr(library, part.name)
            for part in fields(library)
            if part.name != "values"
        }
        # Pickled as it is, the array would come back writable, for which kernels compile anew.
        asked = {
            part.name: getattr(case.question, part.name)
            for part in fields(case.question)
            if part.name != "library"
        }
        makers = {
            name: entrant.remake
            for name, entrant in case.entrants.items()
            if entrant.remake is not None
        }
        content.append((described, asked, makers))
    (folder / _CASES).write_bytes(pickle.dumps(content))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have every process that is started meanwhile use one thread."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@dataclass
class _Worker:
    """What a worker process holds between units."""

    questions: list[Question]
    makers: list[dict[str, Any]]
    entrants: dict[tuple[int, str], Entrant]
    store: ResultStore | None


_state: list[_Worker] = []


def _begin(folder: str, store: ResultStore | None) -> None:
    # The parent ends its workers; a second voice at Ctrl-C would only print tracebacks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    content = pickle.loads((Path(folder) / _CASES).read_bytes())  # noqa: S301  # the parent's own
    questions, makers = [], []
    for position, (described, asked, made_by) in enumerate(content):
        values = np.asarray(np.load(Path(folder) / f"{position}.npy", mmap_mode="r"))
        library = ScenarioLibrary(values=values, **described)
        questions.append(Question(library=library, **(asked | {"threads": 1})))
        makers.append(made_by)
    _state[:] = [_Worker(questions, makers, {}, store)]


def _work(unit: Unit) -> UnitResult:
    (worker,) = _state
    key = unit.case, unit.controller
    if key not in worker.entrants and unit.kind != "bound":
        worker.entrants[key] = worker.makers[unit.case][unit.controller]()
    return _done(worker.questions[unit.case], worker.entrants.get(key), unit, worker.store)
