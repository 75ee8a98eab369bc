"""What the demo found: one JSON file, one table, and the checks that decide its exit code."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from heatrouter.training.demo_service import ServiceRun

CLOSURE_LIMIT = 1e-9
PARITY_LIMIT = 1e-5
LEAST_TICKS = 220
MOST_FALLBACK_TICKS = 1

_SHOWN = (
    ("cost_eur", "cost of a week, €", 1.0, 0),
    ("reuse_rate", "waste heat put to use, %", 100.0, 1),
    ("recapture", "waste heat recaptured, %", 100.0, 1),
    ("unmet_demand_share", "unmet share of demand, %", 100.0, 3),
    ("boiler_kwh", "heat from boilers, MWh", 1e-3, 0),
    ("co2_t", "CO2, t", 1.0, 1),
)


def controller_figures(evaluation: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Cost of all weeks and mean key figures per controller.

    Args:
        evaluation: The JSON of ``heatrouter evaluate``.

    Returns:
        Controller to ``objective_eur`` (sum over the weeks) and each key figure (mean).
    """
    figures: dict[str, dict[str, float]] = {}
    for result in evaluation["controllers"]:
        weeks = result["weeks"]
        names = weeks[0]["kpis"]
        # A ratio over nothing is null, e.g. the efficiency of what never ran.
        values = {n: [w["kpis"][n] for w in weeks if w["kpis"][n] is not None] for n in names}
        means = {name: sum(found) / len(found) for name, found in values.items() if found}
        total = sum(week["cost_eur"] for week in weeks)
        figures[result["name"]] = {
            **means,
            "unmet_demand_share": result["unmet_share"],
            "cost_eur": total / len(weeks),
            "objective_eur": total,
        }
    return figures


def build_summary(
    *,
    evaluation: Mapping[str, Any],
    training: Mapping[str, Any],
    parity: Mapping[str, Any],
    closure: float,
    service: ServiceRun,
) -> dict[str, Any]:
    """Put the results of all stages together.

    Args:
        evaluation: The JSON of ``heatrouter evaluate``.
        training: The summary of the training.
        parity: Of the export.
        closure: Residual over throughput of the simulated week.
        service: What the service did.
    """
    figures = controller_figures(evaluation)
    rules, policy = figures["rules"], figures["policy"]
    saving = (rules["objective_eur"] - policy["objective_eur"]) / abs(rules["objective_eur"])
    comparison = next(c for c in evaluation["comparisons"] if c["controller"] == "policy")
    return {
        "schema_version": 1,
        "reuse_rate": {name: found["reuse_rate"] for name, found in figures.items()},
        "unmet_demand_share": {n: found["unmet_demand_share"] for n, found in figures.items()},
        "objective_eur": {name: found["objective_eur"] for name, found in figures.items()},
        "saving": saving,
        "saving_percent_interval": comparison["saving_percent"],
        "weeks": [week["start_utc"] for week in evaluation["weeks"]],
        "split": evaluation["split"],
        "figures": figures,
        "parity_max_abs_error": parity["max_abs_error_normalised"],
        "parity_max_abs_error_physical": parity["max_abs_error_physical"],
        "parity_observations": parity["observations"],
        "energy_closure_relative": closure,
        "service": {
            "ticks": service.ticks,
            "fallback_ticks_after_kill": service.fallback_ticks_after_kill,
            "unsafe_writes": service.unsafe_writes,
            "policy_ticks": service.policy_ticks,
            "writes": service.writes,
            "audit_verified": service.audit_verified,
            "policy_decision_p50_ms": service.policy_ms,
        },
        "training": {
            key: training[key]
            for key in ("steps", "seconds", "best_step", "best_saving", "start_saving")
        },
    }


def failed_checks(summary: Mapping[str, Any]) -> list[str]:
    """What the demo promises and did not keep, in words; empty when all is well."""
    service = summary["service"]
    fallback = service["fallback_ticks_after_kill"]
    objective = summary["objective_eur"]
    checks = [
        (
            summary["energy_closure_relative"] <= CLOSURE_LIMIT,
            (
                f"energy balance: residual {summary['energy_closure_relative']:.1e} of the "
                f"throughput, the limit is {CLOSURE_LIMIT:g}"
            ),
        ),
        (
            summary["parity_max_abs_error"] <= PARITY_LIMIT,
            f"parity: {summary['parity_max_abs_error']:.1e}, the limit is {PARITY_LIMIT:g}",
        ),
        (
            objective["policy"] < objective["rules"],
            (
                f"held-out weeks: the policy costs {objective['policy']:,.0f} EUR, "
                f"the rules {objective['rules']:,.0f} EUR"
            ),
        ),
        (
            service["ticks"] >= LEAST_TICKS,
            f"service: {service['ticks']} ticks, at least {LEAST_TICKS} were wanted",
        ),
        (service["policy_ticks"] > 0, "service: the policy never controlled"),
        (
            fallback is not None and fallback <= MOST_FALLBACK_TICKS,
            (
                f"service: {fallback} ticks from the policy's end to the rules, "
                f"at most {MOST_FALLBACK_TICKS} may pass"
            ),
        ),
        (
            service["unsafe_writes"] == 0,
            f"service: {service['unsafe_writes']} unsafe writes, none may happen",
        ),
        (service["audit_verified"], "service: the audit log's chain does not hold"),
    ]
    return [message for kept, message in checks if not kept]


def print_summary(summary: Mapping[str, Any], console: Console) -> None:
    """Print what matters as a table."""
    figures = summary["figures"]
    table = Table(title=f"{len(summary['weeks'])} held-out weeks, mean of a week")
    table.add_column("")
    for name in figures:
        table.add_column(name, justify="right")
    for key, label, factor, decimals in _SHOWN:
        row = [
            f"{found[key] * factor:,.{decimals}f}" if key in found else ""
            for found in figures.values()
        ]
        table.add_row(label, *row)
    console.print(table)
    service = summary["service"]
    console.print(
        f"The policy saves {100.0 * summary['saving']:.2f} % of the rules' cost.\n"
        f"Export: {summary['parity_max_abs_error']:.1e} from the trained network over "
        f"{summary['parity_observations']:,} observations.\n"
        f"Energy balance of the simulator: {summary['energy_closure_relative']:.1e} of the "
        "throughput is left over.\n"
        f"Service: {service['ticks']} ticks, the rules took over "
        f"{service['fallback_ticks_after_kill']} tick after the policy was killed, "
        f"{service['unsafe_writes']} unsafe writes.",
        highlight=False,
    )
