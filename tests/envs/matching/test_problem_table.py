"""Pinch targets: published cases, and what must hold for any streams."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatrouter.envs.matching.curves import composite_curve, placed_composites, site_streams
from heatrouter.envs.matching.problem_table import hourly_targets, problem_table
from heatrouter.envs.matching.streams import Stream
from heatrouter.envs.matching.total_site import site_targets


def of_rate(supply: float, target: float, rate: float) -> Stream:
    return Stream(
        name=f"{supply:g} to {target:g}",
        kind="hot" if supply > target else "cold",
        supply_temp_c=supply,
        target_temp_c=target,
        heat_kw=rate * abs(supply - target),
    )


@dataclass(frozen=True)
class Published:
    streams: tuple[tuple[float, float, float], ...]  # supply, target, heat capacity rate
    dt_min_k: float
    hot_utility: float
    cold_utility: float
    pinch_c: float  # shifted


PUBLISHED = {
    # R. Smith, Chemical Process Design and Integration (2005), chapter 16;
    # MW, hot pinch 150 degC, cold pinch 140 degC
    "Smith 2005": Published(
        ((20, 180, 0.2), (250, 40, 0.15), (140, 230, 0.3), (200, 80, 0.25)), 10.0, 7.5, 10.0, 145.0
    ),
    # I. C. Kemp, Pinch Analysis and Process Integration (2007), chapter 2, the four-stream
    # example; kW, pinch 90 and 80 degC
    "Kemp 2007": Published(
        ((20, 135, 2.0), (170, 60, 3.0), (80, 140, 4.0), (150, 30, 1.5)), 10.0, 20.0, 60.0, 85.0
    ),
    # B. Linnhoff & E. Hindmarsh, Chem. Eng. Sci. 38 (1983) 745, the four-stream problem;
    # pinch 90 and 70 degC
    "Linnhoff & Hindmarsh 1983": Published(
        ((150, 60, 2.0), (90, 60, 8.0), (20, 125, 2.5), (25, 100, 3.0)), 20.0, 107.5, 40.0, 80.0
    ),
    # L. T. Biegler, I. E. Grossmann & A. W. Westerberg, Systematic Methods of Chemical Process
    # Design (1997), chapter 16; MW, pinch 340 and 320 degC
    "Biegler et al. 1997": Published(
        ((400, 120, 1.0), (340, 120, 2.0), (160, 400, 1.5), (100, 250, 1.3)),
        20.0, 60.0, 225.0, 330.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_targets_of_published_cases(name: str) -> None:
    case = PUBLISHED[name]
    found = problem_table([of_rate(*row) for row in case.streams], case.dt_min_k)
    assert found.hot_utility_kw == pytest.approx(case.hot_utility, rel=1e-9)
    assert found.cold_utility_kw == pytest.approx(case.cold_utility, rel=1e-9)
    assert found.pinch_temps_c == pytest.approx((case.pinch_c,))


def test_condensing_and_boiling_streams_are_served_at_one_temperature() -> None:
    """By hand: 500 kW condense at 130, 500 kW boil at 100 degC; shifted 120 and 110 degC."""
    condensing = Stream(
        name="vapour", kind="hot", supply_temp_c=130.0, target_temp_c=130.0, heat_kw=500.0
    )
    boiling = Stream(
        name="water", kind="cold", supply_temp_c=100.0, target_temp_c=100.0, heat_kw=500.0
    )
    streams = [of_rate(240, 50, 20.0), of_rate(-20, 150, 9.0), of_rate(90, 210, 20.0)]
    found = problem_table([*streams, condensing, boiling], 20.0)
    assert found.hot_utility_kw == pytest.approx(340.0)
    assert found.cold_utility_kw == pytest.approx(210.0)
    assert found.pinch_temps_c == pytest.approx((100.0,))
    at_120 = found.cascade_kw[found.temps_c == 120.0]
    assert at_120.tolist() == pytest.approx([180.0, 680.0])
    alone = problem_table([condensing, boiling], 31.0)
    assert alone.recovery_kw == 0.0
    assert problem_table([condensing, boiling], 30.0).recovery_kw == pytest.approx(500.0)


def test_a_threshold_problem_has_no_pinch() -> None:
    found = problem_table([of_rate(200, 100, 2.0), of_rate(20, 60, 1.0)], 10.0)
    assert (found.hot_utility_kw, found.cold_utility_kw) == (0.0, 160.0)
    assert found.pinch_temps_c == ()


def test_contributions_of_streams_add_up() -> None:
    hot, cold = of_rate(100, 50, 1.0), of_rate(40, 90, 1.0)
    near = [s.model_copy(update={"dt_contribution_k": k}) for s, k in ((hot, 3.0), (cold, 7.0))]
    assert problem_table(near).recovery_kw == pytest.approx(50.0)
    far = [near[0], near[1].model_copy(update={"dt_contribution_k": 12.0})]
    assert problem_table(far).recovery_kw == pytest.approx(45.0)


temperatures = st.integers(-20, 400).map(float)
heats = st.floats(0.0, 1e4)


@st.composite
def one_stream(draw: st.DrawFn) -> Stream:
    supply, target = draw(temperatures), draw(temperatures)
    kind: Literal["hot", "cold"] = "hot" if supply > target else "cold"
    if supply == target:
        kind = draw(st.sampled_from(("hot", "cold")))
    return Stream(
        name="s",
        zone=draw(st.sampled_from(("a", "b"))),
        kind=kind,
        supply_temp_c=supply,
        target_temp_c=target,
        heat_kw=draw(heats),
        dt_contribution_k=draw(st.integers(0, 15).map(float)),
    )


some_streams = st.lists(one_stream(), min_size=1, max_size=8)
gaps = st.one_of(st.none(), st.integers(0, 40).map(float))


def total(streams: list[Stream], kind: str) -> float:
    return sum(s.heat_kw for s in streams if s.kind == kind)


@given(some_streams, gaps)
def test_heat_is_conserved_and_the_least(streams: list[Stream], dt_min_k: float | None) -> None:
    found = problem_table(streams, dt_min_k)
    hot, cold = total(streams, "hot"), total(streams, "cold")
    near = 1e-6 * (hot + cold) + 1e-9
    assert found.hot_utility_kw + hot == pytest.approx(found.cold_utility_kw + cold, abs=near)
    assert 0.0 <= found.hot_utility_kw <= cold + near
    assert 0.0 <= found.cold_utility_kw <= hot + near
    assert found.recovery_kw >= 0.0
    assert found.cascade_kw.min() >= 0.0
    # No less utility would do: somewhere nothing passes.
    assert found.hot_utility_kw <= near or found.cascade_kw.min() <= near


@given(some_streams, st.integers(0, 40), st.integers(0, 40))
def test_a_wider_gap_never_recovers_more(streams: list[Stream], one: int, more: int) -> None:
    near = problem_table(streams, float(one))
    far = problem_table(streams, float(one + more))
    slack = 1e-6 * (total(streams, "hot") + total(streams, "cold")) + 1e-9
    assert far.recovery_kw <= near.recovery_kw + slack
    assert far.hot_utility_kw >= near.hot_utility_kw - slack


@given(some_streams, gaps, st.floats(0.1, 0.9), st.data())
def test_splitting_a_stream_changes_nothing(
    streams: list[Stream], dt_min_k: float | None, share: float, data: st.DataObject
) -> None:
    whole = streams[data.draw(st.integers(0, len(streams) - 1))]
    rest = [s for s in streams if s is not whole]
    if data.draw(st.booleans()) or whole.span_k == 0.0:  # side by side, else one after the other
        parts = [
            whole.model_copy(update={"heat_kw": k * whole.heat_kw}) for k in (share, 1 - share)
        ]
    else:
        middle = whole.supply_temp_c + share * (whole.target_temp_c - whole.supply_temp_c)
        parts = [
            whole.model_copy(update={"target_temp_c": middle, "heat_kw": share * whole.heat_kw}),
            whole.model_copy(
                update={"supply_temp_c": middle, "heat_kw": (1 - share) * whole.heat_kw}
            ),
        ]
    before, after = problem_table(streams, dt_min_k), problem_table([*rest, *parts], dt_min_k)
    slack = 1e-6 * (total(streams, "hot") + total(streams, "cold")) + 1e-9
    assert after.hot_utility_kw == pytest.approx(before.hot_utility_kw, abs=slack)
    assert after.cold_utility_kw == pytest.approx(before.cold_utility_kw, abs=slack)


@given(some_streams, gaps, st.floats(0.01, 100.0))
def test_targets_scale_with_the_streams(
    streams: list[Stream], dt_min_k: float | None, factor: float
) -> None:
    scaled = [s.model_copy(update={"heat_kw": factor * s.heat_kw}) for s in streams]
    one, other = problem_table(streams, dt_min_k), problem_table(scaled, dt_min_k)
    slack = factor * (1e-6 * (total(streams, "hot") + total(streams, "cold")) + 1e-9)
    assert other.hot_utility_kw == pytest.approx(factor * one.hot_utility_kw, abs=slack)
    assert other.recovery_kw == pytest.approx(factor * one.recovery_kw, abs=slack)


@given(some_streams, gaps)
def test_composite_curves_keep_the_gap_where_heat_is_recovered(
    streams: list[Stream], dt_min_k: float | None
) -> None:
    for kind in ("hot", "cold"):
        heat, temps = composite_curve(streams, kind)
        if heat.size:
            assert heat[-1] == pytest.approx(total(streams, kind))
            assert np.all(np.diff(temps) >= 0.0)
            assert np.all(np.diff(heat) >= 0.0)
    if dt_min_k is None:
        return
    (hot_heat, hot_temps), (cold_heat, cold_temps) = placed_composites(streams, dt_min_k)
    recovery = problem_table(streams, dt_min_k).recovery_kw
    if recovery <= 1.0:
        return
    start = cold_heat[0]
    at = start + recovery * np.linspace(0.02, 0.98, 13)
    above = np.interp(at, hot_heat, hot_temps)
    below = np.interp(at, cold_heat, cold_temps)
    # Where a curve stands upright its temperature is a range; look beside it.
    upright = np.concatenate([hot_heat, cold_heat])
    clear = np.min(np.abs(at[:, None] - upright), axis=1) > 1e-6 * recovery
    assert np.all((above - below)[clear] >= dt_min_k - 1e-3)


@given(some_streams, gaps)
def test_zones_together_need_no_more_than_zones_apart(
    streams: list[Stream], dt_min_k: float | None
) -> None:
    site = site_targets(streams, dt_min_k)
    slack = 1e-6 * (total(streams, "hot") + total(streams, "cold")) + 1e-9
    assert site.direct.hot_utility_kw <= site.medium.hot_utility_kw + slack
    assert site.medium.hot_utility_kw <= site.zonal_hot_utility_kw + slack
    assert site.medium.cold_utility_kw <= site.zonal_cold_utility_kw + slack


@given(some_streams, gaps)
def test_profiles_of_a_zone_add_up_to_its_utilities(
    streams: list[Stream], dt_min_k: float | None
) -> None:
    table = problem_table(streams, dt_min_k)
    left = site_streams(table, "zone")
    slack = 1e-6 * (total(streams, "hot") + total(streams, "cold")) + 1e-9
    assert total(left, "cold") == pytest.approx(table.hot_utility_kw, abs=slack)
    assert total(left, "hot") == pytest.approx(table.cold_utility_kw, abs=slack)


@given(some_streams, gaps)
def test_every_hour_has_the_targets_of_its_own_streams(
    streams: list[Stream], dt_min_k: float | None
) -> None:
    shares = np.array([[1.0] * len(streams), [0.0] * len(streams), np.linspace(0, 1, len(streams))])
    heat = shares * np.array([s.heat_kw for s in streams])
    hot, cold = hourly_targets(streams, heat, dt_min_k)
    for hour, row in enumerate(heat):
        now = [s.model_copy(update={"heat_kw": q}) for s, q in zip(streams, row, strict=True)]
        found = problem_table(now, dt_min_k)
        slack = 1e-6 * row.sum() + 1e-9
        assert hot[hour] == pytest.approx(found.hot_utility_kw, abs=slack)
        assert cold[hour] == pytest.approx(found.cold_utility_kw, abs=slack)


def test_nothing_to_match_is_no_heat() -> None:
    found = problem_table([])
    assert (found.hot_utility_kw, found.cold_utility_kw, found.recovery_kw) == (0.0, 0.0, 0.0)
