"""The contract of a district under a task: every channel, in its order."""

from heatrouter.envs.contract import Channel, Contract, SetPoint
from heatrouter.envs.errors import Mistake, TaskError
from heatrouter.envs.observe.control_channels import action_channels, set_points
from heatrouter.envs.observe.measured import (
    LAGGED_QUANTITIES,
    SERIES_BOUNDS,
    measured_channels,
    series_bounds,
)
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Boiler, Chp, HeatPump, WasteHeatSource
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR

TARIFF_SERIES = (
    "electricity_eur_per_mwh",
    "gas_eur_per_mwh",
    "co2_eur_per_t",
    "carbon_intensity_g_per_kwh",
)
CLOCK_CYCLES = ("hour", "week", "year")


def build_contract(district: District, task: Task) -> Contract:
    """Fix the observation, action and set-point vectors.

    Order of the observation: measured, lagged, executed, dwell, clock, tariff, forecast.

    Raises:
        TaskError: The task asks for series, windows or lags that there are not, all at once.
    """
    mistakes = _task_mistakes(district, task)
    if mistakes:
        subject = f"task {task.name!r} for district {district.name!r}"
        raise TaskError(subject, mistakes)
    measured = measured_channels(district)
    points = set_points(district)
    return Contract(
        district=district.name,
        district_digest=district.digest,
        parametrisation=task.parametrisation,
        control_dt_s=task.control_dt_s,
        observation=(
            *measured,
            *_lagged(district, task, measured),
            *_executed(points),
            *_dwell(district, task, points),
            *_clock(),
            *_tariff(task),
            *_forecast(district, task),
        ),
        action=action_channels(district, task.parametrisation),
        set_points=points,
    )


def _task_mistakes(district: District, task: Task) -> list[Mistake]:
    mistakes = []
    known = [
        *SERIES_BOUNDS,
        *(f"{u.name}.level" for u in district.units if series_bounds(district, f"{u.name}.level")),
    ]
    for i, series in enumerate(task.forecast.series):
        if series_bounds(district, series) is None:
            mistakes.append(
                Mistake(
                    f"forecast.series[{i}]",
                    f"{series!r} is no series of {district.name}; it has {', '.join(known)}",
                )
            )
    for i, (start, end) in enumerate(task.forecast.window_hours):
        if not 0.0 <= start < end:
            mistakes.append(
                Mistake(
                    f"forecast.window_hours[{i}]",
                    f"[{start}, {end}] must start at 0 or later and end after its start",
                )
            )
    for i, lag in enumerate(task.lags_s):
        steps = lag / task.control_dt_s
        if steps < 1.0 or abs(steps - round(steps)) > 1e-9:
            mistakes.append(
                Mistake(
                    f"lags_s[{i}]",
                    f"{lag} is no whole multiple of control_dt_s {task.control_dt_s}",
                )
            )
    return mistakes


def _lagged(district: District, task: Task, measured: tuple[Channel, ...]) -> list[Channel]:
    by_name = {channel.name: channel for channel in measured}
    channels: list[Channel] = []
    for circuit in district.circuits:
        for quantity in LAGGED_QUANTITIES:
            now = by_name[f"{circuit.name}.{quantity}"]
            channels.extend(
                now.model_copy(
                    update={
                        "name": f"{now.name}@-{lag:.0f}s",
                        "source": "lagged",
                        "lag_s": lag,
                    }
                )
                for lag in task.lags_s
            )
    return channels


def _executed(points: tuple[SetPoint, ...]) -> list[Channel]:
    return [
        Channel(
            name=f"{point.name}@executed",
            unit=point.unit,
            low=point.low,
            # scaling divides by the range: a set-point without one still needs a width
            high=point.high if point.high > point.low else point.low + 1.0,
            source="executed",
            origin=point.name,
            aggregation="instant",
        )
        for point in points
    ]


def _dwell(district: District, task: Task, points: tuple[SetPoint, ...]) -> list[Channel]:
    """Seconds for which a unit must keep running or standing still."""
    longest_s = {
        unit.name: max(unit.min_run_min, unit.min_stop_min) * 60.0
        for unit in district.units
        if isinstance(unit, WasteHeatSource | HeatPump | Boiler | Chp)
    }
    return [
        Channel(
            name=f"{point.name}@dwell",
            unit="s",
            low=0.0,
            high=max(longest_s.get(point.name.partition(".")[0], 0.0), task.control_dt_s),
            source="dwell",
            origin=point.name,
            aggregation="instant",
        )
        for point in points
        if point.switchable
    ]


def _clock() -> list[Channel]:
    return [
        Channel(
            name=f"clock.{cycle}_{function}",
            unit="1",
            low=-1.0,
            high=1.0,
            source="clock",
            origin=f"clock.{cycle}",
            aggregation="instant",
        )
        for cycle in CLOCK_CYCLES
        for function in ("sin", "cos")
    ]


def _tariff(task: Task) -> list[Channel]:
    """Prices in force; a CO2 price that the task fixes comes from the task, not from a tag."""
    channels: list[Channel] = []
    for series in TARIFF_SERIES:
        unit, low, high = SERIES_BOUNDS[series]
        fixed = task.objective.co2_eur_per_t if series == "co2_eur_per_t" else None
        channels.append(
            Channel(
                name=f"tariff.{series}",
                unit=unit,
                low=low,
                high=high if fixed is None else max(high, fixed),
                source="tariff",
                origin=f"site.{series}" if fixed is None else f"task.objective.{series}",
            )
        )
    return channels


def _forecast(district: District, task: Task) -> list[Channel]:
    channels: list[Channel] = []
    for series in task.forecast.series:
        bounds = series_bounds(district, series)
        assert bounds is not None  # _task_mistakes has refused the others
        unit, low, high = bounds
        channels.extend(
            Channel(
                name=f"{series}@+{start:g}..{end:g}h",
                unit=unit,
                low=low,
                high=high,
                source="forecast",
                origin=series,
                lead_start_s=start * SECONDS_PER_HOUR,
                lead_end_s=end * SECONDS_PER_HOUR,
            )
            for start, end in task.forecast.window_hours
        )
    return channels
