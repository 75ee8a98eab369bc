"""Replay of a scenario file: real series from a data folder, the rest said openly."""

from datetime import datetime
from pathlib import Path

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.scenarios.catalogue import (
    CALENDAR_SERIES,
    STEP_S,
    STEPS_PER_DAY,
    STEPS_PER_HOUR,
    SeriesKind,
    series_of,
)
from heatrouter.envs.scenarios.csv_series import read_csv_series
from heatrouter.envs.scenarios.generator import (
    Scenario,
    generate,
    local_calendar,
    scenario_key,
    unit_series,
)
from heatrouter.envs.scenarios.ground import ground_temp_c, pipe_depth_m
from heatrouter.envs.scenarios.load_profiles import standard_load
from heatrouter.envs.scenarios.resample import hold, linear, spread_energy
from heatrouter.envs.scenarios.scenario_file import (
    ComputedGround,
    ConstantSeries,
    FileSeries,
    GeneratedSeries,
    ReferenceSeries,
    ScenarioFile,
    SeriesSource,
    StandardLoadSeries,
    WeatherFileSeries,
)
from heatrouter.envs.scenarios.solar import clear_sky_w_m2
from heatrouter.envs.scenarios.weather_files import read_weather_file
from heatrouter.envs.scenarios.weather_generator import reference_weather
from heatrouter.envs.spec.district import District

DAYS_PER_YEAR = 365


