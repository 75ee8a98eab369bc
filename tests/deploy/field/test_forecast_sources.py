"""Forecasts from a watched folder and from a real HTTP server on loopback."""

import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from tests.deploy.field.test_forecasts import ISSUED_S, document

from heatrouter.deploy.field_link import Snapshot
from heatrouter.deploy.field_settings import ForecastSettings
from heatrouter.deploy.forecast_input import Forecast, ForecastJudge, Refused
from heatrouter.deploy.forecast_intake import ForecastIntake
from heatrouter.deploy.forecast_sources import (
    FetchError,
    FileDrop,
    ForecastPoller,
    HttpJson,
    make_source,
    source_mistake,
)
from heatrouter.deploy.tags import TagMap
from heatrouter.deploy.tick_reading import ReadingLayout
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.task import Task


def drop(folder: Path, name: str, content: str) -> Path:
    """Write beside and rename, as the documentation asks for."""
    part = folder / f".{name}.tmp"
    part.write_text(content)
    return part.replace(folder / name)


def test_the_newest_file_is_read_once(tmp_path: Path) -> None:
    source = FileDrop(tmp_path)
    with pytest.raises(FetchError, match=r"no \*\.json"):
        source.fetch()
    first = drop(tmp_path, "a.json", "1")
    os.utime(first, ns=(10**18, 10**18))
    assert source.fetch() == b"1"
    assert source.fetch() is None
    second = drop(tmp_path, "0.json", "2")
    os.utime(second, ns=(10**18 + 1, 10**18 + 1))
    assert source.fetch() == b"2"
    drop(tmp_path, "0.json", "33")
    assert source.fetch() == b"33"
    (tmp_path / ".b.json").write_text("hidden")
    (tmp_path / "c.json.tmp").write_text("part")
    assert source.fetch() is None


def test_a_folder_that_is_gone_is_a_reason(tmp_path: Path, contract: Contract) -> None:
    poller = ForecastPoller(FileDrop(tmp_path / "gone"), ForecastJudge(contract), poll_s=1.0)
    poller.look()
    assert isinstance(poller.take(), Refused)


def test_a_file_written_half_is_refused_and_read_again(tmp_path: Path, contract: Contract) -> None:
    poller = ForecastPoller(FileDrop(tmp_path), ForecastJudge(contract), poll_s=1.0)
    whole = json.dumps(document())
    (tmp_path / "f.json").write_text(whole[:100])
    poller.look()
    taken = poller.take()
    assert isinstance(taken, Refused)
    assert "rename when it is complete" in taken.reasons[0]
    poller.look()
    assert poller.take() is None
    drop(tmp_path, "f.json", whole)
    poller.look()
    assert isinstance(poller.take(), Forecast)


def test_the_thread_finds_a_file(tmp_path: Path, contract: Contract) -> None:
    poller = ForecastPoller(FileDrop(tmp_path), ForecastJudge(contract), poll_s=0.05)
    poller.start()
    drop(tmp_path, "f.json", json.dumps(document()))
    end = time.monotonic() + 10.0
    while not isinstance(poller.take(), Forecast):
        assert time.monotonic() < end
        time.sleep(0.02)
    poller.stop()


def test_a_forecast_from_the_future_is_used_when_its_time_has_come(
    tmp_path: Path, contract: Contract, tags: TagMap, task: Task
) -> None:
    now = [ISSUED_S - 900.0]
    settings = ForecastSettings(source="file", folder=tmp_path, poll_s=0.2)
    intake = ForecastIntake(contract, settings, max_age_s=7200.0, utc_s=lambda: now[0])
    drop(tmp_path, "f.json", json.dumps(document()))
    names = tags.names()
    nothing = np.full(len(names), np.nan)
    snapshot = Snapshot(names, nothing, np.zeros(len(names), dtype=np.int8), nothing, {})
    reading = ReadingLayout(contract, task, tags).read(snapshot)
    intake.start()
    end = time.monotonic() + 10.0
    while not intake.status(0.0)["refused"]:
        assert time.monotonic() < end
        assert intake.fill(reading, 0.0).forecast is None
        time.sleep(0.02)
    assert "in the future" in str(intake.status(0.0)["refused"])
    now[0] = ISSUED_S + 60.0
    filled = intake.fill(reading, 960.0)
    intake.stop()
    assert filled.forecast is not None
    assert filled.forecast[0].tolist() == pytest.approx([-3.0] * 8)
    assert intake.desk.age_s(960.0) == 60.0


class Weather(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        token = self.headers.get("Authorization")
        status, body = {
            "/good": (200, json.dumps(document()).encode()),
            "/query?site=1": (200, b"{}"),
            "/token": (200, str(token).encode()),
            "/moved": (302, b""),
            "/broken": (503, b"later"),
            "/much": (200, b" " * 3_000_000),
        }.get(self.path, (404, b""))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/good")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            return

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def weather() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Weather)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def http(url: str, token: str | None = None) -> HttpJson:
    return HttpJson(url, timeout_s=5.0, token=token)


def test_an_address_is_read_once_until_it_changes(weather: str, contract: Contract) -> None:
    source = http(f"{weather}/good")
    data = source.fetch()
    assert data is not None
    assert isinstance(ForecastJudge(contract).of_document(data), Forecast)
    assert source.fetch() is None
    assert http(f"{weather}/query?site=1").fetch() == b"{}"
    assert http(f"{weather}/token", "secret").fetch() == b"Bearer secret"


@pytest.mark.parametrize(
    ("path", "words"), [("/broken", "503"), ("/none", "404"), ("/moved", "302")]
)
def test_answers_that_are_none(weather: str, path: str, words: str) -> None:
    with pytest.raises(FetchError, match=words):
        http(weather + path).fetch()


def test_an_answer_without_end_is_cut(weather: str, contract: Contract) -> None:
    data = http(f"{weather}/much").fetch()
    assert data is not None
    assert len(data) == 1_000_001
    assert "limit" in str(ForecastJudge(contract).of_document(data))


def test_nobody_at_the_address(contract: Contract) -> None:
    poller = ForecastPoller(http("http://127.0.0.1:9/x"), ForecastJudge(contract), poll_s=1.0)
    poller.look()
    taken = poller.take()
    assert isinstance(taken, Refused)
    assert "127.0.0.1" in taken.reasons[0]


@pytest.mark.parametrize(
    "said",
    [
        {"source": "file"},
        {"source": "http"},
        {"source": "http", "url": "ftp://host/x"},
        {"source": "tags", "folder": "x"},
        {"source": "http", "url": "http://host/x", "token_file": "t"},
    ],
)
def test_settings_that_contradict(said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"needs|no use|pattern|https"):
        ForecastSettings.model_validate(said)


def test_what_can_be_seen_before(tmp_path: Path) -> None:
    settings = ForecastSettings(source="file", folder=tmp_path / "gone")
    assert "does not exist" in str(source_mistake(settings))
    assert source_mistake(ForecastSettings()) is None
    token = tmp_path / "token"
    https = ForecastSettings(source="http", url="https://host/x", token_file=token)
    assert "token" in str(source_mistake(https))
    token.write_text("secret\n")
    assert source_mistake(https) is None
    assert isinstance(make_source(https), HttpJson)
