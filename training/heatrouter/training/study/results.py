"""What a part of a study found, as data: the JSON file beside the page, where all numbers live.

Costs are J of the objective in €, lower is better. No course of a week is kept.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatrouter.agents.evaluation_comparison import Interval
from heatrouter.agents.evaluation_results import Violation, Week
from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.errors import TrainingConfigError


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainingCost(_Frozen):
    """What a training took."""

    core_s: float = Field(description="CPU time, labels included")
    labels_core_s: float = Field(description="of that, labels")
    budget_core_s: float | None
    steps: int = Field(description="control steps of all environments")
    best_step: int = Field(description="at which the policy was kept that is judged")
    curve: tuple[tuple[float, float], ...] = Field(
        description="core-seconds, and share of the rules' cost saved on validation weeks"
    )


class Controller(_Frozen):
    """One controller on all held-out weeks of a preset."""

    name: str
    method: str = Field(description="shared by the seeds of a method; else the name")
    seed: int | None = None
    origin: str = Field(description="what was run")
    parametrisation: Parametrisation
    guard: bool = Field(description="whether it was in the loop")
    costs_eur: tuple[float, ...] = Field(description="of each week")
    violations: tuple[Violation, ...] = Field(description="limits left, all weeks together")
    unmet_share: float
    guard_share: float = Field(description="steps in which the guard intervened")
    decision_p50_ms: float
    decision_p99_ms: float
    training: TrainingCost | None = None

    @property
    def family(self) -> str:
        """The method, of what was trained; empty else."""
        return "" if self.seed is None else self.method


class MethodScore(_Frozen):
    """A controller, or a method over its seeds (interquartile mean over these)."""

    method: str
    title: str
    seeds: tuple[int, ...]
    guard: bool
    parametrisation: Parametrisation
    optimality: Interval | None = Field(description="none without reference or headroom")
    saving_percent: Interval | None = Field(description="of the rules' cost")
    regret_mean_eur: float | None = Field(description="a week, mean over the seeds")
    regret_worst_decile_eur: float | None
    hours_outside: dict[str, float] = Field(
        description="kind of limit to hours a week outside, mean over the seeds"
    )
    unmet_share: float = Field(description="largest of the seeds")
    guard_share: float
    core_s: float | None = Field(description="of a training, mean; none where nothing is trained")
    labels_core_s: float | None
    steps: float | None


class PresetResults(_Frozen):
    """One preset of a part."""

    preset: str
    title: str
    district_digest: str
    task_digest: str
    headroom_percent: float | None = Field(description="what the reference saves")
    verdict: str | None = Field(description="of the score, where there is a reference")
    resampled: Literal["scenarios", "weeks"] = Field(description="unit of the bootstrap")
    weeks: tuple[Week, ...]
    bound_eur: tuple[float, ...] | None
    controllers: tuple[Controller, ...]
    scores: tuple[MethodScore, ...]
    wrong: tuple[str, ...] = Field(description="why something is missing or not to be trusted")


class Machine(_Frozen):
    """Where a part was run."""

    processor: str
    cores: int
    memory_gb: float


class PartResults(_Frozen):
    """A part of a study; the content of its JSON file."""

    schema_version: Literal[1] = 1
    study: str
    part: str
    created_utc: str
    versions: dict[str, str]
    code: str = Field(description="sha256 over simulator and judgement, first digits")
    machine: Machine
    core_seconds: float = Field(description="budget of a training unless it says otherwise")
    failed: dict[str, str] = Field(description="training to the reason why it did not end")
    presets: tuple[PresetResults, ...]


def part_file(folder: Path, study: str, part: str) -> Path:
    """Where the numbers of a part are kept."""
    return folder / f"{study}-{part}.json"


def read_part(folder: Path, study: str, part: str) -> PartResults | None:
    """The numbers of a part; None where it was not run.

    Raises:
        TrainingConfigError: The file holds something else.
    """
    path = part_file(folder, study, part)
    if not path.is_file():
        return None
    try:
        return PartResults.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        msg = f"{path}: no results of a study ({error.error_count()} mistakes); run the part again"
        raise TrainingConfigError(msg) from error
