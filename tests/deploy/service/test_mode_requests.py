"""Wishes for a mode: with the start, through the folder, and those that cannot be."""

import logging
from pathlib import Path

import numpy as np
import pytest

from heatrouter.deploy.audit import AuditLog, AuditRecord, read_audit
from heatrouter.deploy.config import ServiceConfig
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.mode_requests import ModeRequests, target_before_crash
from heatrouter.deploy.modes import Mode, ModeState
from heatrouter.deploy.service_journal import Journal, TickContext
from heatrouter.deploy.state_dir import REQUEST_FILE, ModeRequest, StateDir

TICK = TickContext(7, 420.0)
STATE = ModeState(actual=Mode.SHADOW, target=Mode.SHADOW)


class Desk:
    """The requests of one service, with its folder and its log."""

    def __init__(self, folder: Path, *, has_policy: bool = True, **settings: object) -> None:
        self.state_dir = StateDir(folder)
        self.state_dir.create()
        watch = FaultWatch((), (), tolerance=np.zeros(0))
        self.audit = AuditLog(self.state_dir.audit_path, sync_interval_s=None)
        self.journal = Journal(self.audit, self.state_dir, watch, None)
        config = ServiceConfig.model_validate({"district": "energy-web", **settings})
        self.requests = ModeRequests(config, self.state_dir, self.journal, has_policy=has_policy)

    def ask(self, mode: str, user: str = "eva", reason: str = "") -> None:
        self.state_dir.ask(ModeRequest(mode=mode, user=user, reason=reason))

    def take(self) -> ModeRequest | None:
        return self.requests.take(TICK, STATE)

    def records(self) -> list[AuditRecord]:
        return [] if self.audit.head is None else list(read_audit(self.state_dir.audit_path))


def test_a_service_that_starts_off_asks_for_nothing(tmp_path: Path) -> None:
    assert Desk(tmp_path).take() is None


@pytest.mark.parametrize(
    ("mode", "arm", "reason"),
    [("shadow", False, "start"), ("rules", True, "start, armed"), ("policy", True, "start, armed")],
)
def test_the_start_is_a_request_of_its_user_once(
    tmp_path: Path, mode: str, arm: bool, reason: str
) -> None:
    desk = Desk(tmp_path, mode=mode, arm=arm, user="ben", bundle="policy.zip")
    request = desk.take()
    assert request is not None
    assert (request.mode, request.user, request.reason) == (mode.upper(), "ben", reason)
    assert desk.take() is None


def test_the_start_comes_before_what_waits_in_the_folder(tmp_path: Path) -> None:
    desk = Desk(tmp_path, mode="shadow")
    desk.ask("OFF")
    taken = [desk.take(), desk.take(), desk.take()]
    assert [request and request.mode for request in taken] == ["SHADOW", "OFF", None]
    assert desk.records() == []


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_goes_on_to_the_mode_machine(tmp_path: Path, mode: Mode) -> None:
    """HOLD, too: it is the mode machine that says why nobody may ask for it."""
    desk = Desk(tmp_path)
    desk.ask(str(mode))
    request = desk.take()
    assert request is not None
    assert request.mode == mode
    assert desk.journal.answers == type(desk.journal.answers)()


def test_what_is_no_mode_is_answered_and_on_record(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ask("TURBO", user="eva", reason="cold outside")
    assert desk.take() is None
    (answer,) = desk.journal.answers
    assert (answer["mode"], answer["accepted"], answer["user"]) == ("TURBO", False, "eva")
    assert answer["outcome"] == "'TURBO' is no mode"
    (record,) = desk.records()
    assert (record.tick, record.time_s, record.mode, record.user) == (7, 420.0, "SHADOW", "eva")
    assert record.event == "asked for TURBO: refused"
    assert record.detail == {"reason": "cold outside", "outcome": "'TURBO' is no mode"}
    assert desk.take() is None, "answered once"


def test_who_has_no_policy_cannot_be_asked_for_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, has_policy=False)
    desk.ask("POLICY")
    assert desk.take() is None
    (answer,) = desk.journal.answers
    assert answer["outcome"] == "this service runs without a policy"
    desk.ask("RULES")
    request = desk.take()
    assert request is not None
    assert request.mode == "RULES"


def test_what_cannot_be_read_is_dropped_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path)
    (tmp_path / REQUEST_FILE).write_text("[1", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert desk.take() is None
    assert "no JSON object" in caplog.text
    assert not (tmp_path / REQUEST_FILE).exists()
    assert list(desk.journal.answers) == []


@pytest.mark.parametrize(
    ("status", "target"),
    [
        (None, Mode.OFF),
        ({"running": False, "target": "POLICY"}, Mode.OFF),
        ({"target": "POLICY"}, Mode.OFF),
        ({"running": True, "target": "POLICY"}, Mode.POLICY),
        ({"running": True, "target": "OFF"}, Mode.OFF),
        ({"running": True, "target": "TURBO"}, Mode.SHADOW),
        ({"running": True, "target": None}, Mode.SHADOW),
        ({"running": True, "target": ["POLICY"]}, Mode.SHADOW),
        ({"running": True}, Mode.SHADOW),
    ],
)
def test_what_a_crashed_service_was_asked_for(
    tmp_path: Path, status: dict[str, object] | None, target: Mode
) -> None:
    state_dir = StateDir(tmp_path)
    if status is not None:
        state_dir.write_status(status)
    found = target_before_crash(state_dir)
    assert found is target
