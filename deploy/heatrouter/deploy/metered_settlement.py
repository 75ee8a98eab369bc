"""A ledger of a running service: what heat meters on site have counted, hour by hour.

Meters say how much heat a consumer took and how much a source fed in, not whose heat it was. Where
one circuit connects all of them, its water is taken as mixed: in an hour every consumer gets heat
of each origin in the share that the origin has in all heat fed in, stores counted in. A store is
charged with the mix of the hour and gives what it holds, mixed; what it gives beyond is
``initial``.

Nothing is guessed: where a consumer or a source has no meter in the history, where hours are not
known, or where circuits are linked, it says so and settles nothing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from heatrouter.deploy.history_reading import HistoryReader, HistoryRow
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError, Mistake
from heatrouter.envs.settlement.account import Interval, exergy_share
from heatrouter.envs.settlement.exact import written
from heatrouter.envs.settlement.pricing import Pricing
from heatrouter.envs.settlement.records import Delivery, Head
from heatrouter.envs.settlement.settling import (
    deliveries_of,
    program_versions,
    settled_consumers,
    settled_origins,
    utc_text,
)
from heatrouter.envs.settlement.tariff import Tariff
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import HeatPump, Store

HOUR_S: Final = 3600
LEAST_KNOWN: Final = 0.95
"""Of an hour's ticks, in which a meter has to be believed."""

REAL_TIME: Final = 0.01
"""By which the plant's time may run faster or slower than the calendar."""

_GRID: Final = "site.carbon_intensity_g_per_kwh"
_ELECTRICITY, _INITIAL = "electricity", "initial"


@dataclass(frozen=True, slots=True)
class Meters:
    """Which series of the history say what.

    Attributes:
        consumers: Consumer to the series of its heat, kW.
        origins: Origin to the series of what it feeds in, kW.
        compressors: Series of the heat pumps' electricity, kW, which ends up as heat.
        stores: Series of what stores are charged with, kW, negative where they give.
        supply: Series of the circuit's supply temperature, degC.
        back: Series of its return temperature.
    """

    consumers: Mapping[str, str]
    origins: Mapping[str, str]
    compressors: tuple[str, ...]
    stores: tuple[str, ...]
    supply: str
    back: str

    @property
    def series(self) -> tuple[str, ...]:
        """All of them, and the grid's carbon intensity."""
        return (
            *self.consumers.values(), *self.origins.values(), *self.compressors, *self.stores,
            self.supply, self.back, _GRID,
        )  # fmt: skip


def meters_of(district: District, known: Sequence[str]) -> Meters:
    """Find the meters of a district among the series of a history.

    Args:
        district: The district.
        known: Names of the inputs that the history holds.

    Raises:
        ConfigError: Circuits are linked, or meters are missing: all of them, by name.
    """
    subject = f"settlement of {district.name} by its meters"
    if len(district.circuits) != 1:
        names = " and ".join(c.name for c in district.circuits)
        text = (
            f"{names} are linked, and no meter says whose heat passes the link; settle a simulation"
        )
        raise ConfigError(subject, [Mistake("circuits", text)])
    circuit = district.circuits[0].name
    found = set(known)
    cooled = {u.source: u.name for u in district.units if isinstance(u, HeatPump) and u.source}
    origins = {
        name: f"{name}.cooling_kw" if name in cooled else f"{name}.heat_kw"
        for name in settled_origins(district)
        if name not in {_ELECTRICITY, _INITIAL}
    }
    meters = Meters(
        consumers={name: f"{name}.heat_kw" for name in settled_consumers(district)},
        origins=origins,
        compressors=tuple(f"{name}.power_kw" for name in cooled.values()),
        stores=tuple(f"{u.name}.charge_kw" for u in district.units if isinstance(u, Store)),
        supply=f"{circuit}.supply_temp_c",
        back=f"{circuit}.return_temp_c",
    )
    missing = [name for name in meters.series if name not in found]
    if missing:
        text = (
            "is not measured; let the plant measure it, or settle a simulation (heatrouter settle)"
        )
        raise ConfigError(subject, [Mistake(name, text) for name in missing])
    return meters


@dataclass(frozen=True, slots=True, eq=False)
class MeteredHours:
    """What the meters of whole hours say.

    Attributes:
        begin: Of the first hour, UTC.
        means: Mean of every series of ``Meters.series`` in each hour, ``(n_hours, n_series)``.
        known: Least share of ticks in which any of them was believed.
    """

    begin: datetime
    means: FloatArray
    known: float


