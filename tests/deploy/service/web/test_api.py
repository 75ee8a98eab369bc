"""What the API shows of a service, and what it lets people change."""

import json
from pathlib import Path
from typing import Any

import pytest
from constant_bundle import constant_bundle
from tests.deploy.service.web.desks import TICK_S, Desk, MakeDesk

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.agents.manifest import parse_manifest
from heatrouter.deploy.model_store import ModelStore
from heatrouter.deploy.modes import Mode
from heatrouter.deploy.policy_worker import FaultKind
from heatrouter.deploy.status import StatusSnapshot
from heatrouter.deploy.web.snapshots import Received
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

SUPPLY = "main.supply_temp_c"


def test_what_is_sent_is_what_is_received() -> None:
    assert set(StatusSnapshot.__slots__) == set(Received.model_fields)


async def test_a_page_that_fails_costs_no_tick(desk: Desk) -> None:
    def fail(_: StatusSnapshot) -> None:
        raise RuntimeError

    await desk.tick(20)
    desk.service.report.showing.publish = fail
    await desk.tick(3)
    assert desk.service.state.actual is Mode.POLICY
    assert desk.service.record.failed_ticks == 0
    assert desk.service.record.ticks == 23


async def test_before_the_first_tick_there_is_life_but_nothing_to_show(desk: Desk) -> None:
    assert (await desk.client.get("/livez")).status_code == 503
    assert (await desk.client.get("/readyz")).status_code == 503
    assert (await desk.get("/status"))["snapshot"] is None
    assert (await desk.client.get("/api/v1/decision")).status_code == 503


async def test_a_service_in_policy_is_live_and_ready(desk: Desk) -> None:
    await desk.tick(20)
    assert desk.service.state.actual is Mode.POLICY
    assert (await desk.get("/livez"))["ok"] is True
    assert (await desk.get("/readyz"))["ok"] is True
    live = await desk.get("/status")
    assert live["snapshot"]["mode"] == "POLICY"
    assert all(check["ok"] for check in live["permissives"]["checks"])


async def test_a_service_that_stops_ticking_is_not_alive(desk: Desk) -> None:
    await desk.tick(3)
    desk.web_clock.now_s += 3.0 * TICK_S + 4.0
    assert (await desk.client.get("/livez")).status_code == 200
    desk.web_clock.now_s += 2.0
    assert (await desk.client.get("/livez")).status_code == 503
    assert (await desk.client.get("/readyz")).status_code == 503


@pytest.mark.parametrize(
    ("break_it", "check"),
    [
        (lambda d: setattr(d.plant, "lost", True), "outputs writable"),
        (lambda d: setattr(d.plant, "lost", True), "inputs fresh"),
        (lambda d: setattr(d.worker, "ready", False), "model verified"),
    ],
)
async def test_what_is_missing_is_named(desk: Desk, break_it: Any, check: str) -> None:
    await desk.tick(20)
    break_it(desk)
    await desk.tick()
    answer = await desk.client.get("/readyz")
    assert answer.status_code == 503
    assert check in {c["name"] for c in answer.json()["checks"] if not c["ok"]}


async def test_what_the_policy_does_wrong_is_among_its_permissives(desk: Desk) -> None:
    await desk.tick(20)
    desk.worker.fault = FaultKind.LATE
    await desk.tick(15)
    live = await desk.get("/status")
    assert live["snapshot"]["mode"] == "RULES"
    missing = {c["name"]: c["detail"] for c in live["permissives"]["checks"] if not c["ok"]}
    assert "POLICY_LATE" in missing["policy knows the plant, answers well"]
    assert (await desk.get("/readyz"))["ok"] is True


async def test_metrics_follow_the_names_of_prometheus(desk: Desk) -> None:
    desk.plant.values["tank.top_temp_c"] = 61.5
    desk.plant.values["main.load_kw"] = 4321.0
    await desk.tick(20)
    desk.worker.fault = FaultKind.LATE
    await desk.tick(15)
    text = (await desk.client.get("/metrics")).text
    lines = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in text.splitlines()}
    assert lines['heatrouter_input_celsius{name="tank.top_temp_c"}'] == "61.5"
    assert lines['heatrouter_input_watts{name="main.load_kw"}'] == "4.321e+06"
    assert lines['heatrouter_mode{mode="RULES"}'] == "1.0"
    assert lines['heatrouter_target{mode="POLICY"}'] == "1.0"
    assert lines['heatrouter_fault{fault="POLICY_LATE"}'] == "1.0"
    assert lines["heatrouter_ticks_total"] == "35.0"
    assert lines["heatrouter_tick_duration_seconds_count"] == "34.0"
    assert float(lines[f'heatrouter_set_point_applied_celsius{{name="{SUPPLY}"}}']) > 60.0
    assert any(name.startswith("heatrouter_bundle_info{") for name in lines)
    assert any(name.startswith("heatrouter_build_info{") for name in lines)


