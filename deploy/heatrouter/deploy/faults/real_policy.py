"""Rows 17, 18, 22 and 23 on real processes: policies that are bad, hang, die, or must not run."""

import os
import random
import shutil
import signal
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.agents.manifest import GOLDEN_FILE, MANIFEST_FILE, MODEL_FILE, SIGNATURE_FILE
from heatrouter.deploy.faults.board import NO_BOUND_S, Occasion, RowResult
from heatrouter.deploy.faults.real_site import (
    PRESET,
    REAL_TICK_S,
    SPEED,
    RealSite,
    Watch,
    bundle_of,
    own_site,
    shared_site,
    tag,
    ticks_s,
    wall_s,
)
from heatrouter.deploy.faults.site_processes import Body, PlantProcess, busy_processes, until
from heatrouter.deploy.faults.trial_bundle import (
    THRESHOLD_SHARE,
    TRIGGER,
    Manner,
    trial_bundle,
    trigger_index,
)
from heatrouter.deploy.model_requests import ModelAction, ModelRequest, ask_for_model
from heatrouter.deploy.model_store import ModelStore
from heatrouter.deploy.modes import Mode
from heatrouter.deploy.signing import generate_keys, load_private_key, sign_manifest
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

MUTANTS: Final = 36
SWAPS: Final = 4
DECISION_S: Final = 60.0
"""Real seconds in which a decision must have come."""


def _prices() -> tuple[float, float]:
    """Two prices beyond the threshold by which the bad policies go wrong, in the tag's unit."""
    contract = build_contract(load_district(PRESET), load_task(PRESET))
    channel = contract.observation[trigger_index(contract)]
    threshold = channel.low + THRESHOLD_SHARE * (channel.high - channel.low)
    even = 2.0 * (threshold // 2.0) + 4.0
    return even + 0.5, even + 1.5


def _trigger(site: RealSite, price: float) -> float:
    order = site.plant.order("fault", node=tag(TRIGGER), kind="value", value=price)
    return float(order["at"])


def _decision_before(site: RealSite, mark: int, body: Body) -> float:
    """When the service asked the policy last before a record, or in it."""
    asked = [b for b in site.service.ticks(mark) if b["observation"] and b["tick"] <= body["tick"]]
    return wall_s(asked[-1]) if asked else wall_s(body)


def bad_action(occasion: Occasion) -> RowResult:
    """Row 17: no numbers, far beyond the range, from one extreme to the other."""
    occasion.folder.mkdir(parents=True, exist_ok=True)
    plant = PlantProcess(occasion.folder, speed=SPEED)
    prices = _prices()
    results: list[Watch] = []
    try:
        manners: tuple[Manner, ...] = ("nan", "beyond", "bang")
        for manner in manners:
            site = RealSite(occasion.folder / manner, bundle=bundle_of(manner), plant=plant)
            try:
                site.in_policy()
                watch = site.watch()
                _trigger(site, prices[0])
                if manner == "bang":
                    _swing(watch, prices)
                else:
                    if body := watch.mode(Mode.RULES):
                        watch.reacted(_decision_before(site, watch.mark, body), body)
                    watch.event("fault POLICY_OUTPUT raised")
                    site.plant.order("clear")
                    watch.comes_back()
                results.append(watch)
            finally:
                plant.order("clear")
                site.service.stop()
        first = results[0]
        for other in results[1:]:
            first.reaction_s += other.reaction_s
            first.failures += other.failures
            first.notes += other.notes
            first.named &= other.named
            first.recovered &= other.recovered
        return first.result(17, ticks_s(1.0))
    finally:
        plant.stop()


def _swing(watch: Watch, prices: tuple[float, float]) -> None:
    """Let three decisions swing; the guard keeps the set-points to their rates."""
    swings = 0
    for k in range(3):
        mark = watch.site.service.audit.mark()
        _trigger(watch.site, prices[k % 2])
        watch.site.service.wait_tick(mark, lambda b: bool(b["action"]), DECISION_S)
        swings += 1
        time.sleep(2.0 * REAL_TICK_S)
    clipped = [b for b in watch.site.service.ticks(watch.mark) if any(b["reasons"] or ())]
    watch.must(bool(clipped), "the guard changed nothing of it")
    watch.notes.append(f"{swings} swings, {len(clipped)} ticks bounded by the guard")


def worker_dies(_: Occasion) -> RowResult:
    """Row 18: the worker is killed, crashes, hangs. Each waits for a person."""
    with shared_site() as site:
        whole = site.watch()
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP):
            whole.mark = site.service.audit.mark()
            pid = int(site.service.status()["worker_pid"])
            at = time.time()
            os.kill(pid, number)
            if body := whole.mode(Mode.RULES):
                hangs = number == signal.SIGSTOP
                # One that hangs is missed when it is asked, once in a control step.
                begun = _decision_before(site, whole.mark, body) if hangs else at
                whole.reacted(begun, body)
            if dead := whole.event("fault WORKER_DEAD raised"):
                _wait_for_worker(site, int(dead["tick"]))
            whole.waits_for_a_person()
        return whole.result(18, ticks_s(1.0))


