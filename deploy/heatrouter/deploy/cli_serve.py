"""``heatrouter serve``: run the control service beside a plant."""

import asyncio
import json
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from heatrouter.agents.manifest import MANIFEST_FILE, sha256_of
from heatrouter.deploy.audit import AuditLog, read_audit
from heatrouter.deploy.config import ServiceConfig, ServiceSetup, load_config, prepare
from heatrouter.deploy.config_reload import ConfigReload
from heatrouter.deploy.field_link import FieldLink
from heatrouter.deploy.field_links import make_link
from heatrouter.deploy.logs import configure_logging
from heatrouter.deploy.model_requests import forget_model_request
from heatrouter.deploy.model_store import ModelStore
from heatrouter.deploy.model_switch import ModelSource
from heatrouter.deploy.policy_worker import rules_digest
from heatrouter.deploy.service import Service
from heatrouter.deploy.service_manager import ServiceManager
from heatrouter.deploy.state_dir import StateDir, write_json
from heatrouter.deploy.swap_worker import SwapWorker
from heatrouter.deploy.twin_link import TwinLink
from heatrouter.deploy.web_link import WebLink
from heatrouter.deploy.web_site import site_of
from heatrouter.deploy.worker_link import WorkerLink
from heatrouter.envs.errors import BundleError, HeatrouterError

_log = logging.getLogger(__name__)


async def run_service(
    setup: ServiceSetup,
    configured: Path | None = None,
    reload: Callable[[], ServiceConfig] | None = None,
) -> dict[str, object]:
    """Connect, start the policy, run, and return the summary.

    Args:
        setup: What to run; its bundle is the one in force.
        configured: The bundle that the configuration names, which a rollback may go back to.
        reload: Reads the settings again on SIGHUP; None leaves them alone.

    Raises:
        PlantUnreachableError: The plant does not answer at the start.
        BundleError: The policy's bundle must not run.
    """
    config = setup.config
    state_dir = StateDir(config.state_dir)
    state_dir.create()
    store = ModelStore(config.state_dir)
    link = make_link(setup)
    length = getattr(link, "ticks", None)
    if length is not None and config.ticks is None:
        # A recording ends; the service that replays it ends with it.
        setup = replace(setup, config=config.model_copy(update={"ticks": length}))
    worker: SwapWorker | None = None
    twin: TwinLink | None = None
    manager = ServiceManager()
    web = WebLink(site_of(setup, configured)) if config.http.enabled else None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    # Until there is a policy to load anew, and where there is none, it means nothing.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with state_dir.locked(), AuditLog(state_dir.audit_path, sync_beside=True) as audit:
        state_dir.forget_request()
        forget_model_request(state_dir)
        try:
            if config.bundle is not None and config.policy:
                first = policy_worker(setup, config.bundle)
                worker = SwapWorker(first)
                await _open_both(link, first)
                check_identity(setup, first)
            else:
                await link.open()
            if worker is not None and config.look_ahead.enabled:
                twin = TwinLink(setup, time.monotonic)
                await twin.open()
            models = ModelSource(store, configured, lambda path: policy_worker(setup, path))
            if web is not None:
                await web.open()
            service = Service(
                setup,
                link,
                worker,
                audit=audit,
                state_dir=state_dir,
                models=models,
                manager=manager,
                twin=twin,
                publish=None if web is None else web.publish,
            )
            exchange = _nothing if service.models is None else service.models.reload
            if reload is not None:
                again = ConfigReload(
                    reload,
                    config,
                    service.alarms,
                    exchange,
                    manager,
                    tell=service.tell_alarms,
                )
                loop.add_signal_handler(signal.SIGHUP, again.ask)
            await service.run(stop)
        finally:
            if web is not None:
                await web.close()
            if twin is not None:
                await twin.close()
            if worker is not None:
                await worker.close()
            await link.close()
            manager.close()
    return {
        "district": setup.contract.district,
        "contract_digest": setup.contract.digest,
        "bundle_digest": None if worker is None else worker.bundle_digest,
        **service.record.summary(),
        "worker_restarts": 0 if worker is None else worker.restarts,
        "link_reconnects": link.reconnects,
        "web_restarts": 0 if web is None else web.restarts,
        "snapshots_dropped": 0 if web is None else web.dropped,
        "audit": verify_audit(state_dir.audit_path),
    }


async def _open_both(link: FieldLink, worker: WorkerLink) -> None:
    """Connect to the plant while the policy's process loads; an error of the plant comes first."""
    loading = asyncio.create_task(worker.open(), name="worker-open")
    try:
        await link.open()
    except BaseException:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
        raise
    await loading


def _nothing() -> None:
    """Without a policy there is no bundle to exchange."""


def is_bundle(path: Path) -> bool:
    """Whether a path looks like a bundle, a folder or an archive, rather than a service file."""
    return (path / MANIFEST_FILE).is_file() or path.suffix == ".zip"


async def check_bundle(setup: ServiceSetup) -> None:
    """Let a worker load and check the bundle; raises BundleError."""
    if setup.config.bundle is not None:
        worker = policy_worker(setup, setup.config.bundle)
        await worker.open()
        await worker.close()


