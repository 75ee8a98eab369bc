"""Prometheus metrics: from the newest snapshot, and of the web server itself.

Names begin with ``heatrouter_`` and end in a base unit; counts end in ``_total``, constants in
``_info``. Powers are in watts, shares are ratios.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.web.bundle_in_use import BundleInUse
from heatrouter.deploy.web.feed import Feed
from heatrouter.deploy.web.health import liveness, readiness
from heatrouter.deploy.web.snapshots import Received
from heatrouter.deploy.web_site import Site

CONTENT_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"

_TICK_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_UNITS: Final[dict[str, tuple[str, str, float]]] = {
    "degC": ("celsius", "temperature", 1.0),
    "K": ("kelvin", "temperature difference", 1.0),
    "kW": ("watts", "power", 1000.0),
    "kg/s": ("kilograms_per_second", "mass flow", 1.0),
    "bar": ("pascals", "pressure", 1.0e5),
    "1": ("ratio", "share", 1.0),
    "W/m2": ("watts_per_square_meter", "irradiance", 1.0),
    "eur/MWh": ("euros_per_joule", "price", 1.0 / 3.6e9),
    "eur/t": ("euros_per_kilogram", "price", 1.0e-3),
    "g/kWh": ("kilograms_per_joule", "carbon intensity", 1.0e-3 / 3.6e6),
}
"""Unit of the contract: suffix, what it is, factor to the base unit."""

_COUNTERS: Final = {
    "ticks": "Ticks since the start",
    "fallback_ticks": "Ticks in another mode although POLICY was asked for",
    "failed_ticks": "Ticks that ended in an error",
    "decisions": "Control steps",
    "decision_faults": "Control steps without a usable decision of the policy",
    "writes": "Set-points written",
    "write_failures": "Set-points or batches that the plant refused or did not take",
    "read_failures": "Readings that the plant did not answer",
    "refused_before_write": "Batches that failed the last look before writing",
    "overruns": "Ticks longer than their period",
    "skipped_ticks": "Ticks lost to longer ones",
    "worker_restarts": "New policy processes",
}


class ServiceCollector(Collector):
    """Turns the newest snapshot into metrics when somebody asks.

    Args:
        site: Names and units.
        feed: Snapshots.
        bundle: The policy that answers.
    """

    def __init__(self, site: Site, feed: Feed, bundle: BundleInUse) -> None:
        self._site = site
        self._feed = feed
        self._bundle = bundle

    def collect(self) -> Iterable[Metric]:
        """All metrics of the service."""
        site, feed = self._site, self._feed
        yield _info(
            "heatrouter_build",
            "What runs",
            {
                "version": site.version,
                "district": site.district.name,
                "contract": site.contract_digest,
            },
        )
        yield _one("heatrouter_live", "Whether the service ticks", liveness(site, feed).ok)
        yield _one("heatrouter_ready", "Whether it could control", readiness(site, feed).ok)
        now = feed.newest
        if now is None:
            return
        if site.bundle is not None:
            about = self._bundle.info(now)
            yield _info(
                "heatrouter_bundle",
                "The policy in use",
                {
                    "name": "" if about is None else about.name,
                    "digest": now.bundle or "",
                    "algorithm": "" if about is None else about.algorithm,
                },
            )
        yield _one("heatrouter_snapshot_age_seconds", "Since the last tick", feed.age_s)
        yield _one("heatrouter_plant_time_seconds", "Plant time since the start", now.time_s)
        yield from _states(now)
        yield from _counts(now)
        yield from self._values(now)

    def _values(self, now: Received) -> Iterator[Metric]:
        site = self._site
        if now.values is not None:
            tags = [(c.name, c.unit) for c in site.inputs]
            yield from _by_unit("heatrouter_input", "Inputs as control uses them", tags, now.values)
            valid = GaugeMetricFamily(
                "heatrouter_input_valid", "Whether the newest value is believed", labels=["name"]
            )
            ages = GaugeMetricFamily(
                "heatrouter_input_age_seconds", "Since the source's last sample", labels=["name"]
            )
            for i, (name, _) in enumerate(tags):
                valid.add_metric([name], float(now.causes[i] == 0))
                age_s = None if now.age_s is None else now.age_s[i]
                ages.add_metric([name], math.nan if age_s is None else age_s)
            yield from (valid, ages)
        points = [(p.name, p.unit) for p in site.set_points]
        if now.applied is not None:
            title = "Set-points in force at the plant"
            yield from _by_unit("heatrouter_set_point_applied", title, points, now.applied)
        if now.decision is not None:
            title = "Set-points that the guard let through"
            executed = now.decision.executed
            yield from _by_unit("heatrouter_set_point_executed", title, points, executed)


class ServerMetrics:
    """Metrics of the web process, and the page that shows all of them.

    Args:
        site: Names and units.
        feed: Snapshots.
        bundle: The policy that answers.
    """

    def __init__(self, site: Site, feed: Feed, bundle: BundleInUse) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(ServiceCollector(site, feed, bundle))
        self._requests = Counter(
            "heatrouter_http_requests",
            "Requests answered",
            ["method", "code"],
            registry=self._registry,
        )
        self._logins = Counter(
            "heatrouter_logins", "Log-ins by outcome", ["outcome"], registry=self._registry
        )
        self._ticks = Histogram(
            "heatrouter_tick_duration_seconds",
            "Real time of a tick",
            buckets=_TICK_BUCKETS,
            registry=self._registry,
        )
        self._compute = Histogram(
            "heatrouter_tick_compute_seconds",
            "The same without waiting for plant and policy",
            buckets=_TICK_BUCKETS,
            registry=self._registry,
        )

    def note(self, snapshot: Received) -> None:
        """Count a tick."""
        for histogram, seconds in (
            (self._ticks, snapshot.tick_s),
            (self._compute, snapshot.compute_s),
        ):
            if seconds is not None:
                histogram.observe(seconds)

    def note_request(self, method: str, code: int) -> None:
        """Count a request."""
        known = method if method in {"GET", "HEAD", "POST", "PUT", "DELETE"} else "other"
        self._requests.labels(known, str(code)).inc()

    def note_login(self, outcome: str) -> None:
        """Count a log-in: ``ok``, ``failed`` or ``locked``."""
        self._logins.labels(outcome).inc()

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)


def _states(now: Received) -> Iterator[Metric]:
    mode = GaugeMetricFamily("heatrouter_mode", "What the service does", labels=["mode"])
    target = GaugeMetricFamily("heatrouter_target", "What a person asked for", labels=["mode"])
    for one in Mode:
        mode.add_metric([str(one)], float(now.mode == one))
        target.add_metric([str(one)], float(now.target == one))
    fault = GaugeMetricFamily("heatrouter_fault", "Faults present now", labels=["fault"])
    waits = GaugeMetricFamily(
        "heatrouter_fault_latched", "Faults that wait for a person", labels=["fault"]
    )
    for known in Fault:
        fault.add_metric([str(known)], float(known in now.faults))
        waits.add_metric([str(known)], float(known in now.latched))
    yield from (mode, target, fault, waits)
    for name, title, value in (
        ("heatrouter_plant_connected", "Whether the plant answers", now.link_connected),
        ("heatrouter_plant_enabled", "Whether the plant permits external set-points", now.enable),
        ("heatrouter_plant_override", "Whether the plant's operator has control", now.override),
        ("heatrouter_plant_follows", "Whether the plant applies our set-points", now.external),
        ("heatrouter_policy_ready", "Whether the policy would answer", now.worker_ready),
        ("heatrouter_set_point_overrides", "Set-points fixed by people", len(now.overrides)),
        ("heatrouter_alarms_open", "Alarms open", sum(a.open for a in now.alarms)),
    ):
        yield _one(name, title, value)


def _counts(now: Received) -> Iterator[Metric]:
    for name, title in _COUNTERS.items():
        yield CounterMetricFamily(f"heatrouter_{name}", title, value=now.counters.get(name, 0))
    verdicts = CounterMetricFamily(
        "heatrouter_guard_verdicts", "Ticks by what the guard did", labels=["verdict"]
    )
    for name, count in now.counters.items():
        if name.startswith("guard_"):
            verdicts.add_metric([name.removeprefix("guard_")], count)
    yield verdicts


def _by_unit(
    prefix: str, title: str, named: list[tuple[str, str]], values: list[float | None]
) -> Iterator[Metric]:
    families: dict[str, GaugeMetricFamily] = {}
    for (name, unit), value in zip(named, values, strict=True):
        suffix, what, factor = _UNITS.get(unit, ("value", "value", 1.0))
        family = families.get(suffix)
        if family is None:
            family = GaugeMetricFamily(f"{prefix}_{suffix}", f"{title}: {what}", labels=["name"])
            families[suffix] = family
        family.add_metric([name], math.nan if value is None else factor * value)
    yield from families.values()


def _one(name: str, title: str, value: float) -> Metric:
    return GaugeMetricFamily(name, title, value=float(value))


def _info(name: str, title: str, labels: dict[str, str]) -> Metric:
    return InfoMetricFamily(name, title, value=labels)
