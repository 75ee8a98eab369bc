"""The record of how shipped policies were judged, and the page docs/policies.md.

Reads files that ``heatrouter evaluate PRESET --controllers rules,constant-price,policy,... --json``
wrote, and keeps as ``judged.json`` beside each bundle what the page shows and what the weeks cost:
sums, intervals, limits that were left, times; no courses. Run again, it keeps what other files said
before.

Example: python benchmarks/judged_policies.py runs/energy-web.json runs/kalundborg.json
"""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from judged_policies_figure import draw

from heatrouter.agents.evaluation_comparison import Interval
from heatrouter.agents.evaluation_results import ControllerResult, Evaluation
from heatrouter.agents.evaluation_statistics import PairedBootstrap, score
from heatrouter.agents.evaluation_weeks import levels
from heatrouter.agents.shipped_bundles import shipped_bundle, shipped_presets
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import HeatrouterError

POLICY, RULES, MPC, REFERENCE = "policy", "rules", "mpc", "reference"
ORDER = (RULES, "constant-price", MPC, POLICY, REFERENCE)
RECORD = "judged.json"
PERCENT = 100.0
_SPACE = "\N{NO-BREAK SPACE}"
FIGURE = "images/policies.png"
MARK = "<!-- judged policies: from benchmarks/judged_policies.py -->"


def condense(evaluation: Evaluation) -> dict[str, Any]:
    """What is kept of an evaluation."""
    costs = {c.name: _costs(c) for c in evaluation.controllers}
    scores = {c.controller: c for c in evaluation.comparisons}
    kept: dict[str, Any] = {
        "preset": evaluation.district,
        "created_utc": evaluation.created_utc,
        "versions": evaluation.versions,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "weeks": len(evaluation.weeks),
        "seeds": list(evaluation.seeds),
        "provenance": list(evaluation.provenance),
        "controllers": {},
    }
    for controller in evaluation.controllers:
        found = scores.get(controller.name)
        scored = None if found is None else found.score
        kept["controllers"][controller.name] = {
            "origin": controller.origin,
            "cost_eur": round(float(costs[controller.name].sum()), 2),
            "costs_eur": costs[controller.name].round(2).tolist(),
            "saving_percent": _of(found.saving_percent if found else None),
            "optimality": _of(scored.optimality if scored else None),
            "weeks_cheaper": found.weeks_improved if found else None,
            "unmet_share": controller.unmet_share,
            "hours_outside": {v.kind: round(v.hours, 2) for v in controller.violations if v.hours},
            "decision_p50_ms": round(controller.decision_time.p50_ms, 4),
            "decision_p99_ms": round(controller.decision_time.p99_ms, 4),
        }
    if {POLICY, MPC} <= set(costs):
        paired = PairedBootstrap(*levels(evaluation.weeks), seed=evaluation.seed)

        def ahead(of: FloatArray) -> list[float] | None:
            return _of(paired.interval(lambda s: s[0] / s[1], (costs[MPC] - costs[POLICY], of)))

        kept["ahead_of_mpc_percent"] = ahead(costs[RULES] / PERCENT)
        if kept["controllers"][POLICY]["optimality"] is not None:  # else there is no headroom
            kept["optimality_ahead_of_mpc"] = ahead(costs[RULES] - costs[REFERENCE])
    return kept


def joined(first: Evaluation, second: Evaluation) -> Evaluation:
    """Two evaluations of the same weeks as one, scored against the reference of either."""
    controllers = {c.name: c for c in (*second.controllers, *first.controllers)}
    met = {c.exogenous_digest for c in controllers.values()}
    cost = [evaluation.controller(RULES) for evaluation in (first, second)]
    if first.weeks != second.weeks or len(met) > 1 or cost[0].weeks != cost[1].weeks:
        msg = f"{first.district}: the files judge other weeks, or by other code; judge all in one"
        raise HeatrouterError(msg)
    costs = {name: _costs(c) for name, c in controllers.items()}
    known = {c.controller: c for c in (*second.comparisons, *first.comparisons)}
    if REFERENCE in costs:
        paired = PairedBootstrap(*levels(first.weeks), seed=first.seed)
        known = {
            name: comparison.model_copy(
                update={
                    "score": score(paired, costs[name], costs[RULES], costs[REFERENCE], REFERENCE)
                }
            )
            for name, comparison in known.items()
        }
    order = [name for name in ORDER if name in controllers]
    return first.model_copy(
        update={
            "controllers": tuple(controllers[name] for name in order),
            "comparisons": tuple(known[name] for name in order if name in known),
        }
    )


