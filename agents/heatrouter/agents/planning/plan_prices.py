"""Prices of heat through which the dispatch does what is planned.

Dispatch judges by its own measure of cost, demand and level, which is not that of the plan. So it
is asked: some prices near the dual and near those at which it would change its mind about a unit
are tried on the present observation, and the one that comes closest to the plan is taken.
"""

from typing import Final, NamedTuple

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
from heatrouter.envs.dispatch.plan import DispatchMemory, DispatchPlan
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


class _Moment(NamedTuple):
    """One environment now, and what is planned for it."""

    dispatch: DispatchPlan
    seen: FloatArray  # (1, n_obs)
    memory: DispatchMemory
    points: FloatArray  # (n_set_points,) planned
    supply: FloatArray  # (1, n_circuits) planned, degC
    conditions: Conditions
    full_kw: FloatArray  # (n_producers,) what a set-point of one stands for
    possible_kw: FloatArray  # (n_producers,)

    @classmethod
    def of(cls, batch: DistrictBatch, points: FloatArray, env: int) -> "_Moment":
        """Read the present observation and memory of an environment."""
        dispatch, seen = batch.decoder.plan, batch.observation[env : env + 1]
        memory = batch.dispatch_memory.of(np.array([env]))
        supply = points[np.newaxis, dispatch.supply_points]
        now = read_conditions(dispatch, memory, seen, supply)
        possible_kw, full_kw = unit_limits(dispatch, now, seen)[0], dispatch.capacity_kw.copy()
        full_kw[: dispatch.n_sources] = possible_kw[: dispatch.n_sources]
        return cls(dispatch, seen, memory, points, supply, now, full_kw, possible_kw)

    def cost(self, worth: FloatArray) -> FloatArray:
        """Of each producer where heat is worth that much in each circuit, €/MWh."""
        return marginal_cost(self.dispatch, self.conditions, self.seen, self.supply, worth)

    def heat_kw(self, points: FloatArray) -> FloatArray:
        """What producers give at set-points, ``(..., n_producers)``."""
        told = points.take(self.dispatch.producer_points, axis=-1) * self.full_kw
        return np.minimum(told, self.possible_kw)


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
    moment = _Moment.of(batch, plan.set_points[turn], env)
    dispatch, now = moment.dispatch, moment.conditions
    channels = _Channels(batch)
    action = channels.unpriced(planner, moment)
    worth = plan.values.heat_price[np.newaxis, :, _plan_step(planner, plan, turn)].copy()
    taken = _commanded(channels, action, moment, worth)
    planned_kw = moment.heat_kw(moment.points)
    balancing = channels.balancing
    for circuit, names in balancing.items():
        charge = planned_kw[dispatch.units_of[circuit]].sum() + _MORE_KW
        charge -= now.demand_kw[0, circuit] + taken[circuit]
        level = now.level[0, circuit]
        for name in names:
            target = level + charge * CHARGE_HOURS / now.store_kwh[0, circuit]
            action[channels.at[f"{name}.target_level"]] = target
            channels.price(action, name, worth[0, circuit], level)
    # heat costs in a circuit what it is worth in the one that feeds it: feeders first
    feeders = balancing.keys() & {link.from_circuit for link in dispatch.linked}
    for circuit in (*sorted(feeders), *(c for c in balancing if c not in feeders)):
        value = _closest(batch, channels, action, moment, worth, circuit)
        worth[0, circuit] = value
        for name in balancing[circuit]:
            channels.price(action, name, value, now.level[0, circuit])
    return channels.inside(action)


