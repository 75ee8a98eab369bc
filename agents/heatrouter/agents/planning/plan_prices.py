"""Prices of heat through which the dispatch does what is planned.

Dispatch judges by its own measure of cost, demand and level, which is not that of the plan. So it
is asked: some prices near the dual and near those at which it would change its mind about a unit
are tried on the present observation, and the one that comes closest to the plan is taken.
"""

from typing import Final

import numpy as np

from heatrouter.agents.planning.planner import Plan, Planner
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch.commanded_stores import charge_by_price, price_of_charge
from heatrouter.envs.dispatch.marginal_cost import (
    Conditions,
    circuit_cost,
    marginal_cost,
    read_conditions,
    unit_limits,
)
from heatrouter.envs.dispatch.merit_order import CHARGE_HOURS, deciding_values
from heatrouter.envs.dispatch.plan import DispatchPlan
from heatrouter.envs.dispatch.rules import heating_curve
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.units import SECONDS_PER_HOUR

_SLOPE_EUR_PER_MWH: Final = 6.0
"""Fall of the price from an empty to a full store; at its present level it is what is chosen."""
_BESIDE_EUR_PER_MWH: Final = 1.0
"""How far beside a value at which dispatch changes its mind a price is tried."""
_MORE_KW: Final = 1.0
"""Asked for beyond the plan, so that a least load is not missed by rounding."""
_MISSED_KW_PER_EUR: Final = 0.1
"""Of prices that do the same the one nearest to the dual is taken: a learner copies it best."""


def plan_prices(
    planner: Planner, batch: DistrictBatch, plan: Plan, turn: int, env: int
) -> FloatArray:
    """Heat-price action of one environment, ``(n_action,)``, inside its bounds.

    The target level is the one that makes dispatch ask for as much heat as is planned.

    Args:
        planner: What planned.
        batch: The closed loop, of heat-price actions.
        plan: The plan.
        turn: Control steps since it was made.
        env: The environment.
    """
    dispatch, points = planner.facts.plan, plan.set_points[turn]
    seen = batch.observation[env : env + 1]
    memory = batch.dispatch_memory.of(np.array([env]))
    supply = points[np.newaxis, dispatch.supply_points]
    now = read_conditions(dispatch, memory, seen, supply)
    cost = marginal_cost(dispatch, now, seen, supply)
    full_kw = np.broadcast_to(dispatch.capacity_kw, cost.shape).copy()
    sources = slice(0, dispatch.n_sources)
    full_kw[:, sources] = unit_limits(dispatch, now, seen)[:, sources]
    planned_kw = points[dispatch.producer_points] * full_kw[0]

    channels = _Channels(batch)
    action = channels.unpriced(planner, points, supply[0], seen)
    taken = _commanded(channels, action, dispatch, points, now, cost, seen, supply)
    level, room = now.level[0], now.store_kwh[0]
    for name, circuit in channels.balancing:
        charge = planned_kw[dispatch.units_of[circuit]].sum() + _MORE_KW
        charge -= now.demand_kw[0, circuit] + taken[circuit]
        target = level[circuit] + charge * CHARGE_HOURS / room[circuit]
        action[channels.at[f"{name}.target_level"]] = target

    dual = plan.values.heat_price[:, _plan_step(planner, plan, turn)]
    prices = np.stack([_tried(dispatch, cost[0], dual, c) for c in range(dispatch.n_circuits)])
    trials = np.repeat(action[np.newaxis], prices.shape[1], axis=0)
    for name, circuit in channels.balancing:
        channels.price(trials, name, prices[circuit], level[circuit])
    trials = channels.inside(trials)
    rows = np.zeros(len(trials), dtype=np.int64)
    proposals, _ = batch.decoder.decode(memory.of(rows), seen[rows], trials)
    missed = np.abs(proposals - points)[:, dispatch.producer_points] * full_kw
    for name, circuit in channels.balancing:
        score = missed[:, dispatch.units_of[circuit]].sum(axis=1)
        score += _MISSED_KW_PER_EUR * np.abs(prices[circuit] - dual[circuit])
        channels.price(action, name, prices[circuit, np.argmin(score)], level[circuit])
    return channels.inside(action)


