"""The folder of a training run: everything needed to read, resume and export it."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import yaml

from heatrouter.envs.errors import StorageError, TrainingConfigError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import dump_training_config, load_training_config

_PACKAGES: Final = (
    "heatrouter",
    "numpy",
    "numba",
    "torch",
    "stable-baselines3",
    "sb3-contrib",
    "onnx",
    "onnxruntime",
)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Names of the files of one run.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """Name of the run: that of its folder."""
        return self.path.resolve().name

    @property
    def record(self) -> Path:
        """Versions, seeds, scenarios and what was prepared before PPO started."""
        return self.path / "run.json"

    @property
    def checkpoints(self) -> Path:
        """Folder of what resume needs."""
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """The policy that scored best on validation weeks."""
        return self.path / "best.pt"

    @property
    def imitation(self) -> Path:
        """Folder of the networks that imitation fitted."""
        return self.path / "imitation"

    @property
    def constant_price(self) -> Path:
        """The best constant action, as ``heatrouter evaluate`` reads it."""
        return self.path / "constant_price.json"

    @property
    def curve(self) -> Path:
        """The learning curve, one JSON object per line."""
        return self.path / "learning_curve.jsonl"

    @property
    def core_seconds(self) -> Path:
        """What the run took of the processor: in all, for labels, and up to each score."""
        return self.path / "core_seconds.json"

    @property
    def summary(self) -> Path:
        """What came out of the run."""
        return self.path / "summary.json"

    def create(self) -> None:
        """Make the folder.

        Raises:
            TrainingConfigError: It holds something already.
        """
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            msg = (
                f"{self.path} exists and is not empty; name a new folder with --out, "
                f"or go on with that run: heatrouter train --resume {self.path}"
            )
            raise TrainingConfigError(msg)
        self.path.mkdir(parents=True, exist_ok=True)

    @property
    def bundle(self) -> Path:
        """The exported policy, where the run was asked for one."""
        return self.path / "bundle"

    def write_inputs(self, config: TrainingConfig, task: Task, district: District) -> None:
        """Write the resolved configuration, task and district."""
        write_text(self.path / "config.yaml", dump_training_config(config))
        for name, model in (("task", task), ("district", district)):
            text = yaml.safe_dump(model.model_dump(mode="json"), sort_keys=False)
            write_text(self.path / f"{name}.yaml", text)

    def read_inputs(self) -> tuple[TrainingConfig, Task, District]:
        """Read the resolved configuration, task and district.

        Raises:
            ConfigError: The folder is no training run, or its files were damaged.
        """
        if not (self.path / "config.yaml").is_file():
            msg = f"{self.path} is no training run: it has no config.yaml; name a run's folder"
            raise TrainingConfigError(msg)
        config = load_training_config(self.path / "config.yaml")
        # From the run's own copies: a preset or file that changed since must not change the run.
        task = load_task(self.path / "task.yaml")
        district = load_district(self.path / "district.yaml")
        return config, task, district


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def scenario_ids(library: ScenarioLibrary) -> dict[str, object]:
    """Which scenarios were used, and the sha256 of their values."""
    return {
        "split": library.split,
        "names": list(library.names),
        "sha256": hashlib.sha256(library.values.tobytes()).hexdigest(),
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON; the file appears whole or not at all."""
    write_text(path, json.dumps(content, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text; the file appears whole or not at all.

    Raises:
        StorageError: The disk refused it.
    """
    stage = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        stage.write_text(text, encoding="utf-8")
        stage.replace(path)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror}); make room there, or name another"
        raise StorageError(msg) from error
    finally:
        stage.unlink(missing_ok=True)
