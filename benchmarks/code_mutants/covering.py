"""One run of the tests as they are: which of them runs which line, and what no test does."""

import contextlib
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import pytest

from code_mutants.targets import ROOT, Target

_OUTSIDE = "outside of tests"
"""Context of imports, of fixtures, and of whatever else is done once for several tests."""


@dataclass(slots=True)
class Covered:
    """What the tests do with the targets.

    Attributes:
        failed: Whether a test failed, so that nothing can be said.
        duration_s: By test.
        tests_of_line: By module and line, the tests that run it; None where it is run outside.
        missing: By module, branches and lines that no test takes, as a person reads them.
        branches: By module, how many there are.
    """

    failed: bool = False
    duration_s: dict[str, float] = field(default_factory=dict)
    tests_of_line: dict[str, dict[int, set[str] | None]] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)
    branches: dict[str, int] = field(default_factory=dict)

    def tests_for(self, target: Target, lines: range) -> list[str]:
        """Tests that may notice a change in these lines, the quickest first."""
        by_line = self.tests_of_line[target.module]
        found: set[str] = set()
        for line in lines:
            tests = by_line.get(line, set())
            if tests is None:
                return self.all_tests(target)
            found |= tests
        return self._quickest_first(found)

    def all_tests(self, target: Target) -> list[str]:
        """Every test of a target, the quickest first."""
        return self._quickest_first({t for t in self.duration_s if t.startswith(target.tests)})

    def _quickest_first(self, tests: set[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.duration_s[test], test))


class _Contexts:
    """Tells coverage which test runs, and keeps one test's cached results from the next one."""

    def __init__(self, cov: coverage.Coverage, modules: Sequence[str]) -> None:
        self._cov = cov
        self._modules = modules
        self.duration_s: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        for module in self._modules:
            for value in list(vars(sys.modules[module]).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
        self._cov.switch_context(item.nodeid)
        begin_s = time.process_time()
        try:
            return (yield)
        finally:
            self.duration_s[item.nodeid] = time.process_time() - begin_s
            self._cov.switch_context(_OUTSIDE)


def cover(chosen: Sequence[Target], pytest_arguments: Sequence[str]) -> Covered:
    """Run the tests of the targets once, in this process, and forget the code of the project."""
    covered = Covered()
    cov = coverage.Coverage(
        data_file=None,
        branch=True,
        source_pkgs=[target.module for target in chosen],
        config_file=str(ROOT / "pyproject.toml"),
    )
    forget_project()
    contexts = _Contexts(cov, [target.module for target in chosen])
    tests = sorted({path for target in chosen for path in target.tests})
    cov.start()
    cov.switch_context(_OUTSIDE)
    with silenced():
        code = pytest.main([*pytest_arguments, *tests], plugins=[contexts])
    cov.stop()
    covered.failed = code != pytest.ExitCode.OK
    covered.duration_s = contexts.duration_s
    data = cov.get_data()
    report = _report(cov)
    for target in chosen:
        by_line: dict[int, set[str] | None] = {}
        for line, names in data.contexts_by_lineno(str(target.path)).items():
            outside = _OUTSIDE in names or "" in names
            by_line[line] = None if outside else set(names)
        covered.tests_of_line[target.module] = by_line
        found = report[target.path.resolve()]
        covered.branches[target.module] = found["summary"]["num_branches"]
        covered.missing[target.module] = [
            *(f"line {line} is not run" for line in found["missing_lines"]),
            *(
                f"from line {line} never to {'the end' if to < 0 else f'line {to}'}"
                for line, to in found["missing_branches"]
            ),
        ]
    forget_project()
    gc.collect()
    gc.freeze()  # so that no forked process looks at all this again
    return covered


def _report(cov: coverage.Coverage) -> dict[Path, dict[str, Any]]:
    """What coverage says of each file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        cov.json_report(outfile=str(path))
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
    return {Path(name).resolve(): found for name, found in files.items()}


def forget_project() -> None:
    """Let the next import read the code of the project and of its tests anew."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        own = name.split(".")[0] in {"heatrouter", "tests"} or path.startswith(str(ROOT / "tests"))
        if own:
            del sys.modules[name]


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Neither pytest's output nor that of the code under test is of interest."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(number) for number in (1, 2)]
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - no file
        for number in (1, 2):
            os.dup2(nowhere.fileno(), number)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, stream in zip((1, 2), kept, strict=True):
            os.dup2(stream, number)
            os.close(stream)
