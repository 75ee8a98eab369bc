"""``heatrouter tune``: rules, constant heat price, or a training's settings."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from heatrouter.training.tune import Tuned
    from heatrouter.training.tune import What as DistrictKind


class What(StrEnum):
    """What is tuned."""

    RULES = "rules"
    CONSTANT_PRICE = "constant-price"
    BOTH = "both"
    POLICY = "policy"


_DISTRICT_KINDS: "Final[dict[What, DistrictKind]]" = {
    What.RULES: "rules",
    What.CONSTANT_PRICE: "constant-price",
    What.BOTH: "both",
}


def tune(
    district: Annotated[
        str,
        typer.Argument(
            metavar="DISTRICT|CONFIG",
            help="Name of a preset, or a district's file; a training's with --what policy.",
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of what is found, and of the journal.")
    ],
    what: Annotated[What, typer.Option(help="What is tuned; the price after the rules.")] = (
        What.BOTH
    ),
    task: Annotated[
        str | None,
        typer.Option(metavar="TASK", help="Task file. [default: the preset's]"),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Rules to begin with. [default: the task's]"),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=500, help="Weeks of each split.")] = 24,
    years: Annotated[int, typer.Option(min=1, max=100, help="Scenarios of each split.")] = 2,
    trials: Annotated[int, typer.Option(min=1, max=10_000, help="Trials of each search.")] = 48,
    seed: Annotated[int, typer.Option(min=0, help="Of scenarios, weeks and searches.")] = 0,
    hours: Annotated[
        float, typer.Option(min=1.0, max=8784.0, help="Length of a week, for shorter trials.")
    ] = 168.0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the search in --out.")] = (
        False
    ),
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Of the training; may be repeated."),
    ] = None,
    axes: Annotated[
        list[str] | None,
        typer.Option(
            "--axis",
            metavar="KEY=LOW..HIGH[:log]",
            help="A setting of the training to search; may be repeated. [default: the usual]",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Optuna's database. [default: a journal in --out]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Tune the rules and the constant heat price of a district, or the settings of a training.

    Candidates are judged on training scenarios under the task's objective; the best of them
    are compared on validation scenarios, and nothing is taken that costs more there than what
    was before. Writes rules.yaml and constant-price.json, for `heatrouter evaluate`.

    Examples:
      heatrouter tune energy-web --out tuned/energy-web
      heatrouter tune my_district.yaml --task my_task.yaml --what rules --out tuned/mine
      heatrouter tune energy-web --out tuned/energy-web --resume
      heatrouter tune energy-web --what policy --set total_steps=500000 --out tuned/ppo
    """
    if what is What.POLICY:
        if task is not None or rules is not None:
            msg = "--task and --rules belong to the rules; a training's configuration names its own"
            raise typer.BadParameter(msg)
        _tune_policy(district, changes or [], axes or [], trials, storage, seed, out, as_json)
        return
    if changes or axes or storage is not None:
        msg = "--set, --axis and --storage belong to --what policy"
        raise typer.BadParameter(msg)
    # Down here, so that --help stays fast.
    from heatrouter.envs.spec.loading import load_district, load_task
    from heatrouter.envs.spec.rule_files import load_rules
    from heatrouter.training.tune import TuningSettings, tune_district

    console = Console(stderr=as_json)
    settings = TuningSettings(_DISTRICT_KINDS[what], weeks, years, trials, seed, hours)
    found = tune_district(
        load_district(district),
        load_task(task or district),
        settings,
        out,
        console,
        rules=None if rules is None else load_rules(rules),
        resume=resume,
    )
    if as_json:
        typer.echo((out / "tuning.json").read_text(encoding="utf-8"))
        return
    for name, tuned in found.items():
        console.print(_table(name, tuned))
    console.print(f"wrote {out}", highlight=False)


def _tune_policy(
    source: str,
    changes: list[str],
    axes: list[str],
    trials: int,
    storage: str | None,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    from heatrouter.training.config_loading import load_training_config
    from heatrouter.training.policy_space import parse_axes
    from heatrouter.training.tune_policy import RECORD, PolicyTuning, tune_policy

    console = Console(stderr=as_json)
    space = parse_axes(axes, load_training_config(source, changes))
    tuning = PolicyTuning(source, tuple(changes), space, trials, storage, seed)
    tried = tune_policy(tuning, out, console)
    if as_json:
        typer.echo((out / RECORD).read_text(encoding="utf-8"))
        return
    console.print((out / "table.md").read_text(encoding="utf-8"), highlight=False)
    console.print(
        f"best: trial {tried[0].number}, saves {100.0 * tried[0].saving:+.2f} %; "
        f"its configuration: {out / 'best.yaml'}",
        highlight=False,
    )


def _table(name: str, tuned: "Tuned") -> Table:
    table = Table("", "before", "after", title=f"{name.replace('-', ' ')}, cost of a week in EUR")
    for column in table.columns[1:]:
        column.justify = "right"
    for split, before, after in zip(
        ("training weeks", "validation weeks"), tuned.before_eur, tuned.after_eur, strict=True
    ):
        change = 100.0 * (after / before - 1.0) if before > 0.0 else 0.0
        table.add_row(split, f"{before:,.1f}", f"{after:,.1f} ({change:+.2f} %)")
    table.add_section()
    for parameter, before in tuned.before.items():
        after = tuned.after[parameter]
        table.add_row(parameter, f"{before:g}", f"{after:g}" if after != before else "")
    return table
