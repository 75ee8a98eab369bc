"""The bundles in a service's state folder: which one is in force, which one was, which one watches.

    models/index.json     champion, previous and challenger, by name
    models/<name>/        one folder per bundle, named after the sha256 of its manifest

A folder appears whole or not at all and is never changed; the index is replaced whole. Both are
synced, so that a power loss leaves the old state or the new one.
"""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatrouter.agents.bundle_files import BundleFiles
from heatrouter.agents.manifest import MANIFEST_FILE, parse_manifest, sha256_of
from heatrouter.deploy.state_dir import write_json
from heatrouter.envs.errors import BundleError

MODELS_FOLDER: Final = "models"
INDEX_FILE: Final = "index.json"
NAME_LENGTH: Final = 16
_NAME: Final = r"^[0-9a-f]{16}$"


class ModelIndex(BaseModel):
    """Which bundles of a store are in use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    champion: str | None = Field(
        None, pattern=_NAME, description="decides; null: the bundle of the configuration"
    )
    previous: str | None = Field(None, pattern=_NAME, description="what a rollback goes back to")
    can_roll_back: bool = Field(False, description="null is a bundle to go back to, too")
    challenger: str | None = Field(None, pattern=_NAME, description="watches and never writes")

    def activated(self, name: str) -> "ModelIndex":
        """With another champion; the one in force becomes the previous."""
        if name == self.champion:
            return self
        challenger = None if self.challenger == name else self.challenger
        return ModelIndex(
            champion=name, previous=self.champion, can_roll_back=True, challenger=challenger
        )

    def rolled_back(self) -> "ModelIndex":
        """With the previous champion in force again, and this one as the previous.

        Raises:
            BundleError: There is none.
        """
        if not self.can_roll_back:
            msg = "there is no earlier bundle to go back to; activate one"
            raise BundleError(msg)
        return self.model_copy(update={"champion": self.previous, "previous": self.champion})

    def challenged(self, name: str | None) -> "ModelIndex":
        """With another challenger, or none."""
        if name is not None and name == self.champion:
            msg = f"{name} is in force; a challenger has to be another bundle"
            raise BundleError(msg)
        return self.model_copy(update={"challenger": name})


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A bundle in the store, as far as a list shows it.

    Attributes:
        name: Its folder.
        title: What it was called at export; empty where its manifest cannot be read.
        created_utc: When it was exported.
        saving: Share of the rules' cost saved on validation, where it says so.
        signed: Whether there is a signature; only the gate says whose.
    """

    name: str
    title: str
    created_utc: str
    saving: float | None
    signed: bool


class ModelStore:
    """The store of one service.

    Args:
        state_dir: The service's state folder.
    """

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / MODELS_FOLDER

    def folder(self, name: str) -> Path:
        """Where a bundle is."""
        return self.path / name

    def index(self) -> ModelIndex:
        """What is in use; nothing of the store where there is no index.

        Raises:
            BundleError: The index is damaged; nothing is guessed.
        """
        path = self.path / INDEX_FILE
        try:
            return ModelIndex.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return ModelIndex()
        except (OSError, ValidationError) as error:
            msg = f"{path}: cannot be used ({_first_line(error)}); activate a bundle anew"
            raise BundleError(msg) from error

    def write_index(self, index: ModelIndex) -> None:
        """Replace the index, durably."""
        write_json(self.path / INDEX_FILE, index.model_dump(), durable=True)
        _sync(self.path)

    def install(self, files: BundleFiles) -> str:
        """Keep a bundle that passed the gate; the bytes that passed are the bytes that are kept.

        Returns:
            Its name; one that is there already is kept as it is, whoever signed it.
        """
        name = files.identity[:NAME_LENGTH]
        folder = self.folder(name)
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.is_dir() and _same(folder, files):
            return name
        stage = Path(tempfile.mkdtemp(prefix=".stage-", dir=self.path))
        try:
            for file_name, data in files.contents.items():
                with (stage / file_name).open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            _sync(stage)
            if folder.exists():
                # Damaged, or signed anew. Nobody reads it while it is exchanged but a worker that
                # starts in this very moment, and that one checks what it gets.
                folder.rename(stage.with_name(stage.name + "-old"))
            stage.rename(folder)
            _sync(self.path)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            shutil.rmtree(stage.with_name(stage.name + "-old"), ignore_errors=True)
        return name

    def models(self) -> list[StoredModel]:
        """What is in the store, oldest export first."""
        folders = self.path.iterdir() if self.path.is_dir() else ()
        found = [_describe(folder) for folder in folders if len(folder.name) == NAME_LENGTH]
        return sorted(found, key=lambda model: (model.created_utc, model.name))

    def bundle_in_force(self, configured: Path | None) -> Path | None:
        """What a service shall run: the champion, else what its configuration names."""
        champion = self.index().champion
        return configured if champion is None else self.folder(champion)


def _same(folder: Path, files: BundleFiles) -> bool:
    try:
        there = {path.name: sha256_of(path.read_bytes()) for path in folder.iterdir()}
    except OSError:
        return False
    return there == {name: sha256_of(data) for name, data in files.contents.items()}


def _describe(folder: Path) -> StoredModel:
    signed = (folder / "signature.json").is_file()
    try:
        manifest = parse_manifest((folder / MANIFEST_FILE).read_bytes())
    except (OSError, BundleError, json.JSONDecodeError):
        return StoredModel(folder.name, "", "", None, signed)
    saving = manifest.metrics.get("validation_saving")
    return StoredModel(folder.name, manifest.name, manifest.created_utc, saving, signed)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
