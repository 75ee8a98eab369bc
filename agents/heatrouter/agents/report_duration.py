"""Duration curves: for which share of the time a power is exceeded."""

from typing import Final

from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.report_heat import DEMAND_CURVE
from heatrouter.agents.report_palette import controller_colours
from heatrouter.agents.report_svg import Chart, legend, span
from heatrouter.agents.report_template import figure, grid, section
from heatrouter.agents.report_text import title_of

_KW_PER_MW: Final = 1000.0
_DRAWN: Final = 5
"""Controllers whose curves are drawn; more lines cannot be told apart."""

_MOST_UNITS: Final = 11
_PERCENT: Final = [float(share) for share in range(101)]


def duration_curves(evaluation: Evaluation, order: list[str]) -> str:
    """The section on load and producers over all weeks.

    Args:
        evaluation: What was found.
        order: Names of the controllers, the most important first.

    Returns:
        A section with one chart for the demand and for each unit that fed heat in; the units with
        the most heat where there are many.
    """
    shown = order[:_DRAWN]
    curves = {
        name: {curve.name: curve.exceeded_kw for curve in evaluation.controller(name).duration}
        for name in shown
    }
    names = list(curves[shown[0]])
    energy = {name: max(sum(curves[shown_by][name]) for shown_by in shown) for name in names}
    units = [name for name in names if name != DEMAND_CURVE and energy[name] > 0.0]
    chosen = set(sorted(units, key=lambda name: -energy[name])[:_MOST_UNITS])
    colours = controller_colours(shown, shown[0])
    drawn = []
    for name in names:
        if name != DEMAND_CURVE and name not in chosen:
            continue
        title = "Heat demand of all consumers" if name == DEMAND_CURVE else title_of(name)
        lines = {by: [kw / _KW_PER_MW for kw in curves[by][name]] for by in shown}
        drawn.append(figure(title.capitalize(), _chart(title, lines, colours)))
    if not drawn:
        return ""
    left_out = len(units) - len(chosen)
    note = f" The {left_out} units with the least heat are left out." if left_out else ""
    marks = [("line", colours[name], title_of(name)) for name in shown]
    return section(
        "Duration curves",
        "<p>Heat power that is exceeded in a share of all steps of all weeks. Where only one line "
        f"is seen, the lines coincide.{note}</p>",
        legend(marks),
        grid(*drawn),
    )


def _chart(title: str, lines: dict[str, list[float]], colours: dict[str, str]) -> str:
    highest = max(max(values) for values in lines.values())
    lowest = min(min(values) for values in lines.values())
    chart = Chart(
        f"Duration curve, {title}",
        (0.0, 100.0),
        span([highest, lowest], include=(0.0,)) if lowest >= 0.0 else span([lowest, highest]),
        "heat, MW",
        height=190.0,
    )
    chart.y_axis(4)
    chart.x_axis((share, share, f"{share:g} %") for share in (0.0, 25.0, 50.0, 75.0, 100.0))
    # Back to front: the controllers that matter most come first.
    for name, values in reversed(lines.items()):
        chart.line(_PERCENT, values, colours[name])
    return chart.svg()