def policy_worker(setup: ServiceSetup, bundle: Path) -> WorkerLink:
    """The worker of a bundle, not started yet."""
    return WorkerLink(
        bundle,
        contract_digest=setup.contract.digest,
        n_action=len(setup.contract.action),
        clock=time.monotonic,
        district=setup.config.district or setup.contract.district,
        rules=rules_digest(setup.task),
        trusted_keys=setup.config.trusted_keys,
    )


def check_identity(setup: ServiceSetup, worker: WorkerLink) -> None:
    """What the worker let through is what the service was set up with; raises BundleError."""
    assert setup.manifest is not None
    known = sha256_of(setup.manifest.to_json())
    if worker.about is None or worker.about.identity != known:
        msg = f"{setup.config.bundle}: was exchanged while the service started; start it again"
        raise BundleError(msg)


def bundle_in_force(config: ServiceConfig) -> ServiceConfig:
    """The configuration with the bundle that was activated last, where one was."""
    path = ModelStore(config.state_dir).bundle_in_force(config.bundle)
    if path == config.bundle:
        return config
    _log.warning("bundle in force is %s, activated before; not %s", path, config.bundle)
    return config.model_copy(update={"bundle": path})


def verify_audit(path: Path) -> dict[str, object]:
    """Read the whole audit log back and say whether its chain holds."""
    records = 0
    try:
        for _ in read_audit(path):
            records += 1
    except HeatrouterError as error:
        return {"path": str(path), "records": records, "verified": False, "error": str(error)}
    return {"path": str(path), "records": records, "verified": True}


def serve(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="[CONFIG|BUNDLE]", help="A service file, or a bundle's folder."),
    ] = None,
    *,
    bundle: Annotated[Path | None, typer.Option(help="The exported policy.")] = None,
    trusted_key: Annotated[
        list[Path] | None, typer.Option(help="Public key; only what it signed runs. Repeatable.")
    ] = None,
    district: Annotated[str | None, typer.Option(help="Preset or file.")] = None,
    task: Annotated[str | None, typer.Option(help="Preset or file; needed without bundle.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="opc.tcp://…, modbus://…, replay:FILE or simulated.")
    ] = None,
    tags: Annotated[Path | None, typer.Option(help="YAML that maps names to tags.")] = None,
    mode: Annotated[
        str | None, typer.Option(help="off, shadow, rules or policy; default: off.")
    ] = None,
    arm: Annotated[
        bool, typer.Option("--arm", help="Your permission to write to the plant from the start.")
    ] = False,
    no_policy: Annotated[
        bool, typer.Option("--no-policy", help="Leave the bundle's policy out; rules only.")
    ] = False,
    user: Annotated[str | None, typer.Option(help="Who starts it, for the audit log.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="Plant seconds per real second; 1 at a real plant.")
    ] = None,
    tick_s: Annotated[float | None, typer.Option(help="Plant seconds between readings.")] = None,
    ticks: Annotated[int | None, typer.Option(help="End after so many ticks.")] = None,
    state_dir: Annotated[
        Path | None, typer.Option(help="Folder of status, mode requests and audit log.")
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="JSON written at the end.")] = None,
    no_http: Annotated[
        bool, typer.Option("--no-http", help="No web page, metrics or health checks.")
    ] = False,
    http_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the web page; 0: any free one.")
    ] = None,
    check_config: Annotated[
        bool, typer.Option("--check-config", help="Check everything but the plant, then leave.")
    ] = False,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Log JSON lines.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more.")] = False,
) -> None:
    """Run the control service: rules always warm, the policy guarded, every tick on record.

    Example: heatrouter serve my-bundle --mode shadow --state-dir runs/serve
    """
    configure_logging(json_lines=json_logs, verbose=verbose)
    config_file = source
    if source is not None and is_bundle(source):
        config_file, bundle = None, bundle or source
    overrides: dict[str, object] = {
        "bundle": bundle,
        "trusted_keys": trusted_key or None,
        "district": district,
        "task": task,
        "endpoint": endpoint,
        "tags": tags,
        "mode": None if mode is None else mode.lower(),
        "arm": True if arm else None,
        "policy": False if no_policy else None,
        "user": user,
        "speed": speed,
        "tick_s": tick_s,
        "ticks": ticks,
        "state_dir": state_dir,
        "summary": summary,
    }
    config = load_config(config_file, overrides)
    page: dict[str, object] = {"enabled": False} if no_http else {}
    page |= {} if http_port is None else {"port": http_port}
    config = config.model_copy(update={"http": config.http.model_copy(update=page)})
    setup = prepare(bundle_in_force(config))
    if check_config:
        asyncio.run(check_bundle(setup))
        typer.echo(f"ok: {setup.contract.district}, contract {setup.contract.digest[:12]}")
        return

    def reload() -> ServiceConfig:
        again = load_config(config_file, overrides)
        prepare(bundle_in_force(again))
        return again

    result = asyncio.run(run_service(setup, config.bundle, reload))
    if setup.config.summary is not None:
        write_json(setup.config.summary, result, durable=True)
    shown = {key: result[key] for key in ("ticks", "modes", "fallback_ticks", "writes", "audit")}
    typer.echo(json.dumps(shown))