async def test_after_an_exchange_the_bundle_shown_is_the_one_that_answers(
    desk: Desk, district: District, task: Task, neutral: Float32Array, tmp_path: Path
) -> None:
    first = (await desk.get("/api/v1/bundle"))["bundle"]
    other = read_bundle(constant_bundle(tmp_path / "other", district, task, neutral * 0.5 + 1.0))
    store = ModelStore(desk.context.state_dir.path)
    name = store.install(other)
    store.write_index(store.index().activated(name))

    async def shown(digest: str) -> Any:
        desk.worker.bundle_digest = digest
        await desk.tick()
        answer = await desk.get("/api/v1/bundle")
        assert answer["present"] is True
        assert answer["digest"] == digest
        return answer["bundle"]

    digest = parse_manifest(other.manifest).digest
    second = await shown(digest)
    assert second["digest"] == digest != first["digest"]
    assert second["folder"] == str(store.folder(name))
    assert await shown(first["digest"]) == first
    # better no name than that of another
    assert await shown("f" * 64) is None


async def test_the_map_has_every_unit_and_reading(desk: Desk) -> None:
    site = await desk.get("/api/v1/site")
    drawing = site["drawing"]
    assert {u["name"] for u in drawing["units"]} >= {"tank", "greenhouse", "town_old"}
    for unit in drawing["units"]:
        assert 0.0 <= unit["x"] - drawing["left"] <= drawing["width"]
        assert 0.0 <= unit["y"] - drawing["top"] <= drawing["height"]
    shown = [i for u in drawing["units"] for i in u["inputs"]]
    shown += [i for c in drawing["circuits"] for i in c["inputs"]] + drawing["site_inputs"]
    assert sorted(shown) == list(range(len(site["inputs"])))


