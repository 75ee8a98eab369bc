"""Dispatch of a single plant in plain numbers: what a service and a single environment ask for.

For one row an array call costs twenty times its arithmetic. What stands here repeats
``marginal_cost``, ``allocation``, ``merit_order`` and ``rules`` operation by operation, so that the
answers are equal bit for bit; a test holds them against each other. Where a number is missing there
is no answer, and the caller takes the arrays, which know what to do about it.
"""

import math
from typing import NamedTuple

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch.marginal_cost import (
    HIDING_LACK_K,
    HIDING_RANGE_K,
    MIN_SPREAD_K,
    MOST_TOP_LACK_K,
    MOST_TOP_LACK_SHARE,
    RECOVERED_TOP_LACK,
)
from heatrouter.envs.dispatch.merit_order import DARK_KW
from heatrouter.envs.dispatch.one_unit import OneCircuit, Row, producers, read_prices
from heatrouter.envs.dispatch.plan import DispatchMemory, DispatchPlan


class _CircuitFigures(NamedTuple):
    return_at: int
    supply_at: int
    flow_at: int
    heat_capacity: float
    store_empty: float
    store_span: float
    store_kwh_per_k: float
    supply_low: float
    supply_high: float


class _StoreFigures(NamedTuple):
    level_at: int
    top_at: int
    weights: list[float]  # share of the capacity of each circuit


class _UnitFigures(NamedTuple):
    circuit: int
    executed_at: int
    least_kw: float
    stay_kw: float
    start_kw: float
    bridged_kw: float


def is_plain(plan: DispatchPlan) -> bool:
    """Whether plain numbers can dispatch a plan.

    Not so with heat that changes circuits, stores that are charged by a set-point, digesters and
    batches: those are rare, and stay with the arrays alone.
    """
    linked = plan.linked or plan.links.stop > plan.links.start
    others = plan.commanded.names or plan.fuelled.size or plan.release_points.size
    return not linked and not others


def most_lacks_k(circuits: list[OneCircuit]) -> list[tuple[float, float]]:
    """Lacks from which stores count as short and recovered; see ``marginal_cost.most_lacks_k``."""
    most = [
        max(MOST_TOP_LACK_SHARE * (now.supply_temp - now.return_temp), MOST_TOP_LACK_K)
        for now in circuits
    ]
    return [(lack, RECOVERED_TOP_LACK * lack) for lack in most]


