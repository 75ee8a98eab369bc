"""The command line's own behaviour: tables, lazy loading, messages, exit codes."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from types import ModuleType

import pytest
import typer

from heatrouter.envs import cli
from heatrouter.envs.errors import (
    BundleError,
    DistrictError,
    HeatrouterError,
    Mistake,
    PlantUnreachableError,
)

HEAVY = [
    "numpy",
    "numba",
    "torch",
    "gymnasium",
    "pydantic",
    "onnxruntime",
    "pandas",
    "scipy",
    "yaml",
]


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from heatrouter.envs.cli import main\n"
        "code = main(['--help'])\n"
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    text, _, loaded = done.stdout.partition("LOADED")
    for name in cli.command_entries():
        assert f" {name} " in text
    assert not set(loaded.split()) & set(HEAVY)
    assert done.stderr == ""


def test_python_dash_m_is_the_same_program() -> None:
    command = [sys.executable, "-m", "heatrouter", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("heatrouter ")


def test_the_tables_are_complete_and_point_into_their_portion() -> None:
    entries = cli.command_entries()
    assert {"init", "districts", "simulate", "evaluate", "train", "tune", "export", "demo"} <= {
        *entries
    }
    assert {"plant", "serve", "mode"} <= {*entries}
    for entry in entries.values():
        module, _, attribute = entry.target.partition(":")
        assert module.startswith("heatrouter.")
        assert attribute.isidentifier()
        assert entry.summary.endswith(".")
        assert entry.portion is not cli.OTHER


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Put a callable, or a Typer app, in the place of all commands, under the name ``try``."""
    module = ModuleType("heatrouter_try")

    def put(target: object) -> None:
        module.__dict__["target"] = target
        entry = cli.CommandEntry("try", "heatrouter_try:target", "Try it.", cli.OTHER)
        entries: Mapping[str, cli.CommandEntry] = {"try": entry}
        monkeypatch.setitem(sys.modules, "heatrouter_try", module)
        monkeypatch.setattr(cli, "command_entries", lambda: entries)

    return put


def raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def test_a_command_runs_with_its_options(
    install: Callable[[object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def command(name: str, times: int = 1) -> int:
        typer.echo(name * times)
        return 7  # not an exit code

    install(command)
    assert cli.main(["try", "ab", "--times", "2"]) == 0
    assert capsys.readouterr().out == "abab\n"


def test_a_typer_app_is_a_group_even_with_one_command(
    install: Callable[[object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()

    @app.command()
    def show() -> None:
        typer.echo("shown")

    install(app)
    assert cli.main(["try", "show"]) == 0
    assert capsys.readouterr().out == "shown\n"


def test_a_commands_exit_code_is_kept(install: Callable[[object], None]) -> None:
    install(raising(typer.Exit(3)))
    assert cli.main(["try"]) == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HeatrouterError("it broke"), 1),
        (DistrictError("d.yaml: it broke"), 78),
        (BundleError("it broke"), 78),
        (PlantUnreachableError("it broke"), 69),
    ],
)
def test_an_error_is_a_message_and_an_exit_code(
    install: Callable[[object], None],
    capsys: pytest.CaptureFixture[str],
    error: HeatrouterError,
    code: int,
) -> None:
    install(raising(error))
    assert cli.main(["try"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "it broke" in err
    assert "Traceback" not in err


def test_all_mistakes_are_printed_with_their_paths(
    install: Callable[[object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    mistakes = [Mistake("units[3].volume_m3", "0.0 must be > 0"), Mistake("name", "is missing")]
    install(raising(DistrictError("d.yaml", mistakes)))
    assert cli.main(["try"]) == 78
    assert capsys.readouterr().err.splitlines() == [
        "error: d.yaml: 2 mistakes",
        "  units[3].volume_m3: 0.0 must be > 0",
        "  name: is missing",
    ]


def test_a_traceback_is_there_when_wanted(
    install: Callable[[object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(raising(HeatrouterError("it broke")))
    with pytest.raises(HeatrouterError):
        cli.main(["--traceback", "try"])
    monkeypatch.setenv(cli.TRACEBACK_VARIABLE, "1")
    with pytest.raises(HeatrouterError):
        cli.main(["try"])


def test_our_own_mistakes_keep_their_traceback(install: Callable[[object], None]) -> None:
    install(raising(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        cli.main(["try"])


def test_a_file_that_cannot_be_read_is_a_message(
    install: Callable[[object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    install(raising(PermissionError(13, "Permission denied", "d.yaml")))
    assert cli.main(["try"]) == 1
    assert capsys.readouterr().err == "error: d.yaml: Permission denied\n"


@pytest.mark.parametrize(
    ("interruption", "expected"),
    [
        (KeyboardInterrupt(), "run the same command again"),
        (KeyboardInterrupt("go on with: heatrouter try --resume"), "heatrouter try --resume"),
    ],
)
def test_ctrl_c_says_how_to_go_on(
    install: Callable[[object], None],
    capsys: pytest.CaptureFixture[str],
    interruption: KeyboardInterrupt,
    expected: str,
) -> None:
    install(raising(interruption))
    assert cli.main(["try"]) == 130
    err = capsys.readouterr().err
    assert err.startswith("interrupted: ")
    assert expected in err


@pytest.mark.parametrize("arguments", [["tyr"], ["try", "--no-such-option"], ["try", "surplus"]])
def test_wrong_usage_leaves_with_2(
    install: Callable[[object], None],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    install(lambda: None)
    assert cli.main(arguments) == 2
    assert "Usage" in capsys.readouterr().err


def test_a_misspelt_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulat"]) == 2
    assert "simulate" in capsys.readouterr().err


def entry(target: str) -> cli.CommandEntry:
    return cli.CommandEntry("try", target, "Try it.", cli.PORTIONS["training"])


def test_a_command_that_is_not_there_says_so() -> None:
    with pytest.raises(cli.CommandNotInstalledError, match="not part of this installation"):
        cli.load_command(entry("heatrouter.training.not_there:run"))


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ModuleType:
        raise ModuleNotFoundError(name, name="torch")

    monkeypatch.setattr(cli, "import_module", missing)
    with pytest.raises(cli.CommandNotInstalledError, match=r"'torch'.*heatrouter\[train\]"):
        cli.load_command(entry("heatrouter.training.cli_train:train"))


@pytest.mark.parametrize(("module", "extra"), [("torch.nn", "train"), ("scipy", "study")])
def test_a_package_that_is_missed_while_a_command_runs_names_its_extra(
    install: Callable[[object], None],
    capsys: pytest.CaptureFixture[str],
    module: str,
    extra: str,
) -> None:
    install(raising(ModuleNotFoundError(module, name=module)))
    assert cli.main(["try"]) == 1
    assert f"pip install 'heatrouter[{extra}]'" in capsys.readouterr().err


def test_a_module_that_no_extra_brings_is_our_own_mistake(
    install: Callable[[object], None],
) -> None:
    install(raising(ModuleNotFoundError("nobody", name="nobody")))
    with pytest.raises(ModuleNotFoundError):
        cli.main(["try"])
