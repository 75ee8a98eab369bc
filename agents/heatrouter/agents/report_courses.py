"""The course of single weeks: dispatch of heat, levels, prices and temperatures over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.agents.report_heat import fed_in
from heatrouter.agents.report_palette import DEMAND, unit_colours
from heatrouter.agents.report_svg import Chart, legend, span
from heatrouter.agents.report_text import title_of
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Store
from heatrouter.envs.units import SECONDS_PER_HOUR

_KW_PER_MW: Final = 1000.0
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Course:
    """One week under one controller, as hourly means.

    Attributes:
        hours: Middle of each hour since the start, h.
        values: Shape ``(n_hours, n_columns)``.
        columns: Name to position of the outputs.
        days: Start and weekday (0 = Monday) of each local day in the week, h.
    """

    hours: FloatArray
    values: FloatArray
    columns: Mapping[str, int]
    days: tuple[tuple[float, int], ...]

    @classmethod
    def from_outputs(cls, outputs: FloatArray, columns: Mapping[str, int], dt_s: float) -> "Course":
        """Condense the outputs of every step, ``(n_steps, n_columns)``, to hours."""
        per_hour = max(1, round(SECONDS_PER_HOUR / dt_s))
        count = outputs.shape[0] // per_hour
        values = outputs[: count * per_hour].reshape(count, per_hour, -1).mean(axis=1)
        hour_of_day = outputs[:, columns["site.local_hour"]] % 24.0
        weekday = outputs[:, columns["site.weekday"]]
        # Instants at the end of a step: the day begins where the hour falls.
        begins = np.flatnonzero(np.diff(hour_of_day, prepend=hour_of_day[:1]) < -1.0)
        days = tuple(
            ((int(i) + 1) * dt_s / SECONDS_PER_HOUR - hour_of_day[i], int(weekday[i]) % 7)
            for i in begins
        )
        hours = (np.arange(count) + 0.5) * per_hour * dt_s / SECONDS_PER_HOUR
        return cls(hours, values, columns, days)

    def __getitem__(self, name: str) -> FloatArray:
        """One output, ``(n_hours,)``."""
        return self.values[:, self.columns[name]]

    @property
    def ticks(self) -> list[tuple[float, float, str]]:
        """Days as marks of a horizontal axis, labelled in their middle."""
        end = float(self.hours[-1] * 2.0 - self.hours[-2]) if self.hours.size > 1 else 1.0
        ticks = []
        for start, weekday in self.days:
            noon = start + 12.0
            ticks.append((start, noon, _DAYS[weekday] if noon < end else ""))
        if self.days and self.days[0][0] > 12.0:
            before = _DAYS[(self.days[0][1] - 1) % 7]
            ticks.insert(0, (0.0, self.days[0][0] - 12.0, before))
        return [tick for tick in ticks if tick[0] < end]


def dispatch(
    district: District,
    course: Course,
    title: str,
    range_mw: tuple[float, float] | None = None,
) -> tuple[str, list[tuple[str, str, str]]]:
    """Heat by unit over time, stacked, with the demand as a line.

    Args:
        district: The district.
        course: The week.
        title: What the chart shows, for readers that cannot see it.
        range_mw: Ends of the axis, MW, so that charts can be compared.

    Returns:
        The chart and the entries of its legend.
    """
    colours = unit_colours(district)
    layers: list[tuple[str, str, FloatArray]] = []
    below: list[tuple[str, str, FloatArray]] = []
    for unit in district.units:
        colour, name = colours[unit.name], title_of(unit.name)
        columns = fed_in(unit)
        if columns:
            layers.append((name, colour, _sum(course, columns) / _KW_PER_MW))
        elif isinstance(unit, Store):
            charge = course[f"{unit.name}.charge_kw"] / _KW_PER_MW
            layers.append((f"{name}, out and in", colour, np.maximum(-charge, 0.0)))
            below.append((name, colour, np.minimum(-charge, 0.0)))
    demand = demand_kw(district, course) / _KW_PER_MW
    stack = np.sum([layer for _, _, layer in layers], axis=0)
    floor = np.sum([layer for _, _, layer in below], axis=0) if below else np.zeros_like(stack)
    if range_mw is None:
        range_mw = float(floor.min()), float(max(stack.max(), demand.max()))
    chart = Chart(
        title,
        _x_range(course),
        span(range_mw, include=(0.0,)),
        "heat, MW",
        height=260.0,
    )
    base = np.zeros_like(stack)
    for _, colour, layer in layers:
        chart.area(course.hours.tolist(), base.tolist(), (base + layer).tolist(), colour)
        base = base + layer
    base = np.zeros_like(stack)
    for _, colour, layer in below:
        chart.area(course.hours.tolist(), base.tolist(), (base + layer).tolist(), colour)
        base = base + layer
    chart.y_axis()
    chart.x_axis(course.ticks)
    chart.line(course.hours.tolist(), demand.tolist(), DEMAND, style="line bold")
    entries = [
        ("area", colour, name)
        for name, colour, layer in layers
        if float(np.ptp(layer)) > 0.0 or float(layer.max()) > 0.0
    ]
    return chart.svg(), [*entries, ("line", DEMAND, "heat demand of consumers")]


def dispatch_range_mw(district: District, courses: Sequence[Course]) -> tuple[float, float]:
    """Ends of a common axis for the dispatch of several controllers, MW."""
    lowest = highest = 0.0
    for course in courses:
        above = below = np.zeros(course.hours.size)
        for unit in district.units:
            above = above + _sum(course, fed_in(unit))
            if isinstance(unit, Store):
                charge = course[f"{unit.name}.charge_kw"]
                above = above + np.maximum(-charge, 0.0)
                below = below + np.minimum(-charge, 0.0)
        highest = max(highest, float(above.max()), float(demand_kw(district, course).max()))
        lowest = min(lowest, float(below.min()))
    return lowest / _KW_PER_MW, highest / _KW_PER_MW


def demand_kw(district: District, course: Course) -> FloatArray:
    """Heat that all consumers ask for, kW, ``(n_hours,)``."""
    total = np.zeros(course.hours.size)
    for unit in district.units:
        if isinstance(unit, Consumer):
            total = total + course[f"{unit.name}.demand_kw"]
    return total


def _sum(course: Course, columns: Sequence[tuple[str, float]]) -> FloatArray:
    """Outputs times their signs, ``(n_hours,)``."""
    total = np.zeros(course.hours.size)
    for name, sign in columns:
        total = total + sign * course[name]
    return total


def lines(
    course: Course,
    series: Sequence[tuple[str, FloatArray, str, str]],
    label: str,
    y_title: str,
    include: Sequence[float] = (),
) -> str:
    """Lines over one week.

    Args:
        course: Gives the time axis.
        series: Name, hourly values, colour and style of each line.
        label: What the chart shows, for readers that cannot see it.
        y_title: Quantity and unit.
        include: Values that the axis must show.

    Returns:
        The chart with its legend.
    """
    everything = np.concatenate([values for _, values, _, _ in series])
    chart = Chart(
        label,
        _x_range(course),
        span((float(everything.min()), float(everything.max())), include=include),
        y_title,
        height=180.0,
    )
    chart.y_axis(4)
    chart.x_axis(course.ticks)
    # Back to front: the controllers that matter most come first.
    for _, values, colour, style in reversed(series):
        chart.line(course.hours.tolist(), values.tolist(), colour, style=style)
    marks = [
        ("dash" if "dash" in style else "line", colour, name) for name, _, colour, style in series
    ]
    return f"{chart.svg()}{legend(marks)}"


def _x_range(course: Course) -> tuple[float, float]:
    half = float(course.hours[0])
    return 0.0, float(course.hours[-1]) + half
