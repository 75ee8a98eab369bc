"""MLflow, offline and quiet: the only place that writes to it."""

import logging
import os
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.config import TrackingSettings

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SQLITE: Final = "sqlite:///"
_MAX_PARAM: Final = 500  # characters that MLflow keeps of a parameter


class Tracker:
    """One MLflow run; does nothing where tracking is off.

    Args:
        settings: Where to write.
        run_name: How the run is called there.
        run_id: An earlier run to go on with, e.g. after a resume.
    """

    def __init__(
        self, settings: TrackingSettings, run_name: str, run_id: str | None = None
    ) -> None:
        self.run_id = run_id
        self._client: MlflowClient | None = None
        if settings.enabled:
            self._client = _client(settings.uri)
            self._open(settings, run_name)

    def _open(self, settings: TrackingSettings, run_name: str) -> None:
        assert self._client is not None
        from mlflow.exceptions import MlflowException

        try:
            if self.run_id is not None:
                self._client.get_run(self.run_id)
                self._client.update_run(self.run_id, status="RUNNING")
                return
            known = self._client.get_experiment_by_name(settings.experiment)
            experiment_id = (
                known.experiment_id
                if known is not None
                else self._client.create_experiment(
                    settings.experiment, artifact_location=_artifacts_beside(settings.uri)
                )
            )
            run = self._client.create_run(experiment_id, run_name=run_name)
        except MlflowException as error:
            msg = f"tracking.uri: {settings.uri} cannot be used ({error.message}); name another"
            raise TrainingConfigError(msg) from error
        self.run_id = run.info.run_id

    def params(self, values: Mapping[str, Any]) -> None:
        """Log a configuration, nested keys joined by dots."""
        if self._client is None or self.run_id is None:
            return
        from mlflow.entities import Param

        flat = _flattened(values)
        entries = [Param(key, text[:_MAX_PARAM]) for key, text in flat.items()]
        self._client.log_batch(self.run_id, params=entries)

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Log numbers at a control step, all environments together."""
        if self._client is None or self.run_id is None:
            return
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        entries = [Metric(key, float(value), now, step) for key, value in values.items()]
        self._client.log_batch(self.run_id, metrics=entries)

    def text(self, name: str, content: str) -> None:
        """Keep a text file with the run."""
        if self._client is not None and self.run_id is not None:
            self._client.log_text(self.run_id, content, name)

    def close(self, status: str = "FINISHED") -> None:
        """End the run: ``FINISHED``, ``KILLED`` after an interrupt, or ``FAILED``."""
        if self._client is not None and self.run_id is not None:
            self._client.set_terminated(self.run_id, status=status)


def _client(uri: str) -> "MlflowClient":
    # Set before the import, which reads them: no telemetry, no INFO lines about its tables.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if uri.startswith(_SQLITE):
        Path(uri.removeprefix(_SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # Deprecations between its own dependencies.
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=uri)


def _artifacts_beside(uri: str) -> str | None:
    """Folder for files beside a SQLite store; None leaves it to another kind of store."""
    if not uri.startswith(_SQLITE):
        return None
    folder = Path(uri.removeprefix(_SQLITE)).resolve().parent / "mlflow-artifacts"
    return folder.as_uri()


def _flattened(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flattened(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
