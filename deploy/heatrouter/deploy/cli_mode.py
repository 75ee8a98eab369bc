"""``heatrouter mode``: show or change the mode of a running service, through its state folder."""

import getpass
import json
import time
from pathlib import Path
from typing import Annotated

import typer

from heatrouter.deploy.state_dir import STATUS_FILE, ModeRequest, StateDir
from heatrouter.envs.errors import EXIT_FAILURE, EXIT_UNAVAILABLE, HeatrouterError

MODES = ("off", "shadow", "rules", "policy", "hold", "local")
POLL_S = 0.05


class NoServiceError(HeatrouterError):
    """There is no service behind a state folder, or it does not answer."""

    exit_code = EXIT_UNAVAILABLE


def mode(
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="[MODE]", help=f"One of: {', '.join(MODES)}. None: show it."),
    ] = None,
    *,
    state_dir: Annotated[
        Path, typer.Option(help="The state folder of the service (`heatrouter serve --state-dir`).")
    ] = Path("runs/serve"),
    user: Annotated[
        str | None, typer.Option(help="Who asks; it goes into the audit log. Default: your login.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it goes into the audit log.")] = "",
    wait_s: Annotated[
        float, typer.Option(min=0.0, help="Real seconds to wait for the service's answer.")
    ] = 10.0,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Show or change the mode of a running control service.

    Asking for rules or policy is the act by which a person arms the service.

    Example: heatrouter mode shadow --state-dir runs/serve --user anna --reason "maintenance"
    """
    folder = StateDir(state_dir)
    status = folder.read_status()
    if status is None:
        msg = f"{state_dir / STATUS_FILE} does not exist; is `heatrouter serve` running there?"
        raise NoServiceError(msg)
    if wanted is None:
        _show(status, json_output=json_output)
        return
    if wanted.lower() not in MODES:
        msg = f"{wanted!r} is no mode; choose one of: {', '.join(MODES)}"
        raise typer.BadParameter(msg, param_hint="MODE")
    request = ModeRequest(
        mode=wanted.upper(), user=user if user is not None else getpass.getuser(), reason=reason
    )
    folder.ask(request)
    answer = _await_answer(folder, request.request_id, wait_s)
    if answer is None:
        msg = (
            f"the service in {state_dir} did not answer within {wait_s:g} s; the request stays "
            "there until the next tick takes it"
        )
        raise NoServiceError(msg)
    if json_output:
        typer.echo(json.dumps(answer))
    else:
        typer.echo(str(answer.get("outcome")))
    if not answer.get("accepted"):
        raise typer.Exit(EXIT_FAILURE)


def _await_answer(folder: StateDir, request_id: str, wait_s: float) -> dict[str, object] | None:
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        status = folder.read_status()
        last = status.get("last_request") if status is not None else None
        if isinstance(last, dict) and last.get("request_id") == request_id:
            return last
        time.sleep(POLL_S)
    return None


def _show(status: dict[str, object], *, json_output: bool) -> None:
    if json_output:
        typer.echo(json.dumps(status))
        return
    typer.echo(f"mode    {status.get('mode')} (asked for: {status.get('target')})")
    typer.echo(f"tick    {status.get('tick')} of the run, plant time {status.get('time_s')} s")
    worker = status.get("worker_pid")
    typer.echo(f"worker  {f'process {worker}' if worker else 'none'}")
    typer.echo(f"faults  {_names(status.get('faults')) or 'none'}")
    if latched := _names(status.get("latched")):
        typer.echo(f"waits   {latched}: for a person, who asks for the mode again")
    if alarms := _names(status.get("alarms")):
        typer.echo(f"alarms  {alarms}")


def _names(found: object) -> str:
    return ", ".join(map(str, found)) if isinstance(found, list | dict) else ""