def _closest(
    batch: DistrictBatch,
    channels: "_Channels",
    action: FloatArray,
    moment: _Moment,
    worth: FloatArray,
    circuit: int,
) -> float:
    """The price of a circuit with which dispatch comes closest to the plan, €/MWh."""
    dispatch, dual = moment.dispatch, worth[0, circuit]
    units = dispatch.units_of[circuit]
    values = deciding_values(moment.cost(worth)[0, units]).ravel()
    prices = np.concatenate([[dual], values - _BESIDE_EUR_PER_MWH, values + _BESIDE_EUR_PER_MWH])
    trials = np.repeat(action[np.newaxis], prices.size, axis=0)
    for name in channels.balancing[circuit]:
        channels.price(trials, name, prices, moment.conditions.level[0, circuit])
    rows = np.zeros(prices.size, dtype=np.int64)
    proposals, _ = batch.decoder.decode(
        moment.memory.of(rows), moment.seen[rows], channels.inside(trials)
    )
    missed_kw = np.abs(moment.heat_kw(proposals) - moment.heat_kw(moment.points))
    drawing = [link.producer for link in dispatch.linked if link.from_circuit == circuit]
    score = missed_kw[:, [*units, *drawing]].sum(axis=1)
    score += _MISSED_KW_PER_EUR * np.abs(prices - dual)
    return float(prices[np.argmin(score)])


def _plan_step(planner: Planner, plan: Plan, turn: int) -> int:
    horizon = planner.horizon
    now_h = plan.hours_before + (turn + 0.5) * horizon.control_dt_s / SECONDS_PER_HOUR
    return min(int(np.searchsorted(np.cumsum(horizon.hours), now_h)), horizon.n_steps - 1)


def _commanded(
    channels: "_Channels", action: FloatArray, moment: _Moment, worth: FloatArray
) -> FloatArray:
    """Price commanded stores for the planned charge; what they take, kW, ``(n_circuits,)``."""
    dispatch, now, seen = moment.dispatch, moment.conditions, moment.seen
    stores = dispatch.commanded
    if not stores.names:
        return np.zeros(dispatch.n_circuits)
    cost = moment.cost(worth)
    costs = np.stack(
        [circuit_cost(dispatch, now, cost, c) for c in range(dispatch.n_circuits)], axis=1
    )
    planned = moment.points[stores.set_point_at]
    value = price_of_charge(costs.take(stores.circuit_of, axis=1), planned)
    for s, name in enumerate(stores.names):
        channels.price(action, name, value[0, s], float(seen[0, stores.level_at[s]]))
    action[:] = channels.inside(action)
    empty, full = (
        action[np.newaxis, [channels.at[f"{n}.price_{end}_eur_per_mwh"] for n in stores.names]]
        for end in ("empty", "full")
    )
    _, taken = charge_by_price(dispatch, now, costs, (empty, full), seen, moment.supply)
    of_circuits: FloatArray = taken[0]
    return of_circuits


class _Channels:
    """Where the action of a closed loop has what."""

    def __init__(self, batch: DistrictBatch) -> None:
        self._batch = batch
        self._low, self._high = batch.contract.bounds("action")
        self.at = {channel.name: i for i, channel in enumerate(batch.contract.action)}

    @property
    def balancing(self) -> dict[int, list[str]]:
        """Stores that balance, by circuit."""
        plan = self._batch.decoder.plan
        found: dict[int, list[str]] = {}
        for name, weights in zip(plan.stores, plan.level_weight, strict=True):
            found.setdefault(int(np.argmax(weights)), []).append(name)
        return found

    def unpriced(self, planner: Planner, moment: _Moment) -> FloatArray:
        """The action with everything but prices and targets."""
        facts, batch, dispatch = planner.facts, self._batch, moment.dispatch
        action = np.array([channel.neutral for channel in batch.contract.action])
        ambient = moment.seen[:, dispatch.ambient_at]
        offsets = moment.supply[0] - heating_curve(dispatch, batch.decoder.rules, ambient)[0]
        for circuit, offset in zip(batch.district.circuits, offsets, strict=True):
            action[self.at[f"{circuit.name}.supply_offset_k"]] = offset
        for unit, position in zip(facts.greenhouses, dispatch.greenhouse_points, strict=True):
            action[self.at[f"{unit.name}.offset_k"]] = moment.points[position]
        for process, position in zip(facts.batches, dispatch.release_points, strict=True):
            action[self.at[f"{process.name}.release"]] = moment.points[position]
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
