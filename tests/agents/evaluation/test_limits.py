"""Limits: how often, how long and how far, by numbers that are written out here."""

import numpy as np
import pytest

from heatrouter.agents.evaluation_limits import (
    Limit,
    breaches,
    by_kind,
    limit_columns,
    limits_of,
    total,
)
from heatrouter.agents.evaluation_results import Breach, ViolationKind
from heatrouter.envs.simulation.outputs import output_layout
from heatrouter.envs.spec.district import District

HOUR_S = 3600.0


def test_spells_hours_and_depth_are_counted_for_each_environment() -> None:
    hot = Limit("main.supply_temp_max", "overheating", "K", "temp", 95.0, "above", tolerance=0.2)
    outputs = np.array([[96.0, 80.0], [97.5, 80.0], [90.0, 80.0], [95.1, 80.0], [96.5, 80.0]])
    first, second = breaches((hot,), outputs[:, :, np.newaxis], {"temp": 0}, HOUR_S)
    assert (first[0].events, first[0].hours, first[0].depth) == (2, 3.0, 2.5)
    assert (second[0].events, second[0].hours, second[0].depth) == (0, 0.0, 0.0)
    both = total((first, second))
    assert (both[0].events, both[0].hours, both[0].depth) == (2, 3.0, 2.5)


def test_too_cold_is_below() -> None:
    cold = Limit("greenhouse.crop_min", "crop", "K", "air", 10.0, "below", tolerance=0.2)
    outputs = np.array([[[10.0]], [[9.9]], [[8.0]]])
    found = breaches((cold,), outputs, {"air": 0}, 900.0)[0][0]
    assert (found.events, found.hours, found.depth) == (1, 0.25, 2.0)


def test_missing_heat_counts_from_a_share_of_the_demand() -> None:
    unmet = Limit(
        "town.unmet_heat", "unmet heat", "kW", "unmet", 0.01, "above", relative_to="demand"
    )
    outputs = np.array([[[5.0, 1000.0]], [[50.0, 1000.0]], [[0.0, 0.0]]])
    found = breaches((unmet,), outputs, {"unmet": 0, "demand": 1}, 900.0)[0][0]
    assert (found.events, found.hours, found.depth) == (1, 0.25, 50.0)


def test_kelvin_hours_of_a_step_become_kelvin() -> None:
    band = Limit("town.room_band", "room", "K", "kh", 0.0, "above", tolerance=0.2, per_hour=True)
    outputs = np.array([[[0.25]], [[0.04]]])
    found = breaches((band,), outputs, {"kh": 0}, 900.0)[0][0]
    assert (found.events, found.depth) == (1, 1.0)


def test_limits_of_a_kind_are_summed_with_the_largest_depth() -> None:
    def breach(name: str, events: int, hours: float, depth: float) -> Breach:
        unit = name.partition(".")[0]
        kind: ViolationKind = "pressure" if unit == "main" else "room"
        return Breach(limit=name, kind=kind, unit="K", events=events, hours=hours, depth=depth)

    rooms, pressure = by_kind(
        (
            breach("old.room_band", 2, 3.0, 0.5),
            breach("main.worst_dp", 0, 0.0, 0.0),
            breach("new.room_band", 1, 1.5, 2.0),
        )
    )
    assert (rooms.kind, rooms.limits, rooms.events) == ("room", 2, 3)
    assert (rooms.hours, rooms.depth) == (4.5, 2.0)
    assert (pressure.kind, pressure.events) == ("pressure", 0)


def test_supply_below_the_hot_water_floor_counts(district: District) -> None:
    (floor,) = [limit for limit in limits_of(district) if limit.name == "town_old.hot_water_floor"]
    assert (floor.kind, floor.bound, floor.side) == ("hot water", 60.0, "below")
    outputs = np.array([[[59.9]], [[57.0]], [[75.0]]])
    found = breaches((floor,), outputs, {floor.column: 0}, 900.0)[0][0]
    assert (found.events, found.hours, found.depth) == (1, 0.25, 3.0)


def test_a_district_has_its_limits_on_outputs_that_exist(district: District) -> None:
    limits = limits_of(district)
    names = {limit.name for limit in limits}
    assert {"main.supply_temp_max", "town_old.room_band", "greenhouse.crop_mean_max"} <= names
    assert len(names) == len(limits)
    assert set(limit_columns(limits)) <= set(output_layout(district).columns)


@pytest.mark.parametrize(
    ("name", "bound"),
    [("main.supply_temp_max", 95.0), ("greenhouse.crop_min", 10.0), ("greenhouse.crop_max", 34.0)],
)
def test_bounds_are_those_of_the_description(district: District, name: str, bound: float) -> None:
    limit = next(limit for limit in limits_of(district) if limit.name == name)
    assert limit.bound == bound
