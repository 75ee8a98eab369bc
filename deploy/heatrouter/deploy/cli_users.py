"""``heatrouter users``: who may log in to the service's web page."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from heatrouter.deploy.web.users import LEAST_PASSWORD, Role, UserFile, users_path

app = typer.Typer(
    help="Add, list and remove people who may log in to the service's web page.",
    no_args_is_help=True,
)

_StateDir = Annotated[
    Path, typer.Option(help="The state folder of the service (`heatrouter serve --state-dir`).")
]
_File = Annotated[
    Path | None, typer.Option("--file", help="The file of users, where `http.users` names one.")
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Letters, digits and ._@-")],
    *,
    role: Annotated[Role, typer.Option(help="viewer looks, operator changes.")] = Role.VIEWER,
    state_dir: _StateDir = Path("runs/serve"),
    file: _File = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password's line from stdin.")
    ] = False,
) -> None:
    """Add a user, or give one another role or password. Works while the service runs.

    Example: heatrouter users add anna --role operator --state-dir runs/serve
    """
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        prompt = f"Password of {name} (at least {LEAST_PASSWORD} characters)"
        password = typer.prompt(prompt, hide_input=True, confirmation_prompt=True)
    users = UserFile(users_path(file, state_dir))
    users.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    users.add(name, role, password)
    typer.echo(f"{name} is {role} in {users.path}")


@app.command("list")
def show(
    *,
    state_dir: _StateDir = Path("runs/serve"),
    file: _File = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """List users and their roles.

    Example: heatrouter users list --state-dir runs/serve
    """
    users = UserFile(users_path(file, state_dir)).users()
    if json_output:
        typer.echo(json.dumps({name: str(user.role) for name, user in users.items()}))
        return
    for name, user in users.items():
        typer.echo(f"{name:20} {user.role}")
    if not users:
        typer.echo("nobody; add one with `heatrouter users add NAME --role operator`")


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Who shall not log in any more.")],
    *,
    state_dir: _StateDir = Path("runs/serve"),
    file: _File = None,
) -> None:
    """Remove a user; who is logged in is out at once.

    Example: heatrouter users remove anna --state-dir runs/serve
    """
    users = UserFile(users_path(file, state_dir))
    users.remove(name)
    typer.echo(f"{name} is no user of {users.path} any more")
