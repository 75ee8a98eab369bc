"""What consumers took in an interval, by origin and with its grade, from the steps of a plant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import NumericalError
from heatrouter.envs.units import REFERENCE_TEMP_C, SECONDS_PER_HOUR, ZERO_CELSIUS_K

_CLOSES: Final = 1e-9
"""Share of the heat that the sum over origins may miss (docs/settle.md)."""

_ABSOLUTE_KWH: Final = 1e-9
"""The same where next to nothing was taken."""

_SMALLEST_K: Final = 1e-6
"""Cooling below which the mean temperature is the supply's to all digits."""


def exergy_share(supply_temp_c: FloatArray, return_temp_c: FloatArray) -> FloatArray:
    """Exergy of heat that water gives while it cools, over that heat.

    ``1 - T0 ln(Ts / Tr) / (Ts - Tr)`` for a stream of constant heat capacity (e.g. Bejan, Advanced
    Engineering Thermodynamics, ch. 3), with T0 fixed at 10 degC so that no weather changes a grade.

    Args:
        supply_temp_c: Before, degC.
        return_temp_c: After, degC, same shape; where it is not below the supply, the share is that
            of heat at the supply temperature.

    Returns:
        Below 1; negative for water colder than 10 degC. Same shape.
    """
    supply = supply_temp_c + ZERO_CELSIUS_K
    back = return_temp_c + ZERO_CELSIUS_K
    cools = supply - back > _SMALLEST_K
    spread = np.where(cools, supply - back, 1.0)
    mean = np.where(cools, spread / np.log1p(spread / np.where(cools, back, 1.0)), supply)
    share: FloatArray = 1.0 - (REFERENCE_TEMP_C + ZERO_CELSIUS_K) / mean
    return share


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """What every consumer took, arrays over consumers.

    Attributes:
        heat_kwh: By origin, ``(n_consumers, n_origins)``.
        metered_kwh: All of it, measured apart, ``(n_consumers,)``.
        supply_temp_c: Mean weighted by flow; NaN where nothing flowed. Same shape.
        return_temp_c: Likewise.
        exergy_kwh: Of the heat, above 10 degC, likewise.
        grid_co2_kg_per_mwh: Mean carbon intensity of the grid.
    """

    heat_kwh: FloatArray
    metered_kwh: FloatArray
    supply_temp_c: FloatArray
    return_temp_c: FloatArray
    exergy_kwh: FloatArray
    grid_co2_kg_per_mwh: float


class IntervalAccount:
    """Adds the steps of one plant up to intervals.

    Args:
        columns: Name of an output to its column.
        consumers: Whose deliveries are counted.
        rows: Their rows in ``Simulation.heat_by_origin_kwh``.
    """

    def __init__(
        self, columns: Mapping[str, int], consumers: Sequence[str], rows: Sequence[int]
    ) -> None:
        self.consumers = tuple(consumers)
        self._rows = np.array(rows, dtype=np.int64)
        self._heat_at = _columns(columns, consumers, "heat_kw")
        self._flow_at = _columns(columns, consumers, "mass_flow_kg_s")
        self._supply_at = _columns(columns, consumers, "supply_temp_c")
        self._return_at = _columns(columns, consumers, "return_temp_c")
        self._grid_at = columns["site.carbon_intensity_g_per_kwh"]
        self._by_origin: FloatArray | None = None
        self._start()

    def add(self, outputs: FloatArray, heat_by_origin_kwh: FloatArray, dt_s: float) -> None:
        """Add a step.

        Args:
            outputs: Of the step, ``(n_columns,)``.
            heat_by_origin_kwh: Of the step, ``(n_consumers_of_plant, n_origins)``.
            dt_s: Length of the step, s.
        """
        hours = dt_s / SECONDS_PER_HOUR
        heat = outputs[self._heat_at] * hours
        flow = outputs[self._flow_at] * dt_s
        supply, back = outputs[self._supply_at], outputs[self._return_at]
        by_origin = heat_by_origin_kwh[self._rows]
        self._by_origin = by_origin if self._by_origin is None else self._by_origin + by_origin
        self._metered += heat
        self._flow += flow
        self._supply += flow * supply
        self._return += flow * back
        self._exergy += heat * exergy_share(supply, back)
        self._grid += float(outputs[self._grid_at]) * dt_s
        self._seconds += dt_s

    def take(self) -> Interval:
        """Return the sums and begin a new interval; there was at least one step.

        Raises:
            NumericalError: The sum over origins is not the heat that was delivered.
        """
        assert self._by_origin is not None
        missing = np.abs(self._by_origin.sum(axis=1) - self._metered)
        allowed = np.maximum(_CLOSES * np.abs(self._metered), _ABSOLUTE_KWH)
        wrong = np.flatnonzero(~(missing <= allowed))
        if wrong.size:
            at = int(wrong[0])
            message = (
                f"origins add up to {self._by_origin[at].sum()!r} kWh, but {self._metered[at]!r} "
                "kWh were delivered; nothing can be settled on that"
            )
            raise NumericalError(message, unit=self.consumers[at])
        flowed = self._flow > 0.0
        divisor = np.where(flowed, self._flow, 1.0)
        interval = Interval(
            heat_kwh=self._by_origin,
            metered_kwh=self._metered,
            supply_temp_c=np.where(flowed, self._supply / divisor, np.nan),
            return_temp_c=np.where(flowed, self._return / divisor, np.nan),
            exergy_kwh=self._exergy,
            grid_co2_kg_per_mwh=self._grid / self._seconds,
        )
        self._start()
        return interval

    def _start(self) -> None:
        count = len(self.consumers)
        self._by_origin = None
        self._metered = np.zeros(count)
        self._flow = np.zeros(count)
        self._supply = np.zeros(count)
        self._return = np.zeros(count)
        self._exergy = np.zeros(count)
        self._grid = 0.0
        self._seconds = 0.0


def _columns(columns: Mapping[str, int], consumers: Sequence[str], quantity: str) -> IntArray:
    return np.array([columns[f"{name}.{quantity}"] for name in consumers], dtype=np.int64)
