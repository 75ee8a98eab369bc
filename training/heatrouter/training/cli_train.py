"""``heatrouter train``: a policy from a configuration file, or on with an interrupted run."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def train(
    config: Annotated[
        str | None,
        typer.Argument(
            metavar="CONFIG",
            help="A training file, or the name of one that comes with heatrouter.",
        ),
    ] = None,
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; may be repeated."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with an interrupted run from its checkpoint."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the run. [default: runs/NAME-TIME]"),
    ] = None,
    register: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Make the policy a new version of this model in MLflow's registry.",
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of training files, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Train a policy from a configuration file.

    Searches the best constant heat price first, then trains with PPO, SAC or TQC and keeps the
    policy that scores best on validation weeks. Ctrl-C keeps a checkpoint.

    Examples:
      heatrouter train demo
      heatrouter train configs/training/energy-web.yaml --set seed=2 --set ppo.learning_rate=1e-4
      heatrouter train --resume runs/energy-web-20260101-120000
      heatrouter train energy-web --register energy-web
      heatrouter train --schema > training.schema.json
    """
    if schema:
        from heatrouter.training.config_loading import training_config_schema

        typer.echo(json.dumps(training_config_schema(), indent=2))
        return
    changes = list(changes or [])
    if register is not None:
        changes.append(f"tracking.registered_model={json.dumps(register)}")
    if resume is not None and (config is not None or changes or out is not None):
        msg = (
            "--resume goes on with the run's own configuration, or it would not be the same run; "
            "leave out CONFIG, --set, --register and --out"
        )
        raise typer.BadParameter(msg)
    if resume is None and config is None:
        msg = "name a training file, e.g. `heatrouter train demo`, or a run with --resume"
        raise typer.BadParameter(msg)

    # Down here, so that wrong usage is told without loading PyTorch.
    from heatrouter.training.config_loading import load_training_config
    from heatrouter.training.train import resume_training, start_training

    console = Console(stderr=as_json)
    if resume is not None:
        folder = resume
        summary = resume_training(resume, console)
    else:
        assert config is not None
        settings = load_training_config(config, changes)
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = out or Path("runs") / f"{settings.name}-{stamp}"
        summary = start_training(settings, folder, console)
    if as_json:
        typer.echo(json.dumps(summary, indent=1))
        return
    console.print(
        f"saves {100.0 * summary['best_saving']:+.2f} % of the rules' cost on validation weeks "
        f"(at the start: {100.0 * summary['start_saving']:+.2f} %), "
        f"{summary['steps']:,} steps in {summary['seconds']:.0f} s",
        highlight=False,
    )
    console.print(f"Next: heatrouter export {folder} --out bundle", highlight=False)
