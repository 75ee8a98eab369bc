"""One mutant, one forked process: is there a test that fails?

The process has everything loaded but the project itself, which it imports with the change in it;
so a change of a table or of a class is seen by all who use it, and no file is ever written to.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import CodeType, ModuleType
from typing import Final

import hypothesis
import pytest

from code_mutants.covering import silenced
from code_mutants.mutants import Mutant

PYTEST_ARGUMENTS: Final = (
    "-x",
    "-q",
    "-m",
    "not slow",
    # Nobody reads why an assertion failed, nor what the garbage collector finds.
    "--assert=plain",
    *("-p", "no:cacheprovider"),
    *("-p", "no:cov"),
    *("-p", "no:unraisableexception"),
    *("-p", "no:xdist"),
)

LEAST_CPU_S: Final = 20
"""CPU seconds after which a mutant runs for ever; more where its tests take long as they are."""

_SURVIVED, _KILLED, _UNKNOWN = 0, 1, 2


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    UNCOVERED = "not covered"


@dataclass(frozen=True, slots=True)
class Trial:
    """How a mutant fared.

    Attributes:
        outcome: In one word.
        by: The test that failed; empty where none did, or where the import did.
        cpu_s: What it cost.
    """

    outcome: Outcome
    by: str
    cpu_s: float


class _Chosen:
    """Runs the chosen tests in their order, and remembers which of them failed."""

    def __init__(self, order: Sequence[str]) -> None:
        self._order = order
        self.failed = ""

    def pytest_configure(self) -> None:
        """Do not look for the simplest example that fails; the profile is the tests' own."""
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        current = hypothesis.settings.get_current_profile_name()
        kept = hypothesis.settings.get_profile(current)
        hypothesis.settings.register_profile("mutants", kept, phases=phases, database=None)
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        known = {item.nodeid: item for item in items}
        # A change of a table may rename the cases that are made of it; then all of them run.
        items[:] = [known[name] for name in self._order if name in known] or items

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = report.nodeid


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module with its change to whoever imports it."""

    def __init__(self, module: str, path: str, code: CodeType) -> None:
        self._module = module
        self._path = path
        self._code = code

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002 - importlib's signature
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, vars(module))


def attempt(path: str, mutant: Mutant | None, tests: Sequence[str], cpu_s: float) -> Trial:
    """Run tests on a mutant in a process of its own.

    Args:
        path: File of the mutated module.
        mutant: None for the code as it is.
        tests: Names of the tests, in the order in which they are to run.
        cpu_s: What the tests take on the code as it is.

    Raises:
        RuntimeError: If pytest neither passed nor failed, so that nothing is known.
    """
    if not tests:
        return Trial(Outcome.UNCOVERED, "", 0.0)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        code = _UNKNOWN
        try:
            code = _in_child(path, mutant, tests, write, LEAST_CPU_S + int(5.0 * cpu_s))
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        by = pipe.read()
    _, status, used = os.wait4(child, 0)
    spent_s = used.ru_utime + used.ru_stime
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) not in {signal.SIGXCPU, signal.SIGKILL}:
            message = f"signal {os.WTERMSIG(status)} ended the tests of {mutant and mutant.key}"
            raise RuntimeError(message)
        return Trial(Outcome.TIMED_OUT, by, spent_s)
    match os.WEXITSTATUS(status):
        case 0:
            return Trial(Outcome.SURVIVED, "", spent_s)
        case 1:
            return Trial(Outcome.KILLED, by, spent_s)
    message = f"pytest could not run the tests of {mutant and mutant.key}"
    raise RuntimeError(message)


def _in_child(
    path: str, mutant: Mutant | None, tests: Sequence[str], write: int, cpu_limit_s: int
) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_limit_s, cpu_limit_s + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if mutant is not None:
        sys.meta_path.insert(0, _Changed(mutant.module, path, mutant.compiled(path)))
    chosen = _Chosen(tests)
    files = sorted({name.partition("::")[0] for name in tests})
    with silenced():
        code = pytest.main([*PYTEST_ARGUMENTS, *files], plugins=[chosen])
    os.write(write, chosen.failed.encode())
    if code == pytest.ExitCode.OK:
        return _SURVIVED
    # What cannot even be imported or collected is noticed, too.
    noticed = {
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.INTERRUPTED,
        pytest.ExitCode.USAGE_ERROR,
    }
    return _KILLED if code in noticed else _UNKNOWN
