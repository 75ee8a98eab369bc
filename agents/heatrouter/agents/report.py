"""The evaluation as a page that a utility can be shown: one file, no scripts, no network."""

from collections.abc import Sequence
from html import escape
from typing import Final

from heatrouter.agents.evaluation_comparison import Comparison
from heatrouter.agents.evaluation_question import Examples
from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.report_courses import Course
from heatrouter.agents.report_duration import duration_curves
from heatrouter.agents.report_failures import failures
from heatrouter.agents.report_gap import gaps
from heatrouter.agents.report_network import network_map
from heatrouter.agents.report_overview import overview
from heatrouter.agents.report_parts import caveats, footer, header, method, summary
from heatrouter.agents.report_plots import cost_by_term, saving_by_week
from heatrouter.agents.report_sankey import heat_flows, sankey
from heatrouter.agents.report_scores import scores
from heatrouter.agents.report_tables import every_week, key_figures, limits, term_table
from heatrouter.agents.report_template import figure, grid, page, section
from heatrouter.agents.report_text import main_comparison, title_of
from heatrouter.agents.report_weeks import example_week
from heatrouter.envs.spec.district import District

_DRAWN: Final = 4
"""Controllers whose dispatch is drawn; the tables hold all."""


def render_report(evaluation: Evaluation, examples: Examples, district: District) -> str:
    """Write the report on one district; see :func:`render_reports`."""
    return render_reports([(evaluation, examples, district)])


def render_reports(found: Sequence[tuple[Evaluation, Examples, District]]) -> str:
    """Write the report.

    Args:
        found: For each district what was found, every number of the report's tables comes from
            there; the course of the weeks that are shown; and the district. At least one.

    Returns:
        A complete HTML document that refers to nothing outside itself.
    """
    if len(found) == 1:
        evaluation, examples, district = found[0]
        return page(
            f"{evaluation.district_title}: evaluation of controllers",
            header(evaluation, district),
            _body(evaluation, examples, district),
            footer(evaluation),
        )
    evaluations = [evaluation for evaluation, _, _ in found]
    articles = [
        f'<article id="{escape(evaluation.district)}"><div class="district">'
        f"{header(evaluation, district)}</div>{_body(evaluation, examples, district)}</article>"
        for evaluation, examples, district in found
    ]
    return page(
        f"{len(found)} districts: evaluation of controllers",
        f'<p class="kind">heatrouter evaluation</p><h1>{len(found)} districts</h1>',
        overview(evaluations) + "".join(articles),
        "<br>".join(footer(evaluation) for evaluation in evaluations),
    )


def _body(evaluation: Evaluation, examples: Examples, district: District) -> str:
    comparison = main_comparison(evaluation)
    order = list(evaluation.controller_names)
    if comparison is not None:
        # The two that the headline speaks of come first, everywhere.
        first = [comparison.baseline, comparison.controller]
        order = [*first, *(name for name in order if name not in first)]
    return "".join(
        [
            summary(evaluation, comparison),
            scores(evaluation, order),
            gaps(evaluation, order[0]),
            key_figures(evaluation, order),
            failures(evaluation, order),
            _costs(evaluation, comparison, order),
            *_weeks(evaluation, examples, district, order),
            duration_curves(evaluation, order),
            _flows(evaluation, district, order[:2]),
            limits(evaluation, order),
            _network(examples, evaluation, district, order[:2][-1]),
            caveats(evaluation),
            every_week(evaluation, order),
            method(evaluation),
        ]
    )


def _costs(evaluation: Evaluation, comparison: Comparison | None, order: list[str]) -> str:
    figures = [
        figure("Cost by term", cost_by_term(evaluation, order), small="€, mean of a week"),
    ]
    if comparison is not None:
        drawn = saving_by_week(evaluation, comparison.controller, comparison.baseline)
        names = f"{title_of(comparison.controller)} against {title_of(comparison.baseline)}"
        figures.append(figure("Saving in each week", drawn, small=f"{names}, through the year"))
    return section("What it costs", grid(*figures), term_table(evaluation, order))


def _weeks(
    evaluation: Evaluation, examples: Examples, district: District, order: list[str]
) -> list[str]:
    sections = []
    for week in examples.outputs[order[0]]:
        courses = {
            name: Course.from_outputs(examples.outputs[name][week], examples.columns, examples.dt_s)
            for name in order[:_DRAWN]
        }
        sections.append(example_week(evaluation.weeks[week], courses, district, order[0]))
    return sections


def _flows(evaluation: Evaluation, district: District, names: list[str]) -> str:
    results = [evaluation.controller(name) for name in names]
    scale_mwh = max(
        sum(flow.mwh for flow in heat_flows(district, result, evaluation.hours)[0])
        for result in results
    )
    drawings = (
        figure(title_of(result.name), sankey(district, result, evaluation.hours, scale_mwh))
        for result in results
    )
    return section(
        "Where the heat comes from and where it goes",
        "<p>MWh a week, mean of all weeks, at one scale. In brackets: share of the heat that was "
        "there to be recovered.</p>",
        grid(*drawings),
    )


def _network(examples: Examples, evaluation: Evaluation, district: District, name: str) -> str:
    week, outputs = next(iter(examples.outputs[name].items()))
    means = {column: float(outputs[:, i].mean()) for column, i in examples.columns.items()}
    season = evaluation.weeks[week].season
    subtitle = f"mean of the {season} week above, {title_of(name)}"
    drawn = network_map(district, means, subtitle)
    return section("The network", figure("", drawn, wide=True)) if drawn else ""
