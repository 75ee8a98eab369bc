"""Numbers and sentences of the report.

A number is written as ``<data value="...">``: readers see it rounded, programs and tests find it
as it stands in the JSON file.
"""

import math
from html import escape
from pathlib import PurePath

from heatrouter.agents.evaluation_comparison import Comparison, FamilySummary, Interval
from heatrouter.agents.evaluation_controllers import WITH_FOLDER
from heatrouter.agents.evaluation_results import Better, ControllerResult, Evaluation

THIN_SPACE = "\u202f"

_WORDS = {"co2": "CO₂", "mpc": "MPC"}

_MET = 1e-3
"""Share of unmet heat below which demand counts as met; a heat meter errs by 2 % (EN 1434)."""

_WEEKS_FOR_INTERVALS = 8
"""With fewer, a bootstrap draws the same few weeks again and its intervals are too narrow."""


def rounded(value: float, *, signed: bool = False, decimals: int | None = None) -> str:
    """A number for readers.

    Args:
        value: The number.
        signed: Whether a plus sign is written, too.
        decimals: Digits after the point; by default as many as show three significant digits.

    Returns:
        The number with thin spaces between thousands and a true minus sign.
    """
    if not math.isfinite(value):
        return "n/a"
    if decimals is None:
        decimals = significant(abs(value))
    text = f"{abs(value):,.{decimals}f}".replace(",", THIN_SPACE)
    if float(text.replace(THIN_SPACE, "")) == 0.0:
        return "0"
    sign = "\u2212" if value < 0 else ("+" if signed else "")
    return sign + text


def significant(magnitude: float, digits: int = 3) -> int:
    """Digits after the point that show so many significant digits, at most 4."""
    if magnitude < 1e-12 or not math.isfinite(magnitude):
        return 0
    return min(4, max(0, digits - 1 - math.floor(math.log10(magnitude))))


def number(value: float, *, signed: bool = False, decimals: int | None = None) -> str:
    """A number as HTML, with its exact value."""
    return f'<data value="{value!r}">{rounded(value, signed=signed, decimals=decimals)}</data>'


def percent(value: float) -> str:
    """A percentage as HTML; never rounded up to 100 %, so that no shortfall is rounded away."""
    if not 99.0 <= value < 100.0:
        return number(value)
    decimals = min(4, 1 + math.ceil(-math.log10(100.0 - value)))
    down = math.floor(value * 10.0**decimals) / 10.0**decimals
    return f'<data value="{value!r}">{down:.{decimals}f}</data>'


def interval_decimals(value: Interval) -> int:
    """Digits after the point that an estimate with this interval deserves."""
    width = value.high - value.low
    return significant(width, 2) if width > 0.0 else significant(abs(value.estimate))


def estimate(value: Interval, *, signed: bool = False, magnitude: bool = False) -> str:
    """The estimate as HTML, no finer than its interval."""
    shown = abs(value.estimate) if magnitude else value.estimate
    return number(shown, signed=signed, decimals=interval_decimals(value))


def interval(value: Interval, *, signed: bool = False) -> str:
    """Lower and upper end as HTML."""
    decimals = interval_decimals(value)
    low = number(value.low, signed=signed, decimals=decimals)
    return f"{low} to {number(value.high, signed=signed, decimals=decimals)}"


def title_of(name: str) -> str:
    """A name of the district, of the objective or of a controller as words.

    Of a controller that is named by its folder or class only the last part is shown.
    """
    kind, _, rest = name.partition(":")
    if rest and kind in WITH_FOLDER:
        return f"{kind} {PurePath(rest).name}"
    name = short(name)
    words = _WORDS.get(name)
    if words is not None:
        return words
    return name.replace("_", " ").replace("-", " ")


def short(name: str) -> str:
    """The name of a controller without the module that it comes from."""
    return name.rpartition(":")[2]


_WEIGHT_UNITS = {
    "_eur_per_mwh": "€/MWh",
    "_eur_per_mw": "€/MW",
    "_eur_per_t": "€/t",
    "_eur_per_h": "€/h",
    "_eur_per_kh_mw": "€/(K h MW)",
    "_eur_per_kh_ha": "€/(K h ha)",
}


def weight_of(name: str, value: float | None) -> tuple[str, str]:
    """A weight of the objective: its name in words, and its value with the unit, as HTML."""
    ending = next((end for end in _WEIGHT_UNITS if name.endswith(end)), "")
    unit = _WEIGHT_UNITS.get(ending, "")
    text = "as in the scenario" if value is None else f"{number(value)} {unit}".strip()
    return title_of(name.removesuffix(ending)), text


def main_comparison(evaluation: Evaluation) -> Comparison | None:
    """The comparison that the headline is about: a policy, else a plan, else the first one."""

    def rank(comparison: Comparison) -> int:
        result = evaluation.controller(comparison.controller)
        name = result.family or short(result.name)
        is_reference = comparison.score is not None and comparison.score.reference == result.name
        return len(_MAIN) + 1 if is_reference else _MAIN.get(name, len(_MAIN))

    return min(evaluation.comparisons, key=rank, default=None)


