"""Stores that balance nothing: when they are charged and discharged.

A balancing store takes by itself what is too much and gives what is lacking. Any other store moves
heat only when it is told to, so what it takes is added to what its circuit asks of producers, and
what it gives is taken off.
"""

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch.marginal_cost import Conditions
from heatrouter.envs.dispatch.plan import DispatchPlan

_FULL, _EMPTY = 0.98, 0.03
_TAPER = 0.05
"""Levels between which a store is used; within the taper of either end it is used less."""
_LOW_COST_SHARE = 0.5
"""Machines that cost less than this share of the backup are worth running for the store."""
_MOST_OF_BALANCING = 0.9
"""Usable level of balancing stores above which surplus goes to the commanded ones."""
_LEAST_SPREAD_K = 5.0
_WORTH_SHARE = 0.1
_WORTH_EUR_PER_MWH = 5.0
"""Between heat that costs what it is worth in a store and heat this much cheaper, the charge goes
from nothing to all."""


def charge_by_rules(
    plan: DispatchPlan,
    conditions: Conditions,
    cost: FloatArray,
    limit: FloatArray,
    observation: FloatArray,
    supply_temp: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Charge with what would be rejected or is cheap, discharge in the place of the backup.

    Surplus is what sources could give beyond the demand of their circuit, once balancing stores
    are full; where machines cost less than half of the backup, their idle capacity counts, too.
    Deficit is the demand that neither sources nor running machines cover.

    Args:
        plan: The plan.
        conditions: As read from the observation.
        cost: Of each producer, €/MWh, ``(num_envs, n_producers)``.
        limit: Largest heat of each producer, kW, same shape.
        observation: Shape ``(num_envs, n_obs)``.
        supply_temp: That is asked for, degC, ``(num_envs, n_circuits)``.

    Returns:
        Charge shares -1..1, ``(num_envs, n_commanded)``, and what all of them take from each
        circuit, kW, ``(num_envs, n_circuits)``.
    """
    surplus = np.empty((observation.shape[0], plan.n_circuits))
    deficit = np.empty_like(surplus)
    for c in range(plan.n_circuits):
        units = plan.units_of[c]
        source_units = units[units < plan.n_sources]
        first_backup = plan.n_sources + plan.n_machines
        machines = units[(units >= plan.n_sources) & (units < first_backup)]
        backups = units[units >= first_backup]
        free = limit.take(source_units, axis=1).sum(axis=1)
        given = np.where(conditions.running, observation.take(plan.heat_at, axis=1), 0.0)
        given = given.take(machines, axis=1).sum(axis=1)
        dearest = np.full(observation.shape[0], np.inf)
        if backups.size:
            dearest = cost.take(backups, axis=1).min(axis=1)
        cheap = cost.take(machines, axis=1) < _LOW_COST_SHARE * dearest[:, np.newaxis]
        cheap &= bool(backups.size)
        room = (limit.take(machines, axis=1) * cheap).sum(axis=1)
        demand = conditions.demand_kw[:, c]
        filled = ~plan.has_store[c] | (conditions.level[:, c] > _MOST_OF_BALANCING)
        surplus[:, c] = np.maximum(free + room - demand, 0.0) * filled
        deficit[:, c] = np.maximum(demand - free - np.maximum(given, room), 0.0)
    wanted = np.where(surplus > 0.0, surplus, -deficit)
    return _shared(plan, conditions, observation, supply_temp, wanted)


def charge_by_price(
    plan: DispatchPlan,
    conditions: Conditions,
    cost_of_circuits: FloatArray,
    prices: tuple[FloatArray, FloatArray],
    observation: FloatArray,
    supply_temp: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Charge while heat costs less than it is worth in the store, discharge while it costs more.

    Args:
        plan: The plan.
        conditions: As read from the observation.
        cost_of_circuits: Cost of one more MWh, €/MWh, ``(num_envs, n_circuits)``.
        prices: What heat is worth in each store when it is empty and when it is full, €/MWh,
            ``(num_envs, n_commanded)`` each.
        observation: Shape ``(num_envs, n_obs)``.
        supply_temp: That is asked for, degC, ``(num_envs, n_circuits)``.

    Returns:
        As :func:`charge_by_rules`.
    """
    empty, full = prices
    level = observation.take(plan.commanded.level_at, axis=1)
    value = empty + (full - empty) * np.minimum(np.maximum(level, 0.0), 1.0)
    gain = value - cost_of_circuits.take(plan.commanded.circuit_of, axis=1)
    share = gain / (_WORTH_EUR_PER_MWH + _WORTH_SHARE * np.abs(value))
    return _limited(plan, conditions, observation, supply_temp, share)


def price_of_charge(cost: FloatArray, share: FloatArray) -> FloatArray:
    """What heat must be worth in a store for it to take a share, €/MWh.

    The inverse of :func:`charge_by_price` between its limits.

    Args:
        cost: Of one more MWh in the store's circuit, €/MWh.
        share: Of the store's power, -1..1.
    """
    worth = cost + _WORTH_EUR_PER_MWH * share
    price: FloatArray = worth / (1.0 - _WORTH_SHARE * share * np.sign(worth))
    return price


def _shared(
    plan: DispatchPlan,
    conditions: Conditions,
    observation: FloatArray,
    supply_temp: FloatArray,
    wanted_kw: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """What circuits want to store, spread over their stores by size."""
    power = _power_kw(plan, conditions, supply_temp)
    total = np.zeros_like(wanted_kw)
    for s, circuit in enumerate(plan.commanded.circuit_of):
        total[:, circuit] += power[:, s]
    share = wanted_kw / np.maximum(total, 1e-6)
    share = share.take(plan.commanded.circuit_of, axis=1)
    return _limited(plan, conditions, observation, supply_temp, share)


def _limited(
    plan: DispatchPlan,
    conditions: Conditions,
    observation: FloatArray,
    supply_temp: FloatArray,
    share: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    level = observation.take(plan.commanded.level_at, axis=1)
    most = np.minimum(np.maximum((_FULL - level) / _TAPER, 0.0), 1.0)
    least = -np.minimum(np.maximum((level - _EMPTY) / _TAPER, 0.0), 1.0)
    share = np.minimum(np.maximum(share, least), most)
    heat = share * _power_kw(plan, conditions, supply_temp)
    taken = np.zeros((share.shape[0], plan.n_circuits))
    for s, circuit in enumerate(plan.commanded.circuit_of):
        taken[:, circuit] += heat[:, s]
    return share, taken


def _power_kw(plan: DispatchPlan, conditions: Conditions, supply_temp: FloatArray) -> FloatArray:
    """Power of each store at full flow between supply and return, kW."""
    spread = np.maximum(supply_temp - conditions.return_temp, _LEAST_SPREAD_K)
    return plan.commanded.flow_kw_k * spread.take(plan.commanded.circuit_of, axis=1)
