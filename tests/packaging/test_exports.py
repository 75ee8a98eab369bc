"""Lazy exports: the table, ``__all__`` and the modules agree, and nothing loads early."""

import inspect
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

PORTIONS = ["heatrouter.agents", "heatrouter.deploy", "heatrouter.envs", "heatrouter.training"]
EXPORTS = [
    (portion, name) for portion in PORTIONS for name in sorted(import_module(portion)._EXPORTS)
]


@pytest.fixture(params=PORTIONS)
def portion(request: pytest.FixtureRequest) -> ModuleType:
    return import_module(str(request.param))


def test_all_is_the_sorted_table(portion: ModuleType) -> None:
    assert portion.__all__ == sorted(portion._EXPORTS)
    assert set(portion.__all__) <= set(dir(portion))


def test_an_export_comes_from_below_its_portion(portion: ModuleType) -> None:
    assert all(source.startswith(f"{portion.__name__}.") for source in portion._EXPORTS.values())


@pytest.mark.parametrize(("portion_name", "name"), EXPORTS)
def test_every_export_resolves(portion_name: str, name: str) -> None:
    portion = import_module(portion_name)
    source = import_module(portion._EXPORTS[name])
    assert getattr(portion, name) is getattr(source, name)


@pytest.mark.parametrize(("portion_name", "name"), EXPORTS)
def test_every_export_is_documented(portion_name: str, name: str) -> None:
    page = (Path(__file__).parents[2] / "docs/reference/api.md").read_text(encoding="utf-8")
    section = page.split(f"## {portion_name}\n")[1].split("\n## ")[0]
    assert f"\n| `{name}" in section
    if name != "__version__":
        assert inspect.getdoc(getattr(import_module(portion_name), name))


def test_an_export_never_hides_a_module(portion: ModuleType) -> None:
    """`heatrouter.agents.rollout` would be a module or a function, by who imported first."""
    modules = {found.name for found in pkgutil.iter_modules(portion.__path__)}
    assert not modules & set(portion.__all__)


def test_the_simulator_works_without_what_trains() -> None:
    code = (
        "import sys; from heatrouter.envs import *; from heatrouter.agents import *; "
        "print({'torch', 'stable_baselines3', 'mlflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_an_unknown_name_is_an_attribute_error(portion: ModuleType) -> None:
    with pytest.raises(AttributeError, match="no attribute 'not_there'"):
        _ = portion.not_there


def test_importing_the_portions_loads_nothing_else() -> None:
    code = (
        f"import sys; before = set(sys.modules); import {', '.join(PORTIONS)}; "
        "print(sorted(m for m in set(sys.modules) - before if m.count('.') != 1 "
        "and m != 'heatrouter' or not m.startswith('heatrouter')))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = done.stdout.strip()
    assert "numpy" not in loaded
    assert "heatrouter." not in loaded
