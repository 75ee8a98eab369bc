"""A log repeats bit for bit; what was changed in it, or lost from it, is found."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.deploy.service.recorded_runs import (
    TICK_S,
    ToldTwin,
    mode_of,
    replayed,
    setup_of,
    start,
    troubles,
)

from heatrouter.deploy import service_journal
from heatrouter.deploy.audit import AuditRecord
from heatrouter.deploy.history_file import HISTORY_FILE
from heatrouter.deploy.history_reading import HistoryReader
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.operator_requests import OverrideRequest, ReleaseRequest, leave_request
from heatrouter.deploy.replay import Replayer, replay
from heatrouter.deploy.replay_records import ReplayError
from heatrouter.envs.cli import main


async def test_a_run_with_faults_repeats_bit_for_bit(bundle: Path, tmp_path: Path) -> None:
    _, hands = start(bundle, tmp_path)
    await hands.begin()
    await hands.run(400, troubles(hands))
    records = hands.records()
    modes = {r.mode for r in records}
    assert modes >= {"POLICY", "RULES", "HOLD", "LOCAL"}
    result = replayed(records, bundle)
    assert result.first is None, str(result.first)
    assert result.same
    assert result.ticks == 400
    assert result.decisions >= 15
    assert result.decisions_taken == result.passed_over == 0


async def test_set_points_that_a_person_fixed_repeat_bit_for_bit(
    bundle: Path, tmp_path: Path
) -> None:
    service, hands = start(bundle, tmp_path)
    await hands.begin()
    faults = troubles(hands)

    def fix(name: str, value: float, duration_s: float | None = None) -> None:
        request = OverrideRequest(
            user="anna", reason="trial", set_point=name, value=value, duration_s=duration_s
        )
        leave_request(hands.state_dir, request)

    def each(i: int) -> None:
        faults(i)
        if i == 10:
            fix("main.supply_temp_c", 91.3)
        if i == 50:  # and a machine, which the guard starts at its own speed, until it expires
            fix("gas_boiler.load_share", 0.77, duration_s=70 * TICK_S)
        if i == 160:
            release = ReleaseRequest(user="anna", reason="trial", set_point="main.supply_temp_c")
            leave_request(hands.state_dir, release)

    await hands.run(250, each)
    records = hands.records()
    fixed = [r for r in records if "overrides" in r.detail]
    assert 100 < len(fixed) < 200
    assert {r.detail["source"] for r in fixed} == {"policy", "rules"}
    assert service.overrides.values is None
    result = replayed(records, bundle)
    assert result.first is None, str(result.first)
    assert result.ticks == 250
    # and they count: without them on record the replay is another one
    without = replace(fixed[60], detail={**fixed[60].detail, "overrides": None})
    records[records.index(fixed[60])] = without
    unlike = replayed(records, bundle).first
    assert unlike is not None
    assert unlike.field == "proposal"


@pytest.mark.parametrize("name", ["executed", "proposal", "observation", "action"])
async def test_one_changed_bit_is_found(bundle: Path, tmp_path: Path, name: str) -> None:
    _, hands = start(bundle, tmp_path)
    await hands.begin()
    await hands.run(40)
    records = hands.records()
    at = next(i for i, r in enumerate(records) if r.tick > 10 and getattr(r, name) is not None)
    forged = getattr(records[at], name).copy()
    forged[-1] = np.nextafter(forged[-1], np.inf)
    records[at] = replace(records[at], **{name: forged})
    result = replayed(records, bundle)
    assert result.first is not None
    assert (result.first.tick, result.first.field) == (records[at].tick, name)
    assert not result.same


async def test_a_forged_input_shows_in_what_follows_from_it(bundle: Path, tmp_path: Path) -> None:
    _, hands = start(bundle, tmp_path)
    await hands.begin()
    await hands.run(40)
    records = hands.records()
    at = next(i for i, r in enumerate(records) if r.event is None and r.tick == 5)
    inputs = list(records[at].detail["inputs"])  # type: ignore[call-overload]
    names = hands.service.cycle.layout.input_names
    position = names.index("site.ambient_temp_c")
    inputs[position] += 3.0
    records[at] = replace(records[at], detail={**records[at].detail, "inputs": inputs})
    result = replayed(records, bundle)
    assert result.first is not None
    assert result.first.field == "observation"
    assert result.first.tick > 5


async def test_a_replay_goes_on_from_a_state_after_lost_records(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_journal, "TICKS_PER_STATE", 50)
    _, hands = start(bundle, tmp_path)
    await hands.begin()
    await hands.run(130)
    records = hands.records()
    # The oldest file was archived: the log begins in the middle of a run.
    late = [r for r in records if r.tick >= 20]
    result = replayed(late, bundle)
    assert result.same
    assert result.passed_over == 30
    assert result.ticks == 80
    # Two records were lost on a full disk.
    gap = next(i for i, r in enumerate(records) if r.event is None and r.tick == 60)
    holed = [*records[:gap], replace(records[gap + 2], lost_before=2), *records[gap + 3 :]]
    result = replayed(holed, bundle)
    assert result.same
    assert result.passed_over == 38
    assert result.ticks == 130 - 2 - 38


async def test_a_failed_tick_is_on_record_and_passed_over(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, hands = start(bundle, tmp_path)
    await hands.begin()
    await hands.run(20)
    guarded = service.cycle.guarded

    def broken(now_s: float, *, use_policy: bool) -> None:
        msg = "nobody thought of this"
        raise RuntimeError(msg)

    monkeypatch.setattr(service.cycle, "guarded", broken)
    await hands.run(1)
    monkeypatch.setattr(service.cycle, "guarded", guarded)
    await hands.run(20)
    records = hands.records()
    failed = [r for r in records if r.event == "tick failed"]
    assert [r.tick for r in failed] == [20]
    result = replayed(records, bundle)
    assert result.same
    # The tick after it is the first that can end with a state on record.
    assert (result.ticks, result.passed_over) == (39, 1)


async def test_without_the_bundle_its_actions_are_taken_and_counted(
    bundle: Path, tmp_path: Path
) -> None:
    _, hands = start(bundle, tmp_path)
    await hands.begin()
    await hands.run(40)
    result = replay(hands.records(), setup_of, lambda digest: None)
    assert result.same
    assert result.decisions == 0
    assert result.decisions_taken == 3


async def test_another_contract_is_refused(bundle: Path, tmp_path: Path) -> None:
    _, hands = start(bundle, tmp_path)
    await hands.begin()
    records = hands.records()
    detail = {**records[0].detail, "contract": "0" * 64}
    with pytest.raises(ReplayError, match="ran with contract 000000000000"):
        Replayer(setup_of, lambda digest: None).take(replace(records[0], detail=detail))


async def test_the_command_counts_and_exits(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, hands = start(bundle, tmp_path)
    await hands.begin()
    await hands.run(40)
    hands.audit.close()
    state_dir = hands.state_dir
    assert main(["replay", str(state_dir.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["same"]
    assert (found["ticks"], found["decisions"], found["decisions_taken"]) == (40, 3, 0)
    assert main(["replay", str(state_dir.audit_path)]) == 0
    assert "every set-point is the same, bit for bit" in capsys.readouterr().out
    text = state_dir.audit_path.read_text(encoding="utf-8")
    state_dir.audit_path.write_text(text.replace('"written":true', '"written":false', 1))
    assert main(["replay", str(state_dir.path)]) == 1
    assert "record" in capsys.readouterr().err


async def test_the_history_of_a_run_is_what_the_log_says(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service, hands = start(bundle, tmp_path)
    assert service.history is not None
    service.history.start()
    await hands.begin()
    await hands.run(130, troubles(hands))
    service.history.close()
    ticks = [r for r in hands.records() if r.event is None]
    with HistoryReader(hands.state_dir.path / HISTORY_FILE) as reader:
        rows = list(reader.rows())
        names = reader.names
    assert [row.mode for row in rows] == [r.mode for r in ticks]
    assert [row.written for row in rows] == [r.written for r in ticks]
    n_points = len(service.cycle.limits.low)
    for row, record in zip(rows, ticks, strict=True):
        executed = np.full(n_points, np.nan) if record.executed is None else record.executed
        np.testing.assert_array_equal(row.series[-n_points:], executed)
        if record.quality is not None:
            assert row.causes is not None
            assert tuple(row.causes.tolist()) == record.quality
    silent = [row for row in rows if row.causes is not None and (row.causes == 255).all()]
    assert len(silent) == 4, "ticks in which the plant did not answer"

    table = tmp_path / "ticks.csv"
    state_dir = str(hands.state_dir.path)
    options = ["--series", "site.ambient_temp_c", "--series", names[-1]]
    assert main(["history", "export", state_dir, "--out", str(table), *options]) == 0
    with table.open(encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert len(read) == 130
    at = names.index("site.ambient_temp_c")
    assert float(read[7]["site.ambient_temp_c"]) == rows[7].series[at]
    assert "QUALITY" in read[25]["not_believed"]
    parquet = pytest.importorskip("pyarrow.parquet")
    whole = tmp_path / "means.parquet"
    assert main(["history", "export", state_dir, "--out", str(whole), "--means"]) == 0
    assert parquet.read_table(whole).num_rows == 8
    assert main(["history", "show", state_dir]) == 0
    assert "130 ticks, 8 means" in capsys.readouterr().out


async def test_without_an_answer_of_the_look_ahead_the_rules_control(
    bundle: Path, tmp_path: Path
) -> None:
    twin = ToldTwin()
    service, hands = start(bundle, tmp_path, twin=twin)
    limits = service.cycle.limits
    fine = np.where(np.isfinite(limits.predicted_low), limits.predicted_low, 0.0)
    twin.span = fine + 1.0, fine + 2.0
    await hands.begin()
    await hands.run(15)
    assert mode_of(service) is Mode.POLICY
    assert service.cycle.prediction is not None

    twin.span = None
    await hands.run(15)
    assert mode_of(service) is Mode.RULES
    assert service.watch.causes[str(Fault.PREDICTION)] == "told not to answer"

    twin.span = fine + 1.0, fine + 2.0
    await hands.run(30)
    assert mode_of(service) is Mode.POLICY, "back by itself after the hold-off"

    low = fine + 1.0
    cold = limits.predicted.index(
        next(p for p in limits.predicted if p.name == "town_hill.room_temp_c")
    )
    low[cold] = limits.predicted_low[cold] - 0.1
    twin.span = low, fine + 2.0
    await hands.run(15)
    assert mode_of(service) is Mode.RULES
    assert service.watch.causes[str(Fault.PREDICTION)] == "breaks town_hill.room_temp_c"

    records = hands.records()
    ticks = [r for r in records if r.event is None]
    assert all(r.written for r in ticks if r.mode == "RULES"), "the rules need no look-ahead"
    result = replayed(records, bundle)
    assert result.first is None, str(result.first)
    assert result.ticks == 75
    forged = [_without_prediction(r) for r in records]
    assert not replayed(forged, bundle).same, "predictions on record decide what is replayed"


def _without_prediction(record: AuditRecord) -> AuditRecord:
    detail = {k: v for k, v in record.detail.items() if k != "prediction"}
    return replace(record, detail=detail)
