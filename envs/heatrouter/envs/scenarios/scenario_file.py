"""The scenario file: which series of a real year come from which CSV file, and what is borrowed."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.spec.base import KIND, Described, SchemaVersion
from heatrouter.envs.spec.events import Event
from heatrouter.envs.spec.explaining import field_mistakes
from heatrouter.envs.spec.yaml_reading import read_yaml_file


class FileSeries(Described):
    """A column of a CSV file with one header row and one row per interval."""

    kind: Annotated[Literal["file"], KIND]
    file: str = Field(description="path of the CSV file, relative to the data folder")
    column: str = Field(description="header of the column with the values")
    timestamp_column: str = Field("timestamp_utc", description="header of the time stamps")
    clock: str = Field(
        "stamps",
        pattern=r"^(stamps|utc([+-](0?\d|1[0-4])(:[0-5]\d)?)?)$",
        description="'stamps' where every stamp carries Z or an offset; else the fixed offset of "
        "the clock, e.g. 'utc' or 'utc+1'",
    )
    stamp: Literal["start", "end"] = Field(
        "start", description="which end of the interval a stamp marks"
    )
    step_minutes: int = Field(
        60, ge=15, le=1440, multiple_of=15, description="from one row to the next"
    )
    scale: float = Field(1.0, description="value in the unit of the series = scale * cell + offset")
    offset: float = Field(0.0, description="see scale")
    align: Literal["time", "calendar"] = Field(
        "time",
        description="'calendar' puts another year's data (a typical year, a borrowed year) on the "
        "same day and hour of the scenario's year",
    )
    leap_day: Literal["refuse", "repeat"] = Field(
        "refuse",
        description="'repeat' gives 29 February the values of the 28th where align is 'calendar' "
        "and the file has none; said in the provenance",
    )
    note: str = Field("", description="what a reader of results has to know about this series")


class ConstantSeries(Described):
    """One value for the whole scenario."""

    kind: Annotated[Literal["constant"], KIND]
    value: float = Field(description="in the unit of the series")
    note: str = Field(min_length=3, description="where the value comes from")


class ReferenceSeries(Described):
    """The series of a DWD test reference year (TRY 2010), which needs no data folder."""

    kind: Annotated[Literal["reference_year"], KIND]
    region: int = Field(ge=1, le=15, description="of the fifteen regions of the DWD")
    note: str = Field(min_length=3, description="why this region stands in for the real year")


class WeatherFileSeries(Described):
    """The series of an EPW, TMY3 or PVGIS-TMY file: hours of a typical year, read through pvlib."""

    kind: Annotated[Literal["weather_file"], KIND]
    file: str = Field(description="path of the file, relative to the data folder")
    format: Literal["epw", "tmy3", "pvgis_tmy"] = Field(
        description="layout: EnergyPlus, NREL TMY3, or typical year of PVGIS"
    )
    note: str = Field(min_length=3, description="which place and years; why it stands in")


class StandardLoadSeries(Described):
    """A standard load profile of the BDEW, which demandlib carries, on the local clock."""

    kind: Annotated[Literal["standard_load"], KIND]
    profile: Literal["h0", "g0", "g1", "g2", "g3", "g4", "g5", "g6", "l0", "l1", "l2"] = Field(
        description="h: households, g: trade, l: farms; the digit is the variety"
    )
    annual_mwh: float | None = Field(
        None, gt=0.0, le=1.0e6, description="of a draw in kW; a level has its peak at 1"
    )
    note: str = Field(min_length=3, description="why this profile stands in")


class GeneratedSeries(Described):
    """What the generator draws for a year of this split; generated series go with each other."""

    kind: Annotated[Literal["generated"], KIND]
    scale: float = Field(1.0, gt=0.0, le=100.0, description="times the generated value")
    note: str = Field("", description="what a reader of results has to know about this series")


class ComputedGround(Described):
    """Ground temperature at pipe depth after Kusuda-Achenbach, from the scenario's own air."""

    kind: Annotated[Literal["computed"], KIND]


