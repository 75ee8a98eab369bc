"""Settings of what goes on around the learning: scenarios, start, scores, checkpoints, records."""

from pydantic import Field

from heatrouter.envs.spec.base import Described


class ScenarioSettings(Described):
    """Years to train on and to choose by; those of training, validation and test share no data."""

    train: str = Field("generated", description="source: 'generated', or a scenario file or name")
    validation: str = Field("generated", description="the same, for scores and the choice")
    test: tuple[str, ...] = Field(
        (), description="scenario files that will judge; none may overlap the two above"
    )
    data: str | None = Field(None, description="folder of the CSV files that scenario files name")
    train_years: int = Field(
        16,
        ge=1,
        le=1000,
        description="of a source that is generated; more are harder to learn by heart",
    )
    train_seed: int = Field(1, ge=0, description="of what is generated")
    validation_years: int = Field(4, ge=1, le=1000, description="of a source that is generated")
    validation_seed: int = Field(
        2, ge=0, description="of what is generated; its draws never meet those of training"
    )


class ConstantPriceSettings(Described):
    """Search for the best constant action: a standing controller and PPO's starting point."""

    enabled: bool = Field(
        True,
        description="without it policy and reward baseline start from the neutral action",
    )
    generations: int = Field(
        5, ge=1, le=100, description="rounds of drawing round the best actions so far"
    )
    candidates: int = Field(16, ge=4, le=1000, description="tried in each generation")
    weeks: int = Field(4, ge=1, le=200, description="starts over the year, the same for all")
    hours: float = Field(168.0, gt=0.0, le=8784.0, description="length of a trial, h")
    elite_share: float = Field(0.25, gt=0.0, lt=1.0, description="that the next generation follows")
    initial_std: float = Field(0.5, gt=0.0, le=2.0, description="of the normalised action")


class EvaluationSettings(Described):
    """Scores on validation weeks, and the choice of the checkpoint by them."""

    every_rollouts: int = Field(
        10, ge=1, le=100_000, description="between two scores; the last policy is scored, too"
    )
    weeks: int = Field(8, ge=1, le=500, description="spread over the year")
    seed: int = Field(7, ge=0, description="of the draw of the weeks")
    hours: float = Field(168.0, gt=0.0, le=8784.0, description="length of a week, h")


class CheckpointSettings(Described):
    """What resume needs."""

    every_rollouts: int = Field(
        10, ge=1, le=100_000, description="between two checkpoints; one is written at the end, too"
    )
    keep: int = Field(2, ge=1, le=1000, description="newest checkpoints that stay on disk")


class TrackingSettings(Described):
    """MLflow; a SQLite file by default, no network.

    Everything is written to the run's folder first, so that a server that is down loses nothing.
    """

    enabled: bool = Field(
        True,
        description="whether the run goes to MLflow; its folder has its numbers all the same",
    )
    uri: str = Field("sqlite:///runs/mlflow.db", description="tracking URI")
    experiment: str = Field(
        "heatrouter",
        min_length=1,
        description="of MLflow, in which runs stand side by side; made where there is none",
    )
    bundle: bool = Field(False, description="export the best policy at the end and keep it there")
    registered_model: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="registered model that the bundle becomes a version of, alias 'challenger'",
    )
    system_every_s: float | None = Field(
        10.0, ge=1.0, le=3600.0, description="between two readings of CPU and memory; null for none"
    )
