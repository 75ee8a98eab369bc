"""Which modules are mutated, and which tests have to notice."""

import enum
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from code_mutants.mutants import Mutant, mutants_of

ROOT: Final = Path(__file__).resolve().parents[2]
PORTIONS: Final = ("envs", "agents", "training", "deploy")

# Without test_properties.py, which takes four times as long as the others together: what only a
# search of thousands of ticks would find has a named case as well.
_GUARD_TESTS: Final = (
    "tests/envs/guard/test_boundaries.py",
    "tests/envs/guard/test_fuzz.py",
    "tests/envs/guard/test_interlocks.py",
    "tests/envs/guard/test_limits.py",
    "tests/envs/guard/test_memory.py",
    "tests/envs/guard/test_prediction.py",
)

TESTS_OF: Final[dict[str, tuple[str, ...]]] = {
    "heatrouter.envs.guard.check": _GUARD_TESTS,
    "heatrouter.envs.guard.limit_rows": _GUARD_TESTS,
    "heatrouter.envs.guard.limits": _GUARD_TESTS,
    "heatrouter.envs.guard.memory": _GUARD_TESTS,
    "heatrouter.envs.guard.tables": _GUARD_TESTS,
    "heatrouter.envs.guard.verdict": _GUARD_TESTS,
    "heatrouter.deploy.modes": ("tests/deploy/test_modes.py", "tests/deploy/test_mode_trips.py"),
    "heatrouter.deploy.mode_requests": ("tests/deploy/service/test_mode_requests.py",),
    "heatrouter.deploy.fault_watch": ("tests/deploy/faults/test_fault_watch.py",),
    "heatrouter.deploy.validity": ("tests/deploy/test_validity.py",),
    "heatrouter.deploy.input_limits": ("tests/deploy/service/test_input_limits.py",),
    "heatrouter.deploy.jump_watch": ("tests/deploy/faults/test_jump_watch.py",),
    "heatrouter.deploy.swing_watch": ("tests/deploy/service/test_swing_watch.py",),
}
"""Tests by module: of each the smallest set that ought to know all of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A module with its mutants.

    Attributes:
        module: Dotted name.
        path: Its file.
        tests: Files or folders of its tests, below the root.
        mutants: In the order of the lines.
    """

    module: str
    path: Path
    tests: tuple[str, ...]
    mutants: tuple[Mutant, ...]


def targets(only: str = "") -> Iterator[Target]:
    """Targets whose name contains a text; every one by default.

    The code is that of this checkout, whichever copy is installed.
    """
    ours = [str(ROOT / portion) for portion in PORTIONS]
    sys.path[:] = [*ours, *(path for path in sys.path if path not in ours)]
    for name, tests in TESTS_OF.items():
        if only not in name:
            continue
        module = importlib.import_module(name)
        path = Path(module.__file__ or "")
        assert path.is_relative_to(ROOT), f"{name} comes from {path}"
        enums = {
            key: list(value.__members__)
            for key, value in vars(module).items()
            if isinstance(value, enum.EnumMeta)
        }
        found = mutants_of(name, path.read_text(encoding="utf-8"), enums)
        yield Target(name, path, tests, tuple(found))
