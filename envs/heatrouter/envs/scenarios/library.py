"""The scenario library: whole years of exogenous series in one array, checked when it is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.scenarios.catalogue import kind_of
from heatrouter.envs.spec.events import SensorEvent

Split = Literal["train", "validation", "test"]
"""What a scenario may be used for: fitting, choosing, or judging. Never two of them."""


@dataclass(frozen=True)
class ScenarioLibrary:
    """Exogenous series of several scenarios at one step. The array is read-only.

    Attributes:
        names: One name per scenario, e.g. ``generated-train-0007``; unique.
        split: What the scenarios may be used for.
        series: Names of the columns.
        step_s: Step of all series, s.
        start_utc: ISO-8601 time of step 0 of each scenario.
        values: Mean of each series over each step, shape ``(n_scenarios, n_steps, n_series)``;
            units are in the names of the series. Calendar series hold local time at the start
            of the step.
        provenance: For each scenario where every part of it comes from.
        sensor_events: For each scenario the faults of its sensors; empty where no scenario has any.

    Raises:
        ScenarioError: Shapes do not fit, names repeat, or a value is not finite or lies outside
            what is physically possible.
    """

    names: tuple[str, ...]
    split: Split
    series: tuple[str, ...]
    step_s: int
    start_utc: tuple[str, ...]
    values: FloatArray
    provenance: tuple[dict[str, str], ...]
    sensor_events: tuple[tuple[SensorEvent, ...], ...] = ()

    def __post_init__(self) -> None:
        mistakes = [*_shape_mistakes(self)]
        if not mistakes:
            mistakes = _value_mistakes(self)
        if mistakes:
            subject = f"scenario library ({self.split})"
            raise ScenarioError(subject, mistakes)
        # Shared by all environments: a write would change every later episode in silence.
        self.values.setflags(write=False)

    @property
    def n_scenarios(self) -> int:
        """Number of scenarios."""
        return len(self.names)

    @property
    def n_steps(self) -> int:
        """Steps of each scenario."""
        return int(self.values.shape[1])

    def column(self, series: str) -> int:
        """Return the column of a series.

        Raises:
            KeyError: The library does not hold it; the message lists what it holds.
        """
        try:
            return self.series.index(series)
        except ValueError:
            message = f"series {series!r} is not in the library; it has: {', '.join(self.series)}"
            raise KeyError(message) from None

    def select(self, scenarios: Sequence[int | str]) -> "ScenarioLibrary":
        """Return a library of some of the scenarios, named or numbered, in that order.

        Raises:
            ScenarioError: A scenario is not in the library.
        """
        mistakes = []
        indices = []
        for position, wanted in enumerate(scenarios):
            if isinstance(wanted, str) and wanted in self.names:
                indices.append(self.names.index(wanted))
            elif isinstance(wanted, int) and 0 <= wanted < self.n_scenarios:
                indices.append(wanted)
            else:
                message = f"{wanted!r} is not among the {self.n_scenarios} scenarios; there are: "
                mistakes.append(Mistake(f"[{position}]", message + ", ".join(self.names)))
        if mistakes:
            subject = "selection of scenarios"
            raise ScenarioError(subject, mistakes)
        return ScenarioLibrary(
            names=tuple(self.names[i] for i in indices),
            split=self.split,
            series=self.series,
            step_s=self.step_s,
            start_utc=tuple(self.start_utc[i] for i in indices),
            values=self.values[indices],
            provenance=tuple(self.provenance[i] for i in indices),
            sensor_events=tuple(self.sensor_events[i] for i in indices if self.sensor_events),
        )


def concatenate(libraries: Sequence[ScenarioLibrary]) -> ScenarioLibrary:
    """Return one library with the scenarios of several, in order.

    Args:
        libraries: At least one; all of the same split, step, series and number of steps.

    Raises:
        ScenarioError: They do not fit together, or a name occurs twice.
    """
    if not libraries:
        message = "nothing to concatenate; give at least one scenario library"
        raise ScenarioError(message)
    first = libraries[0]
    mistakes = []
    for position, other in enumerate(libraries[1:], start=1):
        for what, there, here in (
            ("split", other.split, first.split),
            ("step_s", other.step_s, first.step_s),
            ("series", other.series, first.series),
            ("number of steps", other.n_steps, first.n_steps),
        ):
            if there != here:
                message = f"{what} is {there}, but {here} in the first; keep such libraries apart"
                mistakes.append(Mistake(f"[{position}]", message))
    if mistakes:
        subject = "concatenation of scenario libraries"
        raise ScenarioError(subject, mistakes)
    return ScenarioLibrary(
        names=tuple(name for library in libraries for name in library.names),
        split=first.split,
        series=first.series,
        step_s=first.step_s,
        start_utc=tuple(start for library in libraries for start in library.start_utc),
        values=np.concatenate([library.values for library in libraries]),
        provenance=tuple(entry for library in libraries for entry in library.provenance),
        sensor_events=tuple(
            events
            for library in libraries
            for events in library.sensor_events or ((),) * library.n_scenarios
        )
        if any(library.sensor_events for library in libraries)
        else (),
    )


def _shape_mistakes(library: ScenarioLibrary) -> list[Mistake]:
    mistakes = []
    count = len(library.names)
    if library.values.ndim != 3 or library.values.shape[::2] != (count, len(library.series)):
        message = (
            f"shape {library.values.shape} does not fit {count} scenarios "
            f"and {len(library.series)} series"
        )
        mistakes.append(Mistake("values", message))
    elif library.values.dtype != np.float64:
        mistakes.append(Mistake("values", f"type {library.values.dtype} is not float64"))
    for what, length in (
        ("start_utc", len(library.start_utc)),
        ("provenance", len(library.provenance)),
        ("sensor_events", len(library.sensor_events) or count),
    ):
        if length != count:
            mistakes.append(Mistake(what, f"{length} entries for {count} scenarios"))
    for what, names in (("names", library.names), ("series", library.series)):
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            mistakes.append(Mistake(what, f"used more than once: {', '.join(repeated)}"))
    return mistakes


def _value_mistakes(library: ScenarioLibrary) -> list[Mistake]:
    """Values that are not finite or not physical, one mistake per scenario and series."""
    lowest = library.values.min(axis=1)
    highest = library.values.max(axis=1)
    mistakes = []
    for column, series in enumerate(library.series):
        kind = kind_of(series)
        if kind is None:
            mistakes.append(Mistake(series, "no district has a series of that name"))
            continue
        for row, name in enumerate(library.names):
            low, high = lowest[row, column], highest[row, column]
            # A comparison with NaN is false: written so that NaN fails.
            if not (kind.low <= low and high <= kind.high):
                message = (
                    f"values from {low:g} to {high:g} {kind.unit} in {name!r} are not finite "
                    f"or leave {kind.low:g}..{kind.high:g}; check unit and source"
                )
                mistakes.append(Mistake(series, message))
    return mistakes
