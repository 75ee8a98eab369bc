"""``heatrouter settle``: simulate a district and write who heated whom into a ledger."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from heatrouter.envs.cli_options import (
    AsJson,
    Data,
    Days,
    DistrictArgument,
    Scenario,
    Seed,
    StartDay,
    TaskSource,
)
from heatrouter.envs.settlement.ledger import refuse_existing, write_ledger
from heatrouter.envs.settlement.signing import SigningKey
from heatrouter.envs.settlement.tables import print_written
from heatrouter.envs.settlement.tariff import load_tariff, tariff_schema
from heatrouter.envs.spec.loading import load_district

if TYPE_CHECKING:
    from heatrouter.envs.contract import Parametrisation

_INTERVALS_S = {"step": None, "hour": 3600}


def _print_schema(*, wanted: bool) -> None:
    if wanted:
        typer.echo(json.dumps(tariff_schema(), indent=2))
        raise typer.Exit


def settle(
    district: DistrictArgument,
    *,
    tariff: Annotated[
        Path, typer.Option(help="YAML file of prices and emission factors.", metavar="FILE")
    ],
    out: Annotated[Path, typer.Option(help="The ledger to write (JSON lines).", metavar="LEDGER")],
    controller: Annotated[
        Literal["rules", "no-reuse", "constant-price"],
        typer.Option(
            help="What runs the plant: the rules, the rules with all waste heat rejected, or a "
            "neutral constant heat price."
        ),
    ] = "rules",
    days: Days = 7.0,
    start: StartDay = None,
    seed: Seed = 0,
    scenario: Scenario = None,
    data: Data = None,
    task: TaskSource = None,
    interval: Annotated[
        Literal["hour", "step"], typer.Option(help="Length of a settled interval.")
    ] = "hour",
    key: Annotated[
        Path | None,
        typer.Option(help="Private Ed25519 key (PEM) that signs the ledger.", metavar="FILE"),
    ] = None,
    as_json: AsJson = False,
    schema: Annotated[
        bool,
        typer.Option(
            "--schema",
            is_eager=True,
            callback=lambda wanted: _print_schema(wanted=wanted),
            help="Print the JSON Schema of a tariff and stop.",
        ),
    ] = False,
) -> None:
    """Simulate a district and settle its heat: who heated whom, for what, and the CO2 it spared.

    Example: heatrouter settle energy-web --tariff energy-web.tariff.yaml --out may.ledger.jsonl
    """
    del schema
    refuse_existing(out)
    # The simulator loads numba, which --help must not wait for.
    from heatrouter.envs.no_reuse import no_reuse_action, rules_action
    from heatrouter.envs.runs.prepared_run import prepare_run, task_of
    from heatrouter.envs.settlement.settling import (
        head_of,
        settle,
        settled_consumers,
        settled_origins,
    )

    described = load_district(district)
    terms = load_tariff(tariff, settled_origins(described), settled_consumers(described))
    signer = None if key is None else SigningKey(key)
    meaning: Parametrisation = "heat_price" if controller == "constant-price" else "offset"
    run = prepare_run(
        described,
        task_of(district, task),
        days=days,
        start=start,
        scenario=scenario,
        data=data,
        seed=seed,
        parametrisation=meaning,
        trace_origins=True,
    )
    contract = run.batch.contract
    neutral = rules_action(contract)
    action = no_reuse_action(described, contract) if controller == "no-reuse" else neutral
    interval_s = _INTERVALS_S[interval] or round(run.batch.task.control_dt_s)
    head = head_of(
        run,
        terms,
        controller=controller,
        interval_s=interval_s,
        public_key=None if signer is None else signer.public_key,
    )
    console = Console(stderr=True)
    columns = (TextColumn("simulating"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=as_json or not console.is_terminal) as bar:
        row = bar.add_task("simulating", total=run.steps)
        deliveries = settle(
            run, terms, action, interval_s=interval_s, on_step=lambda _: bar.advance(row)
        )
        written = write_ledger(out, head, deliveries, signer)
    print_written(Console(), out, head, written, as_json=as_json)
