"""Settle a simulated run: its deliveries, hour by hour or step by step."""

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.runs.prepared_run import PreparedRun
from heatrouter.envs.settlement.account import Interval, IntervalAccount
from heatrouter.envs.settlement.exact import FACTOR_DECIMALS, HEAT_DECIMALS, rounded, written
from heatrouter.envs.settlement.pricing import Pricing
from heatrouter.envs.settlement.records import Delivery, Head
from heatrouter.envs.settlement.tariff import Tariff
from heatrouter.envs.settlement.totals import priced
from heatrouter.envs.simulation.consumer_table import consumer_names
from heatrouter.envs.simulation.producer_table import heat_origins
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import HeatExchanger, HeatPump
from heatrouter.envs.version import __version__

_TEMPERATURE_DECIMALS = 3


def settled_consumers(district: District) -> tuple[str, ...]:
    """Who takes heat for itself, in the plant's order; links and heat pumps pass theirs on."""
    pass_on = {u.name for u in district.units if isinstance(u, HeatExchanger | HeatPump)}
    return tuple(name for name in consumer_names(district) if name not in pass_on)


def settled_origins(district: District) -> tuple[str, ...]:
    """Where heat comes from, in the plant's order; electricity and what was there at first, too."""
    return heat_origins(district)


def head_of(
    run: PreparedRun,
    tariff: Tariff,
    *,
    controller: str,
    interval_s: int,
    public_key: str | None = None,
) -> Head:
    """The first record of a run's ledger.

    Args:
        run: The run.
        tariff: The tariff, for this district.
        controller: What runs the plant.
        interval_s: Length of an interval.
        public_key: Of the key that will sign.

    Raises:
        ConfigError: The interval is no whole number of control steps, or the run none of intervals.
    """
    per_interval = _steps_per_interval(run, interval_s)
    district = run.batch.district
    return Head(
        district=district.name,
        district_digest=district.digest,
        scenario=run.library.names[0],
        scenario_provenance=dict(run.library.provenance[0]),
        controller=controller,
        start_utc=utc_text(run.start_utc),
        interval_s=interval_s,
        intervals=run.steps // per_interval,
        consumers=settled_consumers(district),
        origins=settled_origins(district),
        tariff=tariff,
        tariff_digest=tariff.digest,
        reference_co2_kg_per_mwh=written(Pricing(tariff).reference_kg_per_mwh),
        versions=program_versions(),
        public_key=public_key,
    )


def settle(
    run: PreparedRun,
    tariff: Tariff,
    action: FloatArray,
    *,
    interval_s: int,
    on_step: Callable[[int], None] | None = None,
) -> Iterator[Delivery]:
    """Run a plant that traces origins and yield its deliveries, interval by interval.

    Args:
        run: The run, not yet begun.
        tariff: The tariff, for this district.
        action: What the controller answers at every step, ``(n_action,)``.
        interval_s: Length of an interval, a whole number of control steps.
        on_step: Called with the number of each step that was done.

    Raises:
        ConfigError: See :func:`head_of`.
        NumericalError: The sum over origins is not the heat that was delivered.
    """
    per_interval = _steps_per_interval(run, interval_s)
    plant, dt_s = run.plant, run.batch.task.control_dt_s
    consumers = settled_consumers(run.batch.district)
    rows = [plant.consumers.index(name) for name in consumers]
    account = IntervalAccount(run.batch.columns, consumers, rows)
    pricing = Pricing(tariff)
    run.begin()
    for k in range(run.steps):
        step = run.batch.step(action[np.newaxis])
        account.add(step.outputs[0], plant.heat_by_origin_kwh[0], dt_s)
        if on_step is not None:
            on_step(k)
        if (k + 1) % per_interval == 0:
            begin = run.start_utc + timedelta(seconds=(k + 1 - per_interval) * dt_s)
            yield from deliveries_of(
                account.take(), consumers, plant.origins, pricing, begin, interval_s
            )


def deliveries_of(
    interval: Interval,
    consumers: tuple[str, ...],
    origins: tuple[str, ...],
    pricing: Pricing,
    begin: datetime,
    interval_s: int,
) -> Iterator[Delivery]:
    """The deliveries of an interval, one for each consumer.

    Args:
        interval: What was taken.
        consumers: In the order of its arrays.
        origins: Likewise.
        pricing: Prices and factors.
        begin: Of the interval, UTC.
        interval_s: Its length.
    """
    grid = rounded(interval.grid_co2_kg_per_mwh, FACTOR_DECIMALS)
    for c, consumer in enumerate(consumers):
        heats = [rounded(float(heat), HEAT_DECIMALS) for heat in interval.heat_kwh[c]]
        yield Delivery(
            begin_utc=utc_text(begin),
            end_utc=utc_text(begin + timedelta(seconds=interval_s)),
            consumer=consumer,
            metered_kwh=_heat(interval.metered_kwh[c]),
            supply_temp_c=_temperature(interval.supply_temp_c[c]),
            return_temp_c=_temperature(interval.return_temp_c[c]),
            exergy_kwh=_heat(interval.exergy_kwh[c]),
            grid_co2_kg_per_mwh=written(grid),
            parts=tuple(
                priced(pricing, origin, consumer, heat, grid)
                for origin, heat in zip(origins, heats, strict=True)
                if heat != Decimal(0)
            ),
        )


def _steps_per_interval(run: PreparedRun, interval_s: int) -> int:
    dt_s = run.batch.task.control_dt_s
    count = round(interval_s / dt_s)
    if count < 1 or count * dt_s != interval_s:
        message = f"interval of {interval_s} s is no whole number of control steps of {dt_s:g} s"
        raise ConfigError(message)
    if run.steps % count:
        message = (
            f"{run.steps} control steps of {dt_s:g} s are no whole number of intervals of "
            f"{interval_s} s; change --days or --interval"
        )
        raise ConfigError(message)
    return count


def _heat(kwh: float) -> str:
    return written(rounded(float(kwh), HEAT_DECIMALS))


def _temperature(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), _TEMPERATURE_DECIMALS)


def utc_text(time: datetime) -> str:
    """A time as ledgers write it."""
    return time.isoformat().replace("+00:00", "Z")


def program_versions() -> dict[str, str]:
    """Versions of what computed a ledger."""
    found = {"heatrouter": __version__}
    for package in ("numpy", "numba", "llvmlite"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
