"""The evaluation as a page that a utility can be shown: one file, no scripts, no network."""

from datetime import datetime
from html import escape
from typing import Final

from heatrouter.agents.evaluation_question import Examples
from heatrouter.agents.evaluation_results import Comparison, Evaluation
from heatrouter.agents.report_courses import Course
from heatrouter.agents.report_network import network_map
from heatrouter.agents.report_plots import cost_by_term, saving_by_week
from heatrouter.agents.report_sankey import heat_flows, sankey
from heatrouter.agents.report_tables import every_week, key_figures, limits, term_table
from heatrouter.agents.report_template import facts, figure, grid, page, section
from heatrouter.agents.report_terms import mean_terms
from heatrouter.agents.report_text import (
    THIN_SPACE,
    demand_sentence,
    estimate,
    headline,
    interval,
    main_comparison,
    number,
    percent,
    score_sentence,
    title_of,
    weight_of,
)
from heatrouter.agents.report_weeks import example_week
from heatrouter.envs.spec.district import District

_DRAWN: Final = 3
"""Controllers whose dispatch is drawn; the tables hold all."""


def render_report(evaluation: Evaluation, examples: Examples, district: District) -> str:
    """Write the report.

    Args:
        evaluation: What was found; every number of the report's tables comes from here.
        examples: The course of the weeks that are shown.
        district: The district.

    Returns:
        A complete HTML document that refers to nothing outside itself.
    """
    comparison = main_comparison(evaluation)
    order = list(evaluation.controller_names)
    if comparison is not None:
        # The two that the headline speaks of come first, everywhere.
        first = [comparison.baseline, comparison.controller]
        order = [*first, *(name for name in order if name not in first)]
    body = [
        _summary(evaluation, comparison),
        key_figures(evaluation, order),
        _costs(evaluation, comparison, order),
        *_weeks(evaluation, examples, district, order),
        _flows(evaluation, district, order[:2]),
        limits(evaluation, order),
        _network(examples, evaluation, district, order[:2][-1]),
        _caveats(evaluation),
        every_week(evaluation, order),
        _method(evaluation),
    ]
    return page(
        f"{evaluation.district_title}: evaluation of controllers",
        _header(evaluation, district),
        "".join(body),
        _footer(evaluation),
    )


def _header(evaluation: Evaluation, district: District) -> str:
    created = datetime.fromisoformat(evaluation.created_utc)
    scenarios = len({week.scenario for week in evaluation.weeks})
    seasons = ", ".join(
        f"{sum(w.season == season for w in evaluation.weeks)} {season}"
        for season in dict.fromkeys(week.season for week in evaluation.weeks)
    )
    hypothetical = " (hypothetical)" if evaluation.hypothetical else ""
    return (
        '<p class="kind">heatrouter evaluation</p>'
        f"<h1>{escape(evaluation.district_title)}{hypothetical}</h1>"
        f"<p>{escape(district.description)}</p>"
        + facts(
            {
                "District": escape(evaluation.district),
                "Date": f"{created.day} {created:%B %Y, %H:%M} UTC",
                "Weeks judged": f"{len(evaluation.weeks)} of {evaluation.hours:g} h: {seasons}",
                "Scenarios": f"{scenarios} of the {escape(evaluation.split)} split",
                "Seed": str(evaluation.seed),
                "Control step": f"{evaluation.control_dt_s / 60.0:g} min",
                "Forecasts": escape(evaluation.forecast),
                "Version": f"heatrouter {escape(evaluation.versions['heatrouter'])}",
            }
        )
    )


