"""``heatrouter track``: what a run has told, and MLflow."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from heatrouter.envs.errors import ConfigError, PlantUnreachableError

app = typer.Typer(
    name="track",
    help="Send results to MLflow later, add files to a run, promote a policy.\n\n"
    "Example: heatrouter track sync runs/energy-web-20260101-120000",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Folder = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder of a run, a sweep or a tuning.")
]
Uri = Annotated[
    str | None, typer.Option(metavar="URI", help="Tracking store. [default: the run's own]")
]


@app.command()
def sync(folder: Folder, *, uri: Uri = None) -> None:
    """Send everything that MLflow lacks of a run, or of a sweep with all its runs.

    Examples:
      heatrouter track sync runs/energy-web-20260101-120000
      heatrouter track sync runs/sweep --uri http://mlflow.example:5000
    """
    ids = _sent(folder, uri)
    others = f" and {len(ids) - 1} nested ones" if len(ids) > 1 else ""
    typer.echo(f"{folder}: MLflow has run {ids[0]}{others}")


@app.command()
def add(
    folder: Folder,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="E.g. a report.")],
    *,
    uri: Uri = None,
) -> None:
    """Keep files with a run: in its folder, and as artefacts in MLflow.

    Example: heatrouter track add runs/energy-web-20260101-120000 report.html evaluation.json
    """
    from heatrouter.training.tracking_journal import Journal

    journal = Journal(folder)
    journal.opening()
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        msg = f"{', '.join(missing)}: no such file; name files that exist"
        raise ConfigError(msg)
    for file in files:
        kept = folder / "added" / file.name
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, kept)
        journal.append("file", {"path": f"added/{file.name}"})
    _sent(folder, uri)
    typer.echo(f"{folder}: {len(files)} added")


@app.command()
def register(
    folder: Folder,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name of the registered model.")],
    *,
    uri: Uri = None,
) -> None:
    """Make the bundle in a run's folder, signed by now, a new version of a model: the challenger.

    Examples:
      heatrouter export runs/energy-web-20260101-120000 --out runs/energy-web-20260101-120000/bundle
      heatrouter track register runs/energy-web-20260101-120000 energy-web
    """
    from heatrouter.training.tracking_journal import Journal

    journal = Journal(folder)
    journal.opening()
    if not (folder / "bundle" / "manifest.json").is_file():
        made = folder / "bundle"
        msg = f"{made}: is no bundle; make one: heatrouter export {folder} --out {made}"
        raise ConfigError(msg)
    journal.append("file", {"path": "bundle"})
    journal.append("register", {"model": model, "path": "bundle", "tags": {"run": folder.name}})
    _sent(folder, uri)
    typer.echo(f"{model}: the bundle of {folder} is the challenger")


@app.command()
def promote(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name of a registered model.")],
    *,
    uri: Annotated[str, typer.Option(metavar="URI", help="Tracking store.")] = (
        "sqlite:///runs/mlflow.db"
    ),
    version: Annotated[
        str | None, typer.Option(help="Of the model. [default: the challenger]")
    ] = None,
) -> None:
    """Make a version of a registered model its champion; by default the challenger.

    Example: heatrouter track promote energy-web
    """
    from heatrouter.training.tracking_registry import promote as promoted
    from heatrouter.training.tracking_upload import StoreDownError

    try:
        told = promoted(uri, model, version)
    except StoreDownError as error:
        raise _unreachable(error) from error
    typer.echo(told)


def _sent(folder: Path, uri: str | None) -> list[str]:
    from heatrouter.training.nested_runs import sync as send
    from heatrouter.training.tracking_upload import StoreDownError

    try:
        return send(folder, uri)
    except StoreDownError as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> PlantUnreachableError:
    msg = f"{error}; everything stays in the run's folder, try again later"
    return PlantUnreachableError(msg)