def page(records: Sequence[dict[str, Any]]) -> str:
    """The table of all records, as Markdown."""
    head = "| preset | weeks | controller | saves, % | optimality | weeks cheaper | unmet |"
    head += " outside limits, h | decision p50 / p99, ms |"
    rows = [head, "|---|---:|---|---:|---:|---:|---:|---|---:|"]
    for record in records:
        for name, one in record["controllers"].items():
            outside = ", ".join(f"{kind} {hours:g}" for kind, hours in one["hours_outside"].items())
            cells = [
                record["preset"] if name == RULES else "",
                str(record["weeks"]) if name == RULES else "",
                name.replace("-", " "),
                _text(one["saving_percent"], 1),
                _text(one["optimality"], 2),
                "" if one["weeks_cheaper"] is None else str(one["weeks_cheaper"]),
                _share(one["unmet_share"]),
                outside,
                f"{_time(one['decision_p50_ms'])} / {_time(one['decision_p99_ms'])}",
            ]
            rows.append("| " + " | ".join(cells) + " |")
    rows += [
        "",
        "| preset | policy ahead of MPC, % of the rules' cost | in optimality |",
        "|---|---:|---:|",
    ]
    for record in records:
        if (ahead := record.get("ahead_of_mpc_percent")) is not None:
            optimality = _text(record.get("optimality_ahead_of_mpc"), 2)
            rows.append(f"| {record['preset']} | {_text(ahead, 1)} | {optimality} |")
    return "\n".join(rows)


def _share(value: float) -> str:
    """Percent; what is too little to mean anything as less than it."""
    percent = PERCENT * value
    return "< 0.001 %" if 0.0 < percent < 0.001 else f"{percent:.2g} %"


def _costs(controller: ControllerResult) -> FloatArray:
    return np.array([week.cost_eur for week in controller.weeks])


def _of(found: Interval | None) -> list[float] | None:
    return None if found is None else [found.estimate, found.low, found.high]


def _time(value_ms: float) -> str:
    return f"{value_ms:.0f}" if value_ms >= 100.0 else f"{value_ms:.3g}"


def _text(found: list[float] | None, decimals: int) -> str:
    if found is None:
        return ""
    texts = [f"{value:.{decimals}f}".replace("-", "\N{MINUS SIGN}") for value in found]
    estimate, low, high = texts
    # an interval is not broken over lines in a narrow column
    return f"{estimate} ({low}{_SPACE}to{_SPACE}{high})"


def main() -> None:
    """Keep records and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--page", type=Path, default=Path("docs/policies.md"))
    arguments = parser.parse_args()
    found: dict[str, Evaluation] = {}
    for file in arguments.files:
        read = Evaluation.model_validate_json(file.read_text(encoding="utf-8"))
        before = found.get(read.district)
        found[read.district] = read if before is None else joined(before, read)
    for evaluation in found.values():
        bundle = shipped_bundle(evaluation.district)
        if bundle is None or POLICY not in {c.name for c in evaluation.controllers}:
            parser.error(f"{evaluation.district}: no file holds a policy that is shipped")
        record = json.dumps(condense(evaluation), indent=1) + "\n"
        (bundle.parent / RECORD).write_text(record, encoding="utf-8")
    records = []
    for preset in shipped_presets():
        folder = shipped_bundle(preset)
        if folder is not None and (folder.parent / RECORD).is_file():
            records.append(json.loads((folder.parent / RECORD).read_text(encoding="utf-8")))
    text = arguments.page.read_text(encoding="utf-8").split(MARK)
    figure = arguments.page.parent / FIGURE
    draw(records, figure)
    text[1] = f"\n\n![What controllers save on each preset]({FIGURE})\n\n{page(records)}\n\n"
    arguments.page.write_text(MARK.join(text), encoding="utf-8")


if __name__ == "__main__":
    main()
