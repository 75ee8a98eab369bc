"""Row 26 on real sockets: people and programs that have no business here."""

import asyncio
import contextlib
import http.client
import json
import random
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import urlparse

import numpy as np

from heatrouter.deploy.certificates import PASSWORD_FILE, make_both
from heatrouter.deploy.faults.board import NO_BOUND_S, Occasion, RowResult
from heatrouter.deploy.faults.real_site import (
    REAL_TICK_S,
    SPEED,
    RealSite,
    Watch,
    tick_lengths_s,
    wall_s,
)
from heatrouter.deploy.faults.site_processes import PlantProcess, ServiceProcess, until
from heatrouter.deploy.field_settings import OpcUaSettings
from heatrouter.deploy.opcua_link import OpcUaLink
from heatrouter.deploy.opcua_security import load_client_security
from heatrouter.deploy.state_dir import read_json
from heatrouter.deploy.tags import default_tags
from heatrouter.deploy.web.users import Role, UserFile, users_path
from heatrouter.envs.errors import EXIT_UNAVAILABLE, HeatrouterError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

QUIET_TICKS: Final = 40
GARBAGE: Final = 60
HOST: Final = "127.0.0.1"


def opcua_settings(certificates: Path, **other: object) -> dict[str, object]:
    """The section ``opcua`` of a service with these certificates."""
    own = certificates / "service"
    return {
        "certificate": str(own / "certificate.der"),
        "private_key": str(own / "private-key.pem"),
        "trusted": str(own / "trusted"),
        "user": "heatrouter",
        "password_file": str(certificates / PASSWORD_FILE),
        **other,
    }


def strangers(occasion: Occasion) -> RowResult:
    """Row 26."""
    folder = occasion.folder
    known, foreign = folder / "certificates", folder / "foreign"
    for made in (known, foreign):
        make_both(made, [HOST])
    password = secrets.token_urlsafe(16)
    state = folder / "site" / "state"
    state.mkdir(parents=True, mode=0o700)
    UserFile(users_path(None, state)).add("anna", Role.OPERATOR, password)
    plant = PlantProcess(folder, speed=SPEED, certificates=known)
    settings = {"opcua": opcua_settings(known), "http": {"enabled": True, "port": 0}}
    site = RealSite(folder / "site", plant=plant, settings=settings)
    try:
        site.in_policy()
        page = until(lambda: read_json(state / "web.json"), 60.0, named="the page")
        port = int(urlparse(str(page["url"])).port or 0)
        watch = site.watch()
        time.sleep(QUIET_TICKS * REAL_TICK_S)
        quiet = site.service.audit.mark()
        _at_the_plant(watch, plant.endpoint, known, foreign)
        _at_the_page(watch, port, password)
        _garbage(watch, [port, int(urlparse(plant.endpoint).port or 0)])
        _compare_ticks(watch, quiet)
        _foreign_plant(watch, folder, foreign, known)
        log = site.service.log.read_text()
        watch.must(password not in log, "a password is in the log")
        modes = {body["mode"] for body in site.service.ticks(watch.mark)}
        watch.must(modes <= {"POLICY"}, f"modes {sorted(modes)}: {site.reason()}")
        return watch.result(26, NO_BOUND_S)
    finally:
        site.stop()


def _at_the_plant(watch: Watch, endpoint: str, known: Path, foreign: Path) -> None:
    """The plant, too, lets nobody in: without security, unknown, with another password."""
    wrong = foreign / "password"
    mixed = foreign / "mixed"
    shutil.copytree(foreign / "service", mixed / "service")
    # A stranger that has got hold of the plant's certificate still has none that is believed.
    shutil.rmtree(mixed / "service" / "trusted")
    shutil.copytree(known / "service" / "trusted", mixed / "service" / "trusted")
    attempts: dict[str, dict[str, object] | None] = {
        "nobody": None,
        "a stranger's certificate": opcua_settings(mixed, password_file=str(known / PASSWORD_FILE)),
        "another password": opcua_settings(known, password_file=str(wrong)),
        "no user": opcua_settings(known, user=None, password_file=None),
    }
    for name, settings in attempts.items():
        watch.must(not asyncio.run(_gets_in(endpoint, settings)), f"{name} got into the plant")


async def _gets_in(endpoint: str, settings: dict[str, object] | None) -> bool:
    contract = build_contract(load_district("energy-web"), load_task("energy-web"))
    security = None
    if settings is not None:
        security = load_client_security(OpcUaSettings.model_validate(settings))
    link = OpcUaLink(endpoint, default_tags(contract), timeout_s=5.0, security=security)
    try:
        await link.open()
    except HeatrouterError:
        return False
    await link.close()
    return True


# --- the page ---