class OnePlant:
    """The numbers of a plan, and what both ways of dispatch share.

    Args:
        plan: The plan; :func:`is_plain` holds for it.
    """

    def __init__(self, plan: DispatchPlan) -> None:
        self.plan = plan
        self.first_backup = plan.n_sources + plan.n_machines
        self.has_store: list[bool] = plan.has_store.tolist()
        self.store_kw: list[float] = plan.store_kw.tolist()
        self._circuits = [
            _CircuitFigures(*figures)
            for figures in zip(
                plan.return_at.tolist(),
                plan.supply_at.tolist(),
                plan.flow_at.tolist(),
                plan.heat_capacity.tolist(),
                plan.store_empty.tolist(),
                plan.store_span.tolist(),
                plan.store_kwh_per_k.tolist(),
                plan.supply_low.tolist(),
                plan.supply_high.tolist(),
                strict=True,
            )
        ]
        self._stores = [
            _StoreFigures(*figures)
            for figures in zip(
                plan.level_at.tolist(),
                plan.top_at.tolist(),
                plan.level_weight.tolist(),
                strict=True,
            )
        ]
        self.units = [
            _UnitFigures(*figures)
            for figures in zip(
                plan.circuit_of.tolist(),
                plan.executed_at.tolist(),
                plan.min_kw.tolist(),
                plan.stay_kw.tolist(),
                plan.start_kw.tolist(),
                plan.bridged_kw.tolist(),
                strict=True,
            )
        ]
        self.hour_at: list[int] = plan.hour_at.tolist()
        # lowest supply, rise to the design day, whether hot water needs a floor
        self.curves: list[tuple[float, float, bool]] = list(
            zip(
                plan.supply_low.tolist(),
                (plan.curve_high - plan.supply_low).tolist(),
                plan.has_hot_water.tolist(),
                strict=True,
            )
        )
        # position of the measured 24 h mean and its limit, of each greenhouse
        self.crop_means: list[tuple[int, float]] = list(
            zip(plan.crop_mean_at.tolist(), plan.crop_mean_min.tolist(), strict=True)
        )
        # where the producers, then greenhouses, then supplies of circuits lie in the set-points
        points = (plan.producer_points, plan.greenhouse_points, plan.supply_points)
        self._points: list[int] = np.concatenate(points).tolist()
        self._units_of: list[list[int]] = [units.tolist() for units in plan.units_of]
        self._producers = producers(plan)
        self._capacity: list[float] = plan.capacity_kw.tolist()
        self._ranges: list[list[float]] = np.stack(
            (plan.set_point_low, plan.set_point_high), axis=1
        ).tolist()

    def limited_supply(self, supply: Row) -> list[float]:
        """Supply temperatures inside the ranges of their circuits, degC."""
        pairs = zip(supply, self._circuits, strict=True)
        return [min(max(temp, c.supply_low), c.supply_high) for temp, c in pairs]

    def of_stores(self, values: Row) -> list[float]:
        """Mean over the stores of each circuit by capacity; zero without one."""
        means = [0.0] * len(self._circuits)
        for value, store in zip(values, self._stores, strict=True):
            for c, weight in enumerate(store.weights):
                means[c] += value * weight
        return means

    def conditions(self, memory: DispatchMemory, row: Row, supply: Row) -> list[OneCircuit]:
        """What an observation says about every circuit; see ``read_conditions``."""
        levels = self.of_stores([row[store.level_at] for store in self._stores])
        tops = self.of_stores([row[store.top_at] for store in self._stores])
        demands = [
            row[c.flow_at]
            * c.heat_capacity
            * max(max(row[c.supply_at], temp) - row[c.return_at], 0.0)
            for c, temp in zip(self._circuits, supply, strict=True)
        ]
        for circuit, at in self.plan.preheaters:
            demands[circuit] += row[at]
        remembered: list[float] = memory.demand_kw[0].tolist()
        found = []
        for c, temp, level, top, demand, before in zip(
            self._circuits, supply, levels, tops, demands, remembered, strict=True
        ):
            past = before if before >= 0.0 else demand
            return_temp = row[c.return_at]
            usable_span = max(temp - return_temp, MIN_SPREAD_K)
            usable = (c.store_empty + level * c.store_span - return_temp) / usable_span
            found.append(
                OneCircuit(
                    temp,
                    return_temp,
                    min(max(usable, 0.0), 1.0),
                    c.store_kwh_per_k * usable_span,
                    temp - top,
                    past + self.plan.demand_weight * (demand - past),
                )
            )
        return found

    def relief(
        self,
        circuits: list[OneCircuit],
        memory: DispatchMemory,
        low: float,
        high: float,
        lacks_k: list[tuple[float, float]],
    ) -> list[bool]:
        """Whether the stores of each circuit have run short; see ``marginal_cost.relief``."""
        relieved: list[bool] = memory.relief[0].tolist()
        return [
            now.level < low
            or now.top_lack > most
            or (was and (now.level < high or now.top_lack > least))
            or not has_store
            for now, was, has_store, (most, least) in zip(
                circuits, relieved, self.has_store, lacks_k, strict=True
            )
        ]

    def relieved_demand(
        self, row: Row, circuits: list[OneCircuit], short: list[bool]
    ) -> list[float]:
        """Demand of each circuit, kW; see ``marginal_cost.relieved_demand``."""
        demands = []
        for i, (c, now) in enumerate(zip(self._circuits, circuits, strict=True)):
            part = (now.top_lack - HIDING_LACK_K) * (1.0 / HIDING_RANGE_K)
            more = 0.0
            if short[i] and self.has_store[i] and part > 0.0:
                lack = max(now.supply_temp - row[c.supply_at], 0.0)
                fed = row[c.flow_at] * c.heat_capacity * lack
                for at, circuit, sign in self.plan.fed:
                    if circuit == i:
                        fed += sign * row[at]
                hidden = fed - now.demand_kw
                more = min(part, 1.0) * hidden if hidden > 0.0 else 0.0
            demands.append(now.demand_kw + more)
        return demands

    def costs_and_limits(
        self, row: Row, circuits: list[OneCircuit]
    ) -> tuple[list[float], list[float]]:
        """Cost, €/MWh, and largest heat, kW, of each producer."""
        prices = read_prices(self.plan, row)
        costs, limits = [], []
        for producer, unit in zip(self._producers, self.units, strict=True):
            cost, limit = producer(row, prices, circuits[unit.circuit])
            costs.append(cost)
            limits.append(limit)
        return costs, limits

    def allocate(
        self, key: Row, limit: Row, required: Row, running: list[bool], patience: Row
    ) -> list[float]:
        """Heat of each producer, kW; see ``allocation.allocate``."""
        heat = [0.0] * len(self.units)
        for units in self._units_of:
            given = 0.0
            for u in sorted(units, key=key.__getitem__):
                unit = self.units[u]
                lacking = required[u] - given
                start = unit.start_kw + patience[u] * (unit.bridged_kw - unit.start_kw)
                if lacking >= (unit.stay_kw if running[u] else start):
                    heat[u] = min(max(lacking, unit.least_kw), limit[u])
                    given += heat[u]
        return heat

    def assemble(self, heat: Row, limit: Row, supply: Row, offsets: Row) -> FloatArray | None:
        """Set-points from the heat of each producer, ``(1, n_set_points)``; None if not finite."""
        n_sources, collectors = self.plan.n_sources, self.plan.collectors
        wanted = [
            given / (max(limit[u], 1e-3) if u < n_sources else self._capacity[u])
            for u, given in enumerate(heat)
        ]
        for u in range(collectors.start, collectors.stop):
            if limit[u] < DARK_KW:
                wanted[u] = 1.0
        wanted.extend(offsets)
        wanted.extend(supply)
        if not math.isfinite(sum(wanted)):
            return None
        set_points = [0.0] * len(wanted)
        for value, at in zip(wanted, self._points, strict=True):
            low, high = self._ranges[at]
            set_points[at] = min(max(value, low), high)
        return np.array([set_points])


def known(row: Row, action: Row = ()) -> bool:
    """Whether every number is there; a sum that overflows counts as no number."""
    return math.isfinite(sum(row) + sum(action))
