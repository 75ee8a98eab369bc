"""docs/reference/ is what docs/generate.py makes of the code, and has all of it."""

import importlib.util
import sys
from types import ModuleType

import pytest
from tests.docs.snippets import ROOT

from heatrouter.envs.cli import command_entries
from heatrouter.envs.scenarios.scenario_file import ScenarioFile
from heatrouter.envs.settlement.tariff import Tariff
from heatrouter.envs.spec.loading import preset_names
from heatrouter.training.config import PpoSettings, TrainingConfig
from heatrouter.training.study.settings import Study

FOLDER = ROOT / "docs/reference"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "docs"), *sys.path])
        spec.loader.exec_module(module)
    return module


def test_the_pages_are_up_to_date(generator: ModuleType) -> None:
    made = generator.pages()
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    behind = [name for name in sorted({*made, *kept}) if made.get(name) != kept.get(name)]
    assert not behind, "run: make reference"


def test_every_command_and_preset_is_there() -> None:
    commands = (FOLDER / "cli.md").read_text(encoding="utf-8")
    for name in command_entries():
        assert f"\n### {name}" in commands
    for option in ("--save-state", "--no-reuse", "--trusted-key", "--check-config"):
        assert f"`{option}" in commands
    contracts = (FOLDER / "contracts.md").read_text(encoding="utf-8")
    for name in preset_names():
        assert f"\n## {name}\n" in contracts


def test_every_field_of_a_training_is_there_with_its_bounds() -> None:
    page = (FOLDER / "config-training.md").read_text(encoding="utf-8")
    for name in (*TrainingConfig.model_fields, *PpoSettings.model_fields):
        assert f"\n| `{name}` |" in page
    assert "| `seed` | integer | `1` | ≥ 0, ≤ 2147483647 |" in page


def test_every_field_of_every_file_says_what_it_is(generator: ModuleType) -> None:
    models = [*(model for model, _, _ in generator.SCHEMAS.values()), Study, Tariff, ScenarioFile]
    silent = []
    for model in models:
        schema = model.model_json_schema()
        for section in (schema, *schema.get("$defs", {}).values()):
            for name, field in section.get("properties", {}).items():
                said = field.get("description", "").strip().lower()
                if said in ("", name, name.replace("_", " ")):
                    silent.append(f"{section['title']}.{name}")
    assert not silent, "give these Field(description=...): what they are, per what, what null means"
