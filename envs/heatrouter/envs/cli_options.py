"""Arguments and options that several commands have, with one text for all of them.

This module imports Typer only, so that ``--help`` stays fast. An option whose meaning differs from
command to command is declared by the command itself.
"""

from pathlib import Path
from typing import Annotated, Final

import typer

DISTRICT_HELP: Final = "Name of a preset or path of a YAML file."
SCENARIO_HELP: Final = (
    "'generated' (default), 'try' (test reference year), a name or a file; see "
    "`heatrouter scenarios list`."
)

DistrictArgument = Annotated[str, typer.Argument(metavar="PRESET|FILE", help=DISTRICT_HELP)]
"""The district; the command has no default for it."""

Scenario = Annotated[
    str | None, typer.Option("--scenario", metavar="NAME|FILE", help=SCENARIO_HELP)
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Folder of the CSV files that a scenario file names."
    ),
]
TaskSource = Annotated[
    str | None,
    typer.Option(
        "--task", metavar="NAME|FILE", help="Task (objective, clocks): a preset's name or a file."
    ),
]
Days = Annotated[
    float, typer.Option("--days", min=0.01, max=366.0, help="Length of the simulation, days.")
]
StartDay = Annotated[
    int | None,
    typer.Option(
        "--start",
        min=1,
        max=366,
        help="Day of the scenario on which it starts; 15, or 1 where it would pass the end.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of scenario and initial state.")]
ConstantPriceSource = Annotated[
    Path | None,
    typer.Option(
        "--constant-price",
        metavar="FILE|DIR",
        help="JSON file of action channel to value, or a folder of `heatrouter tune`; without, "
        "the preset's tuned values, or neutral.",
    ),
]
RulesSource = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        metavar="FILE|DIR",
        help="YAML file of tuned parameters of the rules, or a folder of `heatrouter tune`.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