def _summary(evaluation: Evaluation, comparison: Comparison | None) -> str:
    if comparison is None:
        return '<p class="lead">Only one controller was run; there is nothing to compare.</p>'
    result = evaluation.controller(comparison.controller)
    baseline = evaluation.controller(comparison.baseline)
    base = escape(title_of(baseline.name))
    means = mean_terms(evaluation)
    share = comparison.saving_percent
    cost, cost_base = (
        f"€{THIN_SPACE}{number(sum(means[name].values()), decimals=0)}"
        for name in (result.name, baseline.name)
    )
    median, slowest = (
        f"{number(time_ms)}{THIN_SPACE}ms"
        for time_ms in (result.decision_time.p50_ms, result.decision_time.p99_ms)
    )
    saved = "less" if comparison.saving_eur_per_week.estimate >= 0.0 else "more"
    shown = f"{estimate(share, magnitude=True)}{THIN_SPACE}%" if share else "n/a"
    cards = {
        f"{saved} cost than the {base}": shown,
        f"cost a week; {base} {cost_base}": cost,
        "of heat demand delivered": f"{percent(100.0 * (1.0 - result.unmet_share))}{THIN_SPACE}%",
        f"weeks cheaper than the {base}": f"{comparison.weeks_improved} of {len(evaluation.weeks)}",
        f"for a decision; 99 of 100 within {slowest}": median,
    }
    drawn = "".join(
        f'<div class="card"><b>{value}</b><span>{text}</span></div>'
        for text, value in cards.items()
    )
    score = score_sentence(comparison)
    lead = f"{headline(evaluation, comparison)} {demand_sentence(result, baseline)}"
    return (
        f'<p class="lead">{lead}</p>'
        + (f"<p>{score}</p>" if score else "")
        + f'<div class="cards">{drawn}</div>'
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


def _caveats(evaluation: Evaluation) -> str:
    items = [escape(caveat) for caveat in evaluation.caveats]
    for comparison in evaluation.comparisons:
        worse = len(evaluation.weeks) - comparison.weeks_improved
        if worse:
            items.append(
                f"In {worse} of {len(evaluation.weeks)} weeks the "
                f"{escape(title_of(comparison.controller))} cost no less than the "
                f"{escape(title_of(comparison.baseline))}."
            )
    items += [
        f"The guard changed what the {escape(title_of(result.name))} proposed in "
        f"{number(100.0 * result.guard_share)}{THIN_SPACE}% of the steps."
        for result in evaluation.controllers
        if result.guard_share > 0.0
    ]
    listed = "".join(f"<li>{item}</li>" for item in items)
    return section("What to keep in mind", f'<ul class="plain">{listed}</ul>' if items else "")


def _method(evaluation: Evaluation) -> str:
    comparisons = [
        f"{escape(title_of(c.controller))}: cheaper than the {escape(title_of(c.baseline))} in a "
        f"week with probability {estimate(c.probability_of_improvement)} "
        f"({interval(c.probability_of_improvement)}); regret against "
        f"{escape(title_of(c.regret_against))} €{THIN_SPACE}{number(c.regret_mean_eur, decimals=0)}"
        f" a week on average, €{THIN_SPACE}{number(c.regret_worst_decile_eur, decimals=0)} in the "
        "worst tenth of the weeks"
        for c in evaluation.comparisons
    ]
    weights = facts(dict(weight_of(name, value) for name, value in evaluation.objective.items()))
    origins = [
        f"{escape(title_of(r.name))}: {escape(r.origin)}; actions: "
        f"{escape(title_of(r.parametrisation))}"
        for r in evaluation.controllers
    ]
    # Keys of random numbers matter to programs only.
    sources = [escape(e) for e in evaluation.provenance if not e.startswith("key:")]
    return section(
        "How this was measured",
        "<p>The cost is that of purchased energy, emissions, wear and missed heat and comfort, "
        "less the change in value of the heat held in stores, pipes and buildings. Every "
        "controller ran the same weeks from the same state, with the same forecasts, behind the "
        "same guard. "
        f"Intervals are 95{THIN_SPACE}% bootstrap intervals over {evaluation.resampled}.</p>",
        _listed(comparisons),
        f"<h3>Controllers</h3>{_listed(origins)}",
        f"<h3>Weights of the objective</h3>{weights}",
        f"<h3>Data</h3>{_listed(sources)}",
    )


def _listed(items: list[str]) -> str:
    return f'<ul class="plain">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def _footer(evaluation: Evaluation) -> str:
    versions = ", ".join(f"{escape(k)} {escape(v)}" for k, v in evaluation.versions.items())
    return (
        f"{versions}. District {evaluation.district_digest[:12]}, task {escape(evaluation.task)} "
        f"{evaluation.task_digest[:12]}, seed {evaluation.seed}."
    )