async def test_a_person_asks_for_a_mode_and_is_on_record(desk: Desk) -> None:
    await desk.tick(20)
    await desk.login()
    body = {"mode": "SHADOW", "reason": "maintenance of the boiler"}
    answer = await desk.change("POST", "/api/v1/mode", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["done"] is True
    assert desk.service.state.actual is Mode.SHADOW
    asked = next(r for r in desk.records() if r.event == "asked for SHADOW")
    assert asked.user == "anna"
    assert asked.detail["reason"] == "maintenance of the boiler"


async def test_without_a_tick_a_request_waits(make_desk: MakeDesk, desk: Desk) -> None:
    await desk.tick(2)
    await desk.login()
    answer = await desk.client.post(
        "/api/v1/mode",
        json={"mode": "OFF", "reason": "nobody listens"},
        headers={"X-CSRF-Token": desk.csrf},
    )
    assert answer.status_code == 202
    assert answer.json()["done"] is False
    await desk.tick()
    assert desk.service.state.actual is Mode.OFF


async def test_an_override_reaches_the_plant_at_the_guards_rate_and_ends(desk: Desk) -> None:
    await desk.tick(40)
    await desk.login()
    position = desk.plant.names.index(SUPPLY)
    before = float(desk.plant.plc.applied[position])
    wanted = 72.0 if before > 80.0 else 94.0
    body = {"value": wanted, "reason": "test of the hill", "duration_s": 6 * 3600.0}
    answer = await desk.change("PUT", f"/api/v1/overrides/{SUPPLY}", body)
    assert answer.status_code == 200, answer.text
    live = await desk.get("/api/v1/live")
    assert [o["set_point"] for o in live["snapshot"]["overrides"]] == [SUPPLY]
    explained = await desk.get("/api/v1/decision")
    part = next(p for p in explained["set_points"] if p["name"] == SUPPLY)
    assert part["overridden"] == part["proposal"] == wanted
    assert part["rules"] != wanted
    first = float(desk.plant.plc.applied[position])
    assert abs(first - before) < abs(wanted - before), "not in one jump"
    await desk.tick(3 * 60)
    assert float(desk.plant.plc.applied[position]) == pytest.approx(wanted)
    assert desk.service.state.actual is Mode.POLICY
    await desk.tick(4 * 60)
    assert (await desk.get("/api/v1/live"))["snapshot"]["overrides"] == []
    assert float(desk.plant.plc.applied[position]) != pytest.approx(wanted)
    events = {r.event: r for r in desk.records() if r.event and "override" in r.event}
    assert events[f"override of {SUPPLY} to {wanted:g}"].user == "anna"
    assert f"override of {SUPPLY} ended" in events
    assert any("overrides" in r.detail for r in desk.records() if r.event is None)


async def test_an_override_is_released_by_hand(desk: Desk) -> None:
    await desk.tick(20)
    await desk.login()
    path = "/api/v1/overrides/greenhouse.offset_k"
    body: dict[str, object] = {"value": 1.0, "reason": "frost tonight"}
    assert (await desk.change("PUT", path, body)).status_code == 200
    released = await desk.change("POST", f"{path}/release", {"reason": "frost is over"})
    assert released.status_code == 200
    assert desk.service.overrides.active == ()
    again = await desk.change("POST", f"{path}/release", {"reason": "once more"})
    assert again.status_code == 409


async def test_whoever_takes_the_service_out_takes_the_overrides_with_it(desk: Desk) -> None:
    await desk.tick(20)
    await desk.login()
    body: dict[str, object] = {"value": 1.0, "reason": "frost tonight"}
    await desk.change("PUT", "/api/v1/overrides/greenhouse.offset_k", body)
    await desk.change("POST", "/api/v1/mode", {"mode": "SHADOW", "reason": "look on"})
    assert desk.service.overrides.active == ()
    refused = await desk.change("PUT", "/api/v1/overrides/greenhouse.offset_k", body)
    assert refused.status_code == 409
    assert "SHADOW" in refused.json()["detail"]


async def test_an_override_outside_its_range_is_refused(desk: Desk) -> None:
    await desk.tick(20)
    await desk.login()
    body = {"value": 120.0, "reason": "too hot"}
    answer = await desk.change("PUT", f"/api/v1/overrides/{SUPPLY}", body)
    assert answer.status_code == 409
    assert "70" in answer.json()["detail"]
    answer = await desk.change("PUT", "/api/v1/overrides/nobody.knows", body)
    assert answer.status_code == 404


async def test_an_alarm_is_raised_once_ends_and_is_acknowledged(desk: Desk) -> None:
    await desk.tick(20)
    desk.worker.death = "worker 4711 ended (signal 9)"
    await desk.tick(5)
    alarms = (await desk.get("/api/v1/alarms"))["alarms"]
    assert [a["fault"] for a in alarms] == ["WORKER_DEAD"]
    assert alarms[0]["cause"].startswith("worker 4711 ended")
    await desk.login()
    path = f"/api/v1/alarms/{alarms[0]['alarm_id']}/acknowledge"
    assert (await desk.change("POST", path, {"reason": "seen"})).status_code == 200
    alarm = (await desk.get("/api/v1/alarms"))["alarms"][0]
    assert alarm["acknowledged_by"] == "anna"
    assert alarm["cleared_at"] is None, "seen, but it lasts"
    desk.worker.ready = True
    body = {"mode": "POLICY", "reason": "worker is back"}
    assert (await desk.change("POST", "/api/v1/mode", body)).status_code == 200
    assert (await desk.get("/api/v1/alarms"))["alarms"] == []
    assert len((await desk.get("/api/v1/alarms", state="all"))["alarms"]) == 1
    assert (await desk.change("POST", path, {"reason": "again"})).status_code == 409


async def test_the_explanation_names_what_the_guard_did(desk: Desk) -> None:
    await desk.tick(16)
    explained = await desk.get("/api/v1/decision")
    assert explained["source"] == "policy"
    assert [a["name"] for a in explained["action"]] == [c.name for c in desk.context.site.actions]
    slowed = [p for p in explained["set_points"] if p["changed"]]
    assert slowed, "set-points start from those in force and move at their rates"
    assert all(p["reasons"] for p in slowed)
    assert all(p["proposal"] == p["policy"] for p in explained["set_points"])


async def test_trends_are_what_was_read_and_hold_no_stand_ins(desk: Desk) -> None:
    await desk.tick(10)
    desk.plant.values["tank.top_temp_c"] = float("nan")
    await desk.tick(5)
    names = f"tank.top_temp_c,applied:{SUPPLY}"
    trends = await desk.get("/api/v1/trends", names=names, hours=1, points=100)
    assert trends["time_s"] == [TICK_S * i for i in range(15)]
    top = trends["series"]["tank.top_temp_c"]
    assert None not in top[:10]
    assert top[10:] == [None] * 5
    assert None not in trends["series"][f"applied:{SUPPLY}"]
    few = await desk.get("/api/v1/trends", names=names, hours=1, points=5)
    assert few["time_s"][-1] == trends["time_s"][-1]
    assert len(few["time_s"]) <= 5


async def test_the_audit_is_found_page_by_page(desk: Desk) -> None:
    await desk.tick(20)
    await desk.login()
    await desk.change("POST", "/api/v1/mode", {"mode": "RULES", "reason": "compare costs"})
    found = await desk.get("/api/v1/audit", user="anna", text="COMPARE")
    assert [r["event"] for r in found["records"]] == ["asked for RULES"]
    numbers, cursor = [], None
    for _ in range(100):
        params = {"ticks": True, "limit": 7} | ({"cursor": cursor} if cursor else {})
        page = await desk.get("/api/v1/audit", **params)
        numbers += [r["seq"] for r in page["records"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    desk.audit.close()
    assert numbers == list(range(len(desk.records()) - 1, -1, -1))


async def test_no_answer_holds_what_json_does_not_know(desk: Desk) -> None:
    desk.plant.values["main.return_temp_c"] = float("nan")
    desk.plant.lost = True
    await desk.tick(3)
    desk.plant.lost = False
    await desk.tick(3)

    def refuse(name: str) -> None:
        raise AssertionError(name)

    for path in ("/status", "/api/v1/live", "/api/v1/decision", "/api/v1/site"):
        json.loads((await desk.client.get(path)).text, parse_constant=refuse)
