"""Kill -9 at random moments, a few times; the kill harness does it a thousand times."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import kill_harness
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

WRITERS, SERVICES = 30, 2


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    result = tmp_path_factory.mktemp("kills") / "kills.json"
    command = [sys.executable, str(Path(kill_harness.__file__)), "--json", str(result)]
    command += ["--writers", str(WRITERS), "--services", str(SERVICES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(result.read_text())
    assert isinstance(content, dict)
    return content


def test_killed_writers_leave_everything_that_they_called_safe(
    outcome: dict[str, dict[str, Any]],
) -> None:
    writers = outcome["writers"]
    assert writers["kills"] == WRITERS
    assert writers["records"] > WRITERS, "they lived long enough to write"
    assert writers["ledgers"] > 0
    assert writers["torn"] > 0, "some left half a line, which was dropped"
    assert writers["corrupt"] == []


def test_a_killed_service_leaves_a_whole_log_and_wrote_nothing_unsafe(
    outcome: dict[str, dict[str, Any]],
) -> None:
    services = outcome["services"]
    assert services["kills"] == SERVICES
    assert services["in_control"] > 0
    assert services["records"] > 0
    assert services["unsafe_writes"] == 0
    assert services["corrupt"] == []
