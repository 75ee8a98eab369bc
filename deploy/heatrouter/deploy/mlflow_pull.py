"""Fetch a bundle from an MLflow registry by alias, as bytes.

Over the registry's REST interface, or from a file store, and without MLflow: its loaders unpickle
what they find (CVE-2024-37057), and a service needs four named files. What comes is believed no
more than any other file; the gate decides.
"""

import base64
import json
import os
import re
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import yaml

from heatrouter.agents.bundle_files import LIMITS, REQUIRED, BundleFiles, read_bundle
from heatrouter.agents.manifest import SIGNATURE_FILE
from heatrouter.envs.errors import EXIT_UNAVAILABLE, BundleError, HeatrouterError

TIMEOUT_S: Final = 30.0
"""Real seconds for each request."""

_MAX_ANSWER_BYTES: Final = 1024 * 1024
_NOT_FOUND: Final = 404
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,199}")
"""A model or alias that can be part of a path without leaving it."""


class RegistryError(HeatrouterError):
    """A registry that does not answer, or has no such model."""

    exit_code = EXIT_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a registry had under an alias.

    Attributes:
        files: The bytes, not checked yet.
        version: Of the registered model.
    """

    files: BundleFiles
    version: str


class _NoRedirect(HTTPRedirectHandler):
    """A registry that sends us elsewhere is not the one that was named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401  # as inherited
        return None


def pull(registry: str, model: str, alias: str) -> Pulled:
    """Fetch the bundle that an alias stands for.

    Args:
        registry: ``http(s)://host:port`` of a tracking server, or the folder of a file store.
        model: Name of the registered model.
        alias: Such as ``champion``.

    Raises:
        RegistryError: It cannot be reached, or there is no such model or alias.
        BundleError: What it has is no bundle, or too large.
    """
    for what, name in (("model", model), ("alias", alias)):
        if not _NAME.fullmatch(name):
            msg = f"{what} {name!r}: letters, digits, spaces and ._@+- only; check the name"
            raise RegistryError(msg)
    if urlsplit(registry).scheme in {"http", "https"}:
        return _Rest(registry.rstrip("/")).pull(model, alias)
    return _pull_from_folder(_local_path(registry), model, alias)


class _Rest:
    """A tracking server that hands out artifacts (``mlflow server``, as it does by default)."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._opener = build_opener(_NoRedirect)
        self._headers = _authorisation()

    def pull(self, model: str, alias: str) -> Pulled:
        api = "/api/2.0/mlflow"
        query = urlencode({"name": model, "alias": alias})
        content = self._json(f"{api}/registered-models/alias?{query}", f"{model}@{alias}")
        try:
            version = str(content["model_version"]["version"])
        except (KeyError, TypeError):
            raise self._strange() from None
        query = urlencode({"name": model, "version": version})
        content = self._json(f"{api}/model-versions/get-download-uri?{query}", f"{model}/{version}")
        uri = str(content.get("artifact_uri", ""))
        parts = urlsplit(uri)
        if parts.scheme != "mlflow-artifacts":
            msg = (
                f"{model}/{version}: its files are at {uri!r}, not with the server; "
                "start `mlflow server` with --serve-artifacts, or name the file store instead"
            )
            raise RegistryError(msg)
        folder = quote(unquote(parts.path).strip("/"))
        source = Path(f"{model}-{version}")
        contents: dict[str, bytes] = {}
        for name, limit in LIMITS.items():
            url = f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{name}"
            data = self._get(url, limit)
            if data is not None:
                contents[name] = data
        _refuse_incomplete(source, contents)
        return Pulled(BundleFiles(source, contents), version)

    def _json(self, url: str, subject: str) -> dict[str, Any]:
        data = self._get(url, _MAX_ANSWER_BYTES)
        if data is None:
            msg = f"{self._base}: has no {subject}; check model and alias in the registry"
            raise RegistryError(msg)
        try:
            content = json.loads(data)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise self._strange()
        return content

    def _strange(self) -> RegistryError:
        return RegistryError(f"{self._base}: does not answer as an MLflow registry; check the URL")

    def _get(self, url: str, limit: int) -> bytes | None:
        """The body; None where the server says that there is none such."""
        request = Request(self._base + url, headers=self._headers)  # noqa: S310  # http(s) only
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                data: bytes = answer.read(limit + 1)
        except HTTPError as error:
            if error.code == _NOT_FOUND or _says_missing(error):
                return None
            msg = f"{self._base}: answers {error.code} {error.reason}; check URL and credentials"
            raise RegistryError(msg) from None
        except (URLError, OSError, HTTPException) as error:
            msg = f"{self._base}: cannot be reached ({error}); is the tracking server running?"
            raise RegistryError(msg) from None
        if len(data) > limit:
            msg = f"{self._base}: sends more than {limit} bytes for {url.rpartition('/')[2]}"
            raise BundleError(msg)
        return data


def _says_missing(error: HTTPError) -> bool:
    """MLflow answers 400 with this code for an alias that does not exist."""
    try:
        content = json.loads(error.read(_MAX_ANSWER_BYTES))
    except (ValueError, OSError, HTTPException):
        return False
    codes = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
    return isinstance(content, dict) and content.get("error_code") in codes


def _authorisation() -> dict[str, str]:
    """What MLflow's own client reads from the environment."""
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    user = os.environ.get("MLFLOW_TRACKING_USERNAME")
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user:
        pair = f"{user}:{os.environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _pull_from_folder(store: Path, model: str, alias: str) -> Pulled:
    """A file store: ``models/<model>/aliases/<alias>`` and ``version-<n>/meta.yaml``."""
    folder = store / "models" / model
    try:
        version = (folder / "aliases" / alias).read_text(encoding="utf-8").strip()
        meta = yaml.safe_load((folder / f"version-{int(version)}" / "meta.yaml").read_bytes())
        location = meta.get("storage_location") or meta["source"]
    except (OSError, ValueError, KeyError, AttributeError, yaml.YAMLError):
        msg = f"{store}: has no {model}@{alias}; check model and alias in the registry"
        raise RegistryError(msg) from None
    return Pulled(read_bundle(_local_path(str(location))), version)


def _local_path(location: str) -> Path:
    parts = urlsplit(location)
    if parts.scheme not in {"", "file"}:
        msg = f"{location}: neither http(s) nor a folder; name one of these"
        raise RegistryError(msg)
    return Path(unquote(parts.path) if parts.scheme else location)


def _refuse_incomplete(source: Path, contents: dict[str, bytes]) -> None:
    missing = [name for name in REQUIRED if name not in contents]
    if missing:
        msg = f"{source}: has no {', '.join(missing)}; log the whole folder of the bundle"
        raise BundleError(msg)
    if SIGNATURE_FILE not in contents:
        msg = f"{source}: not signed, and nothing unsigned is pulled; sign it before it is logged"
        raise BundleError(msg)