Tabular = Annotated[FileSeries | ConstantSeries | GeneratedSeries, Field(discriminator="kind")]
Weather = Annotated[
    FileSeries | ConstantSeries | ReferenceSeries | WeatherFileSeries | GeneratedSeries,
    Field(discriminator="kind"),
]
Ground = Annotated[FileSeries | ConstantSeries | ComputedGround, Field(discriminator="kind")]
Draw = Annotated[FileSeries | ConstantSeries | StandardLoadSeries, Field(discriminator="kind")]
SeriesSource = (
    FileSeries
    | ConstantSeries
    | ReferenceSeries
    | WeatherFileSeries
    | StandardLoadSeries
    | GeneratedSeries
    | ComputedGround
)


class SiteSources(Described):
    """Where each series of the site comes from; calendar series follow from the clock."""

    ambient_temp_c: Weather = Field(description="outdoor air")
    ground_temp_c: Ground = Field(description="at the depth of the pipes")
    irradiance_w_m2: Weather = Field(description="global, on the horizontal")
    wind_speed_m_s: Weather = Field(description="as the weather station measures it")
    electricity_eur_per_mwh: Tabular = Field(
        description="exchange price, without the fee of the district's grid"
    )
    gas_eur_per_mwh: Tabular = Field(
        description="exchange price, Hs, without the fee of the district's grid"
    )
    co2_eur_per_t: Tabular = Field(description="price of an allowance")
    carbon_intensity_g_per_kwh: Tabular = Field(description="CO2 of the grid's electricity")


_GENERATED = GeneratedSeries(kind="generated")
EVERYTHING_GENERATED = SiteSources(
    ambient_temp_c=_GENERATED,
    ground_temp_c=ComputedGround(kind="computed"),
    irradiance_w_m2=_GENERATED,
    wind_speed_m_s=_GENERATED,
    electricity_eur_per_mwh=_GENERATED,
    gas_eur_per_mwh=_GENERATED,
    co2_eur_per_t=_GENERATED,
    carbon_intensity_g_per_kwh=_GENERATED,
)


class UnitSource(Described):
    """Where one series of a unit comes from, instead of being generated."""

    series: str = Field(description="'<unit>.level' or '<unit>.hot_water_kw'")
    source: Draw = Field(description="where it comes from instead")


class ScenarioFile(Described):
    """A scenario made of data files."""

    schema_version: SchemaVersion = 1
    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$",
        max_length=60,
        description="by which trainings, evaluations and results refer to the scenario",
    )
    title: str = Field(description="what it is, for readers of results")
    split: Literal["train", "validation", "test"] = Field(
        description="the only use that this scenario may be put to"
    )
    start_utc: str = Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T00:00:00Z$", description="midnight UTC, e.g. 1 January"
    )
    days: int = Field(365, ge=2, le=366, description="length, from start_utc on")
    seed: int = Field(ge=0, description="of the production levels and draws that are generated")
    site: SiteSources = Field(
        EVERYTHING_GENERATED, description="all of it; without the whole key everything is generated"
    )
    units: tuple[UnitSource, ...] = Field(
        (), description="series of units that are not to be generated"
    )
    events: tuple[Event, ...] = Field((), description="outages, faults, spells, spikes")


def load_scenario_file(path: Path) -> ScenarioFile:
    """Read a scenario file.

    Raises:
        ScenarioError: Everything that is wrong with it, each mistake with its path.
    """
    document = read_yaml_file(path)
    mistakes = list(document.mistakes)
    if not mistakes and not isinstance(document.data, dict):
        mistakes.append(Mistake("", "holds no mapping of keys to values; see docs/scenarios.md"))
    if not mistakes:
        try:
            return ScenarioFile.model_validate(document.data, strict=True)
        except ValidationError as refused:
            found = field_mistakes(ScenarioFile, refused)
            mistakes = [mistake for mistake in found.values() if mistake is not None]
    raise ScenarioError(str(path), mistakes)


def scenario_schema() -> dict[str, object]:
    """Return the JSON Schema of a scenario file, for editors and generators."""
    schema = ScenarioFile.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "heatrouter scenario",
    }
