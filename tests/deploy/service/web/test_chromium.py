"""A person at the page, in headless Chromium: log in, arm, lose the worker, arm again.

Screenshots go to the folder that HEATROUTER_SCREENSHOTS names, else to a temporary one.
"""

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
from typing import TYPE_CHECKING

import pytest

from heatrouter.deploy.audit import read_audit
from heatrouter.deploy.state_dir import read_json
from heatrouter.deploy.web.users import Role, UserFile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = os.environ.get("HEATROUTER_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium; name one by HEATROUTER_CHROMIUM"),
]

COMMAND = [sys.executable, "-m", "heatrouter"]
SPEED = 120.0  # a tick of half a second
PATIENCE_S = 480.0  # the simulator may have to be compiled first
PAGE_MS = 60_000.0
PASSWORD = "correct horse"
SIZES = {"control-room": (1920, 1080), "phone": (390, 844)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def pictures(folder: Path) -> Path:
    path = Path(os.environ.get("HEATROUTER_SCREENSHOTS") or folder / "screenshots")
    path.mkdir(parents=True, exist_ok=True)
    return path


def wait_for(path: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def start(log: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    with log.open("wb") as output:
        return subprocess.Popen([*COMMAND, *arguments], stdout=output, stderr=output)


@pytest.fixture(scope="module")
def endpoint(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"opc.tcp://127.0.0.1:{probe.getsockname()[1]}"
    ready, log = folder / "ready.json", folder / "plant.log"
    arguments = ["plant", "energy-web", "--opcua", address, "--speed", str(SPEED)]
    process = start(log, *arguments, "--ready-file", str(ready))
    wait_for(ready, process, log)
    yield address
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0, log.read_text()


@pytest.fixture(scope="module")
def state(folder: Path, endpoint: str, bundle: Path) -> Iterator[Path]:
    """The state folder of a service that is OFF and serves its page."""
    state, log = folder / "state", folder / "serve.log"
    state.mkdir(mode=0o700)
    UserFile(state / "users.json").add("anna", Role.OPERATOR, PASSWORD)
    arguments = ["serve", str(bundle), "--endpoint", endpoint, "--speed", str(SPEED)]
    process = start(log, *arguments, "--state-dir", str(state), "--http-port", "0")
    wait_for(state / "web.json", process, log)
    yield state
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0, log.read_text()
    status = read_json(state / "status.json")
    assert status is not None
    assert status["guard_modules_heavy"] == []
    assert not (state / "web.json").exists(), "the web process leaves with the service"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with playwright.sync_playwright() as engine:
        # The sandbox needs rights that root in a container does not have.
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=sorted(SIZES))
def page(request: pytest.FixtureRequest, browser: "Browser", state: Path) -> Iterator["Page"]:
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PAGE_MS)
    page = context.new_page()
    wrong: list[str] = []
    page.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    strangers: list[str] = []
    page.on(
        "request", lambda r: strangers.append(r.url) if not r.url.startswith(url(state)) else None
    )
    page.goto(url(state))
    yield page
    context.close()
    assert strangers == [], "everything is served by the service itself"
    assert [text for text in wrong if "409" not in text] == []


def url(state: Path) -> str:
    return str(json.loads((state / "web.json").read_text())["url"])


def shot(page: "Page", pictures: Path, name: str) -> None:
    size = "phone" if page.viewport_size == {"width": 390, "height": 844} else "control-room"
    page.screenshot(path=pictures / f"{size}-{name}.png", full_page=True)


def arm(page: "Page", reason: str) -> None:
    page.get_by_role("button", name="POLICY").click()
    if page.locator("#login").is_visible():
        page.get_by_label("User").last.fill("anna")
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("#login").get_by_role("button", name="Log in").click()
    question = page.locator("#ask")
    question.wait_for()
    question.get_by_label("Reason").fill(reason)
    question.get_by_role("button", name="Arm: POLICY").click()
    question.wait_for(state="hidden")


def test_arm_lose_the_worker_and_arm_again(page: "Page", state: Path, pictures: Path) -> None:
    mode = page.locator("#mode")
    mode.filter(has_text="O").or_(mode.filter(has_text="R")).wait_for()
    shot(page, pictures, "1-before")
    arm(page, "commissioning")
    mode.filter(has_text="POLICY").wait_for()
    page.locator("#permissives li.no").first.wait_for(state="detached")
    shot(page, pictures, "2-policy")

    status = read_json(state / "status.json")
    assert status is not None
    worker = status["worker_pid"]
    assert isinstance(worker, int)
    os.kill(worker, signal.SIGKILL)
    mode.filter(has_text="RULES").wait_for()
    assert "worker dead" in page.locator("#mode-why").inner_text()
    page.locator("#announcer").filter(has_text="Mode RULES").wait_for(state="attached")
    page.locator("#open-alarms").get_by_text("worker dead").first.wait_for()
    assert "The rules made the proposal." in page.locator("#sentences").inner_text()
    shot(page, pictures, "3-rules")

    # The worker comes back by itself; the policy does not.
    page.locator("#permissives li", has_text="model verified").and_(
        page.locator("li:not(.no)")
    ).wait_for()
    assert mode.inner_text() == "RULES"
    arm(page, "worker is back")
    mode.filter(has_text="POLICY").wait_for()
    shot(page, pictures, "4-policy-again")

    asked = [r for r in read_audit(state / "audit.jsonl") if r.event == "asked for POLICY"]
    assert [(r.user, r.detail["reason"]) for r in asked[-2:]] == [
        ("anna", "commissioning"),
        ("anna", "worker is back"),
    ]


def test_every_page_fits_its_screen_and_is_reached_by_keyboard(
    page: "Page", state: Path, pictures: Path
) -> None:
    page.locator("#mode").filter(has_text="O").or_(
        page.locator("#mode").filter(has_text="R")
    ).wait_for()
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to content"
    content = {
        "set-points": "#set-points-table table",
        "decision": "#decision-table table",
        "trends": "#charts figure",
        "alarms": "#alarms-table table, #alarms-table p",
        "audit": "#audit-table table",
    }
    for name, first in content.items():
        link = page.locator(f".tabs a[href='#{name}']")
        link.focus()
        page.keyboard.press("Enter")
        page.locator(first).first.wait_for()
        assert link.get_attribute("aria-current") == "page"
        shot(page, pictures, name)
        box = page.locator("html").bounding_box()
        assert box is not None
        assert page.viewport_size is not None
        widest = max(
            part["x"] + part["width"]
            for element in page.locator(".panel:visible").all()
            if (part := element.bounding_box()) is not None
        )
        assert widest <= page.viewport_size["width"], f"{name} needs no scrolling to the side"
