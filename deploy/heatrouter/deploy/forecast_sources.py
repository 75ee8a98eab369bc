"""Forecasts from outside the plant: a watched folder, or an address that answers JSON.

A thread of its own looks for them, reads and judges them: no disk and no network can hold up a
tick, which only takes what lies ready.
"""

import http.client
import logging
import threading
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from heatrouter.deploy.certificates import read_password
from heatrouter.deploy.field_settings import ForecastSettings
from heatrouter.deploy.forecast_input import MOST_BYTES, Forecast, ForecastJudge, Refused
from heatrouter.envs.errors import ConfigError

_log = logging.getLogger(__name__)


class FetchError(Exception):
    """A source that could not be read; the message says why."""


class ForecastSource(Protocol):
    """Where documents come from."""

    def fetch(self) -> bytes | None:
        """The newest document; None where it is the one of last time. Raises FetchError."""
        ...


class FileDrop:
    """The newest ``*.json`` of a folder.

    A writer makes the file under another name (``.tmp``, or with a dot in front) and renames it
    when it is complete. One that does not is read half, refused, and read again when it changes.

    Args:
        folder: Where to look.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: tuple[str, int, int] | None = None

    def fetch(self) -> bytes | None:
        """The newest file, where it is another than last time or has changed."""
        try:
            found = [
                (path.stat(), path)
                for path in self._folder.glob("*.json")
                if not path.name.startswith(".")
            ]
        except OSError as error:
            msg = f"{self._folder}: {error.strerror or error}"
            raise FetchError(msg) from error
        if not found:
            msg = f"{self._folder}: no *.json in it"
            raise FetchError(msg)
        stat, path = max(found, key=lambda entry: (entry[0].st_mtime_ns, entry[1].name))
        mark = (path.name, stat.st_mtime_ns, stat.st_size)
        if mark == self._last:
            return None
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            msg = f"{path}: {error.strerror or error}"
            raise FetchError(msg) from error
        self._last = mark
        return data


class HttpJson:
    """An address that answers a document to GET. Redirects are not followed.

    Args:
        url: ``http`` or ``https``; certificates of the latter are checked by the system's roots.
        timeout_s: Real seconds for each step of an answer.
        token: Sent as bearer token; None sends none.
    """

    def __init__(self, url: str, *, timeout_s: float, token: str | None) -> None:
        self._parts = urlsplit(url)
        self._timeout_s = timeout_s
        self._headers = {"Accept": "application/json", "User-Agent": "heatrouter"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._last: bytes | None = None

    def fetch(self) -> bytes | None:
        """What the address answers now, where it is another than last time."""
        connect = (
            http.client.HTTPSConnection
            if self._parts.scheme == "https"
            else http.client.HTTPConnection
        )
        host = self._parts.hostname or ""
        connection = connect(host, self._parts.port, timeout=self._timeout_s)
        path = self._parts.path or "/"
        try:
            connection.request(
                "GET", f"{path}?{self._parts.query}" if self._parts.query else path,
                headers=self._headers,
            )  # fmt: skip
            answer = connection.getresponse()
            data = answer.read(MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            msg = f"{host}: {str(error) or type(error).__name__}"
            raise FetchError(msg) from error
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            msg = f"{host}: HTTP {answer.status} {answer.reason}"
            raise FetchError(msg)
        if data == self._last:
            return None
        self._last = data
        return data


class ForecastPoller:
    """Looks for forecasts in a thread of its own.

    Args:
        source: Where.
        judge: What they must be.
        poll_s: Real seconds between two looks.
    """

    def __init__(self, source: ForecastSource, judge: ForecastJudge, *, poll_s: float) -> None:
        self._source = source
        self._judge = judge
        self._poll_s = poll_s
        self._ready: Forecast | Refused | None = None
        self._stop = threading.Event()
        # A daemon: a server that drips bytes must not keep the service from ending.
        self._thread = threading.Thread(target=self._run, name="forecasts", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look under way is not waited for."""
        self._stop.set()

    def take(self) -> Forecast | Refused | None:
        """What came since the last call; only the newest."""
        ready, self._ready = self._ready, None
        return ready

    def look(self) -> None:
        """Look once."""
        try:
            data = self._source.fetch()
        except FetchError as error:
            self._ready = Refused((str(error),))
            return
        if data is not None:
            self._ready = self._judge.of_document(data)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:  # noqa: BLE001  # the thread's single boundary
                _log.exception("looking for a forecast failed")
                self._ready = Refused(("looking for it failed; see the log",))
            self._stop.wait(self._poll_s)


def make_source(settings: ForecastSettings) -> ForecastSource | None:
    """The source that the settings name; None for the plant's tags.

    Raises:
        ServiceConfigError: The token cannot be read.
    """
    if settings.source == "file":
        assert settings.folder is not None
        return FileDrop(settings.folder)
    if settings.source == "http":
        assert settings.url is not None
        token = None if settings.token_file is None else read_password(settings.token_file)
        return HttpJson(settings.url, timeout_s=settings.timeout_s, token=token)
    return None


def source_mistake(settings: ForecastSettings) -> str | None:
    """What can be seen of a source before it is used."""
    if settings.folder is not None and not settings.folder.is_dir():
        return f"folder {settings.folder} does not exist; make it, and let forecasts be put there"
    try:
        make_source(settings)
    except ConfigError as error:
        return error.subject
    return None
