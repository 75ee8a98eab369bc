"""Limits that are reported beside the cost, whatever the cost says about them.

Soft penalties hide rare bad hours in a sum of €. Here every limit of the district is checked in
every step: how often it was left, for how long and how far.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from heatrouter.agents.evaluation_results import Breach, Violation, ViolationKind
from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.spec.consumer_units import FabHeat, Greenhouse, ProcessHeat, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.units import SECONDS_PER_HOUR

_TEMP_TOLERANCE_K = 0.2
"""A thermometer's own tolerance (EN 60751 class A is 0.35 K at 100 degC)."""

_DP_SHARE = 0.05
"""The pump's controller may swing this far below the differential pressure that it holds."""

_UNMET_SHARE = 0.01
"""A step counts as short of heat when more than this share of its demand is missing."""


@dataclass(frozen=True)
class Limit:
    """One limit on one output.

    Attributes:
        name: ``<unit or circuit>.<what>``.
        kind: Group of limits that it belongs to.
        unit: Unit of the depth.
        column: Output that it binds.
        bound: Value that is still allowed.
        side: Which side of the bound is outside.
        tolerance: Distance from the bound that does not count yet.
        relative_to: Output that `bound` is a share of, if it is one.
        per_hour: The output is an integral over the step; divide by its hours.
    """

    name: str
    kind: ViolationKind
    unit: str
    column: str
    bound: float
    side: Literal["above", "below"]
    tolerance: float = 0.0
    relative_to: str | None = None
    per_hour: bool = False

    def signed_depth(
        self, outputs: FloatArray, columns: Mapping[str, int], dt_s: float
    ) -> FloatArray:
        """How far outside the bound, negative inside, whatever the tolerance.

        Args:
            outputs: Shape ``(..., n_columns)``.
            columns: Name to position of the outputs.
            dt_s: Length of a step, s.

        Returns:
            In the limit's unit, shape ``(...)``.
        """
        value: FloatArray = outputs[..., columns[self.column]]
        if self.per_hour:
            value = value * (SECONDS_PER_HOUR / dt_s)
        bound: float | FloatArray = self.bound
        if self.relative_to is not None:
            bound = bound * outputs[..., columns[self.relative_to]]
        return value - bound if self.side == "above" else bound - value

    def distance(
        self, outputs: FloatArray, columns: Mapping[str, int], dt_s: float
    ) -> tuple[FloatArray, BoolArray]:
        """Distance outside the limit and where it counts.

        Args:
            outputs: Shape ``(..., n_columns)``.
            columns: Name to position of the outputs.
            dt_s: Length of a step, s.

        Returns:
            Depth and mask, each of shape ``(...)``.
        """
        depth = self.signed_depth(outputs, columns, dt_s)
        outside = depth > self.tolerance
        if self.relative_to is not None:
            # The depth of a shortfall is all that is missing, not what exceeds the share.
            depth = outputs[..., columns[self.column]]
        return np.where(outside, depth, 0.0), outside


def limits_of(district: District) -> tuple[Limit, ...]:
    """Every limit that a district's description states."""
    limits: list[Limit] = []
    for circuit in district.circuits:
        hottest, least = circuit.supply_temp_max_c, circuit.dp_control.min_dp_bar
        limits += [
            _temperature(
                circuit.name,
                "supply_temp_max",
                "overheating",
                "max_supply_temp_c",
                hottest,
                "above",
            ),
            Limit(
                f"{circuit.name}.worst_dp",
                "pressure",
                "bar",
                f"{circuit.name}.worst_dp_bar",
                least,
                "below",
                tolerance=_DP_SHARE * least,
            ),
        ]
    for unit in district.units:
        name = unit.name
        if isinstance(unit, Substation | ProcessHeat | FabHeat):
            column, demand = f"{name}.unmet_kw", f"{name}.demand_kw"
            limits.append(
                Limit(
                    f"{name}.unmet_heat",
                    "unmet heat",
                    "kW",
                    column,
                    _UNMET_SHARE,
                    "above",
                    relative_to=demand,
                )
            )
        if isinstance(unit, Substation):
            limits += _of_building(unit)
        if isinstance(unit, Greenhouse):
            limits += _of_crop(unit)
    return tuple(limits)


