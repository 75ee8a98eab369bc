"""What is shipped for an installation fits systemd and the settings of this version."""

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from heatrouter.deploy.config import load_config

SHIPPED = Path(str(files("heatrouter.deploy") / "packaging"))

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there, for systemd looks for it."""
    text = (SHIPPED / "heatrouter.service").read_text(encoding="utf-8")
    path = tmp_path / "heatrouter.service"
    path.write_text(text.replace("/opt/heatrouter/bin/heatrouter", "/bin/true"), encoding="utf-8")
    return path


def analyze(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@needs_systemd
def test_systemd_has_nothing_to_say_against_the_unit(unit: Path) -> None:
    done = analyze("verify", unit)
    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr, done.stderr


@needs_systemd
def test_the_service_is_shut_in(unit: Path) -> None:
    done = analyze("security", "--offline=true", "--threshold=20", unit)
    assert done.returncode == 0, done.stdout


def test_the_example_settings_are_settings(tmp_path: Path) -> None:
    config = load_config(SHIPPED / "service.yaml", {})
    assert config.mode == "off"
    assert config.tick_s == config.speed == 1.0
    assert not config.arm


def test_real_time_is_for_the_guard_alone_and_ends() -> None:
    """A child that inherited it could keep every other program from a core."""
    text = (SHIPPED / "heatrouter.service").read_text(encoding="utf-8")
    settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line[1:])
    assert settings["CPUSchedulingPolicy"] == "fifo"
    assert settings["CPUSchedulingResetOnFork"] == "true"
    assert settings["LimitRTTIME"] == "20s"
