"""The rules that keep the namespace package working (docs/adr/0001-namespace-portions.md)."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORTIONS = ["agents", "deploy", "envs", "training"]


def children(folder: Path) -> set[str]:
    return {item.name for item in folder.iterdir() if item.name != "__pycache__"}


@pytest.mark.parametrize("portion", PORTIONS)
def test_a_portion_has_no_namespace_init(portion: str) -> None:
    assert not (ROOT / portion / "heatrouter" / "__init__.py").exists()
    assert not (ROOT / portion / "__init__.py").exists()


@pytest.mark.parametrize("portion", PORTIONS)
def test_a_portion_folder_has_one_child(portion: str) -> None:
    assert children(ROOT / portion) == {"heatrouter"}
    allowed = {portion, "__main__.py"} if portion == "envs" else {portion}
    assert children(ROOT / portion / "heatrouter") == allowed


@pytest.mark.parametrize("portion", PORTIONS)
def test_a_portion_is_typed(portion: str) -> None:
    package = ROOT / portion / "heatrouter" / portion
    assert (package / "__init__.py").is_file()
    assert (package / "py.typed").is_file()


@pytest.mark.parametrize("portion", PORTIONS)
def test_no_catch_all_modules(portion: str) -> None:
    names = {path.stem for path in (ROOT / portion).rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "common", "misc"}