_MAIN = {"policy": 0, "sb3": 1, "mpc": 2}


def headline(evaluation: Evaluation, comparison: Comparison) -> str:
    """What was saved and whether that can be told from chance, in one sentence of HTML."""
    name, base = escape(title_of(comparison.controller)), escape(title_of(comparison.baseline))
    weeks = f"{len(evaluation.weeks)} held-out week{'s' if len(evaluation.weeks) > 1 else ''}"
    euros, share = comparison.saving_eur_per_week, comparison.saving_percent
    size = f"€{THIN_SPACE}{estimate(euros, magnitude=True)} a week"
    if share is not None:
        size = f"{estimate(share, magnitude=True)}{THIN_SPACE}% ({size})"
    judged, unit = (share, f"{THIN_SPACE}%") if share else (euros, f"{THIN_SPACE}€")
    bounds = f"95{THIN_SPACE}% interval {interval(judged)}{unit}"
    if judged.low == judged.high != 0.0:
        less = "less" if judged.estimate >= 0.0 else "more"
        return (
            f"Over {weeks} the {name} cost {size} {less} than the {base}; no spread, no interval."
        )
    if judged.low > 0.0:
        return f"Over {weeks} the {name} cost <b>{size} less</b> than the {base} ({bounds})."
    if judged.high < 0.0:
        return (
            f"Over {weeks} the {name} cost <b>{size} more</b> than the {base} (saving: {bounds})."
        )
    less = "less" if judged.estimate >= 0.0 else "more"
    return (
        f"Over {weeks} the {name} cost {size} {less} than the {base}, "
        f"<b>no difference that can be told from chance</b> (saving: {bounds})."
    )


def few_weeks(count: int) -> str:
    """What to think of the intervals of a handful of weeks; empty where there are more."""
    if count >= _WEEKS_FOR_INTERVALS:
        return ""
    weeks = f"{count} week{'s' if count > 1 else ''}"
    return f"{weeks} cannot speak for a year: take the intervals as hints; 48 weeks decide."


def demand_sentence(result: ControllerResult, baseline: ControllerResult) -> str:
    """Whether heat demand was met and limits kept, in some sentences of HTML."""
    missing, missing_base = result.unmet_share, baseline.unmet_share
    base = escape(title_of(baseline.name))
    covered = f"{percent(100.0 * (1.0 - missing))}{THIN_SPACE}%"
    covered_base = f"{percent(100.0 * (1.0 - missing_base))}{THIN_SPACE}%"
    if missing == missing_base:
        covered_base = "the same"
    met = "Heat demand was met" if missing < _MET else "<b>Heat demand was not met in full</b>"
    sentence = f"{met}: {covered} delivered, {covered_base} under the {base}."
    hours = sum(breach.hours for breach in result.breaches)
    hours_base = sum(breach.hours for breach in baseline.breaches)
    if hours == 0.0:
        return f"{sentence} Every limit was kept."
    count = sum(breach.events > 0 for breach in result.breaches)
    return (
        f"{sentence} {count} of {len(result.breaches)} limits "
        f"{'were' if count > 1 else 'was'} left, for {number(hours)}{THIN_SPACE}h together "
        f"({number(hours_base)}{THIN_SPACE}h under the {base})."
    )


def verdict_class(better: Better, difference: Interval) -> str:
    """Style class of a difference: better, worse or not to be told, as where one week has it."""
    without_spread = difference.low == difference.high
    if better == "neither" or without_spread or difference.low <= 0.0 <= difference.high:
        return "even"
    falls = difference.high < 0.0
    return "better" if falls == (better == "lower") else "worse"


def score_sentence(comparison: Comparison) -> str:
    """What the score says, in HTML; empty without a reference."""
    score = comparison.score
    if score is None:
        return ""
    name, reference = escape(title_of(comparison.controller)), escape(title_of(score.reference))
    headroom = f"{number(score.headroom_percent)}{THIN_SPACE}%"
    if score.verdict == "no headroom":
        return (
            f"<b>No headroom.</b> Even {reference} saves only {headroom} of the cost on these "
            "weeks: too little to score a controller by."
        )
    if score.optimality is None:
        return (
            f"<b>No score.</b> {reference} does not cost less than the "
            f"{escape(title_of(comparison.baseline))} ({headroom}), so it is no reference."
        )
    return (
        f"Of the {headroom} that {reference} saves with perfect foresight, {name} gets the share "
        f"<b>{estimate(score.optimality)}</b> "
        f"(95{THIN_SPACE}% interval {interval(score.optimality)})."
    )


def family_sentence(family: FamilySummary) -> str:
    """What several training runs of one recipe come to, in HTML."""
    runs = f"Over {len(family.members)} training runs of {escape(title_of(family.family))}"
    saving, score = family.saving_percent, family.optimality
    parts = []
    if saving is not None:
        parts.append(f"saving {estimate(saving)}{THIN_SPACE}% ({interval(saving)}{THIN_SPACE}%)")
    if score is not None:
        parts.append(f"optimality {estimate(score)} ({interval(score)})")
    return f"{runs}, interquartile mean: {', '.join(parts) or 'no score'}."
