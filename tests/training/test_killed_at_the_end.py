"""A training that was killed when all was learnt and nothing was told."""

import io
import json
from pathlib import Path

from rich.console import Console
from tests.training.imitation.test_run import CHANGES

from heatrouter.training.config_loading import load_training_config
from heatrouter.training.train import resume_training, start_training

ALONE = ["imitation.enabled=false", "anchor.enabled=false", "shaping.enabled=false"]


def test_what_was_killed_before_its_summary_gets_the_same_one(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    config = load_training_config("energy-web", [*CHANGES, *ALONE])
    start_training(config, folder, Console(file=io.StringIO()))
    whole = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    (folder / "summary.json").unlink()
    resume_training(folder, Console(file=io.StringIO()))
    again = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    del whole["seconds"], again["seconds"]
    assert again == whole
