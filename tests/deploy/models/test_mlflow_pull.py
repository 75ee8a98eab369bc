"""Pulling from an MLflow registry: bytes of known files, and no unsigned ones."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bundle_mutations.original import Original, write_folder

from heatrouter.agents.bundle_files import LIMITS
from heatrouter.deploy.gate import admit_files
from heatrouter.deploy.mlflow_pull import RegistryError, pull
from heatrouter.envs.errors import BundleError


def file_store(root: Path, location: Path, version: str = "3") -> Path:
    """A registry as MLflow's file store lays it out."""
    model = root / "models" / "web"
    (model / "aliases").mkdir(parents=True)
    (model / "aliases" / "champion").write_text(version)
    (model / f"version-{version}").mkdir()
    meta = f"name: web\nversion: {version}\nsource: {location.as_uri()}\n"
    (model / f"version-{version}" / "meta.yaml").write_text(meta)
    return root


def test_a_file_store_gives_the_bytes(original: Original, signed: Path, tmp_path: Path) -> None:
    store = file_store(tmp_path / "mlruns", signed)
    for registry in (str(store), store.as_uri()):
        pulled = pull(registry, "web", "champion")
        assert pulled.version == "3"
        assert pulled.files.contents == original.contents
    assert admit_files(pulled.files, original.trusted, original.district).signed_by


@pytest.mark.parametrize(
    ("model", "alias"), [("web", "none"), ("other", "champion"), ("../web", "x"), ("web", "a/b")]
)
def test_what_is_not_there_is_named(signed: Path, tmp_path: Path, model: str, alias: str) -> None:
    store = file_store(tmp_path / "mlruns", signed)
    with pytest.raises(RegistryError, match=f"{model}|{alias}"):
        pull(str(store), model, alias)


class Registry(BaseHTTPRequestHandler):
    """As much of a tracking server as a pull asks for, with what a hostile one may answer."""

    files: dict[str, bytes]
    uri = "mlflow-artifacts:/1/run/artifacts/bundle"
    asked: list[str]

    def do_GET(self) -> None:  # the library's name
        self.asked.append(self.path)
        folder = "/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/bundle/"
        if self.path.startswith("/api/2.0/mlflow/registered-models/alias"):
            if "alias=champion" in self.path:
                self.answer(200, json.dumps({"model_version": {"version": "7"}}).encode())
            else:
                self.answer(400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}')
        elif self.path.startswith("/api/2.0/mlflow/model-versions/get-download-uri"):
            self.answer(200, json.dumps({"artifact_uri": self.uri}).encode())
        elif self.path.startswith(folder):
            data = self.files.get(self.path.removeprefix(folder))
            self.answer(404 if data is None else 200, data or b"{}")
        else:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

    def answer(self, code: int, data: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Say nothing."""


@pytest.fixture
def registry(original: Original) -> Iterator[tuple[type[Registry], str]]:
    handler = type("Handler", (Registry,), {"files": dict(original.contents), "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield handler, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_rest_gives_the_bytes_of_the_known_files(
    registry: tuple[type[Registry], str], original: Original
) -> None:
    handler, url = registry
    pulled = pull(url + "/", "web", "champion")
    assert pulled.version == "7"
    assert pulled.files.contents == original.contents
    with pytest.raises(RegistryError, match="web@challenger"):
        pull(url, "web", "challenger")
    assert all(path.startswith("/api/2.0/") for path in handler.asked)


def test_rest_refuses_what_a_bundle_cannot_be(registry: tuple[type[Registry], str]) -> None:
    handler, url = registry
    good = dict(handler.files)
    handler.files = {n: d for n, d in good.items() if n != "signature.json"}
    with pytest.raises(BundleError, match="nothing unsigned is pulled"):
        pull(url, "web", "champion")
    handler.files = {n: d for n, d in good.items() if n != "policy.onnx"}
    with pytest.raises(BundleError, match=r"has no policy\.onnx"):
        pull(url, "web", "champion")
    handler.files = good | {"signature.json": bytes(LIMITS["signature.json"] + 1)}
    with pytest.raises(BundleError, match="more than 4096 bytes"):
        pull(url, "web", "champion")
    for uri in ("s3://bucket/x", "/etc", "file:///etc", ""):
        handler.uri = uri
        with pytest.raises(RegistryError, match="not with the server"):
            pull(url, "web", "champion")


def test_rest_follows_nobody_elsewhere(registry: tuple[type[Registry], str]) -> None:
    url = registry[1]
    with pytest.raises(RegistryError, match="answers 302"):
        pull(f"{url}/else", "web", "champion")


def test_a_registry_that_is_not_there_is_named() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(RegistryError, match="cannot be reached"):
        pull(url, "web", "champion")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_real_server_with_sqlite(original: Original, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/m.db"]
    command += ["--artifacts-destination", str(tmp_path / "artifacts")]
    log = (tmp_path / "log").open("wb")
    server = subprocess.Popen(
        command, stdout=log, stderr=log, env=environment, start_new_session=True, cwd=tmp_path
    )
    try:
        _register(url, write_folder(tmp_path / "b", original.contents), tmp_path)
        pulled = pull(url, "web", "champion")
        assert pulled.files.contents == original.contents
        with pytest.raises(RegistryError, match="web@challenger"):
            pull(url, "web", "challenger")
        with pytest.raises(RegistryError, match="nobody@champion"):
            pull(url, "nobody", "champion")
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)
        log.close()


def _register(url: str, bundle: Path, folder: Path) -> None:
    """Log a bundle and name it champion with MLflow's own client, in a process of its own."""
    end = time.monotonic() + 240.0
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 1.0).close()
            break
        except OSError:
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.2)
    script = (
        "import sys, mlflow\n"
        "c = mlflow.MlflowClient(sys.argv[1])\n"
        "r = c.create_run(c.create_experiment('e'))\n"
        "c.log_artifacts(r.info.run_id, sys.argv[2], 'bundle')\n"
        "c.create_registered_model('web')\n"
        "v = c.create_model_version('web', r.info.artifact_uri + '/bundle', r.info.run_id)\n"
        "c.set_registered_model_alias('web', 'champion', v.version)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, url, str(bundle)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