class Replay:
    """A scenario file with its data, read once and checked for one district.

    Args:
        file: The scenario.
        district: Site, soil and units.
        folder: Data folder that the file's paths are relative to.

    Raises:
        ScenarioError: Everything that is wrong with the data, by series, file and line.
    """

    def __init__(self, file: ScenarioFile, district: District, folder: Path) -> None:
        self.file = file
        self._district = district
        self._folder = folder
        self._start = datetime.fromisoformat(file.start_utc)
        self._n_steps = file.days * STEPS_PER_DAY
        self._mistakes: list[Mistake] = []
        self._provenance: dict[str, str] = {}
        self._generated: dict[str, GeneratedSeries] = {}
        self._columns = self._read()
        if self._mistakes:
            subject = f"scenario {file.name!r}"
            raise ScenarioError(subject, self._mistakes)

    def scenario(self, number: int, seed: int) -> Scenario:
        """Return the scenario with another draw, by number, of what its file leaves open."""
        district, file = self._district, self.file
        days = local_calendar(district, self._start, self._n_steps)
        key = scenario_key(file.split, file.seed + seed, number)
        units, source = unit_series(district, days, key)
        name = file.name if number == seed == 0 else f"{file.name}-s{seed}-{number:04d}"
        columns = {**dict(zip(CALENDAR_SERIES, days, strict=True)), **units, **self._columns}
        if self._generated:
            year = generate(
                district, file.split, number=number, seed=file.seed + seed, start=self._start
            )
            source["generated"] = f"{', '.join(self._generated)}: {year.provenance['weather']}"
            for series, drawn in self._generated.items():
                columns[series] = drawn.scale * year.columns[series][: self._n_steps]
        if isinstance(file.site.ground_temp_c, ComputedGround):
            columns["ground_temp_c"] = self._ground(columns["ambient_temp_c"])
        provenance = {
            "source": f"scenario file {file.name}: {file.title}",
            "key": "/".join(map(str, key)),
            "calendar": f"{self._start.year}, {district.site.timezone}",
            **source,
            **self._provenance,
        }
        return Scenario(name, self._start.isoformat(), columns, provenance)

    def _read(self) -> dict[str, FloatArray]:
        kinds = series_of(self._district)
        sources: dict[str, tuple[str, SeriesSource]] = {
            name: (f"site.{name}", getattr(self.file.site, name))
            for name in type(self.file.site).model_fields
        }
        for position, unit in enumerate(self.file.units):
            path = f"units[{position}]"
            names = [n for n in kinds if n.endswith((".level", ".hot_water_kw"))]
            if unit.series not in names:
                message = (
                    f"{unit.series!r} is no series of the district {self._district.name}; "
                    f"there are: {', '.join(names)}"
                )
                self._mistakes.append(Mistake(f"{path}.series", message))
            elif unit.series in sources:
                self._mistakes.append(Mistake(path, f"{unit.series!r} is given twice; keep one"))
            else:
                sources[unit.series] = (path, unit.source)
        columns: dict[str, FloatArray] = {}
        for name, (path, source) in sources.items():
            values = self._series(name, path, source, kinds[name])
            if values is not None:
                columns[name] = values
        if isinstance(self.file.site.ground_temp_c, ComputedGround):
            self._check_ground()
        return columns

    def _series(
        self, name: str, path: str, source: SeriesSource, kind: SeriesKind
    ) -> FloatArray | None:
        match source:
            case FileSeries():
                return self._from_file(name, path, source, kind)
            case ConstantSeries():
                if not kind.low <= source.value <= kind.high:
                    limits = f"{kind.low:g}..{kind.high:g} {kind.unit}"
                    message = f"{source.value:g} leaves {limits}; check the unit"
                    self._mistakes.append(Mistake(f"{path}.value", message))
                self._provenance[name] = f"constant {source.value:g} {kind.unit}: {source.note}"
                return np.full(self._n_steps, source.value)
            case ReferenceSeries():
                return self._from_reference_year(name, path, source)
            case WeatherFileSeries():
                return self._from_weather_file(name, path, source, kind)
            case StandardLoadSeries():
                return self._from_profile(name, path, source)
            case GeneratedSeries():
                self._generate(name, path, source)
                return None
            case ComputedGround():
                return None

    def _from_file(
        self, name: str, path: str, source: FileSeries, kind: SeriesKind
    ) -> FloatArray | None:
        parts = source.step_minutes * 60 // STEP_S
        if self._n_steps % parts:
            message = f"{source.step_minutes} min is no divisor of a day; resample the file"
            self._mistakes.append(Mistake(f"{path}.step_minutes", message))
            return None
        series, findings = read_csv_series(
            self._folder, source, kind, self._start, self._n_steps // parts
        )
        self._mistakes += [Mistake(path, finding) for finding in findings]
        if series is None:
            return None
        filled = f"; {series.filled} missing intervals filled" if series.filled else ""
        borrowed = "; put on the calendar of this year" if source.align == "calendar" else ""
        if series.leap_day:
            borrowed += "; 29 February repeats the 28th"
        note = f"; {source.note}" if source.note else ""
        self._provenance[name] = f"{source.file}, {source.column}{filled}{borrowed}{note}"
        if kind.resampling == "hold":
            return hold(series.values, parts)
        if kind.resampling == "linear":
            return linear(series.values, parts, periodic=False)
        return spread_energy(series.values, parts, self._clear_sky())

    def _from_reference_year(
        self, name: str, path: str, source: ReferenceSeries
    ) -> FloatArray | None:
        weather = reference_weather(
            self._district.site.model_copy(update={"test_reference_region": source.region})
        )
        values: FloatArray = {
            "ambient_temp_c": weather.ambient_temp_c,
            "irradiance_w_m2": weather.irradiance_w_m2,
            "wind_speed_m_s": weather.wind_speed_m_s,
        }[name]
        first = (self._start.timetuple().tm_yday - 1) * STEPS_PER_DAY
        if first + self._n_steps > values.size:
            message = "a reference year has 365 days; let the scenario end with 30 December"
            self._mistakes.append(Mistake(path, message))
            return None
        self._provenance[name] = f"{weather.source}; {source.note}"
        return values[first : first + self._n_steps]

    def _from_weather_file(
        self, name: str, path: str, source: WeatherFileSeries, kind: SeriesKind
    ) -> FloatArray | None:
        hourly, findings = read_weather_file(self._folder, source, name, kind)
        self._mistakes += [Mistake(path, finding) for finding in findings]
        first = (self._start.timetuple().tm_yday - 1) * STEPS_PER_DAY
        if hourly is None:
            return None
        if first + self._n_steps > hourly.size * STEPS_PER_HOUR:
            message = "a typical year has 365 days; let the scenario end with 30 December"
            self._mistakes.append(Mistake(path, message))
            return None
        self._provenance[name] = f"{source.file} ({source.format}); {source.note}"
        if kind.resampling == "energy":
            site = self._district.site
            hours: FloatArray = (
                np.arange(hourly.size * STEPS_PER_HOUR, dtype=np.float64) + 0.5
            ) / STEPS_PER_HOUR
            clear = clear_sky_w_m2(hours, site.latitude_deg, site.longitude_deg)
            values = spread_energy(hourly, STEPS_PER_HOUR, clear)
        else:
            values = linear(hourly, STEPS_PER_HOUR, periodic=True)
        return values[first : first + self._n_steps]

    def _from_profile(self, name: str, path: str, source: StandardLoadSeries) -> FloatArray | None:
        is_level = name.endswith(".level")
        if is_level != (source.annual_mwh is None):
            message = (
                "a level has its peak at 1; take annual_mwh out"
                if is_level
                else "a draw in kW needs annual_mwh"
            )
            self._mistakes.append(Mistake(f"{path}.annual_mwh", message))
            return None
        self._provenance[name] = f"BDEW profile {source.profile} of demandlib; {source.note}"
        days = local_calendar(self._district, self._start, self._n_steps)
        return standard_load(source.profile, self._start.year, days, source.annual_mwh)

    def _generate(self, name: str, path: str, source: GeneratedSeries) -> None:
        if (self._start.month, self._start.day) != (1, 1) or self.file.days > DAYS_PER_YEAR:
            message = "a generated year begins on 1 January and has 365 days; name a source"
            self._mistakes.append(Mistake(path, message))
            return
        self._generated[name] = source
        factor = "" if source.scale == 1.0 else f" times {source.scale:g}"
        note = f"; {source.note}" if source.note else ""
        self._provenance[name] = f"generated{factor}{note}"

    def _check_ground(self) -> None:
        if self.file.days < DAYS_PER_YEAR:
            message = f"computed from a whole year of air; days is {self.file.days}: give a file"
            self._mistakes.append(Mistake("site.ground_temp_c", message))
        depth = pipe_depth_m(self._district)
        self._provenance["ground_temp_c"] = (
            f"computed (Kusuda-Achenbach) at {depth:.2f} m from this scenario's air temperature"
        )

    def _ground(self, ambient_temp_c: FloatArray) -> FloatArray:
        depth = pipe_depth_m(self._district)
        return ground_temp_c(ambient_temp_c, depth, self._district.soil.diffusivity_m2_d)

    def _clear_sky(self) -> FloatArray:
        site = self._district.site
        first = (self._start.timetuple().tm_yday - 1) * 24.0
        hours = first + (np.arange(self._n_steps) + 0.5) / STEPS_PER_HOUR
        return clear_sky_w_m2(hours, site.latitude_deg, site.longitude_deg)
