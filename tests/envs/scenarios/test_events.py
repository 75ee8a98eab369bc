"""Events as changes of a library."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ScenarioError, TaskError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.events import apply_events
from heatrouter.envs.scenarios.generator import scenario_key
from heatrouter.envs.scenarios.library import ScenarioLibrary, concatenate
from heatrouter.envs.scenarios.random_events import draw_events, with_task_events
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.events import (
    ColdSpell,
    Event,
    EventRates,
    Fouling,
    FuelShortage,
    PriceSpike,
    ProductionStop,
    PumpTrip,
    SensorDropout,
    SourceOutage,
)
from heatrouter.envs.spec.loading import load_task, parse_task, preset_names

DAY = 96


def series(library: ScenarioLibrary, name: str, row: int = 0) -> FloatArray:
    return library.values[row, :, library.column(name)]


def test_no_events_leave_the_very_library(train: ScenarioLibrary, district: District) -> None:
    assert apply_events(train, (), district) is train


def test_an_outage_takes_the_share_and_the_time_that_it_names(
    train: ScenarioLibrary, district: District
) -> None:
    # noon of the second day to 18:07:30: half of the last step
    event = SourceOutage(
        kind="source_outage", from_day=2.5, hours=6.125, units=("glassworks",), remaining=0.2
    )
    changed = apply_events(train, [event], district)
    fit = series(changed, "glassworks.availability")
    begin = DAY + 48
    np.testing.assert_allclose(fit[begin : begin + 24], 0.2)
    assert fit[begin + 24] == pytest.approx(0.6)
    assert np.all(np.delete(fit, np.arange(begin, begin + 25)) == 1.0)
    for name in train.series:
        np.testing.assert_array_equal(series(changed, name), series(train, name))
    assert "source_outage glassworks from day 2.5 for 6.125 h" in changed.provenance[3]["events"]
    assert "events" not in train.provenance[3]


def test_without_names_every_waste_heat_source_stops(
    train: ScenarioLibrary, district: District
) -> None:
    event = SourceOutage(kind="source_outage", from_day=1, hours=24)
    changed = apply_events(train, [event], district)
    for name in ("glassworks", "dairy"):
        assert np.all(series(changed, f"{name}.availability")[:DAY] == 0.0)


def test_events_that_meet_multiply(train: ScenarioLibrary, district: District) -> None:
    one = FuelShortage(kind="fuel_shortage", from_day=3, hours=48, fuel="gas", remaining=0.5)
    two = SourceOutage(
        kind="source_outage", from_day=4, hours=24, units=("gas_boiler",), remaining=0.5
    )
    changed = apply_events(apply_events(train, [one], district), [two], district)
    fit = series(changed, "gas_boiler.availability")
    assert fit[2 * DAY] == 0.5
    assert fit[3 * DAY] == 0.25
    assert series(changed, "reserve_boiler.availability")[3 * DAY] == 0.5


@pytest.mark.parametrize(("cleaned", "after"), [(True, 1.0), (False, 0.4)])
def test_fouling_grows_until_it_is_cleaned(
    train: ScenarioLibrary, district: District, cleaned: bool, after: float
) -> None:
    event = Fouling(
        kind="fouling", from_day=1, hours=240, units=("dairy",), cleanness=0.4, cleaned=cleaned
    )
    clean = series(apply_events(train, [event], district), "dairy.cleanness")
    assert clean[5 * DAY] == pytest.approx(0.7)
    assert np.all(np.diff(clean[: 10 * DAY]) < 0.0)
    assert clean[11 * DAY] == pytest.approx(after)


def test_a_cold_spell_is_deepest_in_the_middle_and_has_soft_ends(
    train: ScenarioLibrary, district: District
) -> None:
    event = ColdSpell(kind="cold_spell", from_day=11, hours=96, depth_k=12.0)
    changed = apply_events(train, [event], district)
    drop = series(train, "ambient_temp_c") - series(changed, "ambient_temp_c")
    assert drop[12 * DAY - 1] == pytest.approx(12.0, abs=0.01)
    assert drop.max() == pytest.approx(12.0, abs=0.01)
    assert np.abs(np.diff(drop)).max() < 0.15
    assert np.all(drop[: 10 * DAY] == 0.0)
    assert np.all(drop[14 * DAY :] == 0.0)
    np.testing.assert_array_equal(series(train, "ground_temp_c"), series(changed, "ground_temp_c"))


def test_prices_pumps_and_production(train: ScenarioLibrary, district: District) -> None:
    events: list[Event] = [
        PriceSpike(kind="price_spike", from_day=1, hours=2, factor=3.0, add=10.0),
        PumpTrip(kind="pump_trip", from_day=1, hours=1, remaining=0.1),
        ProductionStop(kind="production_stop", from_day=1, hours=24, units=("chip_fab",)),
    ]
    changed = apply_events(train, events, district)
    price = "electricity_eur_per_mwh"
    expected = 3.0 * series(train, price)[:8] + 10.0
    np.testing.assert_allclose(series(changed, price)[:8], expected)
    np.testing.assert_array_equal(series(changed, price)[8:], series(train, price)[8:])
    assert series(changed, "main.pump")[3] == pytest.approx(0.1)
    assert series(changed, "main.pump")[4] == 1.0
    assert np.all(series(changed, "chip_fab.level")[:DAY] == 0.0)


def test_everything_that_does_not_fit_is_said_at_once(
    train: ScenarioLibrary, district: District
) -> None:
    events: list[Event] = [
        SourceOutage(kind="source_outage", from_day=1, hours=1, units=("glasworks",)),
        ProductionStop(kind="production_stop", from_day=1, hours=1, units=("gas_boiler",)),
        PumpTrip(kind="pump_trip", from_day=366.5, hours=1, circuits=("north",)),
        FuelShortage(kind="fuel_shortage", from_day=1, hours=1, fuel="wood"),
        Fouling(kind="fouling", from_day=1, hours=1, units=("tank",), cleanness=0.5),
    ]
    with pytest.raises(ScenarioError) as caught:
        apply_events(train, events, district)
    text = str(caught.value)
    for place in (
        "events[0].units[0]: 'glasworks' is not a producer; there are: glassworks",
        "events[1].units[0]: 'gas_boiler' is not a unit with a production",
        "events[2].from_day: 366.5 lies after",
        "events[2].circuits[0]: 'north' is not a circuit; there are: main",
        "events[3].fuel: no boiler or engine of energy-web takes 'wood'",
        "events[4].units[0]: 'tank'",
    ):
        assert place in text


def test_faults_of_sensors_go_with_their_scenario(
    train: ScenarioLibrary, district: District
) -> None:
    event = SensorDropout(kind="sensor_dropout", from_day=1, hours=1)
    faulty = apply_events(train.select([0]), [event], district)
    assert faulty.series == train.series
    together = concatenate([train.select([1]), faulty])
    assert together.sensor_events == ((), (event,))
    assert together.select([1]).sensor_events == ((event,),)
    assert train.select([1]).sensor_events == ()


def test_a_scenario_file_brings_its_events(tmp_path: Path, district: District) -> None:
    content = {
        "name": "cold",
        "title": "a generated year with an outage",
        "split": "test",
        "start_utc": "2021-01-01T00:00:00Z",
        "seed": 3,
        "events": [{"kind": "source_outage", "from_day": 10, "hours": 24, "units": ["dairy"]}],
    }
    path = tmp_path / "cold.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    library = build_library(district, "test", 1, scenario=path)
    assert np.all(series(library, "dairy.availability")[9 * DAY : 10 * DAY] == 0.0)
    assert library.start_utc[0].startswith("2021-01-01")
    assert library.provenance[0]["ambient_temp_c"] == "generated"
    content["events"] = [{"kind": "source_outage", "from_day": 10, "hours": -1, "unit": "dairy"}]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        build_library(district, "test", 1, scenario=path)
    assert "events[0]" in str(caught.value)
    assert "hours" in str(caught.value)


def test_the_ammonia_shut_down_runs_on_any_district_with_a_source(district: District) -> None:
    assert "energy-web" in preset_names()
    library = build_library(district, "test", 1, scenario="ammonia-shutdown-2022")
    fit = series(library, "glassworks.availability")
    # 29 August to 20 September, then half for two weeks
    assert np.all(fit[240 * DAY : 262 * DAY] == 0.0)
    assert np.all(fit[262 * DAY : 276 * DAY] == 0.5)
    assert np.all(fit[: 240 * DAY] == 1.0)


def test_random_events_follow_from_the_key_alone(district: District) -> None:
    channels = build_contract(district, load_task("energy-web")).observation
    rates = EventRates(source_outage=5, cold_spell=2, sensor_bias=4, communication_delay=3)
    key = scenario_key("train", 0, 7)
    assert draw_events(district, rates, key, channels) == draw_events(
        district, rates, key, channels
    )
    fewer = rates.model_copy(update={"cold_spell": 0.0})
    others = [e for e in draw_events(district, rates, key, channels) if e.kind != "cold_spell"]
    assert list(draw_events(district, fewer, key, channels)) == others
    held_out = draw_events(district, rates, scenario_key("test", 0, 7), channels)
    assert not set(held_out) & set(draw_events(district, rates, key, channels))


def test_random_events_are_as_frequent_as_asked(district: District) -> None:
    channels = build_contract(district, load_task("energy-web")).observation
    names = list(EventRates.model_fields)
    rates = EventRates(**dict.fromkeys(names, 3.0))
    years = [
        draw_events(district, rates, scenario_key("train", 1, n), channels) for n in range(200)
    ]
    for name in names:
        mean = sum(event.kind == name for events in years for event in events) / len(years)
        assert 2.5 < mean < 3.5, name


def test_a_task_brings_events_and_rates(train: ScenarioLibrary, district: District) -> None:
    task = load_task("energy-web")
    text = {
        **task.model_dump(mode="json"),
        "events": [{"kind": "pump_trip", "from_day": 5, "hours": 2}],
        "event_rates": {"source_outage": 6.0, "price_spike": 4.0},
    }
    eventful = parse_task(yaml.safe_dump(text))
    channels = build_contract(district, eventful).observation
    changed = with_task_events(train, district, eventful, channels)
    assert with_task_events(changed, district, eventful, channels) is changed
    assert with_task_events(train, district, task, channels) is train
    courses = {entry["events"] for entry in changed.provenance}
    assert len(courses) == train.n_scenarios
    assert all("pump_trip from day 5" in course for course in courses)
    assert "events" not in task.model_dump(mode="json")
    text["event_rates"] = {"meteorite": 1.0}
    with pytest.raises(TaskError, match="event_rates"):
        parse_task(yaml.safe_dump(text))
