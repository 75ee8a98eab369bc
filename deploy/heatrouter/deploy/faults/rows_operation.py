"""Rows 22 to 25: bundles, settings and the disk."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from heatrouter.deploy.alarms import Alarm
from heatrouter.deploy.audit import AuditError, AuditLog, AuditRecord
from heatrouter.deploy.config import ServiceConfig, load_config
from heatrouter.deploy.config_reload import ConfigReload
from heatrouter.deploy.faults.board import Occasion, RowResult
from heatrouter.deploy.faults.outcomes import Outcome, repeated
from heatrouter.deploy.faults.virtual_run import TICK_S, RestlessPolicy, VirtualRun, in_mode
from heatrouter.deploy.model_store import ModelStore
from heatrouter.deploy.model_switch import ModelSource, ModelSwitch
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.policy_worker import BundleAbout
from heatrouter.deploy.service_manager import ServiceManager
from heatrouter.deploy.state_dir import StateDir
from heatrouter.deploy.swap_worker import SwapWorker
from heatrouter.envs.hashchain import Link

NEXT_DIGEST = "c" * 64
REFUSAL = "policy.onnx: its hash is not the manifest's"
STEP_TICKS = 15


def bad_bundle(occasion: Occasion) -> RowResult:
    """Row 22: what the gate refuses leaves policy, mode and set-points as they are."""
    return repeated(22, occasion, [partial(_exchange, refusal=REFUSAL)])


def hot_swap(occasion: Occasion) -> RowResult:
    """Row 23: another bundle takes over while set-points are on their way."""
    return repeated(23, occasion, [partial(_exchange, refusal=None)])


def _source(made: list[RestlessPolicy], refusal: str | None, run: VirtualRun) -> ModelSource:
    def make(path: Path) -> RestlessPolicy:
        del path
        old = run.policy
        new = RestlessPolicy(
            old.action,
            clock=run.clock,
            rng=run.rng,
            # It wants the other half of the range: the bump would be large.
            low=old.high,
            high=run.setup.contract.bounds("action")[1],
            ready=False,
            refusal=refusal,
            bundle_digest=NEXT_DIGEST,
            about=BundleAbout("2" * 64, NEXT_DIGEST, "next", signed_by="fault board"),
        )
        made.append(new)
        return new

    return ModelSource(ModelStore(run.config.state_dir), Path("configured"), make)


async def _exchange(folder: Path, seed: int, *, refusal: str | None) -> Outcome:
    made: list[RestlessPolicy] = []
    run = VirtualRun(folder, seed, wrap=SwapWorker, models=partial(_source, made, refusal))
    await run.warm()
    models = run.service.models
    assert isinstance(models, ModelSwitch)
    run.strike()
    begun, writes = len(run.seen), len(run.link.write_times)
    models.reload()
    for _ in range(200):
        await run.ticks(1)
        # Bundles are loaded beside the ticks, in real time.
        await asyncio.sleep(0.002)
        if models.status()["last_request"] is not None:
            break
    await run.ticks(3 * STEP_TICKS)
    after = run.seen[begun:]
    failures = []
    if any(seen.mode is not Mode.POLICY for seen in after):
        failures.append("the policy was left")
    if len(run.link.write_times) - writes != len(after):
        failures.append("a tick was missed")
    asked = bool(made) and bool(made[0].asked)
    if asked is (refusal is not None):
        failures.append("the wrong policy decides")
    if refusal is None:
        named = any(r.bundle == NEXT_DIGEST for r in run.records() if r.action is not None)
        detail = "no tick missed, set-points at the guard's rates to the other end of the range"
    else:
        refusals = [r for r in run.records() if r.event == "bundle reload refused"]
        named = any(refusal in str(r.detail.get("cause")) for r in refusals)
        if Alarm.BUNDLE_REFUSED not in after[-1].alarms:
            failures.append("no alarm")
        detail = "what the service does with a refusal; of the gate: benchmarks/mutated_bundles.py"
    return Outcome(run=run, named=named, failures=failures, detail=detail)


def bad_settings(occasion: Occasion) -> RowResult:
    """Row 24: SIGHUP with a file that is no YAML, of a wrong type, with an unknown name."""
    files = ("tick_s: [", "tick_s: soon\n", "tik_s: 60\n")
    return repeated(24, occasion, [partial(_bad_settings, text=t) for t in files], bound_s=TICK_S)


async def _bad_settings(folder: Path, seed: int, *, text: str) -> Outcome:
    run = VirtualRun(folder, seed)
    file = folder / "service.yaml"
    given: dict[str, object] = {"district": run.config.district, "mode": "off"}

    def load() -> ServiceConfig:
        return load_config(file, given)

    manager = ServiceManager({})
    reload = ConfigReload(load, run.config, run.service.alarms, lambda: None, manager)
    await run.warm()
    file.write_text(text)
    run.strike()
    await reload.look()
    reaction_s = await run.until(lambda seen: Alarm.SETTINGS in seen.alarms, within=3)
    bad = await run.ticks(STEP_TICKS)
    file.write_text("speed: 1.0\n")
    await reload.look()
    good = await run.ticks(STEP_TICKS)
    failures = []
    if any(seen.mode is not Mode.POLICY for seen in bad + good):
        failures.append("the policy was left")
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record(f"alarm {Alarm.SETTINGS} raised", "service.yaml"),
        recovered=Alarm.SETTINGS not in good[-1].alarms,
        failures=failures,
    )


class _Disk:
    """Whether there is room."""

    full = False


def disk_full(occasion: Occasion) -> RowResult:
    """Row 25: neither audit log nor status can be written."""
    return repeated(25, occasion, [_disk_full], bound_s=10 * TICK_S)


async def _disk_full(folder: Path, seed: int) -> Outcome:
    disk = _Disk()

    class FullAudit(AuditLog):
        def write(self, record: AuditRecord) -> Link:
            if disk.full:
                self.lost += 1
                message = f"audit record of tick {record.tick} is lost: no space left on device"
                raise AuditError(message)
            return super().write(record)

    class FullState(StateDir):
        def write_status(self, status: Mapping[str, object]) -> None:
            if disk.full:
                raise OSError(28, "No space left on device")
            super().write_status(status)

    run = VirtualRun(folder, seed, audit_type=FullAudit, state_type=FullState)
    await run.warm()
    run.strike()
    disk.full = True
    writes = len(run.link.write_times)
    reaction_s = await run.until(in_mode(Mode.RULES), within=20)
    await run.ticks(10)
    failures = []
    ticks = sum(seen.began_s > run.fault_s for seen in run.seen)
    if len(run.link.write_times) - writes != ticks:
        failures.append("control did not go on")
    disk.full = False
    recovered = await run.returns()
    records = run.records()
    named = any(r.lost_before > 0 for r in records) and any(
        r.event == f"fault {Fault.AUDIT} cleared" for r in records
    )
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=named,
        recovered=recovered,
        failures=failures,
        detail="while nothing can be recorded the log counts what is lost",
    )
