"""Plant, service and workers as real processes: `model activate` and SIGHUP under way."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from constant_bundle import constant_bundle

from heatrouter.deploy.audit import read_audit
from heatrouter.deploy.state_dir import read_json
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

COMMAND = [sys.executable, "-m", "heatrouter"]
# A tick of half a second and as long for a decision as may be: other load is no fault of ours.
SPEED, TICK_S, TICKS = 120.0, 60.0, 150
PATIENCE_S = 480.0  # the simulator may have to be compiled first


def model(*arguments: str) -> dict[str, object]:
    result = subprocess.run(
        [*COMMAND, "model", *arguments, "--json"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    content = json.loads(result.stdout)
    assert isinstance(content, dict)
    return content


def wait_for(state: Path, process: "subprocess.Popen[bytes]", log: Path, tick: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        status = read_json(state / "status.json")
        if status is not None and isinstance(at := status["tick"], int) and at >= tick:
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def test_bundles_are_exchanged_under_way_without_a_missed_tick(
    tmp_path: Path, bundle: Path, district: District, task: Task, neutral: np.ndarray
) -> None:
    bundle = shutil.copytree(bundle, tmp_path / "first")  # it is going to be signed
    moved = (0.9 * neutral).astype(np.float32)
    other = constant_bundle(tmp_path / "other", district, task, moved, name="other")
    state, ready, log = tmp_path / "st", tmp_path / "ready.json", tmp_path / "serve.log"
    model("keygen", str(tmp_path / "release"))
    for path in (bundle, other):
        model("sign", str(path), "--key", str(tmp_path / "release.key"))
    key = str(tmp_path / "release.pub")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}"
    plant_arguments = ["plant", "energy-web", "--opcua", endpoint, "--speed", str(SPEED)]
    plant_arguments += ["--ready-file", str(ready), "--summary", str(tmp_path / "plant.json")]
    plant = subprocess.Popen([*COMMAND, *plant_arguments], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while not ready.exists():
            assert plant.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        config = tmp_path / "service.yaml"
        config.write_text("decision_deadline_share: 0.5\n")
        arguments = ["serve", str(config), "--bundle", str(bundle), "--trusted-key", key]
        arguments += ["--endpoint", endpoint]
        arguments += ["--speed", str(SPEED), "--tick-s", str(TICK_S), "--ticks", str(TICKS)]
        arguments += ["--mode", "policy", "--arm", "--state-dir", str(state)]
        arguments += ["--summary", str(tmp_path / "summary.json")]
        with log.open("wb") as output:
            service = subprocess.Popen([*COMMAND, *arguments], stdout=output, stderr=output)
        wait_for(state, service, log, 20)
        common = ("--state-dir", str(state), "--user", "anna")
        done = model("activate", str(other), "--key", key, *common)
        assert done["accepted"] is True
        # Long enough for one of its decisions, every fifteen ticks.
        wait_for(state, service, log, 60)
        service.send_signal(signal.SIGHUP)
        model("rollback", *common)
        assert service.wait(PATIENCE_S) == 0, log.read_text()
    finally:
        plant.send_signal(signal.SIGINT)
        plant.wait(60)
    summary = read_json(tmp_path / "summary.json")
    seen = read_json(tmp_path / "plant.json")
    assert summary is not None
    assert seen is not None
    assert summary["guard_modules_heavy"] == []
    assert seen["unsafe_writes"] == 0
    assert summary["fallback_ticks"] == 0, summary["faults"]
    assert summary["modes"] == {"POLICY": TICKS}
    records = list(read_audit(state / "audit.jsonl"))
    changes = [r for r in records if r.event is not None and r.event.startswith("bundle ")]
    assert [(r.event, r.user) for r in changes] == [
        ("bundle activate", "anna"),
        ("bundle reload", "service"),
        ("bundle rollback", "anna"),
    ]
    assert len({r.bundle for r in records if r.action is not None}) == 2
