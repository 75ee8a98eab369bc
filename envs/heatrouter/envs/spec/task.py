"""The task: what a controller sees, what its action means, and what it is judged by."""

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.spec.base import Described
from heatrouter.envs.spec.events import Event, EventRates
from heatrouter.envs.spec.rule_parameters import RuleParameters


class ObjectiveWeights(Described):
    """Prices of everything that the objective counts besides purchased energy."""

    unmet_eur_per_mwh: float = Field(
        ge=0.0,
        description="heat that substations, processes and fabs wanted and did not get in time",
    )
    co2_eur_per_t: float | None = Field(
        description="fixed CO2 price; null takes the scenario's series"
    )
    curtailment_eur_per_mwh: float = Field(
        200.0, ge=0.0, description="heat that a process must not give off: its cooler is saturated"
    )
    batch_delay_eur_per_h: float = Field(
        10.0, ge=0.0, description="per charge and hour that it starts after it was due"
    )
    room_comfort_eur_per_kh_mw: float = Field(
        ge=0.0, description="per kelvin hour below the room band and MW of design heat"
    )
    crop_comfort_eur_per_kh_ha: float = Field(
        ge=0.0, description="per kelvin hour outside the crop band and hectare"
    )
    ramp_eur_per_mw: float = Field(ge=0.0, description="wear per MW of load change of a unit")
    reuse_credit_eur_per_mwh: float = Field(
        ge=0.0,
        description="earned by useful heat that was waste heat; 0 leaves the fuel that it "
        "displaces",
    )
    stock_eur_per_mwh: float = Field(
        ge=0.0, description="value of heat held at the end minus the start: tank, pipes"
    )
    building_stock_eur_per_mwh: float = Field(
        ge=0.0, description="value of heat held in building and greenhouse mass"
    )


class ForecastWindows(Described):
    """Which series are forecast, in which windows ahead."""

    kind: Literal["perfect", "persistence", "noisy"] = Field(
        description="perfect: what will come; persistence: days like the last; noisy: what "
        "will come, with an error that grows with the lead"
    )
    series: tuple[str, ...] = Field(
        description="exogenous series that are forecast, as means over each window"
    )
    window_hours: tuple[tuple[float, float], ...] = Field(
        description="start and end of each window ahead, hours"
    )


def _or_named(schema: dict[str, Any]) -> None:
    """A file may name where the parameters stand; ``spec.loading`` reads them."""
    schema["anyOf"] = [{"$ref": schema.pop("$ref")}, {"type": "string"}]


class Task(Described):
    """Observation set, action parametrisation, rules, objective and clocks of one control task."""

    name: str = Field(description="names the task in results and bundles")
    district: str = Field(description="name of a preset or path of a district file")
    parametrisation: Parametrisation = Field(
        description="what actions mean: set-points (absolute), offsets from the rules "
        "(offset), or prices of heat by which units are dispatched (heat_price)"
    )
    control_dt_s: float = Field(
        900.0, ge=10.0, le=7200.0, description="between two decisions; a whole multiple of sim_dt_s"
    )
    sim_dt_s: float = Field(
        60.0,
        ge=0.1,
        le=900.0,
        description="sub-step of the simulator; smaller is finer and takes longer",
    )
    episode_hours: float = Field(
        168.0,
        gt=0.0,
        le=8784.0,
        description="after which an environment begins anew elsewhere in the year (truncation)",
    )
    lags_s: tuple[float, ...] = Field(
        (900.0, 1800.0, 3600.0, 7200.0),
        description="how far back temperatures and flows are observed as well; whole control steps",
    )
    forecast: ForecastWindows = Field(description="what a controller is told of the time ahead")
    objective: ObjectiveWeights = Field(description="what the cost J is made of")
    rules: RuleParameters = Field(
        default_factory=RuleParameters,
        description="of the rules: baseline, fallback, and heating curve of every controller; in a "
        "file also the name of a preset whose tuned ones are meant, or the path of a YAML file, "
        "relative to the task's",
        json_schema_extra=_or_named,
    )
    guard: bool = Field(True, description="the guard stands between controller and plant")
    events: tuple[Event, ...] = Field((), description="in every scenario, beside its own")
    event_rates: EventRates | None = Field(
        None, description="random events in every scenario, from the seed of the scenario"
    )

    @model_validator(mode="after")
    def _whole_sub_steps(self) -> "Task":
        ratio = self.control_dt_s / self.sim_dt_s
        if abs(ratio - round(ratio)) > 1e-9:
            message = (
                f"control_dt_s {self.control_dt_s} is no whole multiple of sim_dt_s {self.sim_dt_s}"
            )
            raise ValueError(message)
        return self

    @model_serializer(mode="wrap")
    def _without_unused_events(self, plain: SerializerFunctionWrapHandler) -> dict[str, object]:
        # A task without events has the digest that it had before there were any.
        content: dict[str, object] = plain(self)
        for name in ("events", "event_rates"):
            if not getattr(self, name):
                content.pop(name, None)
        return content

    @property
    def sub_steps(self) -> int:
        """Simulator steps in one control step."""
        return round(self.control_dt_s / self.sim_dt_s)

    def cross_check(self) -> list[tuple[str, str]]:
        """Mistakes across fields as ``(path, message)``; empty when the task is sound."""
        mistakes = []
        for i, window in enumerate(self.forecast.window_hours):
            start, end = window
            if start < 0.0 or start >= end:
                mistakes.append(
                    (
                        f"forecast.window_hours[{i}]",
                        f"[{start}, {end}] must run from >= 0 h to a later hour ahead",
                    )
                )
        for i, lag_s in enumerate(self.lags_s):
            if lag_s <= 0.0:
                mistakes.append((f"lags_s[{i}]", f"{lag_s} must be > 0 s; remove it"))
        return mistakes
