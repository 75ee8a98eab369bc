"""Limits of the inputs, restated for presets whose sizes are known."""

import math

import pytest

from heatrouter.deploy.input_limits import input_limits
from heatrouter.deploy.tags import default_tags
from heatrouter.deploy.tick_reading import ReadingLayout
from heatrouter.deploy.validity import TagLimits
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

KELVIN_PER_HOUR = 1.0 / 3600.0
FOUR_HOURS_S = 14_400.0


def limits_of(preset: str, *, tick_s: float = 60.0, speed: float = 1.0) -> dict[str, TagLimits]:
    district, task = load_district(preset), load_task(preset)
    contract = build_contract(district, task)
    layout = ReadingLayout(contract, task, default_tags(contract))
    limits = input_limits(district, contract, layout, tick_s=tick_s, speed=speed)
    assert tuple(tag.name for tag in limits.tags) == layout.input_names
    return {tag.name: tag for tag in limits.tags}


@pytest.fixture(scope="module")
def web() -> dict[str, TagLimits]:
    return limits_of("energy-web")


@pytest.mark.parametrize(
    ("name", "low", "high", "substitute"),
    [
        ("site.ambient_temp_c", -37.0, 47.0, 5.0),  # -30..40 in the contract
        ("tank.level", -0.7, 1.7, 0.5),  # -0.5..1.5
        # 5..110 as measured, whatever range a set-point of the same name has
        ("main.supply_temp_c", -5.5, 120.5, 57.5),
        ("site.electricity_eur_per_mwh", -650.0, 1150.0, 250.0),  # a tariff: -500..1000
    ],
)
def test_a_tag_may_leave_its_range_by_a_tenth_and_starts_in_its_middle(
    web: dict[str, TagLimits], name: str, low: float, high: float, substitute: float
) -> None:
    tag = web[name]
    assert (tag.low, tag.high) == pytest.approx((low, high))
    assert tag.substitute == pytest.approx(substitute)


def test_control_cannot_do_without_weather_supply_temperature_and_levels(
    web: dict[str, TagLimits],
) -> None:
    critical = {name for name, tag in web.items() if tag.critical}
    assert critical == {"site.ambient_temp_c", "main.supply_temp_c", "tank.level"}
    biogas = limits_of("sludge-biogas")
    assert biogas["digester.fill_level"].critical
    assert biogas["tank.level"].critical
    assert not biogas["digester.gas_kw"].critical


def test_levels_and_rooms_have_a_fastest_change_and_nothing_else_has(
    web: dict[str, TagLimits],
) -> None:
    for name, tag in web.items():
        expected = math.inf
        if name == "tank.level":
            expected = 1.0 / 900.0  # full in a quarter of an hour
        elif name.endswith(".room_temp_c"):
            expected = 10.0 * KELVIN_PER_HOUR
        assert tag.max_gradient_per_s == pytest.approx(expected), name
    fill = limits_of("sludge-biogas")["digester.fill_level"]
    assert fill.max_gradient_per_s == pytest.approx(1.0 / 900.0)


def test_only_temperatures_of_a_network_never_stand_still(web: dict[str, TagLimits]) -> None:
    moving = {"main.supply_temp_c", "main.return_temp_c"}
    for name, tag in web.items():
        assert tag.freeze_s == (FOUR_HOURS_S if name in moving else math.inf), name


@pytest.mark.parametrize(
    ("tick_s", "speed", "max_age_s"),
    [
        (60.0, 1.0, 300.0),  # five samples
        (0.1, 1.0, 2.0),  # two real seconds at the least
        (60.0, 600.0, 1200.0),  # which are twenty minutes of a plant that runs fast
    ],
)
def test_a_source_is_stale_after_five_samples(
    tick_s: float, speed: float, max_age_s: float
) -> None:
    limits = limits_of("energy-web", tick_s=tick_s, speed=speed)
    assert [t.max_age_s for t in limits.values()] == pytest.approx([max_age_s] * len(limits))
