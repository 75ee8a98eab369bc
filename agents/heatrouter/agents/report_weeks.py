"""The report's section on one week, drawn for some controllers beside each other."""

from collections.abc import Callable, Mapping
from datetime import datetime
from html import escape

import numpy as np

from heatrouter.agents.evaluation_results import Week
from heatrouter.agents.report_courses import Course, dispatch, dispatch_range_mw, lines
from heatrouter.agents.report_palette import controller_colours
from heatrouter.agents.report_svg import legend
from heatrouter.agents.report_template import figure, grid, section
from heatrouter.agents.report_text import THIN_SPACE, number, title_of
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.spec.consumer_units import Greenhouse, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Digester, Store

Line = tuple[str, FloatArray, str, str]
"""Name, hourly values, colour and style."""


def example_week(
    week: Week, courses: Mapping[str, Course], district: District, baseline: str
) -> str:
    """One week: heat by unit for each controller, and what they did to levels and temperatures.

    Args:
        week: Which one.
        courses: Controller to what happened.
        district: The district.
        baseline: Name of the baseline, one of the controllers.

    Returns:
        A section.
    """
    start = datetime.fromisoformat(week.start_utc)
    range_mw = dispatch_range_mw(district, list(courses.values()))
    stacks = []
    marks: dict[tuple[str, str, str], None] = {}
    for name, course in courses.items():
        drawn, entries = dispatch(district, course, f"Heat by unit under {name}", range_mw)
        stacks.append(figure(title_of(name), drawn, small="heat by unit, stacked"))
        marks |= dict.fromkeys(entries)
    return section(
        f"{'An' if week.season == 'autumn' else 'A'} {week.season} week",
        f"<p>From {start.day} {start:%B}, scenario {escape(week.scenario)}, "
        f"{number(week.ambient_mean_c)}{THIN_SPACE}°C on average: the week with the median outdoor "
        "temperature of its season. Hourly means, local time. Below zero: heat into the "
        "store. Where only one line is seen, the lines coincide.</p>",
        grid(*stacks),
        legend(marks),
        grid(*_panels(courses, district, baseline)),
    )


def _panels(courses: Mapping[str, Course], district: District, baseline: str) -> list[str]:
    first = courses[baseline]
    colours = controller_colours(list(courses), baseline)

    def each(pick: Callable[[Course], FloatArray]) -> list[Line]:
        return [
            (title_of(name), pick(course), colours[name], "line")
            for name, course in courses.items()
        ]

    def column(name: str, factor: float = 1.0) -> Callable[[Course], FloatArray]:
        return lambda course: factor * course[name]

    def panel(title: str, series: list[Line], axis: str, *include: float, small: str = "") -> str:
        return figure(title, lines(first, series, title, axis, include), small=small)

    panels = [
        panel(
            f"{title_of(unit.name).capitalize()} level",
            each(column(f"{unit.name}.level", 100.0)),
            "level, %",
            0.0,
            100.0,
        )
        for unit in district.units
        if isinstance(unit, Store)
    ]
    panels += [
        panel(
            f"{title_of(unit.name).capitalize()} fill level",
            each(column(f"{unit.name}.fill_level", 100.0)),
            "level, %",
            0.0,
            100.0,
        )
        for unit in district.units
        if isinstance(unit, Digester)
    ]
    prices: list[Line] = [
        ("electricity, exchange", first["site.electricity_eur_per_mwh"], "#0072b2", "line"),
        ("gas", first["site.gas_eur_per_mwh"], "#7f7f7f", "line dash"),
    ]
    panels.append(panel("Energy prices", prices, "price, €/MWh", 0.0, small="before fees"))
    for circuit in district.circuits:
        of_circuit = f", {title_of(circuit.name)}" if len(district.circuits) > 1 else ""
        panels += [
            panel(
                f"{side.capitalize()} temperature{of_circuit}",
                each(column(f"{circuit.name}.{side}_temp_c")),
                "temperature, °C",
            )
            for side in ("supply", "return")
        ]
    outdoor: list[Line] = [("outdoor", first["site.ambient_temp_c"], "#0072b2", "line")]
    panels.append(panel("Outdoor temperature", outdoor, "temperature, °C"))
    rooms = [f"{u.name}.room_temp_c" for u in district.units if isinstance(u, Substation)]
    if rooms:

        def coldest(course: Course) -> FloatArray:
            lowest: FloatArray = np.min([course[room] for room in rooms], axis=0)
            return lowest

        panels.append(panel("Coldest rooms of all quarters", each(coldest), "temperature, °C"))
    panels += [
        panel(
            f"Air in {title_of(unit.name)}",
            each(column(f"{unit.name}.air_temp_c")),
            "temperature, °C",
        )
        for unit in district.units
        if isinstance(unit, Greenhouse)
    ]
    return panels