class _Page:
    """Asks the page as any program may."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, object], str]:
        """Status, answer and cookie."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=20.0)
        try:
            sent = {"Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            content = answer.read()
            cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
        finally:
            connection.close()
        try:
            parsed = json.loads(content)
        except ValueError:
            parsed = {}
        return answer.status, parsed if isinstance(parsed, dict) else {}, cookie


def _at_the_page(watch: Watch, port: int, password: str) -> None:
    """Wrong passwords, changes without a login, and a command that is sent once more."""
    page = _Page(port)
    mode = {"mode": "OFF", "reason": "trial"}
    status, _, _ = page.ask("POST", "/api/v1/mode", mode)
    watch.must(status in {401, 403}, f"a change without a login: {status}")
    status, content, cookie = page.ask(
        "POST", "/api/v1/login", {"user": "anna", "password": password}
    )
    watch.must(status == 200, f"anna could not log in: {status}")
    bare = {"Cookie": cookie}
    with_token = {**bare, "X-CSRF-Token": str(content.get("csrf"))}
    status, _, _ = page.ask("POST", "/api/v1/mode", mode, bare)
    watch.must(status == 403, f"a change without the page's token: {status}")
    command = {"mode": "POLICY", "reason": "trial"}
    status, _, _ = page.ask("POST", "/api/v1/mode", command, with_token)
    watch.must(status in {200, 202}, f"anna's own command: {status}")
    page.ask("POST", "/api/v1/logout", {}, with_token)
    status, _, _ = page.ask("POST", "/api/v1/mode", mode, with_token)
    watch.must(status in {401, 403}, f"a command sent once more: {status}")
    for _ in range(3):
        status, _, _ = page.ask("POST", "/api/v1/login", {"user": "anna", "password": "wrong one"})
        watch.must(status in {401, 429}, f"a wrong password: {status}")
        time.sleep(1.0)
    failed = "a log-in from 127.0.0.1 failed"
    log_names_it = failed in watch.site.service.log.read_text()
    watch.named = watch.named and log_names_it


def _garbage(watch: Watch, ports: list[int]) -> None:
    """Bytes that are no request, to the page and to the plant."""
    draw = random.Random(1)
    starts = [b"", b"GET / HTTP/1.1\r\n", b"POST /api/v1/mode HTTP/1.1\r\nContent-Length: -1\r\n",
              b"HELF", b"OPNF\xff\xff\xff\xff", b"\x16\x03\x01\x02\x00"]  # fmt: skip
    for k in range(GARBAGE):
        with (
            contextlib.suppress(OSError),
            socket.create_connection((HOST, ports[k % len(ports)]), 5.0) as raw,
        ):
            raw.sendall(starts[k % len(starts)] + draw.randbytes(draw.randrange(1, 4000)))
            raw.settimeout(0.2)
            raw.recv(4096)
    status, _, _ = _Page(ports[0]).ask("GET", "/livez")
    watch.must(status == 200, f"/livez answers {status} after garbage")


def _compare_ticks(watch: Watch, quiet: int) -> None:
    """Lengths of ticks before and during."""
    ticks = watch.site.service.ticks(watch.mark)
    first = watch.site.service.audit.bodies[quiet]["tick"]
    lengths = 1e3 * tick_lengths_s(ticks, watch.site.speed)
    of_strangers = np.array([body["tick"] >= first for body in ticks])
    before = np.percentile(lengths[~of_strangers], (50, 99))
    during = np.percentile(lengths[of_strangers], (50, 99))
    watch.notes.append(
        f"ticks {before[0]:.1f}, p99 {before[1]:.1f} ms more than the shortest; "
        f"with strangers {during[0]:.1f}, p99 {during[1]:.1f} ms"
    )
    times = [wall_s(body) for body in ticks]
    longest = max(b - a for a, b in pairwise(times))
    watch.must(longest < 2.0 * REAL_TICK_S, f"{longest:.2f} s between two ticks")


def _foreign_plant(watch: Watch, folder: Path, foreign: Path, known: Path) -> None:
    """The service goes nowhere where it does not know the certificate."""
    other_folder = folder / "elsewhere"
    other_folder.mkdir()
    plant = PlantProcess(other_folder, speed=SPEED, certificates=foreign)
    settings = {**watch.site.settings, "endpoint": plant.endpoint, "opcua": opcua_settings(known)}
    settings |= {"state_dir": str(other_folder / "state"), "http": {"enabled": False}}
    service = ServiceProcess(other_folder, settings)
    end: Callable[[], int | None] = service.process.poll
    try:
        code = until(end, 120.0, named="the end of a service at a stranger's plant")
        watch.must(code == EXIT_UNAVAILABLE, f"it ended with {code} at a stranger's plant")
        said = service.log.read_text()
        watch.must("certificate" in said, "it does not say that it was the certificate")
    finally:
        service.stop()
        plant.stop()
