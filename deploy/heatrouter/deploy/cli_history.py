"""``heatrouter history``: what a service has kept of the past."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatrouter.deploy.history_export import write_csv, write_parquet
from heatrouter.deploy.history_file import HISTORY_FILE
from heatrouter.deploy.history_reading import HistoryReader
from heatrouter.envs.cli_options import AsJson
from heatrouter.envs.settlement.ledger import refuse_existing, write_ledger
from heatrouter.envs.settlement.signing import SigningKey
from heatrouter.envs.settlement.tables import print_written
from heatrouter.envs.settlement.tariff import load_tariff
from heatrouter.envs.spec.loading import load_district

app = typer.Typer(
    no_args_is_help=True,
    help="Show and export what a control service has measured and done.",
    rich_markup_mode=None,
)

StateFolder = Annotated[
    Path, typer.Argument(metavar="STATE_DIR", help="State folder of a service, or the file in it.")
]


def history_path(source: Path) -> Path:
    """The history in a state folder, or the file itself."""
    return source / HISTORY_FILE if source.is_dir() else source


@app.command()
def show(source: StateFolder, *, as_json: AsJson = False) -> None:
    """Say what there is: series, span, size.

    Example: heatrouter history show runs/serve
    """
    with HistoryReader(history_path(source)) as reader:
        span, names = reader.span(), reader.names
    if as_json:
        content = {
            "samples": span.samples,
            "means": span.means,
            "begin_utc": _moment(span.begin),
            "end_utc": _moment(span.end),
            "bytes": span.bytes,
            "series": list(names),
        }
        typer.echo(json.dumps(content))
        return
    typer.echo(f"{span.samples} ticks, {span.means} means, {span.bytes / 2**20:.1f} MB")
    typer.echo(f"from {_moment(span.begin)} to {_moment(span.end)}")
    typer.echo(f"{len(names)} series: {', '.join(names)}")


@app.command()
def export(
    source: StateFolder,
    out: Annotated[Path, typer.Option(help="File to write: .csv or .parquet.")],
    *,
    series: Annotated[
        list[str] | None, typer.Option(help="Only this series; may be given often.")
    ] = None,
    begin: Annotated[
        datetime | None, typer.Option("--from", help="UTC, e.g. 2026-01-31T06:00:00.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="UTC.")] = None,
    means: Annotated[
        bool, typer.Option("--means", help="Means over the control step instead of every tick.")
    ] = False,
) -> None:
    """Write the history to a table, while the service may go on.

    Example: heatrouter history export runs/serve --out january.csv --from 2026-01-01 --means
    """
    if out.suffix not in {".csv", ".parquet"}:
        message = f"{out.name!r} ends neither in .csv nor in .parquet"
        raise typer.BadParameter(message, param_hint="--out")
    with HistoryReader(history_path(source)) as reader:
        names = reader.names
        unknown = sorted(set(series or ()) - set(names))
        if unknown:
            message = f"no such series: {', '.join(unknown)}; `heatrouter history show` lists them"
            raise typer.BadParameter(message, param_hint="--series")
        span = (_posix(begin, -math.inf), _posix(end, math.inf))
        rows = reader.means(*span) if means else reader.rows(*span)
        write = write_csv if out.suffix == ".csv" else write_parquet
        count = write(out, rows, series or names)
    typer.echo(f"{count} rows written to {out}")


@app.command()
def settle(
    source: StateFolder,
    *,
    district: Annotated[str, typer.Option(help="Preset or file that the service controls.")],
    tariff: Annotated[Path, typer.Option(help="YAML file of prices and emission factors.")],
    out: Annotated[Path, typer.Option(help="The ledger to write (JSON lines).")],
    begin: Annotated[
        datetime | None, typer.Option("--from", help="UTC; default: the first full hour.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="UTC; default: the last.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="Private Ed25519 key (PEM) that signs the ledger.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Settle what the meters on site have counted, hour by hour; `heatrouter verify` checks it.

    Example: heatrouter history settle /var/lib/heatrouter --district tomato-piesteritz
    --tariff tariff.yaml --out may.ledger.jsonl
    """
    refuse_existing(out)
    # Shares of origins come from tables of the simulator, which other commands need not load.
    from heatrouter.deploy.metered_settlement import metered_ledger
    from heatrouter.envs.settlement.settling import settled_consumers, settled_origins

    described = load_district(district)
    terms = load_tariff(tariff, settled_origins(described), settled_consumers(described))
    signer = None if key is None else SigningKey(key)
    with HistoryReader(history_path(source)) as reader:
        head, deliveries = metered_ledger(
            described,
            reader,
            terms,
            begin=_posix(begin, -math.inf),
            end=_posix(end, math.inf),
            public_key=None if signer is None else signer.public_key,
        )
        found = write_ledger(out, head, deliveries, signer)
    print_written(Console(), out, head, found, as_json=as_json)


def _posix(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.replace(tzinfo=UTC).timestamp()


def _moment(posix: float) -> str | None:
    if math.isnan(posix):
        return None
    return datetime.fromtimestamp(posix, tz=UTC).isoformat(timespec="seconds")
