"""What systemd is told, over a real socket."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from heatrouter.deploy.alarms import Alarm, AlarmBoard
from heatrouter.deploy.config import ServiceConfig, load_config
from heatrouter.deploy.config_reload import ConfigReload
from heatrouter.deploy.service_manager import ServiceManager


@pytest.fixture
def told(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "notify"))
        server.settimeout(2.0)
        yield server


def lines(server: socket.socket) -> list[str]:
    return server.recv(4096).decode().splitlines()


def test_a_watched_service_sets_the_patience_by_its_own_tick(
    told: socket.socket, tmp_path: Path
) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1"})
    manager.ready(60.0)
    assert lines(told) == ["READY=1", "WATCHDOG_USEC=600000000"]
    manager.ready(0.05)
    assert lines(told) == ["READY=1", "WATCHDOG_USEC=5000000"]
    manager.alive("RULES")
    assert lines(told) == ["WATCHDOG=1", "STATUS=RULES"]
    manager.stopping()
    assert lines(told) == ["STOPPING=1"]
    manager.close()


def test_reloading_carries_the_monotonic_time(told: socket.socket, tmp_path: Path) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    manager.reloading()
    first, second = lines(told)
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= after
    manager.reloaded()
    assert lines(told) == ["READY=1"]
    manager.close()


def test_without_systemd_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    ServiceManager({}).alive()
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    manager.alive()
    manager.close()


def test_an_abstract_socket_is_meant_by_its_at_sign() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind("\0heatrouter-test-notify")
        server.settimeout(2.0)
        manager = ServiceManager({"NOTIFY_SOCKET": "@heatrouter-test-notify"})
        manager.stopping()
        assert lines(server) == ["STOPPING=1"]
        manager.close()


def reload_of(
    path: Path,
    alarms: AlarmBoard,
    done: list[str],
    tell: Callable[[], None] = lambda: None,
) -> ConfigReload:
    running = load_config(path, {})
    return ConfigReload(
        lambda: load_config(path, {}),
        running,
        alarms,
        lambda: done.append("exchanged"),
        ServiceManager({}),
        tell=tell,
    )


async def test_bad_settings_keep_the_old_ones_and_raise_an_alarm_until_they_are_good(
    tmp_path: Path,
) -> None:
    path = tmp_path / "service.yaml"
    path.write_text("district: energy-web\ntick_s: 60\n")
    alarms = AlarmBoard()
    done: list[str] = []
    told: list[set[Alarm]] = []
    again = reload_of(path, alarms, done, lambda: told.append(set(alarms.present)))
    path.write_text("district: energy-web\ntick_s: -3\nno_such_thing: 1\n")
    again.ask()
    again.ask()
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
    assert "tick_s" in alarms.present[Alarm.SETTINGS]
    assert "no_such_thing" in alarms.present[Alarm.SETTINGS]
    assert done == []
    path.write_text("district: energy-web\ntick_s: 30\n")
    await again.look()
    assert alarms.present == {Alarm.RESTART_NEEDED: "changed: tick_s"}
    assert done == ["exchanged"]
    path.write_text("district: energy-web\ntick_s: 60\n")
    await again.look()
    assert alarms.present == {}
    assert told == [{Alarm.SETTINGS}, {Alarm.RESTART_NEEDED}, set()]
    changes = [(c.alarm, c.raised) for c in alarms.take_changes()]
    assert changes == [
        (Alarm.SETTINGS, True),
        (Alarm.SETTINGS, False),
        (Alarm.RESTART_NEEDED, True),
        (Alarm.RESTART_NEEDED, False),
    ]


def test_how_a_run_begins_needs_no_restart() -> None:
    from heatrouter.deploy.config_reload import changed_settings

    before = ServiceConfig(district="energy-web")
    after = ServiceConfig(district="energy-web", mode="rules", arm=True, user="anna")
    assert changed_settings(before, after) == []
