"""Events and faults as data, for scenario files and tasks.

Times count from the start of the scenario: ``from_day`` 1 is its first day, 1.5 its first noon
(UTC). For a scenario that starts on 1 January that is the day of the year.
"""

from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec.base import KIND, Described, Name


class _Timed(Described):
    """What every event has: when it begins and how long it lasts."""

    from_day: float = Field(ge=1.0, lt=367.0, description="1 is the first day of the scenario")
    hours: float = Field(gt=0.0, le=8784.0, description="how long it lasts")
    note: str = Field("", description="what a reader of results has to know about it")


class SourceOutage(_Timed):
    """Producers that can give less heat, or none."""

    kind: Annotated[Literal["source_outage"], KIND]
    units: tuple[Name, ...] = Field(
        (),
        description="producers (sources, heat pumps, boilers, engines, links); none named: "
        "every waste-heat source",
    )
    remaining: float = Field(0.0, ge=0.0, lt=1.0, description="share of the heat that is left")


class ProductionStop(_Timed):
    """Processes that stop: their waste heat, cooling load, gas or heat demand goes with them."""

    kind: Annotated[Literal["production_stop"], KIND]
    units: tuple[Name, ...] = Field(min_length=1, description="units with a production plan")
    remaining: float = Field(0.0, ge=0.0, lt=1.0, description="share of the level that is left")


class FuelShortage(_Timed):
    """Boilers and engines of one fuel that get less of it."""

    kind: Annotated[Literal["fuel_shortage"], KIND]
    fuel: Literal["gas", "wood", "biogas", "electricity"] = Field(
        "gas", description="whatever boiler or engine burns it is cut"
    )
    remaining: float = Field(0.0, ge=0.0, lt=1.0, description="share of the capacity that is left")


class PumpTrip(_Timed):
    """A circuit's pump that gives less head than it could."""

    kind: Annotated[Literal["pump_trip"], KIND]
    circuits: tuple[Name, ...] = Field((), description="none named: every circuit")
    remaining: float = Field(
        0.05,
        ge=0.02,
        lt=1.0,
        description="share of the largest head that is left, e.g. of a stand-by pump",
    )


class Fouling(_Timed):
    """Exchangers whose UA falls steadily, until they are cleaned."""

    kind: Annotated[Literal["fouling"], KIND]
    units: tuple[Name, ...] = Field(min_length=1, description="sources, links, consumers")
    cleanness: float = Field(ge=0.05, lt=1.0, description="UA over clean UA at the end")
    cleaned: bool = Field(True, description="clean again after the event; else it stays")


class ColdSpell(_Timed):
    """Colder air: a bell that is deepest in the middle; the ground keeps its course."""

    kind: Annotated[Literal["cold_spell"], KIND]
    depth_k: float = Field(gt=0.0, le=25.0, description="at the deepest")


class PriceSpike(_Timed):
    """A price that is ``factor`` times what it was, plus ``add``."""

    kind: Annotated[Literal["price_spike"], KIND]
    series: Literal["electricity_eur_per_mwh", "gas_eur_per_mwh", "co2_eur_per_t"] = Field(
        "electricity_eur_per_mwh", description="exchange price that is changed"
    )
    factor: float = Field(1.0, ge=0.0, le=50.0, description="times the price; 1 leaves it")
    add: float = Field(0.0, ge=-1000.0, le=4000.0, description="in the unit of the series")


class SensorBias(_Timed):
    """Channels that read too high or too low, without anybody noticing."""

    kind: Annotated[Literal["sensor_bias"], KIND]
    channels: tuple[str, ...] = Field(min_length=1, description="measured channels")
    bias: float = Field(description="added to the reading, in the unit of the channel")


class SensorFreeze(_Timed):
    """Channels that stay at their last reading, without anybody noticing."""

    kind: Annotated[Literal["sensor_freeze"], KIND]
    channels: tuple[str, ...] = Field(min_length=1, description="measured channels")


class SensorDropout(_Timed):
    """Channels without a reading: the last one stands in, marked as invalid."""

    kind: Annotated[Literal["sensor_dropout"], KIND]
    channels: tuple[str, ...] = Field((), description="measured channels; none named: all")


class CommunicationDelay(_Timed):
    """Readings that arrive late."""

    kind: Annotated[Literal["communication_delay"], KIND]
    channels: tuple[str, ...] = Field((), description="measured channels; none named: all")
    delay_s: float = Field(gt=0.0, le=7200.0, description="rounded up to whole control steps")


PlantEvent = (
    SourceOutage | ProductionStop | FuelShortage | PumpTrip | Fouling | ColdSpell | PriceSpike
)
"""An event that is a change of the scenario's series."""

SensorEvent = SensorBias | SensorFreeze | SensorDropout | CommunicationDelay
"""An event that lies between the plant and its control."""

Event = Annotated[PlantEvent | SensorEvent, Field(discriminator="kind")]


class EventRates(Described):
    """How often random events happen in a year of a generated scenario, on average.

    Units, channels, lengths and sizes are drawn, too; see ``scenarios.random_events``.
    """

    source_outage: float = Field(
        0.0, ge=0.0, le=365.0, description="one producer fails or gives half, 18 h on average"
    )
    pump_trip: float = Field(
        0.0,
        ge=0.0,
        le=365.0,
        description="the pump of one circuit keeps 0.1 to 0.6 of its head, 2 h on average",
    )
    fuel_shortage: float = Field(
        0.0,
        ge=0.0,
        le=365.0,
        description="0.3 to 0.8 of one fuel's capacity is left, 72 h on average",
    )
    fouling: float = Field(
        0.0,
        ge=0.0,
        le=365.0,
        description="one waste-heat source falls to 0.4 to 0.9 of its UA, 1500 h on average",
    )
    cold_spell: float = Field(
        0.0,
        ge=0.0,
        le=365.0,
        description="3 to 12 K colder for 72 to 288 h, between mid-November and mid-March",
    )
    price_spike: float = Field(
        0.0,
        ge=0.0,
        le=365.0,
        description="electricity 1.5 to 4 times as dear and up to 300 EUR/MWh on top, 4 h on "
        "average",
    )
    sensor_bias: float = Field(
        0.0,
        ge=0.0,
        le=365.0,
        description="one measured channel reads wrong by some 8 % of its span, 120 h on average",
    )
    sensor_freeze: float = Field(
        0.0,
        ge=0.0,
        le=365.0,
        description="one measured channel stays at its last reading, 12 h on average",
    )
    sensor_dropout: float = Field(
        0.0, ge=0.0, le=365.0, description="one measured channel has no reading, 3 h on average"
    )
    communication_delay: float = Field(
        0.0, ge=0.0, le=365.0, description="all readings come 15, 30 or 60 min late, 6 h on average"
    )
