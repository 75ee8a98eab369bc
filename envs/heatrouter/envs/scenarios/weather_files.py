"""Typical years in the formats of the building trade: EPW, TMY3 and PVGIS-TMY, through pvlib."""

import math
from pathlib import Path
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.catalogue import HOURS_PER_YEAR, SeriesKind
from heatrouter.envs.scenarios.scenario_file import WeatherFileSeries

_COLUMNS: Final = {
    "ambient_temp_c": "temp_air",
    "irradiance_w_m2": "ghi",
    "wind_speed_m_s": "wind_speed",
}
"""Series -> pvlib's name of it."""
_HEAD_LINES: Final = {"epw": 8, "tmy3": 2}
"""Lines above the first hour, where the format fixes them."""
_SHOWN = 3
_FEBRUARY_29_H = 59 * 24


def read_weather_file(
    folder: Path, source: WeatherFileSeries, series: str, kind: SeriesKind
) -> tuple[FloatArray | None, list[str]]:
    """Read one series of a typical year.

    The first row of all three formats is the first hour of 1 January on the file's own clock, a
    fixed offset from UTC; the hours that lie in another year of UTC close the year. 29 February is
    left out.

    Args:
        folder: Data folder.
        source: File and format.
        series: ``ambient_temp_c``, ``irradiance_w_m2`` or ``wind_speed_m_s``.
        kind: Bounds of the values.

    Returns:
        Hourly values from 1 January 0 h UTC, shape ``(8760,)``, or None with everything that is
        wrong.
    """
    path = folder / source.file
    if not path.is_file():
        return None, [f"{source.file}: not found in {path.parent}; check the data folder"]
    try:
        from pvlib import iotools
    except ImportError:
        message = (
            f"{source.file}: {source.format} files are read through pvlib, which is not installed; "
            "install it with: pip install 'heatrouter[io]'"
        )
        return None, [message]
    try:
        if source.format == "epw":
            table, head = iotools.read_epw(path)
        elif source.format == "tmy3":
            table, head = iotools.read_tmy3(path, map_variables=True)
        else:
            table, head = iotools.read_pvgis_tmy(path, map_variables=True)
        offset_h = float(head.get("TZ", 0.0)) if source.format != "pvgis_tmy" else 0.0
        values = np.asarray(table[_COLUMNS[series]], dtype=np.float64)
    except Exception as error:  # noqa: BLE001  # pvlib raises whatever its parsers run into
        return None, [f"{source.file} is no {source.format} file that pvlib can read: {error}"]
    if values.size == HOURS_PER_YEAR + 24:
        values = np.delete(values, np.arange(_FEBRUARY_29_H, _FEBRUARY_29_H + 24))
    if values.size != HOURS_PER_YEAR:
        return None, [f"{source.file}: {values.size} hours; a typical year has {HOURS_PER_YEAR}"]
    if offset_h != math.floor(offset_h):
        return None, [f"{source.file}: its clock is UTC{offset_h:+g} h; whole hours are needed"]
    findings = _out_of_range(values, source, kind)
    if findings:
        return None, findings
    return np.roll(values, -int(offset_h)), []


def _out_of_range(values: FloatArray, source: WeatherFileSeries, kind: SeriesKind) -> list[str]:
    # Written so that NaN fails.
    bad = np.flatnonzero(~((values >= kind.low) & (values <= kind.high)))
    head = _HEAD_LINES.get(source.format)
    found = []
    for row in bad[:_SHOWN]:
        place = f"hour {row + 1}" if head is None else f"line {head + row + 1}"
        limits = f"{kind.low:g}..{kind.high:g} {kind.unit}"
        found.append(f"{source.file}, {place}: {values[row]:g} leaves {limits}")
    if bad.size > _SHOWN:
        found.append(f"{source.file}: {bad.size - _SHOWN} more hours out of range")
    return found
