"""The demo's last stage: the service on a virtual plant, and its policy killed on the way."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from heatrouter.training.demo_stages import DemoError, check, end, start

TICK_S: Final = 60.0
_POLL_S: Final = 0.002  # short against a real tick: the kill shall fall between two ticks
_READY_S: Final = 240.0  # the plant compiles its kernels where nothing is cached


@dataclass(frozen=True, slots=True)
class ServiceRun:
    """What the service did.

    Attributes:
        ticks: How many ticks it ran.
        fallback_ticks_after_kill: Ticks from the kill to the first one in RULES, that one
            included; None where it never came.
        unsafe_writes: Writes beyond the plant's own limits, counted by the plant.
        policy_ticks: Ticks in which the policy controlled.
        writes: Set-point writes of the service.
        audit_verified: Whether the hash chain of its log holds.
        policy_ms: Median time of a decision of the policy process, ms.
    """

    ticks: int
    fallback_ticks_after_kill: int | None
    unsafe_writes: int
    policy_ticks: int
    writes: int
    audit_verified: bool
    policy_ms: float | None


def run_service(
    folder: Path,
    bundle: Path,
    district: str,
    *,
    ticks: int,
    speed: float,
    seed: int,
    on_tick: Callable[[str], None],
) -> ServiceRun:
    """Run plant and service, kill the policy process half way, and wait for the end.

    Args:
        folder: Where state, logs and summaries go.
        bundle: The exported policy.
        district: The district that plant and service run.
        ticks: How many ticks of :data:`TICK_S` plant seconds.
        speed: Plant seconds per real second.
        seed: Of the plant's scenario.
        on_tick: Called with a line of text as time passes.

    Raises:
        DemoError: Plant or service failed, or the policy never controlled.
    """
    state = folder / "service"
    ready, plant_summary, summary = (
        folder / name for name in ("plant-ready.json", "plant.json", "service.json")
    )
    for path in (ready, plant_summary, summary, state / "status.json"):
        path.unlink(missing_ok=True)
    endpoint = f"opc.tcp://127.0.0.1:{_free_port()}"
    plant_arguments = [
        *("plant", district, "--opcua", endpoint, "--speed", f"{speed:g}"),
        *("--tick-s", f"{TICK_S:g}", "--seed", str(seed), "--start-day", "14"),
        *("--ready-file", str(ready), "--summary", str(plant_summary)),
    ]
    serve_arguments = [
        *("serve", "--bundle", str(bundle), "--district", district, "--endpoint", endpoint),
        *("--speed", f"{speed:g}", "--tick-s", f"{TICK_S:g}", "--ticks", str(ticks)),
        *("--state-dir", str(state), "--mode", "policy", "--arm", "--summary", str(summary)),
    ]
    plant, plant_log = start(plant_arguments, folder / "logs" / "plant")
    try:
        begin = time.monotonic()
        while not ready.is_file():
            on_tick("virtual plant starts")
            if plant.poll() is not None:
                check(plant, plant_arguments, plant_log)
            if plant.poll() is not None or time.monotonic() - begin > _READY_S:
                msg = f"the virtual plant was not ready after {_READY_S:g} s; see {plant_log}.err"
                raise DemoError(msg)
            time.sleep(0.1)
        service, service_log = start(serve_arguments, folder / "logs" / "serve")
        try:
            killed_at = _kill_policy(service.poll, state / "status.json", ticks // 2, on_tick)
            while service.poll() is None:
                status = _read(state / "status.json") or {}
                on_tick(f"tick {status.get('tick', 0)}, {status.get('mode', '')}")
                time.sleep(0.1)
            check(service, serve_arguments, service_log)
        finally:
            end(service)
    finally:
        end(plant)
    served, seen = _read(summary), _read(plant_summary)
    if served is None or seen is None:
        msg = f"service or plant left no summary; see {folder / 'logs'}"
        raise DemoError(msg)
    return _result(served, seen, killed_at)


def _kill_policy(
    ended: Callable[[], int | None],
    status_file: Path,
    not_before: int,
    on_tick: Callable[[str], None],
) -> int | None:
    """Kill the policy process right after a tick in which it controlled; returns that tick."""
    last = -1
    while ended() is None:
        status = _read(status_file)
        if status is not None and int(status["tick"]) != last:
            last = int(status["tick"])
            on_tick(f"tick {last}, {status['mode']}")
            pid = status.get("worker_pid")
            if last >= not_before and status["mode"] == "POLICY" and isinstance(pid, int):
                os.kill(pid, signal.SIGKILL)
                return last
        time.sleep(_POLL_S)
    return None


def _result(served: dict[str, Any], seen: dict[str, Any], killed_at: int | None) -> ServiceRun:
    modes = served.get("modes", {})
    fallback = None
    if killed_at is not None:
        later = [
            int(change["tick"]) - killed_at
            for change in served.get("mode_changes", [])
            if change["mode"] == "RULES" and int(change["tick"]) > killed_at
        ]
        fallback = min(later, default=None)
    return ServiceRun(
        ticks=int(served["ticks"]),
        fallback_ticks_after_kill=fallback,
        unsafe_writes=int(seen["unsafe_writes"]),
        policy_ticks=int(modes.get("POLICY", 0)),
        writes=int(served.get("writes", 0)),
        audit_verified=bool(served.get("audit", {}).get("verified", False)),
        policy_ms=served.get("inference", {}).get("p50_ms"),
    )


def _read(path: Path) -> dict[str, Any] | None:
    """Read a JSON object that another process replaces; None where there is none yet."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
