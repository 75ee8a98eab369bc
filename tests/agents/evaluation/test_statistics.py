"""Paired statistics: ratios of sums, seeded intervals, and no score where nothing is at stake."""

import numpy as np
import pytest

from heatrouter.agents.evaluation_comparison import Comparison
from heatrouter.agents.evaluation_statistics import PairedBootstrap, compare
from heatrouter.envs.arrays import FloatArray

RULES = np.array([1000.0, 2000.0, 500.0, 4000.0, 1500.0, 800.0, 3000.0, 2500.0])
POLICY = RULES - np.array([100.0, 150.0, -20.0, 500.0, 90.0, 10.0, 210.0, 160.0])


def paired(seed: int = 0, groups: int = 8) -> PairedBootstrap:
    return PairedBootstrap(np.arange(8) % groups, seed=seed)


def judge(
    policy: FloatArray = POLICY, reference: FloatArray | None = None, seed: int = 0
) -> Comparison:
    costs = {"rules": RULES, "policy": policy}
    if reference is not None:
        costs["mpc"] = reference
    return compare(
        paired(seed),
        controller="policy",
        baseline="rules",
        reference=None if reference is None else "mpc",
        costs=costs,
        kpis={name: {"level": cost / 1000.0} for name, cost in costs.items()},
    )


def test_the_saving_is_the_mean_difference_and_the_ratio_of_sums() -> None:
    found = judge()
    assert found.saving_eur_per_week.estimate == pytest.approx(150.0)
    assert found.saving_percent is not None
    assert found.saving_percent.estimate == pytest.approx(100.0 * 1200.0 / 15300.0)
    assert found.weeks_improved == 7
    assert found.probability_of_improvement.estimate == pytest.approx(7.0 / 8.0)


def test_intervals_hold_their_estimate() -> None:
    found = judge()
    for interval in (found.saving_eur_per_week, found.saving_percent, found.kpis[0].difference):
        assert interval is not None
        assert interval.low < interval.estimate < interval.high


def test_the_same_seed_gives_the_same_interval() -> None:
    assert judge(seed=3) == judge(seed=3)
    assert judge(seed=3).saving_eur_per_week != judge(seed=4).saving_eur_per_week


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    inside = 0
    for trial in range(60):
        saving = random.normal(50.0, 100.0, 24)
        interval = PairedBootstrap(np.arange(24), seed=trial).mean(saving)
        inside += interval.low <= 50.0 <= interval.high
    assert inside >= 51  # 95 % of 60 is 57


def test_weeks_of_one_scenario_are_drawn_together() -> None:
    # Five scenarios of twenty equal weeks each are five observations, not a hundred.
    group = np.repeat(np.arange(5), 20)
    saving = np.repeat([10.0, 20.0, 30.0, 40.0, 50.0], 20)
    together = PairedBootstrap(group).mean(saving)
    alone = PairedBootstrap(np.arange(100)).mean(saving)
    assert together.high - together.low > 2.5 * (alone.high - alone.low)


def test_few_scenarios_are_resampled_by_week() -> None:
    assert paired(groups=4).unit == "weeks"
    assert paired(groups=5).unit == "scenarios"


def test_no_spread_gives_a_point() -> None:
    found = judge(policy=RULES - 25.0).saving_eur_per_week
    assert (found.low, found.estimate, found.high) == (25.0, 25.0, 25.0)


def test_a_controller_that_equals_the_baseline_improves_nothing() -> None:
    found = judge(policy=RULES.copy())
    assert found.weeks_improved == 0
    assert found.probability_of_improvement.estimate == 0.5
    assert found.saving_eur_per_week.estimate == 0.0


def test_a_baseline_that_earns_has_no_percentage() -> None:
    costs = {"rules": -RULES, "policy": -RULES - 10.0}
    found = compare(
        paired(), controller="policy", baseline="rules", reference=None, costs=costs,
        kpis={"rules": {}, "policy": {}},
    )  # fmt: skip
    assert found.saving_percent is None
    assert found.saving_eur_per_week.estimate == pytest.approx(10.0)


def test_the_score_is_the_share_of_the_headroom() -> None:
    found = judge(reference=RULES - 2.0 * (RULES - POLICY)).score
    assert found is not None
    assert found.verdict == "scored"
    assert found.optimality is not None
    assert found.optimality.estimate == pytest.approx(0.5)


def test_little_headroom_is_not_scored() -> None:
    found = judge(reference=RULES * 0.98).score
    assert found is not None
    assert (found.verdict, found.optimality) == ("no headroom", None)
    assert found.headroom_percent == pytest.approx(2.0)


def test_a_reference_that_does_not_beat_the_baseline_is_none() -> None:
    found = judge(reference=RULES + 1.0).score
    assert found is not None
    assert (found.verdict, found.optimality) == ("reference no better than baseline", None)


def test_regret_is_against_the_reference_or_the_best_of_each_week() -> None:
    alone = judge()
    assert alone.regret_against == "best compared"
    assert alone.regret_mean_eur == pytest.approx(20.0 / 8.0)
    assert alone.regret_worst_decile_eur == pytest.approx(20.0)
    referred = judge(reference=RULES - 600.0)
    assert referred.regret_against == "mpc"
    assert referred.regret_worst_decile_eur == pytest.approx(620.0)


def test_weeks_without_a_key_figure_are_left_out_in_pairs() -> None:
    base = np.array([2.0, np.nan, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    here = base + 1.0
    here[3] = np.nan
    found = compare(
        paired(), controller="policy", baseline="rules", reference=None,
        costs={"rules": RULES, "policy": POLICY},
        kpis={
            "rules": {"cop": base, "never": np.full(8, np.nan)},
            "policy": {"cop": here, "never": np.full(8, np.nan)},
        },
    )  # fmt: skip
    assert [entry.kpi for entry in found.kpis] == ["cop"]
    assert found.kpis[0].difference.estimate == pytest.approx(1.0)
    assert found.kpis[0].baseline == pytest.approx(31.0 / 6.0)
