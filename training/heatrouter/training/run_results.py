"""What is left of a run when it has ended: tracked results, summary, bundle."""

from typing import Any

from rich.console import Console

from heatrouter.envs.errors import HeatrouterError
from heatrouter.training.config import TrainingConfig
from heatrouter.training.rollout_boundary import RolloutBoundary
from heatrouter.training.run_folder import RunFolder, versions, write_json
from heatrouter.training.tracking import Tracker
from heatrouter.training.validation import Validation


def make_tracker(
    run: RunFolder, config: TrainingConfig, console: Console, *, send: bool
) -> Tracker:
    """Make what results go to, and tell it once what the run is.

    Args:
        run: Its folder.
        config: Its configuration.
        console: Where warnings go.
        send: Whether results are sent to MLflow; else they stay in the run's folder.
    """

    def warn(message: str) -> None:
        console.print(message, style="yellow", highlight=False, soft_wrap=True)

    tracker = Tracker(config.tracking, run.name, run.path, send=send, warn=warn)
    if tracker.is_new:
        tracker.params(config.model_dump(mode="json"))
        kinds = {"algorithm": config.algorithm, "task": config.task, "seed": str(config.seed)}
        tracker.tags({f"heatrouter.{name}": value for name, value in kinds.items()})
        for name in ("config.yaml", "task.yaml", "district.yaml", "run.json"):
            tracker.file(name)
    return tracker


def keep_results(
    run: RunFolder, config: TrainingConfig, summary: dict[str, Any], tracker: Tracker
) -> None:
    """Keep what came out: summary, curve, and the bundle where it was asked for.

    Args:
        run: Its folder.
        config: Its configuration.
        summary: Of :func:`summarise`.
        tracker: Where they go; closed afterwards.

    Raises:
        HeatrouterError: The bundle cannot be exported.
    """
    write_json(run.summary, summary)
    tracker.file(run.summary.name)
    tracker.file(run.curve.name)
    settings = config.tracking
    if settings.bundle or settings.registered_model is not None:
        # Down here, since exporting loads much that training does not need.
        from heatrouter.training.export import export_run

        try:
            report = export_run(run.path, run.bundle)
        except HeatrouterError:
            tracker.close("FAILED")
            raise
        tracker.tags({"heatrouter.bundle": report.digest})
        tracker.file(run.bundle.name)
        if settings.registered_model is not None:
            told = {name: summary[name] for name in ("best_saving", "best_step", "seed", "run")}
            told |= {"digest": report.digest, "task": config.task, "algorithm": config.algorithm}
            tracker.register(settings.registered_model, run.bundle.name, told)
    tracker.close()


def summarise(
    run: RunFolder, config: TrainingConfig, boundary: RolloutBoundary, validation: Validation
) -> dict[str, Any]:
    """Sum up a run that has ended, as ``summary.json`` holds it."""
    best = boundary.best
    first = next(row for row in boundary.curve if "validation/saving" in row)
    return {
        "run": run.name,
        "config": config.name,
        "seed": config.seed,
        "steps": int(boundary.curve[-1]["steps"]),
        "simulated_hours": boundary.simulated_hours,
        "seconds": round(boundary.seconds, 1),
        "rules_cost_eur": float(validation.rules_eur.sum()),
        "start_saving": first["validation/saving"],
        "best_step": int(best["steps"]),
        "best_cost_eur": best["validation/cost_eur"],
        "best_saving": best["validation/saving"],
        "versions": versions(),
    }
