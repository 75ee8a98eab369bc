"""Imitation from labels to a start for reinforcement learning, round after round."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.training.checkpoints import SCHEMA_VERSION, load_tensors, save_tensors
from heatrouter.training.core_time import LABELS
from heatrouter.training.imitation.cloning import LabelSet, fit, plain_network
from heatrouter.training.imitation.collection import Course
from heatrouter.training.imitation.settings import ImitationSettings
from heatrouter.training.imitation.shards import (
    Round,
    Work,
    collect_round,
    round_core_s,
    round_weeks,
)
from heatrouter.training.imitation.weeks import join
from heatrouter.training.policy import ContractScaling, HeatPolicy
from heatrouter.training.run_folder import write_json


@dataclass(frozen=True, slots=True, eq=False)
class Imitation:
    """What imitation leaves behind.

    Attributes:
        weeks: All weeks that the planner went through, one scenario each.
        courses: What it did there, in the same order.
        reports: For the record, one of each round.
    """

    weeks: ScenarioLibrary
    courses: tuple[Course, ...]
    reports: tuple[dict[str, Any], ...]


def imitate(
    work: Work,
    settings: ImitationSettings,
    policy: HeatPolicy,
    kept: Path,
    console: Console,
    on_round: Callable[[int], None],
) -> Imitation:
    """Collect labels and fit the policy to them; later rounds where the policy itself leads.

    Args:
        work: District, task, scenarios and how to collect.
        settings: How to fit.
        policy: Its scaling and policy network are changed.
        kept: Folder of the networks of all rounds; what is there is not fitted again.
        console: Where progress goes.
        on_round: Called after every round with its number; the policy is ready to be scored.

    Raises:
        HeatrouterError: A worker died, or the disk is full.
    """
    labels = work.settings
    begin = time.perf_counter()
    courses: list[Course] = []
    weeks: list[ScenarioLibrary] = []
    reports: list[dict[str, Any]] = []
    core_s = own_core_s = 0.0
    kept.mkdir(parents=True, exist_ok=True)
    for number in range(labels.rounds + 1):
        first = number == 0
        this = Round(
            number,
            labels.weeks if first else labels.round_weeks,
            labels.expert_share if first else labels.round_expert_share,
            None if first else plain_network(policy),
        )

        def report(done: int, count: int, number: int = number) -> None:
            console.print(
                f"labels, round {number}: {done}/{count} files, "
                f"{time.perf_counter() - begin:.0f} s",
                highlight=False,
            )

        own = time.process_time()
        courses += collect_round(work, this, Path(settings.folder), report)
        own_core_s += time.process_time() - own
        core_s += round_core_s(work, this, Path(settings.folder))
        write_json(kept / LABELS, {"core_s": core_s, "own_core_s": own_core_s})
        weeks.append(round_weeks(work, this))
        file = kept / f"round-{number}.pt"
        if file.is_file():
            content = load_tensors(file)
            policy.load_state_dict(content["policy"])
            reports.append(content["report"])
            continue
        report_of = _fitted(work, settings, policy, courses, number)
        console.print(
            f"imitation, round {number}: {report_of['samples']:,} labels, error "
            f"{report_of['error']:.4f}, on courses held out {report_of['held_out_error']:.4f}, "
            f"{time.perf_counter() - begin:.0f} s",
            highlight=False,
        )
        content = {"schema_version": SCHEMA_VERSION, "policy": policy.state_dict()}
        save_tensors(file, content | {"report": report_of})
        reports.append(report_of)
        on_round(number)
    return Imitation(join(weeks), tuple(courses), tuple(reports))


def _fitted(
    work: Work,
    settings: ImitationSettings,
    policy: HeatPolicy,
    courses: list[Course],
    number: int,
) -> dict[str, Any]:
    labels = LabelSet.of(courses, settings.clone.held_out_share)
    if number == 0:
        # kept in later rounds: the network would have to learn anew what its inputs mean
        scaling = policy.pi_features_extractor
        assert isinstance(scaling, ContractScaling)
        scaling.standardise(*labels.statistics())
    fitted = fit(policy, labels, settings.clone, seed=work.seed + number, from_mean=number == 0)
    return {"round": number, **asdict(fitted)}
