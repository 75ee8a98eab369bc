"""Every kind of unit is described, and every mistake across parts is named at its place."""

from typing import Any

import pytest
import yaml
from tests.envs.small_districts import SMALL_DISTRICTS, pcm_and_batch
from tests.envs.spec.unit_mistakes import CASES, Make
from tests.envs.two_circuit_districts import (
    two_circuits_with_exchanger,
    two_circuits_with_heat_pump,
)

from heatrouter.envs.errors import DistrictError
from heatrouter.envs.set_points import plant_set_points, set_point_names
from heatrouter.envs.sizing import size_figures
from heatrouter.envs.spec.base import LATER, canonical
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import district_schema, load_district, parse_district


def changed(make: Make, *changes: tuple[str, Any]) -> str:
    """YAML of a district with values set (or removed, with ...) at ``unit.field`` or a path."""
    data = make().model_dump(mode="json", exclude_unset=True)
    for place, value in changes:
        part: Any = data
        *way, last = place.split("/")
        for key in way:
            if isinstance(part, list):
                named = [p for p in part if p.get("name") == key]
                part = named[0] if named else part[int(key)]
            else:
                part = part[key]
        if value is ...:
            del part[last]
        else:
            part[last] = value
    return yaml.safe_dump(data, sort_keys=False)


def mistakes(text: str) -> dict[str, str]:
    with pytest.raises(DistrictError) as caught:
        parse_district(text)
    return {m.path: m.message for m in caught.value.mistakes}


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_small_districts_are_sound_and_survive_a_round_trip(name: str) -> None:
    district = SMALL_DISTRICTS[name]()
    assert district.cross_check() == []
    for data in (district.model_dump(mode="json"), canonical(district)):
        again = parse_district(yaml.safe_dump(data))
        assert again == district
        assert again.digest == district.digest


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_small_districts_have_sensible_pipes_pumps_and_boilers(name: str) -> None:
    figures = {f.name.split(" (")[0]: f for f in size_figures(SMALL_DISTRICTS[name]())}
    for figure in ("peak gradient", "pump head used at peak", "boilers over peak load"):
        assert figures[figure].sensible, figures[figure]


def test_all_kinds_occur_and_are_in_the_schema() -> None:
    kinds = {u.kind for make in SMALL_DISTRICTS.values() for u in make().units}
    mapping = district_schema()["properties"]["units"]["items"]["discriminator"]["mapping"]  # type: ignore[index]
    assert set(mapping) - kinds == {"process_heat"}


def test_a_later_field_changes_the_digest_only_where_it_is_used() -> None:
    district = load_district("energy-web")
    recorded = "238427da27d9e0d17882cfcbd9675aac2cf0fa8b2984390138aa674968a9511f"
    assert district.digest == recorded
    boiler = district.unit("gas_boiler")
    marked = [n for n, f in type(boiler).model_fields.items() if LATER in f.metadata]
    assert "standby_loss_share" in marked
    units = tuple(
        u.model_copy(update={"standby_loss_share": 0.01}) if u is boiler else u
        for u in district.units
    )
    assert district.model_copy(update={"units": units}).digest != recorded


@pytest.mark.parametrize(
    ("make", "changes", "path", "part"), CASES, ids=[f"{p}: {t}" for *_, p, t in CASES]
)
def test_each_mistake_is_named_at_its_place(
    make: Make, changes: list[tuple[str, Any]], path: str, part: str
) -> None:
    found = mistakes(changed(make, *changes))
    assert path in found, found
    assert part in found[path], found[path]
    others = {key for key in found if key != path}
    # What follows from the same mistake is not reported beside it; but a circuit with another range
    # of temperature may be the wrong one for all that stands in it.
    assert not others or "supply_temp_max_c" in str(changes), found


def test_circuits_must_not_feed_each_other_in_a_circle() -> None:
    def circle() -> District:
        district = two_circuits_with_exchanger(commanded=True)
        transfer = district.unit("transfer")
        back = {"name": "back", "location": "station", "primary_location": "north"}
        return district.model_copy(
            update={"units": (*district.units, transfer.model_copy(update=back))}
        )

    found = dict(circle().cross_check())
    message = found["units[8].primary_location"]
    assert "takes heat from circuit 'town' into 'trunk', which feeds it already" in message


def test_a_pipe_between_circuits_is_refused() -> None:
    district = two_circuits_with_exchanger()
    short_cut = {"name": "short_cut", "from_location": "station", "to_location": "hub"}
    pipes = (*district.pipes, district.pipes[0].model_copy(update=short_cut))
    found = dict(district.model_copy(update={"pipes": pipes}).cross_check())
    assert "joins circuits 'trunk' and 'town'" in found["pipes[4]"]


def test_a_circuit_that_nothing_heats_is_named() -> None:
    district = two_circuits_with_heat_pump()
    without = tuple(u for u in district.units if u.name not in {"lift", "hub_boiler"})
    circuits = (
        district.circuits[0],
        district.circuits[1].model_copy(update={"balancing": ("tank",)}),
    )
    cold = district.model_copy(update={"units": without, "circuits": circuits})
    found = dict(cold.cross_check())
    assert (
        "nothing heats 'town', from which 'north_quarter' takes heat"
        in (found["circuits[1].balancing"])
    )


def test_batches_that_queue_are_shown_among_the_sizes() -> None:
    text = changed(pcm_and_batch, ("units/moulds/interval_min", 45.0))
    figures = {f.name: f for f in size_figures(parse_district(text))}
    assert not figures["time in use of moulds"].sensible


def test_set_points_in_the_order_of_the_district() -> None:
    assert set_point_names(two_circuits_with_exchanger()) == (
        "mill_exhaust.recovery_share",
        "main_boiler.load_share",
        "trunk.supply_temp_c",
        "town.supply_temp_c",
    )
    assert set_point_names(two_circuits_with_exchanger(commanded=True)) == (
        "mill_exhaust.recovery_share",
        "main_boiler.load_share",
        "transfer.load_share",
        "hub_boiler.load_share",
        "trunk.supply_temp_c",
        "town.supply_temp_c",
    )
    points = {p.name: p for p in plant_set_points(pcm_and_batch())}
    assert list(points) == [
        "furnace.recovery_share",
        "pcm_store.charge_share",
        "main_boiler.load_share",
        "second_boiler.load_share",
        "hall_booster.load_share",
        "moulds.release",
        "main.supply_temp_c",
    ]
    charge = points["pcm_store.charge_share"]
    assert (charge.low, charge.neutral, charge.high, charge.safe) == (-1.0, 0.0, 1.0, 0.0)
    assert points["moulds.release"].safe == 1.0
    assert [p.name for p in points.values() if p.switchable] == [
        "furnace.recovery_share",
        "main_boiler.load_share",
        "second_boiler.load_share",
        "hall_booster.load_share",
    ]
