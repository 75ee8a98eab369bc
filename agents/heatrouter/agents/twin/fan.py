"""What may come: members of a fan about one scenario, with the errors that forecasts have.

Member 0 is the scenario itself. Every other one adds errors to what comes after the start: their
size grows with lead time as that of the noisy forecast does (``scenarios.forecast_error``), in the
same two correlated parts. What was before the start is the same for all.
"""

import hashlib

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.scenarios.catalogue import (
    CALENDAR_SERIES,
    FAULT_ENDINGS,
    SHARED_HOT_WATER,
    kind_of,
)
from heatrouter.envs.scenarios.forecast_error import (
    HOT_WATER_ERROR,
    ISSUE_CORRELATION_H,
    ISSUE_SHARE,
    TARGET_CORRELATION_H,
    TARGET_SHARE,
    error_of,
)
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.noise import correlated, stream
from heatrouter.envs.units import SECONDS_PER_HOUR

_TIMES_CORRELATION = 20
"""Length of a noise that closes on itself, in correlation times: its end knows no more of its
begin."""


def fan_library(
    library: ScenarioLibrary, *, step: int, steps: int, members: int, seed: int
) -> ScenarioLibrary:
    """Return a scenario and its members.

    Args:
        library: One scenario.
        step: Step of the library from which on members differ, >= 0; wraps at the end.
        steps: Number of steps that differ, of the run and of the forecasts at its end.
        members: Number of scenarios of the answer, the scenario itself included, >= 1.
        seed: Of the errors; the same arguments give the same bits.

    Returns:
        The scenario under its own name, then members ``<name>+01`` and so on.

    Raises:
        ConfigError: The library holds several scenarios, or the run is longer than it.
    """
    if library.n_scenarios != 1 or steps > library.n_steps:
        message = (
            f"a fan opens about one scenario of at least {steps} steps; there are "
            f"{library.n_scenarios} of {library.n_steps}"
        )
        raise ConfigError(message)
    name = library.names[0]
    values = np.repeat(library.values, members, axis=0)
    at = (step + np.arange(steps)) % library.n_steps
    lead_h: FloatArray = (
        (np.arange(steps, dtype=np.float64) + 0.5) * library.step_s / SECONDS_PER_HOUR
    )
    for column, series in enumerate(library.series):
        if series in CALENDAR_SERIES or series.endswith(FAULT_ENDINGS):
            continue
        truth = library.values[0, at, column]
        scale = float(library.values[0, :, column].std())
        for member in range(1, members):
            key = _key(name, step, seed, member)
            values[member, at, column] = _disturbed(series, truth, scale, lead_h, key, library)
    entry = {**library.provenance[0], "fan": f"errors of forecasts from step {step}, seed {seed}"}
    return ScenarioLibrary(
        names=(name, *(f"{name}+{member:02d}" for member in range(1, members))),
        split=library.split,
        series=library.series,
        step_s=library.step_s,
        start_utc=library.start_utc * members,
        values=values,
        provenance=(library.provenance[0], *(dict(entry) for _ in range(1, members))),
        sensor_events=library.sensor_events * members,
    )


def _disturbed(
    series: str,
    truth: FloatArray,
    scale: float,
    lead_h: FloatArray,
    key: tuple[int, ...],
    library: ScenarioLibrary,
) -> FloatArray:
    """The series of one member, shape of ``truth``."""
    growth = HOT_WATER_ERROR if series == SHARED_HOT_WATER else error_of(series)
    kind = kind_of(series)
    assert kind is not None  # the library was checked when it was made
    per_hour = SECONDS_PER_HOUR / library.step_s
    noise = np.zeros(truth.size)
    for part, share, hours in (
        ("issue", ISSUE_SHARE, ISSUE_CORRELATION_H),
        ("target", TARGET_SHARE, TARGET_CORRELATION_H),
    ):
        length = truth.size + round(_TIMES_CORRELATION * hours * per_hour)
        rng = stream(key, f"fan/{series}/{part}")
        noise += share * correlated(rng, length, hours * per_hour)[: truth.size]
    deviation = np.array([growth.deviation(float(hours)) for hours in lead_h])
    error = deviation * noise
    if growth.measure == "relative":
        error *= truth
    elif growth.measure == "spread":
        error *= scale
    changed = truth + error
    return np.asarray(np.clip(changed, kind.low, kind.high), dtype=np.float64)


def _key(name: str, step: int, seed: int, member: int) -> tuple[int, ...]:
    digest = hashlib.sha256(name.encode()).digest()
    return (int.from_bytes(digest[:8], "little"), step, seed, member)
