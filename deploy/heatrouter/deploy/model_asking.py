"""Ask a running service for another bundle; where none runs, change what its next start takes."""

import time

from heatrouter.deploy.audit import AuditLog, AuditRecord
from heatrouter.deploy.model_requests import ModelRequest, ask_for_model
from heatrouter.deploy.model_store import ModelIndex, ModelStore
from heatrouter.deploy.state_dir import StateDir
from heatrouter.envs.errors import EXIT_UNAVAILABLE, HeatrouterError, ServiceConfigError

POLL_S = 0.05


class NoAnswerError(HeatrouterError):
    """The service behind a state folder does not answer."""

    exit_code = EXIT_UNAVAILABLE


def ask_or_change(folder: StateDir, request: ModelRequest, wait_s: float) -> dict[str, object]:
    """Have a request carried out.

    Args:
        folder: The service's state folder.
        request: What is wanted.
        wait_s: Real seconds to wait for a running service.

    Returns:
        ``accepted`` and ``outcome``.

    Raises:
        NoAnswerError: A service runs there and does not answer in time.
        BundleError: No service runs, and what is wanted cannot be.
    """
    folder.create()
    try:
        # Whoever holds the lock is a running service; nobody can start one while we do.
        with folder.locked():
            return {"accepted": True, "outcome": _change_index(folder, request)}
    except ServiceConfigError:
        ask_for_model(folder, request)
    answer = _await_answer(folder, request.request_id, wait_s)
    if answer is None:
        msg = (
            f"the service in {folder.path} did not answer within {wait_s:g} s; see its status: the "
            "bundle may still be loading"
        )
        raise NoAnswerError(msg)
    return answer


def _change_index(folder: StateDir, request: ModelRequest) -> str:
    store = ModelStore(folder.path)
    index = store.index()
    changed: ModelIndex
    if request.action == "activate":
        assert request.name is not None
        changed = index.activated(request.name)
    elif request.action == "rollback":
        changed = index.rolled_back()
    else:
        changed = index.challenged(request.name if request.action == "challenge" else None)
    store.write_index(changed)
    with AuditLog(folder.audit_path) as audit:
        audit.write(
            AuditRecord(
                tick=0,
                time_s=0.0,
                mode="OFF",
                target="OFF",
                user=request.user,
                event=f"bundle {request.action}",
                detail={"reason": request.reason, **changed.model_dump()},
            )
        )
    name = request.name or changed.champion or "the configured bundle"
    return f"{request.action}: {name}, from the next start on"


def _await_answer(folder: StateDir, request_id: str, wait_s: float) -> dict[str, object] | None:
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        models = (folder.read_status() or {}).get("models")
        answer = models.get("last_request") if isinstance(models, dict) else None
        if isinstance(answer, dict) and answer.get("request_id") == request_id:
            return answer
        time.sleep(POLL_S)
    return None
