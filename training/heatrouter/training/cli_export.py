"""``heatrouter export``: a training run becomes a bundle that the control service runs."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def export(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Folder of a training run; of several, such as those of other seeds, the mean "
            "action becomes the policy.",
        ),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of the bundle; an older bundle is replaced."),
    ],
    distil: Annotated[
        bool,
        typer.Option(
            "--distil", help="Fit one network to the mean of the runs: as fast as one of them."
        ),
    ] = False,
    distil_weeks: Annotated[
        int | None,
        typer.Option(
            min=2, max=10_000, help="Weeks to see in each of three rounds, 192 if not given."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Export a trained policy as a bundle that the control service runs.

    Compares the exported graph with the trained network on 12 000 observations, extremes among
    them, and writes golden vectors from observation to guarded set-points.

    Examples:
      heatrouter export runs/demo/train --out bundle
      heatrouter export runs/seeds/demo/seed-1 runs/seeds/demo/seed-2 --out bundle
      heatrouter export runs/seeds/demo/seed-1 runs/seeds/demo/seed-2 --distil --out bundle
    """
    if distil_weeks is not None and not distil:
        msg = "--distil-weeks says how much to see for --distil; give that, too, or leave this out"
        raise typer.BadParameter(msg)
    # Down here, so that --help does not load PyTorch.
    from heatrouter.training.export import export_mean
    from heatrouter.training.imitation.settings import DistilSettings

    if not as_json:
        typer.echo(
            "simulates policy and rules over training and validation scenarios, to know what the "
            "policy has seen: half a minute of computing"
        )
    settings = None
    if distil:
        settings = DistilSettings() if distil_weeks is None else DistilSettings(weeks=distil_weeks)
    report = export_mean(runs, out, distilling=settings, console=Console(stderr=True))
    if as_json:
        content = {
            "bundle": str(report.folder),
            "digest": report.digest,
            "model_bytes": report.model_bytes,
            "best_saving": report.best_saving,
            "parity": report.parity.model_dump(),
        }
        typer.echo(json.dumps(content, indent=1))
        return
    parity = report.parity
    typer.echo(
        f"{report.folder}: {report.digest[:12]}, {report.model_bytes / 1000:.0f} kB\n"
        f"parity over {parity.observations:,} observations: "
        f"{parity.max_abs_error_normalised:.1e} of the normalised action (limit 1e-05), "
        f"{parity.max_abs_error_physical:.1e} in physical units ({parity.worst_channel})"
    )
