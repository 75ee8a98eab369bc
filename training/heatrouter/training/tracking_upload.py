"""From the journal of a run to MLflow; the only place that talks to it.

What a store has is remembered after every part, so that an upload that was cut off goes on where
it was. Metrics that are sent twice are one to MLflow: key, time, step and value are the same.
"""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heatrouter.envs.errors import HeatrouterError
from heatrouter.training.tracking_journal import Entry, Journal

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

SQLITE: Final = "sqlite:///"
CHALLENGER: Final = "challenger"
CHAMPION: Final = "champion"
_PARENT: Final = "mlflow.parentRunId"
_MAX_PARAM: Final = 500  # characters that MLflow keeps of a parameter
_BATCH: Final = 900  # metrics in one request; MLflow takes 1000
_QUIET: Final = {
    # Read when MLflow is imported or called: no telemetry, no INFO lines, no minutes of retries.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


class StoreDownError(Exception):
    """A store that does not answer now; nothing is lost."""


def make_client(uri: str) -> "MlflowClient":
    """Make a quiet client of a tracking store.

    Raises:
        StoreDownError: It cannot be reached or opened.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with answering(uri), warnings.catch_warnings():
        # Deprecations between its own dependencies.
        warnings.simplefilter("ignore")
        if uri.startswith(SQLITE):
            Path(uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=uri, registry_uri=uri)


def upload(journal: Journal, client: "MlflowClient", uri: str, *, parent: str | None = None) -> str:
    """Send what a store does not have yet.

    Args:
        journal: Of the run.
        client: Of the store.
        uri: Under which what was sent is remembered.
        parent: Run that a new one is nested in.

    Returns:
        The id of the run there.

    Raises:
        StoreDownError: The store does not answer; what it got is remembered.
    """
    with answering(uri):
        run_id, position = journal.uploaded(uri)
        if run_id is None:
            run_id = _create_run(journal, client, uri, parent)
            journal.remember(uri, run_id, 0)
        waiting: list[Metric] = []
        for entry in journal.entries(position):
            if entry.kind == "metrics":
                waiting += _metrics(entry)
                if len(waiting) < _BATCH:
                    position = entry.end
                    continue
            _send_metrics(client, run_id, waiting)
            waiting = []
            if entry.kind != "metrics":
                _SENDERS[entry.kind](journal, client, run_id, entry)
            position = entry.end
            journal.remember(uri, run_id, position)
        _send_metrics(client, run_id, waiting)
        journal.remember(uri, run_id, position)
    return run_id


def _create_run(journal: Journal, client: "MlflowClient", uri: str, parent: str | None) -> str:
    opening = journal.opening()
    name = opening["experiment"]
    known = client.get_experiment_by_name(name)
    experiment_id = (
        known.experiment_id
        if known is not None
        else client.create_experiment(name, artifact_location=_artifacts_beside(uri))
    )
    first = next(journal.entries())
    tags = {"mlflow.source.name": "heatrouter", **({_PARENT: parent} if parent else {})}
    run = client.create_run(
        experiment_id, run_name=opening["name"], tags=tags, start_time=first.time_ms
    )
    return str(run.info.run_id)


def _metrics(entry: Entry) -> "list[Metric]":
    from mlflow.entities import Metric

    values, step = entry.content["values"], entry.content["step"]
    return [Metric(key, value, entry.time_ms, step) for key, value in values.items()]


def _send_metrics(client: "MlflowClient", run_id: str, metrics: "list[Metric]") -> None:
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])


def _send_nothing(journal: Journal, client: "MlflowClient", run_id: str, entry: Entry) -> None:
    del journal, client, run_id, entry


def _send_params(journal: Journal, client: "MlflowClient", run_id: str, entry: Entry) -> None:
    del journal
    from mlflow.entities import Param

    params = [Param(key, text[:_MAX_PARAM]) for key, text in entry.content["values"].items()]
    for start in range(0, len(params), 100):
        client.log_batch(run_id, params=params[start : start + 100])


def _send_tags(journal: Journal, client: "MlflowClient", run_id: str, entry: Entry) -> None:
    del journal
    for key, value in entry.content["values"].items():
        client.set_tag(run_id, key, value)


def _send_text(journal: Journal, client: "MlflowClient", run_id: str, entry: Entry) -> None:
    del journal
    client.log_text(run_id, entry.content["text"], entry.content["name"])


def _send_file(journal: Journal, client: "MlflowClient", run_id: str, entry: Entry) -> None:
    path = journal.folder / entry.content["path"]
    if path.is_dir():
        client.log_artifacts(run_id, str(path), entry.content["path"])
    elif path.is_file():
        client.log_artifact(run_id, str(path))


def _send_status(journal: Journal, client: "MlflowClient", run_id: str, entry: Entry) -> None:
    del journal
    status = entry.content["status"]
    if status == "RUNNING":
        client.update_run(run_id, status=status)
    else:
        client.set_terminated(run_id, status=status, end_time=entry.time_ms)


def _send_register(journal: Journal, client: "MlflowClient", run_id: str, entry: Entry) -> None:
    del journal
    from mlflow.exceptions import MlflowException

    model, path = entry.content["model"], entry.content["path"]
    try:
        client.get_registered_model(model)
    except MlflowException:
        client.create_registered_model(model, description="Policies of heatrouter.")
    source = f"{client.get_run(run_id).info.artifact_uri}/{path}"
    tags = {name: str(value) for name, value in entry.content["tags"].items()}
    version = client.create_model_version(model, source, run_id, tags=tags)
    client.set_registered_model_alias(model, CHALLENGER, version.version)


_SENDERS: Final = {
    "open": _send_nothing,
    "params": _send_params,
    "tags": _send_tags,
    "text": _send_text,
    "file": _send_file,
    "register": _send_register,
    "status": _send_status,
}


@contextlib.contextmanager
def answering(uri: str) -> Iterator[None]:
    """Take whatever a store, its driver or the network raise for a store that is down."""
    try:
        yield
    except (StoreDownError, HeatrouterError):
        raise
    except Exception as error:  # SQLAlchemy, requests, urllib3, MLflow, OSError
        message: Any = getattr(error, "message", None) or str(error) or type(error).__name__
        reason = str(message).partition("\n")[0][:300]
        msg = f"{uri}: {reason}"
        raise StoreDownError(msg) from error


def _artifacts_beside(uri: str) -> str | None:
    """Folder for files beside a SQLite store; None leaves it to another kind of store."""
    if not uri.startswith(SQLITE):
        return None
    folder = Path(uri.removeprefix(SQLITE)).resolve().parent / "mlflow-artifacts"
    return folder.as_uri()