def read_hours(reader: HistoryReader, meters: Meters, begin: float, end: float) -> MeteredHours:
    """Means over the whole hours of a span.

    Args:
        reader: The history.
        meters: Which series.
        begin: POSIX time, s; the next full hour is taken.
        end: Likewise; the full hour before.

    Raises:
        ConfigError: No whole hour, time that is not the calendar's, or hours that are not known.
    """
    span = reader.span()
    first = math.ceil(max(begin, span.begin) / HOUR_S)
    last = math.floor(min(end, span.end) / HOUR_S) if span.samples else first
    subject = f"{reader.path}"
    if last <= first:
        text = f"holds no whole hour of the time asked for, but {span.samples} ticks"
        raise ConfigError(subject, [Mistake("", text)])
    rows = list(reader.rows(first * HOUR_S, math.nextafter(last * HOUR_S, 0.0)))
    tick_s = _tick_s(rows, subject)
    names = meters.series
    sums, counts = np.zeros((last - first, len(names))), np.zeros((last - first, len(names)))
    for row in rows:
        at = [row.layout.names.index(name) for name in names]
        hour = math.floor(row.wall_time / HOUR_S) - first
        good = (row.known[at] > 0.0) & np.isfinite(row.series[at])
        sums[hour] += np.where(good, row.series[at], 0.0)
        counts[hour] += good
    share = counts * tick_s / HOUR_S
    gaps = [
        Mistake(
            _moment((first + int(hour)) * HOUR_S),
            f"{names[int(i)]} is known for {share[hour, i]:.0%} of the hour; leave it out with "
            "--from and --to, and agree on it otherwise",
        )
        for hour, i in np.argwhere(share < LEAST_KNOWN)
    ]
    if gaps:
        raise ConfigError(subject, gaps[:20])
    begin_utc = datetime.fromtimestamp(first * HOUR_S, tz=UTC)
    return MeteredHours(begin_utc, sums / counts, float(min(share.min(), 1.0)))


def _tick_s(rows: Sequence[HistoryRow], subject: str) -> float:
    wall = np.diff([row.wall_time for row in rows])
    plant = np.diff([row.time_s for row in rows])
    going_on = (wall > 0.0) & (plant > 0.0)
    if not going_on.any():
        raise ConfigError(subject, [Mistake("", "holds no two ticks of one run")])
    speed = float(np.median(plant[going_on] / wall[going_on]))
    if abs(speed - 1.0) > REAL_TIME:
        text = f"the plant's time ran {speed:.3g} times as fast as the calendar, which is settled"
        raise ConfigError(subject, [Mistake("speed", text)])
    return float(np.median(wall[going_on]))


def share_out(district: District, meters: Meters, hours: MeteredHours) -> Iterator[Interval]:
    """Heat of each consumer by origin, hour by hour; see the module's first lines."""
    origins, series = settled_origins(district), meters.series
    at = {name: i for i, name in enumerate(series)}
    held = np.zeros(len(origins))
    initial = origins.index(_INITIAL)
    for mean in hours.means:
        fed = np.zeros(len(origins))
        for name, source in meters.origins.items():
            fed[origins.index(name)] = max(float(mean[at[source]]), 0.0)
        fed[origins.index(_ELECTRICITY)] = sum(
            max(float(mean[at[n]]), 0.0) for n in meters.compressors
        )
        charge = float(sum(mean[at[name]] for name in meters.stores))
        if charge < 0.0:
            given = min(-charge, float(held.sum()))
            gift = held * (given / held.sum()) if given > 0.0 else np.zeros(len(origins))
            held -= gift
            fed += gift
            fed[initial] += -charge - given
        total = float(fed.sum())
        mix = fed / total if total > 0.0 else np.eye(len(origins))[initial]
        if charge > 0.0:
            held += charge * mix
        heat = np.array([max(float(mean[at[n]]), 0.0) for n in meters.consumers.values()])
        supply = np.full(heat.size, mean[at[meters.supply]])
        back = np.full(heat.size, mean[at[meters.back]])
        yield Interval(
            heat_kwh=heat[:, np.newaxis] * mix,
            metered_kwh=heat,
            supply_temp_c=supply,
            return_temp_c=back,
            exergy_kwh=heat * exergy_share(supply, back),
            grid_co2_kg_per_mwh=float(mean[at[_GRID]]),
        )


def metered_ledger(
    district: District,
    reader: HistoryReader,
    tariff: Tariff,
    *,
    begin: float = -math.inf,
    end: float = math.inf,
    public_key: str | None = None,
) -> tuple[Head, Iterator[Delivery]]:
    """Head and deliveries of the ledger of a service's history.

    Args:
        district: What it controls.
        reader: Its history.
        tariff: For this district.
        begin: POSIX time, s.
        end: Likewise.
        public_key: Of the key that will sign.

    Raises:
        ConfigError: See :func:`meters_of` and :func:`read_hours`.
    """
    layout = reader.layout
    meters = meters_of(district, () if layout is None else layout.inputs)
    hours = read_hours(reader, meters, begin, end)
    consumers, origins = settled_consumers(district), settled_origins(district)
    pricing = Pricing(tariff)
    head = Head(
        district=district.name,
        district_digest=district.digest,
        scenario="history",
        scenario_provenance={
            "meters": ", ".join((*meters.consumers.values(), *meters.origins.values())),
            "origins": "shared out hour by hour as they were fed in, stores as mixed",
            "temperatures": f"{meters.supply}, {meters.back}",
            "least_known": f"{hours.known:.4f}",
        },
        controller="service",
        basis="metered",
        start_utc=utc_text(hours.begin),
        interval_s=HOUR_S,
        intervals=hours.means.shape[0],
        consumers=consumers,
        origins=origins,
        tariff=tariff,
        tariff_digest=tariff.digest,
        reference_co2_kg_per_mwh=written(pricing.reference_kg_per_mwh),
        versions=program_versions(),
        public_key=public_key,
    )

    def deliveries() -> Iterator[Delivery]:
        for number, interval in enumerate(share_out(district, meters, hours)):
            start = datetime.fromtimestamp(hours.begin.timestamp() + number * HOUR_S, tz=UTC)
            yield from deliveries_of(interval, consumers, origins, pricing, start, HOUR_S)

    return head, deliveries()


def _moment(time_s: float) -> str:
    return utc_text(datetime.fromtimestamp(time_s, tz=UTC))
