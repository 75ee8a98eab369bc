"""``heatrouter init``: a new folder with a preset district and the files to train and serve it."""

import os
import shutil
import tempfile
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from heatrouter.envs.errors import ConfigError

DEFAULT_PRESET = "energy-web"


def presets_folder() -> Traversable:
    """Return the package data that holds the presets, one YAML file each."""
    return files("heatrouter.envs") / "presets"


def configs_folder() -> Traversable | None:
    """Return the configuration files: ``configs/`` in a checkout, package data in a wheel."""
    packaged = presets_folder() / "configs"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[3]
    configs = checkout / "configs"
    return configs if configs.is_dir() and (checkout / "pyproject.toml").is_file() else None


def preset_names() -> list[str]:
    """Return the names of all presets, sorted; `<preset>.task.yaml` beside one is no preset."""
    folder = presets_folder()
    if not folder.is_dir():
        return []
    stems = (i.name.removesuffix(".yaml") for i in folder.iterdir() if i.name.endswith(".yaml"))
    return sorted(stem for stem in stems if "." not in stem)


def create_project(directory: Path, preset: str) -> list[Path]:
    """Write a preset district and its configuration files into a folder.

    The folder appears whole or not at all.

    Args:
        directory: The folder; it must not exist yet, or be empty.
        preset: Name of the preset.

    Returns:
        The files written, relative to the folder.

    Raises:
        ConfigError: The preset does not exist, or the folder holds something.
    """
    names = preset_names()
    if preset not in names:
        msg = f"preset {preset!r} does not exist; choose one of: {', '.join(names) or 'none found'}"
        raise ConfigError(msg)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        msg = f"{directory} exists and is not empty; name a new folder: nothing is overwritten"
        raise ConfigError(msg)
    parent = directory.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=parent))
    try:
        _fill(stage, preset, others={*names} - {preset})
        written = sorted(path.relative_to(stage) for path in stage.rglob("*") if path.is_file())
        if directory.exists():
            # It may be somebody's working directory, which must stay the same one.
            for item in stage.iterdir():
                item.rename(directory / item.name)
            stage.rmdir()
        else:
            stage.chmod(0o777 & ~_umask())
            stage.rename(directory)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    return written


def _fill(stage: Path, preset: str, others: set[str]) -> None:
    with as_file(presets_folder() / f"{preset}.yaml") as source:
        shutil.copyfile(source, stage / f"{preset}.yaml")
    configs = configs_folder()
    if configs is not None:
        _copy_tree(configs, stage / "configs", others)
    # An edited district is no preset any more: its task has to be named, so it needs one.
    task, own = presets_folder() / f"{preset}.task.yaml", stage / "configs/tasks" / f"{preset}.yaml"
    if task.is_file() and not own.exists():
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes(task.read_bytes())


def _copy_tree(source: Traversable, target: Path, others: set[str]) -> None:
    """Copy YAML files, less those that are named after another preset."""
    for item in source.iterdir():
        if item.is_dir():
            _copy_tree(item, target / item.name, others)
        elif item.name.endswith(".yaml") and not item.name.startswith(tuple(others)):
            target.mkdir(parents=True, exist_ok=True)
            (target / item.name).write_bytes(item.read_bytes())


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The new folder; nothing is overwritten.")
    ],
    preset: Annotated[
        str, typer.Option(help="The district to start from; `heatrouter districts list` names all.")
    ] = DEFAULT_PRESET,
) -> None:
    """Copy a preset district and its configuration files into a new folder, to edit them there.

    Example: heatrouter init my-district --preset energy-web
    """
    written = create_project(directory, preset)
    for path in written:
        typer.echo(f"  {directory / path}")
    typer.echo(f"Next: heatrouter districts check {directory / f'{preset}.yaml'}")