def _of_building(unit: Substation) -> Iterator[Limit]:
    band = _temperature(unit.name, "room_band", "room", "comfort_kh", 0.0, "above")
    yield replace(band, per_hour=True)
    if unit.hot_water_annual_mwh > 0.0:
        # What arrives must be able to heat hot water.
        floor_c = unit.hot_water_floor_c
        yield _temperature(
            unit.name, "hot_water_floor", "hot water", "supply_temp_c", floor_c, "below"
        )


def _of_crop(unit: Greenhouse) -> Iterator[Limit]:
    now, mean = "air_temp_c", "air_mean_24h_c"
    yield _temperature(unit.name, "crop_min", "crop", now, unit.crop_min_c, "below")
    yield _temperature(unit.name, "crop_max", "crop", now, unit.crop_max_c, "above")
    yield _temperature(unit.name, "crop_mean_min", "crop", mean, unit.crop_mean_min_c, "below")
    yield _temperature(unit.name, "crop_mean_max", "crop", mean, unit.crop_mean_max_c, "above")


def _temperature(
    owner: str,
    name: str,
    kind: ViolationKind,
    quantity: str,
    bound_c: float,
    side: Literal["above", "below"],
) -> Limit:
    column = f"{owner}.{quantity}"
    return Limit(f"{owner}.{name}", kind, "K", column, bound_c, side, tolerance=_TEMP_TOLERANCE_K)


def limit_columns(limits: tuple[Limit, ...]) -> tuple[str, ...]:
    """Outputs that the limits need."""
    names = {limit.column for limit in limits} | {
        limit.relative_to for limit in limits if limit.relative_to is not None
    }
    return tuple(sorted(names))


def breaches(
    limits: tuple[Limit, ...], outputs: FloatArray, columns: Mapping[str, int], dt_s: float
) -> tuple[tuple[Breach, ...], ...]:
    """Find where limits were left.

    Args:
        limits: What to check.
        outputs: Shape ``(n_steps, n_envs, n_columns)``.
        columns: Name to position of the outputs.
        dt_s: Length of a step, s.

    Returns:
        For each environment every limit in the order given, also those that were kept.
    """
    found: list[list[Breach]] = [[] for _ in range(outputs.shape[1])]
    for limit in limits:
        depth, outside = limit.distance(outputs, columns, dt_s)
        before = np.vstack([np.zeros((1, outside.shape[1]), dtype=np.bool_), outside[:-1]])
        events = (outside & ~before).sum(axis=0)
        hours = outside.sum(axis=0) * dt_s / SECONDS_PER_HOUR
        for env, breach in enumerate(found):
            breach.append(
                Breach(
                    limit=limit.name,
                    kind=limit.kind,
                    unit=limit.unit,
                    events=int(events[env]),
                    hours=float(hours[env]),
                    depth=float(depth[:, env].max(initial=0.0)),
                )
            )
    return tuple(tuple(breach) for breach in found)


def total(per_week: tuple[tuple[Breach, ...], ...]) -> tuple[Breach, ...]:
    """Sum events and hours over the weeks, limit by limit, with the largest depth."""
    return tuple(
        Breach(
            limit=same[0].limit,
            kind=same[0].kind,
            unit=same[0].unit,
            events=sum(b.events for b in same),
            hours=sum(b.hours for b in same),
            depth=max(b.depth for b in same),
        )
        for same in zip(*per_week, strict=True)
    )


def by_kind(breaches: tuple[Breach, ...]) -> tuple[Violation, ...]:
    """Sum events and hours over all limits of a kind, with the largest depth.

    Args:
        breaches: Every limit, kept or not, over all weeks together.

    Returns:
        One entry for each kind of limit that the district has, in the order of first mention.
    """
    found = []
    for kind in dict.fromkeys(breach.kind for breach in breaches):
        same = [breach for breach in breaches if breach.kind == kind]
        found.append(
            Violation(
                kind=kind,
                unit=same[0].unit,
                limits=len(same),
                events=sum(breach.events for breach in same),
                hours=sum(breach.hours for breach in same),
                depth=max(breach.depth for breach in same),
            )
        )
    return tuple(found)
