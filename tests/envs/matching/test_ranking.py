"""Sources and users of a district, and the parts of their score."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.envs import small_districts

from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.matching.distance import PipeProxy, Routes, pipe_proxy
from heatrouter.envs.matching.district_streams import HourlyStream, district_streams
from heatrouter.envs.matching.grade import grade, lorenz_cop
from heatrouter.envs.matching.problem_table import hourly_targets, problem_table
from heatrouter.envs.matching.ranking import distance_part, rank_district, rank_table, ranked
from heatrouter.envs.matching.streams import Stream
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.consumer_units import Consumer, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district

HOURS = 8760


@pytest.fixture(scope="module")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="module")
def library(district: District) -> ScenarioLibrary:
    return build_library(district, "train", 1, 0)


def test_a_hot_source_serves_directly() -> None:
    found = grade(100.0, 60.0, 50.0, 80.0, 10.0)
    assert (found.way, found.waste_share, found.usable_share) == ("direct", 1.0, 1.0)
    # Below 60 degC the user, 50 degC at its coldest and 10 K away, takes nothing.
    assert grade(100.0, 40.0, 50.0, 80.0, 10.0).usable_share == pytest.approx(40.0 / 60.0)


def test_a_cold_source_is_lifted_and_its_electricity_is_no_waste_heat() -> None:
    found = grade(30.0, 20.0, 50.0, 80.0, 10.0)
    assert found.way == "heat pump"
    sink, source = 30.0 / math.log(353.15 / 323.15), 10.0 / math.log(303.15 / 293.15)
    assert found.cop is not None
    assert found.cop == pytest.approx(0.5 * sink / (sink - source))
    assert found.waste_share == pytest.approx(1.0 - 1.0 / found.cop)


def test_a_warm_source_preheats_and_a_pump_does_the_rest() -> None:
    found = grade(75.0, 40.0, 45.0, 85.0, 10.0)
    assert found.way == "preheat, heat pump"
    assert found.direct_share == pytest.approx(0.5)
    assert found.pumped_share == pytest.approx(0.5)
    assert 0.5 < found.waste_share < 1.0


def test_what_no_heat_pump_reaches_is_left_to_others() -> None:
    found = grade(30.0, 20.0, 60.0, 120.0, 10.0)
    assert (found.pumped_share, found.top_share) == pytest.approx((0.5, 0.5))
    assert grade(30.0, 20.0, 140.0, 150.0, 10.0).way == "too cold"
    assert grade(30.0, 20.0, 140.0, 150.0, 10.0).waste_share == 0.0


@given(
    st.floats(0, 300), st.floats(0, 100), st.floats(0, 150), st.floats(0, 60), st.floats(0, 30),
    st.floats(0, 50),
)  # fmt: skip
def test_a_hotter_source_never_gets_a_worse_grade(
    hot: float, span: float, cold: float, rise: float, dt: float, more: float
) -> None:
    one = grade(hot, hot - span, cold, cold + rise, dt)
    assert one.direct_share + one.pumped_share + one.top_share == pytest.approx(1.0)
    assert 0.0 <= one.waste_share <= 1.0
    assert 0.0 <= one.usable_share <= 1.0
    hotter = grade(hot + more, hot + more - span, cold, cold + rise, dt)
    assert hotter.direct_share >= one.direct_share - 1e-12


def test_cop_of_a_known_heat_pump() -> None:
    # Odense: sewage 27 to 17 degC, water 37.5 to 75 degC, Lorenz 9.7, half of it 4.8
    assert lorenz_cop(37.5, 75.0, 27.0, 17.0) == pytest.approx(4.85, abs=0.1)


def test_streams_of_a_district_have_the_heat_of_its_year(
    district: District, library: ScenarioLibrary
) -> None:
    sources, users = district_streams(district, library)
    assert [s.unit for s in sources] == ["glassworks", "dairy", "chip_fab_cooling"]
    assert [s.location for s in sources] == ["glass_lane", "dairy_gate", "fab_park"]
    level = library.values[0, :, library.column("dairy.level")].mean()
    assert sources[1].stream.heat_kw == pytest.approx(75.0 * 28.0 * level)
    for unit in district.units:
        if isinstance(unit, Substation):
            rooms, taps = (u for u in users if u.unit == unit.name)
            assert taps.heat_kw.sum() / 1000.0 == pytest.approx(unit.hot_water_annual_mwh, rel=1e-6)
            assert rooms.heat_kw.min() >= 0.0
            assert rooms.heat_kw.max() <= unit.space_heat_design_kw
            # Full-load hours of heating in Bavaria.
            assert 1000.0 < rooms.heat_kw.sum() / unit.space_heat_design_kw < 2600.0
    for one in (*sources, *users):
        assert one.heat_kw.shape == (HOURS,)
        assert one.stream.heat_kw == pytest.approx(one.heat_kw.mean())


def test_a_store_can_only_help(district: District, library: ScenarioLibrary) -> None:
    sources, users = district_streams(district, library)
    streams = [s.stream for s in (*sources, *users)]
    heat = np.stack([s.heat_kw for s in (*sources, *users)], axis=1)
    hot, cold = hourly_targets(streams, heat)
    mean = problem_table(streams)
    assert mean.hot_utility_kw < hot.mean()
    assert hot.mean() + heat[:, :3].sum(axis=1).mean() == pytest.approx(
        cold.mean() + heat[:, 3:].sum(axis=1).mean()
    )


def test_part_of_a_year_is_refused(district: District, library: ScenarioLibrary) -> None:
    week = ScenarioLibrary(
        library.names, library.split, library.series, library.step_s, library.start_utc,
        library.values[:, : 7 * 96].copy(), library.provenance,
    )  # fmt: skip
    with pytest.raises(ScenarioError, match="7 days; a match needs a whole year"):
        district_streams(district, week)


@pytest.mark.parametrize("name", ["foundry-cascade", "kalundborg", "city-mesh", "fab"])
def test_every_kind_of_unit_is_matched(name: str) -> None:
    """Batches, two circuits, shared hot water, fabs: no part of a score leaves its range."""
    some = small_districts.fab() if name == "fab" else load_district(name)
    sources, users = district_streams(some, build_library(some, "train", 1, 0))
    consumers = [u.name for u in some.units if isinstance(u, Consumer)]
    assert list(dict.fromkeys(u.unit for u in users)) == consumers
    assert all(np.isfinite(one.heat_kw).all() for one in (*sources, *users))
    matches = rank_district(some, sources, users, 10.0, 10.0)
    assert len(matches) == len(sources) * len(consumers)
    for match in matches:
        parts = (match.score, match.simultaneity, match.source_share, match.user_share)
        assert all(part is not None and 0.0 <= part <= 1.0 + 1e-9 for part in parts)
        assert match.waste_heat <= match.potential * (1.0 + 1e-9)


def _hourly(name: str, at: str, temps: tuple[float, float], heat: np.ndarray) -> HourlyStream:
    hot = temps[0] > temps[1]
    stream = Stream(
        name=name,
        kind="hot" if hot else "cold",
        supply_temp_c=temps[0],
        target_temp_c=temps[1],
        heat_kw=float(heat.mean()),
    )
    water = (None, None) if hot else (temps[1], temps[0])
    return HourlyStream(stream, name, at, heat, *water)


def test_who_wants_heat_at_night_cannot_use_that_of_the_day(district: District) -> None:
    day = (np.arange(HOURS) % 24 < 12).astype(np.float64)
    source = _hourly("mill", "glass_lane", (150.0, 100.0), 1000.0 * day)
    users = [
        _hourly("night", "glass_lane", (45.0, 75.0), 1000.0 * (1.0 - day)),
        _hourly("always", "glass_lane", (45.0, 75.0), np.full(HOURS, 500.0)),
        _hourly("day", "glass_lane", (45.0, 75.0), 1000.0 * day),
    ]
    found = {m.user: m for m in rank_district(district, [source], users, 10.0, 10.0)}
    parts = {name: m.simultaneity for name, m in found.items()}
    assert parts == pytest.approx({"day": 1.0, "always": 0.5, "night": 0.0})
    assert list(found) == ["day", "always", "night"]
    assert found["always"].waste_heat == pytest.approx(500.0 * HOURS / 2 / 1000.0)
    assert found["always"].potential == pytest.approx(500.0 * HOURS / 1000.0)
    assert found["day"].distance == 1.0  # the same place
    assert found["day"].score == pytest.approx(1.0)


def test_far_is_worse_than_near(district: District) -> None:
    source = _hourly("mill", "glass_lane", (150.0, 100.0), np.full(HOURS, 1000.0))
    near = _hourly("near", "east_gate", (45.0, 75.0), np.full(HOURS, 800.0))
    far = _hourly("far", "mill_quarter", (45.0, 75.0), np.full(HOURS, 800.0))
    first, second = rank_district(district, [source], [far, near], 10.0, 10.0)
    assert (first.user, second.user) == ("near", "far")
    assert first.route is not None
    assert first.route.length_m == 560.0  # glass_branch
    assert first.route.along_network
    assert first.distance is not None
    assert second.distance is not None
    assert 0.0 < second.distance < first.distance < 1.0


def test_routes_follow_the_shortest_pipes_or_the_straight_line(district: District) -> None:
    routes = Routes(district)
    assert routes.between("market", "market").length_m == 0.0
    # round the ring: north_gate 430 m, or east_gate 460 m and on
    assert routes.between("market", "north_gate").length_m == 430.0
    there, back = routes.between("glass_lane", "market"), routes.between("market", "glass_lane")
    assert there.length_m == pytest.approx(back.length_m)
    cut = district.model_copy(
        update={"pipes": tuple(p for p in district.pipes if p.name != "glass_branch")}
    )
    alone = Routes(cut).between("glass_lane", "east_gate")
    assert not alone.along_network
    places = {p.name: (p.x_m, p.y_m) for p in district.locations}
    assert alone.length_m == pytest.approx(math.dist(places["glass_lane"], places["east_gate"]))


def test_pipe_and_distance_by_hand(district: District) -> None:
    pipe = pipe_proxy(district, 1000.0, 80.0, 50.0, 10.0)
    flow_m3_s = 1000.0 / (4.19 * 30.0) / 983.0
    assert pipe.inner_diameter_m == pytest.approx(math.sqrt(4.0 * flow_m3_s / (math.pi * 1.5)))
    assert pipe.cost_eur_per_m == pytest.approx(214.0 + 1725.0 * pipe.inner_diameter_m)
    # Usual pipes lose 0.15 to 0.35 W/(m K), here over 80 + 50 - 2 * 10 K.
    assert 0.15 * 110.0 < pipe.loss_kw_per_km < 0.35 * 110.0
    made = PipeProxy(0.1, 30.0, 400.0)
    # 1 km: 262.8 MWh lost, 26 000 EUR a year worth 650 MWh
    assert distance_part(1000.0, made, 2000.0) == pytest.approx(1.0 - (262.8 + 650.0) / 2000.0)
    assert distance_part(1000.0, made, 500.0) == 0.0
    assert distance_part(0.0, made, 1.0) == 1.0


def test_pairs_of_a_table_exchange_what_the_problem_table_allows() -> None:
    """Where an exchanger alone does it, two streams recover what their own cascade says."""
    hot = Stream(name="h", kind="hot", supply_temp_c=120.0, target_temp_c=30.0, heat_kw=90.0)
    cold = Stream(name="c", kind="cold", supply_temp_c=40.0, target_temp_c=100.0, heat_kw=200.0)
    (pair,) = rank_table([hot, cold], 10.0)
    assert pair.grade.way == "direct"
    assert pair.waste_heat == pytest.approx(problem_table([hot, cold], 10.0).recovery_kw)
    assert pair.source_share == pytest.approx(70.0 / 90.0)


def test_order_by_heat_puts_the_largest_first() -> None:
    hot = Stream(name="h", kind="hot", supply_temp_c=60.0, target_temp_c=40.0, heat_kw=500.0)
    good = Stream(name="g", kind="cold", supply_temp_c=20.0, target_temp_c=40.0, heat_kw=50.0)
    large = Stream(name="l", kind="cold", supply_temp_c=50.0, target_temp_c=80.0, heat_kw=400.0)
    pairs = rank_table([hot, good, large], 10.0)
    assert [m.user for m in pairs] == ["g", "l"]
    assert [m.user for m in ranked(pairs, "heat")] == ["l", "g"]