def _wait_for_worker(site: RealSite, tick: int) -> None:
    """Wait until a worker that died in a tick, or before it, has been replaced."""

    def replaced() -> bool | None:
        status = site.service.status()
        over = status["tick"] > tick and "WORKER_DEAD" not in status["faults"]
        return True if over and status["worker_ready"] else None

    until(replaced, 120.0, named="another worker")


# --- other bundles ---


def _ask(site: RealSite, action: ModelAction, name: str | None = None) -> Body:
    """Ask for another bundle; the answer."""
    request = ModelRequest(action=action, name=name, user="anna", reason="trial")
    ask_for_model(site.service.state, request)

    def answer() -> Body | None:
        last = (site.service.status().get("models") or {}).get("last_request") or {}
        return last if last.get("request_id") == request.request_id else None

    return until(answer, 120.0, named=f"an answer to {action}")


def hot_swap(occasion: Occasion) -> RowResult:
    """Row 23: bundles are exchanged to and fro beside busy processes."""
    other = trial_bundle(occasion.folder / "other", PRESET, scale=0.9, monitored=True)
    with shared_site() as site:
        watch = site.watch()
        name = ModelStore(site.service.state.path).install(read_bundle(other))
        with busy_processes(os.cpu_count() or 1):
            for k in range(SWAPS):
                answer = _ask(site, "activate", name) if k % 2 == 0 else _ask(site, "rollback")
                watch.must(bool(answer["accepted"]), f"refused: {answer['outcome']}")
                time.sleep(4.0 * REAL_TICK_S)
        watch.event("bundle ")
        ticks = site.service.ticks(watch.mark)
        numbers = [body["tick"] for body in ticks]
        watch.must(
            numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a tick has no record"
        )
        gaps = [wall_s(b) - wall_s(a) for a, b in pairwise(ticks)]
        watch.notes.append(f"{SWAPS} swaps, ticks at most {max(gaps):.2f} s apart")
        watch.must(max(gaps) < 2.0 * REAL_TICK_S, f"{max(gaps):.2f} s between two ticks")
        modes = {body["mode"] for body in ticks}
        watch.must(modes <= {"POLICY"}, f"modes {sorted(modes)}")
        return watch.result(23, NO_BOUND_S)


def bad_bundle(occasion: Occasion) -> RowResult:
    """Row 22: damaged and forged bundles, shown to a service that runs a good one."""
    folder = occasion.folder
    folder.mkdir(parents=True, exist_ok=True)
    generate_keys(folder / "release")
    generate_keys(folder / "stranger")
    good = shutil.copytree(bundle_of(), folder / "good")
    key = load_private_key(folder / "release.key")
    manifest = (good / MANIFEST_FILE).read_bytes()
    (good / SIGNATURE_FILE).write_bytes(sign_manifest(manifest, key))
    settings = {"trusted_keys": [str(folder / "release.pub")]}
    with own_site(folder / "site", bundle=good, settings=settings) as site:
        watch = site.watch()
        accepted = 0
        draw = random.Random(1)
        for k in range(MUTANTS):
            name = f"{k:016x}"
            _mutant(good, site.service.state.path / "models" / name, k, draw, folder)
            answer = _ask(site, "activate", name)
            accepted += bool(answer["accepted"])
        watch.event("alarm BUNDLE_REFUSED raised")
        watch.must(accepted == 0, f"{accepted} of {MUTANTS} accepted")
        modes = {body["mode"] for body in site.service.ticks(watch.mark)}
        watch.must(modes <= {"POLICY"}, f"modes {sorted(modes)}: {site.reason()}")
        watch.notes.append(f"{MUTANTS} mutants, {accepted} accepted")
        return watch.result(22, NO_BOUND_S)


def _mutant(good: Path, folder: Path, kind: int, draw: random.Random, keys: Path) -> None:
    """A copy of a good bundle with one thing wrong."""
    shutil.copytree(good, folder)
    if kind % 6 < 3:
        path = folder / (MODEL_FILE, MANIFEST_FILE, GOLDEN_FILE)[kind % 3]
        content = bytearray(path.read_bytes())
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(content)
    elif kind % 6 == 3:
        path = folder / draw.choice((MODEL_FILE, GOLDEN_FILE, SIGNATURE_FILE))
        content = bytearray(path.read_bytes())
        path.write_bytes(content[: draw.randrange(len(content))])
    elif kind % 6 == 4:
        stranger = load_private_key(keys / "stranger.key")
        manifest = (folder / MANIFEST_FILE).read_bytes()
        (folder / SIGNATURE_FILE).write_bytes(sign_manifest(manifest, stranger))
    else:
        (folder / draw.choice((MODEL_FILE, GOLDEN_FILE, SIGNATURE_FILE))).unlink()
