"""From a training run to a bundle: graph, parity, golden vectors, manifest."""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console

from heatrouter.agents.bundle import (
    Bundle,
    GoldenVectors,
    Manifest,
    ObservationStatistics,
    Parity,
    TrainingMember,
    TrainingRecord,
    load_bundle,
    write_bundle,
)
from heatrouter.agents.evaluation_weeks import draw_weeks
from heatrouter.agents.golden_chain import DECODER_VERSION, guarded_set_points
from heatrouter.envs.actuate import guard_limits
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.errors import TrainingConfigError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.training.closed_loop import observe_weeks
from heatrouter.training.config import TrainingConfig
from heatrouter.training.imitation.distillation import distil
from heatrouter.training.imitation.settings import DistilSettings
from heatrouter.training.learning import torch_threads
from heatrouter.training.monitoring import learn_monitor
from heatrouter.training.onnx_export import ExportedGraph, ExportedMean, to_onnx
from heatrouter.training.parity import measure_parity, parity_observations
from heatrouter.training.preparation import training_library, validation_library
from heatrouter.training.run_folder import versions
from heatrouter.training.run_members import Member, read_members
from heatrouter.training.validation import TorchController, Validation

PARITY_OBSERVATIONS: Final = 12_000
GOLDEN_ROWS: Final = 64
SEEN_WEEKS: Final = 8
SEEN_HOURS: Final = 96.0


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export made.

    Attributes:
        folder: The bundle.
        digest: What it is compared by.
        parity: Largest errors against the trained network.
        model_bytes: Size of the model.
        best_saving: Share of the rules' cost saved on validation weeks.
    """

    folder: Path
    digest: str
    parity: Parity
    model_bytes: int
    best_saving: float


def export_run(folder: Path, out: Path) -> ExportReport:
    """Export the best policy of a run.

    Args:
        folder: The run.
        out: Where the bundle shall be; an older bundle there is replaced.

    Returns:
        What was made; the bundle was loaded and checked once.

    Raises:
        ConfigError: The folder is no run, or has no policy yet.
        BundleError: Parity or any check of the bundle failed.
    """
    return export_mean([folder], out)


def export_mean(
    folders: Sequence[Path],
    out: Path,
    *,
    distilling: DistilSettings | None = None,
    console: Console | None = None,
) -> ExportReport:
    """Export the mean action of the best policies of runs, as one graph.

    Args:
        folders: Runs of one task, district and algorithm on the same scenarios, such as those of
            several seeds.
        out: Where the bundle shall be; an older bundle there is replaced.
        distilling: How to fit one network to the mean; None for all networks side by side.
        console: Where progress of the fit goes; None for nowhere.

    Returns:
        What was made; the bundle was loaded and checked once.

    Raises:
        ConfigError: None is named, a folder is no run or has no policy yet, the runs do not fit
            together, or there is only one to distil.
        BundleError: Parity or any check of the bundle failed.
    """
    if not folders:
        msg = "runs to export as one policy: none is named; name at least one run's folder"
        raise TrainingConfigError(msg)
    if distilling is not None and len(folders) < 2:
        msg = f"{folders[0]}: one network already; name at least two runs to distil"
        raise TrainingConfigError(msg)
    members = read_members(folders, "runs to export as one policy")
    first = members[0]
    config, task, district, contract = first.config, first.task, first.district, first.contract
    graph: ExportedGraph = first.graph
    metrics = _metrics(first.best)
    if len(members) > 1:
        mean = ExportedMean([member.graph for member in members])
        validation = _validation(first)
        graph, metrics = mean, _scored(validation, mean, task)
        if distilling is not None:
            quiet = Console(file=io.StringIO())
            dt_s = config.sim_dt_s or task.sim_dt_s
            with torch_threads(config.torch_threads):
                graph, fit = distil(
                    mean,
                    first.graph,
                    district,
                    task.model_copy(update={"sim_dt_s": dt_s}),
                    training_library(config, district),
                    distilling,
                    seed=config.seed,
                    console=console or quiet,
                )
            metrics = _scored(validation, graph, task) | {
                "distillation_error": fit.error,
                "mean_validation_saving": metrics["validation_saving"],
            }
    seen = _seen_observations(config, task, district, graph)
    model = to_onnx(graph, seen[:8])
    observations = parity_observations(contract, seen, PARITY_OBSERVATIONS, config.seed)
    parity, actions = measure_parity(graph, model, contract, observations)
    # The seen observations stand first; some of them, evenly spread, become golden.
    rows = np.linspace(0, len(seen) - 1, GOLDEN_ROWS).astype(np.int64)
    golden = GoldenVectors(
        observations[rows],
        actions[rows],
        guarded_set_points(district, contract, task.rules, observations[rows], actions[rows]),
    )
    manifest = Manifest(
        name=config.name,
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        contract=contract,
        contract_digest=contract.digest,
        task=task,
        decoder=contract.parametrisation,
        decoder_version=DECODER_VERSION,
        guard_limits_digest=guard_limits(district, contract).digest,
        training=_record(members, distilled=distilling is not None),
        parity=parity,
        metrics=metrics,
        observation_statistics=_statistics(seen),
        versions=versions(),
    )
    monitor = learn_monitor(config, task, district, TorchController(graph, task.parametrisation))
    write_bundle(out, model, manifest, golden, monitor)
    bundle: Bundle = load_bundle(out, district)
    return ExportReport(out, bundle.digest, parity, len(model), metrics["validation_saving"])


def _record(members: Sequence[Member], *, distilled: bool) -> TrainingRecord:
    first = members[0]
    steps = [int(member.best["steps"]) for member in members]
    listed = tuple(
        TrainingMember(run=member.run.name, seed=member.config.seed, steps=count)
        for member, count in zip(members, steps, strict=True)
    )
    return TrainingRecord(
        run=" + ".join(member.run.name for member in members),
        config=first.config.name,
        algorithm=first.config.algorithm,
        seed=first.config.seed,
        steps=sum(steps),
        scenarios=first.scenarios,
        members=listed if len(members) > 1 else (),
        distilled=distilled,
    )


def _validation(member: Member) -> Validation:
    config = member.config
    library = validation_library(config, member.district)
    return Validation(member.district, member.task, library, config.evaluation, config.fines)


def _scored(validation: Validation, graph: ExportedGraph, task: Task) -> dict[str, float]:
    """What a policy that no run has scored costs on a run's validation weeks."""
    return _metrics(asdict(validation.score(TorchController(graph, task.parametrisation))))


def _metrics(score: dict[str, Any]) -> dict[str, float]:
    return {
        "validation_cost_eur": float(score["cost_eur"]),
        "validation_rules_cost_eur": float(score["rules_cost_eur"]),
        "validation_saving": float(score["saving"]),
    }


def _seen_observations(
    config: TrainingConfig, task: Task, district: District, graph: ExportedGraph
) -> Float32Array:
    """What the policy sees in closed loop on training scenarios, over the year."""
    library = training_library(config, district)
    weeks = draw_weeks(library, SEEN_WEEKS, seed=config.seed, hours=SEEN_HOURS)
    leader = TorchController(graph, task.parametrisation)
    seen = observe_weeks(leader, district, task, library, weeks, hours=SEEN_HOURS, seed=config.seed)
    return seen.reshape(-1, seen.shape[-1])


def _statistics(seen: Float32Array) -> ObservationStatistics:
    values = seen.astype(np.float64)
    low, high = np.quantile(values, [0.001, 0.999], axis=0)
    return ObservationStatistics(
        mean=tuple(values.mean(axis=0).tolist()),
        std=tuple(values.std(axis=0).tolist()),
        low_quantile=tuple(low.tolist()),
        high_quantile=tuple(high.tolist()),
    )
