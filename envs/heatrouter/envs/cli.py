"""The ``heatrouter`` command: finds the commands of all portions, loads only the one that runs.

Every portion (and any other package) brings its commands through an entry point in the group
``heatrouter.commands`` that names a table ``{command: ("module:callable", "one line of help")}``.
The table's module imports nothing, so that ``heatrouter --help`` lists every command without
loading NumPy. A callable is a function with Typer annotations, or a Typer app for a group.

This module also holds the one place where errors become messages and exit codes.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from heatrouter.envs.errors import EXIT_FAILURE, EXIT_INTERRUPTED, HeatrouterError
from heatrouter.envs.extras import extra_of, how_to_install
from heatrouter.envs.version import __version__

if TYPE_CHECKING:
    from typer._click import Command, Context

TRACEBACK_VARIABLE = "HEATROUTER_TRACEBACK"
ENTRY_POINT_GROUP = "heatrouter.commands"


@dataclass(frozen=True, slots=True)
class Portion:
    """How a portion shows in the help, and the extra that installs what it needs."""

    panel: str
    extra: str


PORTIONS = {
    "envs": Portion("Districts", "study"),
    "agents": Portion("Judgement", "study"),
    "training": Portion("Training", "train"),
    "deploy": Portion("Control service", "deploy"),
}
OTHER = Portion("Other", "all")


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command as its table describes it, not loaded yet."""

    name: str
    target: str
    summary: str
    portion: Portion


class CommandNotInstalledError(HeatrouterError):
    """A command whose module, or a package that it needs, is not installed."""


class _Interrupted(Exception):  # noqa: N818  # not an error: the user's wish, on its way to main()
    """Ctrl-C inside a command, with the command's own advice on how to go on, if any."""


@cache
def command_entries() -> Mapping[str, CommandEntry]:
    """Return every command that the installed packages bring, by name, in order of the help."""
    order = [*PORTIONS]
    points = sorted(
        entry_points(group=ENTRY_POINT_GROUP),
        key=lambda point: (
            order.index(point.name) if point.name in order else len(order),
            point.name,
        ),
    )
    entries: dict[str, CommandEntry] = {}
    for point in points:
        portion = PORTIONS.get(point.name, OTHER)
        try:
            table: Mapping[str, tuple[str, str]] = point.load()
        except (ImportError, AttributeError) as error:
            # One broken package must not take the others' commands away.
            typer.echo(f"warning: no commands from {point.name!r}: {error}", err=True)
            continue
        for name, (target, summary) in table.items():
            entries.setdefault(name, CommandEntry(name, target, summary, portion))
    return entries


def load_command(entry: CommandEntry) -> "Command":
    """Import a command.

    Args:
        entry: What its table says about it.

    Returns:
        The command or group, named and described as in the table.

    Raises:
        CommandNotInstalledError: The module or a package that it imports is missing.
    """
    module_name, _, attribute = entry.target.partition(":")
    try:
        target = getattr(import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        if error.name == module_name:
            msg = f"{entry.name}: {module_name} is not part of this installation ({__version__})"
        else:
            missing = error.name or str(error)
            extra = extra_of(missing) or entry.portion.extra
            msg = f"{entry.name}: {how_to_install(missing, extra)}"
        raise CommandNotInstalledError(msg) from error
    if isinstance(target, typer.Typer):
        group = typer.main.get_group(target)
        group.name = entry.name
        group.help = group.help or entry.summary
        return group
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name=entry.name)(target)
    return typer.main.get_command(single)


class LazyGroup(TyperGroup):
    """A group that knows its commands from tables and imports the one that is invoked."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401  # Typer's own
        super().__init__(**attributes)
        for entry in command_entries().values():
            # A stand-in that carries the line of help; `resolve_command` loads the real one.
            panel = entry.portion.panel
            self.add_command(
                TyperCommand(name=entry.name, help=entry.summary, rich_help_panel=panel)
            )

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> tuple[str | None, "Command | None", list[str]]:
        """Replace the stand-in by the command itself."""
        name, command, rest = super().resolve_command(ctx, args)
        entry = command_entries().get(name) if name is not None else None
        return name, command if entry is None else load_command(entry), rest

    def invoke(self, ctx: "Context") -> None:
        """Run the command; what it returns is no exit code."""
        try:
            super().invoke(ctx)
        except KeyboardInterrupt as error:
            # Typer would turn it into a silent exit.
            raise _Interrupted(str(error)) from error


@dataclass(slots=True)
class _Session:
    """What the options before the command say."""

    traceback: bool = False


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"heatrouter {__version__}")
        raise typer.Exit


@app.callback()
def heatrouter(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option(
            "--traceback", envvar=TRACEBACK_VARIABLE, help="Show where in the code an error arose."
        ),
    ] = False,
) -> None:
    """Route industrial waste heat: describe a district, simulate, optimise, train, judge, control.

    Example: heatrouter init my-district
    """
    del version
    session: _Session = ctx.obj
    session.traceback = traceback


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments, by default the process's own.

    Returns:
        The exit code: 0; 2 for wrong usage; 78 for a bad configuration or bundle; 69 for a plant
        that does not answer; 74 for a disk that cannot be written; 130 after Ctrl-C; 1 otherwise.
    """
    session = _Session()
    arguments = [*(sys.argv[1:] if argv is None else argv)]
    try:
        app_command = typer.main.get_command(app)
        app_command(args=arguments, prog_name="heatrouter", obj=session)
    except SystemExit as stop:
        return _exit_code(stop)
    except _Interrupted as interruption:
        advice = str(interruption) or (
            "what was written so far is kept; to go on, run the same command again "
            "(`heatrouter COMMAND --help` tells whether it resumes)"
        )
        _complain("interrupted", advice)
        return EXIT_INTERRUPTED
    except HeatrouterError as error:
        if session.traceback:
            raise
        _complain("error", str(error))
        return error.exit_code
    except OSError as error:
        # A file that a user named. Without a name it is our own mistake and keeps its traceback.
        if session.traceback or error.filename is None:
            raise
        _complain("error", f"{error.filename}: {error.strerror}")
        return EXIT_FAILURE
    except ModuleNotFoundError as error:
        # What a command imports once it runs. No extra asks for our own mistakes.
        extra = extra_of(error.name or "")
        if session.traceback or error.name is None or extra is None:
            raise
        _complain("error", how_to_install(error.name, extra))
        return EXIT_FAILURE
    return 0


def _exit_code(stop: SystemExit) -> int:
    if isinstance(stop.code, int):
        return stop.code
    return 0 if stop.code is None else EXIT_FAILURE


def _complain(kind: str, message: str) -> None:
    typer.secho(f"{kind}: ", err=True, nl=False, bold=True, fg=typer.colors.RED)
    typer.echo(message, err=True)
