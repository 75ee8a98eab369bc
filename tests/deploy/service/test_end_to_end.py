"""Plant, guard and worker as three real processes on loopback; the worker is killed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from asyncua.sync import Client

from heatrouter.deploy.audit import read_audit
from heatrouter.deploy.state_dir import read_json

COMMAND = [sys.executable, "-m", "heatrouter"]
# A tick of 100 ms: other load on the machine must not look like a fault of the service.
SPEED, TICK_S, TICKS = 600.0, 60.0, 60
PATIENCE_S = 480.0  # the simulator may have to be compiled first


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("end-to-end")


def wait_for(path: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def endpoint(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}"
    ready, log = folder / "ready.json", folder / "plant.log"
    arguments = ["plant", "energy-web", "--opcua", address, "--speed", str(SPEED)]
    arguments += ["--ready-file", str(ready), "--summary", str(folder / "plant.json")]
    with log.open("wb") as output:
        process = subprocess.Popen(COMMAND + arguments, stdout=output, stderr=output)
    wait_for(ready, process, log)
    yield address
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0, log.read_text()
    assert not ready.exists()


def serve(folder: Path, endpoint: str, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [*COMMAND, "serve", "--endpoint", endpoint, "--speed", str(SPEED)]
    command += ["--tick-s", str(TICK_S), "--ticks", str(TICKS), "--state-dir", str(folder / "st")]
    command += ["--summary", str(folder / "summary.json"), "--no-http", *arguments]
    with (folder / "serve.log").open("wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=output)


def number(content: dict[str, object], key: str) -> int:
    value = content[key]
    assert isinstance(value, int)
    return value


def test_a_killed_worker_costs_one_tick_of_policy_and_nothing_else(
    folder: Path, endpoint: str, bundle: Path
) -> None:
    process = serve(folder, endpoint, str(bundle), "--mode", "policy", "--arm", "--user", "anna")
    status_path = folder / "st" / "status.json"
    wait_for(status_path, process, folder / "serve.log")
    end = time.monotonic() + 60.0
    status = read_json(status_path) or {}
    while number(status, "tick") < 20:
        assert time.monotonic() < end
        time.sleep(0.02)
        status = read_json(status_path) or status
    assert status["mode"] == "POLICY"
    assert status["plant_external"] is True
    os.kill(number(status, "worker_pid"), signal.SIGKILL)
    killed_at = number(read_json(status_path) or status, "tick")
    assert process.wait(60) == 0, (folder / "serve.log").read_text()

    summary = read_json(folder / "summary.json")
    assert summary is not None
    raised = [f for f in summary["faults"] if f["event"] == "raised"]  # type: ignore[attr-defined]
    dead = [f for f in raised if f["fault"] == "WORKER_DEAD"]
    assert len(dead) == 1
    # The tick in which it died had perhaps looked at it already; the next one sees it.
    assert dead[0]["tick"] - killed_at <= 2
    assert summary["worker_restarts"] == 1
    assert number(summary, "fallback_ticks") >= TICKS - dead[0]["tick"]
    assert summary["guard_modules_heavy"] == []
    assert summary["refused_before_write"] == 0
    audit = summary["audit"]
    assert isinstance(audit, dict)
    assert audit["verified"] is True
    records = list(read_audit(Path(str(audit["path"]))))
    after = next(r for r in records if r.event is None and r.tick == dead[0]["tick"])
    assert after.mode == "RULES"
    assert after.detail["source"] == "rules"
    assert after.written, "the rules' set-points are written in the very tick of the fault"
    assert ("asked for POLICY", "anna") in {(r.event, r.user) for r in records}
    again = subprocess.run(
        [*COMMAND, "replay", str(folder / "st"), "--json"], capture_output=True, check=False
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert json.loads(again.stdout)["ticks"] == TICKS


def test_shadow_leaves_the_plant_alone(folder: Path, endpoint: str, bundle: Path) -> None:
    process = serve(folder, endpoint, str(bundle), "--mode", "shadow", "--ticks", "10")
    assert process.wait(60) == 0
    summary = read_json(folder / "summary.json")
    assert summary is not None
    assert summary["writes"] == 0
    assert summary["modes"] == {"SHADOW": 10}


def test_rules_without_a_policy(folder: Path, endpoint: str) -> None:
    arguments = ("--district", "energy-web", "--mode", "rules", "--arm", "--ticks", "10")
    assert serve(folder, endpoint, *arguments).wait(60) == 0
    summary = read_json(folder / "summary.json")
    assert summary is not None
    assert summary["modes"] == {"RULES": 10}
    assert number(summary, "writes") > 0


def test_the_plant_counted_no_unsafe_write(folder: Path, endpoint: str) -> None:
    with Client(endpoint) as client:
        index = client.get_namespace_index("urn:heatrouter:plant")
        node = client.get_node(f"ns={index};s=energy-web/control/unsafe_writes")
        assert node.read_value() == 0
        status = client.get_node(f"ns={index};s=energy-web/control/status")
        # the plant takes over once it has missed the heartbeat for long enough
        given_up = time.monotonic() + 30.0
        while not str(status.read_value()).startswith("local") and time.monotonic() < given_up:
            time.sleep(0.2)
        assert str(status.read_value()).startswith("local")


def test_nobody_at_the_endpoint(folder: Path) -> None:
    process = serve(folder, "opc.tcp://127.0.0.1:9", "--district", "energy-web")
    assert process.wait(60) == 69
    log = (folder / "serve.log").read_text()
    assert "opc.tcp://127.0.0.1:9" in log
    assert "Traceback" not in log


def test_a_bundle_that_must_not_run(folder: Path, endpoint: str, bundle: Path) -> None:
    copy = shutil.copytree(bundle, folder / "broken")
    (copy / "policy.onnx").write_bytes(b"nothing")
    process = serve(folder, endpoint, str(copy))
    assert process.wait(60) == 78
    log = (folder / "serve.log").read_text()
    assert "sha256" in log
    assert "Traceback" not in log
