"""``heatrouter twin``: the next 72 hours of a plant from a saved state, over a fan of futures."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatrouter.agents.twin.fan_chart import check_picture, draw_fan
from heatrouter.agents.twin.running import CLOSURE_LIMIT, run_twin
from heatrouter.agents.twin.setting_up import MOST_MEMBERS, TwinRequest, set_up
from heatrouter.agents.twin.summary import answer, print_summary
from heatrouter.envs.cli_options import (
    AsJson,
    ConstantPriceSource,
    Data,
    DistrictArgument,
    RulesSource,
    TaskSource,
)
from heatrouter.envs.errors import NumericalError
from heatrouter.envs.spec.loading import load_district

LIVE_STATE_FILE = "twin-state.npz"
"""What the control service's live twin writes each control step."""


def twin(
    district: DistrictArgument,
    *,
    state: Annotated[
        Path | None,
        typer.Option(
            help="State to go on from, as `heatrouter simulate --save-state` writes it; without, "
            "the scenario's start.",
            metavar="FILE",
        ),
    ] = None,
    live: Annotated[
        Path | None,
        typer.Option(
            help="State folder of a control service with a look-ahead: go on from its live twin.",
            metavar="STATE_DIR",
        ),
    ] = None,
    hours: Annotated[float, typer.Option(min=0.25, max=8760.0, help="How far ahead, h.")] = 72.0,
    controller: Annotated[
        str, typer.Option(help="A controller that `heatrouter evaluate` knows, or module:Class.")
    ] = "rules",
    members: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_MEMBERS,
            help="Size of the fan: the scenario, and members with errors of forecasts.",
        ),
    ] = 20,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="'generated', 'try', a name or a file; that of the state if not given.",
        ),
    ] = None,
    data: Data = None,
    start: Annotated[
        int | None,
        typer.Option(min=1, max=366, help="Day of the scenario to start on, without --state."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of the scenario; that of the state if not given.")
    ] = None,
    fan_seed: Annotated[int, typer.Option(min=0, help="Of the members' errors.")] = 0,
    task: TaskSource = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of the exported policy.", metavar="DIR")
    ] = None,
    constant_price: ConstantPriceSource = None,
    rules: RulesSource = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the fan (PNG).", metavar="FILE.png")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look 72 hours ahead from a state of the plant, with a spread and a closed energy balance.

    Example: heatrouter twin energy-web --state monday.npz --controller rules --plot ahead.png
    """
    if plot is not None:
        check_picture(plot)
    if live is not None:
        if state is not None:
            message = "names a state, and so does --live; use one of them"
            raise typer.BadParameter(message, param_hint="--state")
        state = live / LIVE_STATE_FILE
    described = load_district(district)
    setup = set_up(
        described,
        TwinRequest(
            source=district,
            state=state,
            hours=hours,
            controller=controller,
            members=members,
            scenario=scenario,
            data=data,
            start=start,
            seed=seed,
            fan_seed=fan_seed,
            task=task,
            bundle=bundle,
            constant_price=constant_price,
            rules=rules,
        ),
    )
    run = run_twin(setup.batch, setup.controller, setup.state, setup.steps)
    if plot is not None:
        draw_fan(setup, run, plot)
    if as_json:
        typer.echo(json.dumps(answer(setup, run), indent=2, allow_nan=False))
    else:
        print_summary(Console(), setup, run)
        if plot is not None:
            typer.echo(f"wrote {plot}")
    if not run.closure <= CLOSURE_LIMIT:
        message = (
            f"the energy balance leaves {run.closure:.1e} of the throughput over, more than "
            f"{CLOSURE_LIMIT:.0e}; report this with district, scenario and state"
        )
        raise NumericalError(message, described.name)
