"""``heatrouter demo``: simulate, train, export, judge and serve a district, end to end."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from heatrouter.envs.errors import EXIT_FAILURE, ConfigError
from heatrouter.envs.extras import missing_packages
from heatrouter.training.demo_service import run_service
from heatrouter.training.demo_stages import LOGS, Stages
from heatrouter.training.demo_summary import build_summary, failed_checks, print_summary
from heatrouter.training.run_folder import versions, write_json

DISTRICT = "energy-web"
EXTRAS = ("train", "deploy")
"""What its stages need: training to judgement, and the service at the end."""
SERVICE_TICKS = 240
SERVICE_SPEED = 400.0  # plant seconds per real second: a tick of 60 s every 0.15 s
_FAST = ("total_steps=43008", "constant_price.generations=3", "evaluation.weeks=4")


def demo(
    *,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of the results; an earlier demo moves aside."),
    ] = Path("runs/demo"),
    fast: Annotated[
        bool, typer.Option("--fast", help="Train and judge less: about half of the time.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of training and held-out weeks.")] = 1,
) -> None:
    """Simulate, train, export, judge and serve a small district, end to end.

    Takes about eight minutes on two cores, and leaves a report, a policy and a log to look at.

    Example: heatrouter demo --out runs/demo
    """
    console = Console()
    _check_extras()
    _make_room(out, console)
    stages = Stages(out, console, total=6)
    summary = _run(stages, out, fast=fast, seed=seed)
    failed = failed_checks(summary)
    summary |= {
        "passed": not failed,
        "failed_checks": failed,
        "fast": fast,
        "seed": seed,
        "seconds": {**stages.seconds, "total": round(stages.elapsed_s, 1)},
        "versions": versions(),
    }
    write_json(out / "summary.json", summary)
    print_summary(summary, console)
    console.print(
        f"{stages.elapsed_s / 60.0:.1f} min. Report: {out / 'report.html'}, policy: "
        f"{out / 'bundle'}, all numbers: {out / 'summary.json'}",
        highlight=False,
        soft_wrap=True,
    )
    for message in failed:
        console.print(f"[bold red]failed:[/] {message}", highlight=False)
    if failed:
        raise typer.Exit(EXIT_FAILURE)


def _check_extras() -> None:
    """Refuse to begin what the last stage would have to give up.

    Raises:
        ConfigError: A package that some stage needs is not installed.
    """
    missing = missing_packages(EXTRAS)
    if not missing:
        return
    names = ", ".join(sorted({name for packages in missing.values() for name in packages}))
    msg = (
        f"demo needs packages that are not installed: {names}; "
        f"install them with: pip install 'heatrouter[{','.join(missing)}]'"
    )
    raise ConfigError(msg)


def _make_room(out: Path, console: Console) -> None:
    """Make the folder; the results of an earlier demo are kept under the next free name.

    Raises:
        ConfigError: Something else lies there.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not (out / LOGS).is_dir():
            msg = f"{out} holds something else than a demo; name another folder with --out"
            raise ConfigError(msg)
        number = 1
        while (kept := out.with_name(f"{out.name}-{number}")).exists():
            number += 1
        out.rename(kept)
        console.print(f"kept the earlier demo as {kept}", highlight=False)
    out.mkdir(parents=True, exist_ok=True)


def _run(stages: Stages, out: Path, *, fast: bool, seed: int) -> dict[str, Any]:
    stages.run("check", "check the district's description", ["districts", "check", DISTRICT])
    simulated = stages.run(
        "simulate",
        "simulate a winter week under the rules (compiles the simulator once)",
        ["simulate", DISTRICT, "--days", "7", "--seed", str(seed), "--json"],
    )
    changes = [f"seed={seed}", f"tracking.uri=sqlite:///{out / 'mlflow.db'}"]
    changes += _FAST if fast else ()
    stages.run(
        "train",
        "train a policy (search of constant prices, then PPO)",
        [
            *("train", "demo", "--out", str(out / "train")),
            *(part for change in changes for part in ("--set", change)),
        ],
    )
    exported = stages.run(
        "export",
        "export it and compare with the trained network",
        ["export", str(out / "train"), "--out", str(out / "bundle"), "--json"],
    )
    stages.run(
        "evaluate",
        "judge rules, constant price and policy on held-out weeks",
        [
            *("evaluate", DISTRICT, "--controllers", "rules,constant-price,policy"),
            *("--bundle", str(out / "bundle"), "--split", "test", "--seed", str(seed)),
            *("--constant-price", str(out / "train" / "constant_price.json")),
            *("--weeks", "6" if fast else "12", "--json", str(out / "evaluation.json")),
            *("--report", str(out / "report.html")),
        ],
    )
    what = "control a virtual plant over OPC UA, and kill the policy half way"
    with stages.stage("service", what) as status:
        line = f"\\[{stages.total}/{stages.total}] {what}"
        service = run_service(
            out,
            out / "bundle",
            DISTRICT,
            ticks=SERVICE_TICKS,
            speed=SERVICE_SPEED,
            seed=seed,
            on_tick=lambda text: status.update(f"{line}  [dim]{text}[/]"),
        )
    return build_summary(
        evaluation=json.loads((out / "evaluation.json").read_text(encoding="utf-8")),
        training=json.loads((out / "train" / "summary.json").read_text(encoding="utf-8")),
        parity=json.loads(exported)["parity"],
        closure=float(json.loads(simulated)["kpis"]["energy_closure_relative"]),
        service=service,
    )
