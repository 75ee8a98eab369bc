"""The parts of the report that are mostly words: header, summary, caveats, method."""

from datetime import datetime
from html import escape

from heatrouter.agents.evaluation_comparison import Comparison
from heatrouter.agents.evaluation_results import Evaluation
from heatrouter.agents.report_template import facts, section
from heatrouter.agents.report_terms import mean_terms
from heatrouter.agents.report_text import (
    THIN_SPACE,
    demand_sentence,
    estimate,
    family_sentence,
    few_weeks,
    headline,
    number,
    percent,
    score_sentence,
    title_of,
    weight_of,
)
from heatrouter.envs.spec.district import District


def header(evaluation: Evaluation, district: District) -> str:
    """What was judged: district, weeks, seeds."""
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
                "Weeks judged": f"{len(evaluation.weeks)}: {seasons}; {evaluation.hours:g} h each",
                "Scenarios": f"{scenarios} of the {escape(evaluation.split)} split",
                "Seeds" if len(evaluation.seeds) > 1 else "Seed": ", ".join(
                    map(str, evaluation.seeds)
                ),
                "Control step": f"{evaluation.control_dt_s / 60.0:g} min",
                "Forecasts": escape(evaluation.forecast),
                "Version": f"heatrouter {escape(evaluation.versions['heatrouter'])}",
            }
        )
    )


def summary(evaluation: Evaluation, comparison: Comparison | None) -> str:
    """The headline, in a sentence and in some figures."""
    alarm = "".join(f'<p class="alarm">{escape(text)}</p>' for text in evaluation.wrong)
    if comparison is None:
        return (
            f'{alarm}<p class="lead">Only one controller was run; there is nothing to compare.</p>'
        )
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
    hint = few_weeks(len(evaluation.weeks))
    runs = "".join(f"<p>{family_sentence(family)}</p>" for family in evaluation.families)
    return (
        f'{alarm}<p class="lead">{lead}</p>'
        + (f'<p class="note">{hint}</p>' if hint else "")
        + (f"<p>{score}</p>" if score else "")
        + runs
        + f'<div class="cards">{drawn}</div>'
    )


def caveats(evaluation: Evaluation) -> str:
    """What limits the findings."""
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


def method(evaluation: Evaluation) -> str:
    """How it was measured, with weights, controllers and data."""
    weights = facts(dict(weight_of(name, value) for name, value in evaluation.objective.items()))
    origins = [
        f"{escape(title_of(r.name))}: {escape(r.origin)}; actions: "
        f"{escape(title_of(r.parametrisation))}"
        for r in evaluation.controllers
    ]
    if evaluation.bound is not None:
        origins.append(f"bound: {escape(evaluation.bound.origin)}")
    # Keys of random numbers matter to programs only.
    sources = [escape(e) for e in evaluation.provenance if not e.startswith("key:")]
    return section(
        "How this was measured",
        "<p>The cost is that of purchased energy, emissions, wear and missed heat and comfort, "
        "less the change in value of the heat held in stores, pipes and buildings. Every "
        "controller ran the same weeks from the same state, with the same forecasts, behind the "
        "same guard. "
        f"Intervals are 95{THIN_SPACE}% bootstrap intervals over {evaluation.resampled}.</p>",
        f"<h3>Controllers</h3>{_listed(origins)}",
        f"<h3>Weights of the objective</h3>{weights}",
        f"<h3>Data</h3>{_listed(sources)}",
        f"<h3>Versions</h3>{_versions(evaluation)}",
    )


def footer(evaluation: Evaluation) -> str:
    """Versions and digests, to find the run again."""
    version = escape(evaluation.versions["heatrouter"])
    return f"heatrouter {version}, {escape(evaluation.district)} {evaluation.created_utc}."


def _versions(evaluation: Evaluation) -> str:
    packages = ", ".join(f"{escape(k)} {escape(v)}" for k, v in evaluation.versions.items())
    digests = (
        f"district {escape(evaluation.district)} {evaluation.district_digest[:12]}, task "
        f"{escape(evaluation.task)} {evaluation.task_digest[:12]}, seed of weeks and bootstrap "
        f"{evaluation.seed}"
    )
    return _listed([packages, digests])


def _listed(items: list[str]) -> str:
    return f'<ul class="plain">{"".join(f"<li>{item}</li>" for item in items)}</ul>'