def _plan_step(planner: Planner, plan: Plan, turn: int) -> int:
    horizon = planner.horizon
    now_h = plan.hours_before + (turn + 0.5) * horizon.control_dt_s / SECONDS_PER_HOUR
    return min(int(np.searchsorted(np.cumsum(horizon.hours), now_h)), horizon.n_steps - 1)


def _tried(dispatch: DispatchPlan, cost: FloatArray, dual: FloatArray, circuit: int) -> FloatArray:
    """Prices to try in a circuit, the dual first; the same number for every circuit."""
    values = deciding_values(cost[dispatch.units_of[circuit]]).ravel()
    most = deciding_values(cost).size
    tried = np.full(1 + 2 * most, dual[circuit])
    tried[1 : 1 + values.size] = values - _BESIDE_EUR_PER_MWH
    tried[1 + most : 1 + most + values.size] = values + _BESIDE_EUR_PER_MWH
    return tried


def _commanded(
    channels: "_Channels",
    action: FloatArray,
    dispatch: DispatchPlan,
    points: FloatArray,
    now: Conditions,
    cost: FloatArray,
    seen: FloatArray,
    supply: FloatArray,
) -> FloatArray:
    """Price commanded stores for the planned charge; what they take, kW, ``(n_circuits,)``."""
    stores = dispatch.commanded
    if not stores.names:
        return np.zeros(dispatch.n_circuits)
    costs = np.stack(
        [circuit_cost(dispatch, now, cost, c) for c in range(dispatch.n_circuits)], axis=1
    )
    value = price_of_charge(costs.take(stores.circuit_of, axis=1), points[stores.set_point_at])
    for s, name in enumerate(stores.names):
        channels.price(action, name, value[0, s], float(seen[0, stores.level_at[s]]))
    action[:] = channels.inside(action)
    ends = [
        action[np.newaxis, [channels.at[f"{n}.price_{end}_eur_per_mwh"] for n in stores.names]]
        for end in ("empty", "full")
    ]
    _, taken = charge_by_price(dispatch, now, costs, (ends[0], ends[1]), seen, supply)
    of_circuits: FloatArray = taken[0]
    return of_circuits


class _Channels:
    """Where the action of a closed loop has what."""

    def __init__(self, batch: DistrictBatch) -> None:
        self._batch = batch
        self._low, self._high = batch.contract.bounds("action")
        self.at = {channel.name: i for i, channel in enumerate(batch.contract.action)}

    @property
    def balancing(self) -> list[tuple[str, int]]:
        """Stores that balance, and their circuits."""
        plan = self._batch.decoder.plan
        circuits = np.argmax(plan.level_weight > 0.0, axis=1).tolist()
        return list(zip(plan.stores, circuits, strict=True))

    def unpriced(
        self, planner: Planner, points: FloatArray, supply: FloatArray, seen: FloatArray
    ) -> FloatArray:
        """The action with everything but prices and targets."""
        facts, batch = planner.facts, self._batch
        action = np.array([channel.neutral for channel in batch.contract.action])
        dispatch = facts.plan
        curve = heating_curve(dispatch, batch.decoder.rules, seen[:, dispatch.ambient_at])[0]
        for circuit, offset in zip(batch.district.circuits, supply - curve, strict=True):
            action[self.at[f"{circuit.name}.supply_offset_k"]] = offset
        for unit, position in zip(facts.greenhouses, dispatch.greenhouse_points, strict=True):
            action[self.at[f"{unit.name}.offset_k"]] = points[position]
        for process, position in zip(facts.batches, dispatch.release_points, strict=True):
            action[self.at[f"{process.name}.release"]] = points[position]
        return action

    def price(
        self, action: FloatArray, store: str, value: FloatArray | float, level: float
    ) -> None:
        """Price a store so that its heat has a value at the present level; changes ``action``."""
        empty = self.at[f"{store}.price_empty_eur_per_mwh"]
        full = self.at[f"{store}.price_full_eur_per_mwh"]
        action[..., empty] = value + _SLOPE_EUR_PER_MWH * level
        action[..., full] = value - _SLOPE_EUR_PER_MWH * (1.0 - level)

    def inside(self, action: FloatArray) -> FloatArray:
        """Inside the bounds of the contract."""
        inside: FloatArray = np.minimum(np.maximum(action, self._low), self._high)
        return inside
