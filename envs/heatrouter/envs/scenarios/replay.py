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
    local_calendar,
    scenario_key,
    unit_series,
)
from heatrouter.envs.scenarios.ground import ground_temp_c, pipe_depth_m
from heatrouter.envs.scenarios.resample import hold, linear, spread_energy
from heatrouter.envs.scenarios.scenario_file import (
    ComputedGround,
    ConstantSeries,
    FileSeries,
    ReferenceSeries,
    ScenarioFile,
    SeriesSource,
)
from heatrouter.envs.scenarios.solar import clear_sky_w_m2
from heatrouter.envs.scenarios.weather_generator import reference_weather
from heatrouter.envs.spec.district import District


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
                message = f"{unit.series!r} is no series of {self._district.name}; there are: "
                self._mistakes.append(Mistake(f"{path}.series", message + ", ".join(names)))
            elif unit.series in sources:
                self._mistakes.append(Mistake(path, f"{unit.series!r} is given twice; keep one"))
            else:
                sources[unit.series] = (path, unit.source)
        columns: dict[str, FloatArray] = {}
        for name, (path, source) in sources.items():
            values = self._series(name, path, source, kinds[name])
            if values is not None:
                columns[name] = values
        ground = self.file.site.ground_temp_c
        if isinstance(ground, ComputedGround) and "ambient_temp_c" in columns:
            columns["ground_temp_c"] = self._ground(columns["ambient_temp_c"])
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

    def _ground(self, ambient_temp_c: FloatArray) -> FloatArray:
        if self.file.days < 365:
            message = f"computed from a whole year of air; days is {self.file.days}: give a file"
            self._mistakes.append(Mistake("site.ground_temp_c", message))
        depth = pipe_depth_m(self._district)
        self._provenance["ground_temp_c"] = (
            f"computed (Kusuda-Achenbach) at {depth:.2f} m from this scenario's air temperature"
        )
        return ground_temp_c(ambient_temp_c, depth, self._district.soil.diffusivity_m2_d)

    def _clear_sky(self) -> FloatArray:
        site = self._district.site
        first = (self._start.timetuple().tm_yday - 1) * 24.0
        hours = first + (np.arange(self._n_steps) + 0.5) / STEPS_PER_HOUR
        return clear_sky_w_m2(hours, site.latitude_deg, site.longitude_deg)
