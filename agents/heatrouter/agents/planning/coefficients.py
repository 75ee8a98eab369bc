"""From a course of the twin to the numbers of the plan: limits, costs, demands, room in stores."""

from dataclasses import dataclass

import numpy as np

from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch.marginal_cost import marginal_cost, read_conditions, unit_limits
from heatrouter.envs.dispatch.plan import initial_memory

_FULL_SHARE = 0.97
"""A source commanded above this shows what it can give."""


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Numbers of one plan; all by plan step, energies in kWh, powers in kW, money in EUR/kWh."""

    limit_kw: FloatArray  # (n_producers, n_steps)
    cost: FloatArray  # (n_producers, n_steps)
    draw: FloatArray  # (n_producers, n_steps) heat taken from another circuit per heat given
    evaporator: FloatArray  # (n_producers, n_steps) heat taken from a cooling load per heat given
    demand_kw: FloatArray  # (n_circuits, n_steps)
    store_low: FloatArray  # (n_stores, n_steps) kWh
    store_high: FloatArray  # (n_stores, n_steps) kWh
    store_now: FloatArray  # (n_stores,) kWh
    store_loss_kw: FloatArray  # (n_stores, n_steps)
    cooling_kw: FloatArray  # (n_cooling, n_steps)
    gas_kw: FloatArray  # (n_digesters, n_steps)
    gas_now: FloatArray  # (n_digesters,) kWh
    supply_c: FloatArray  # (n_circuits, n_steps)
    running: FloatArray  # (n_producers,) 0 or 1, before the first step
    heat_now: FloatArray  # (n_producers,) kW
    greenhouse_heat: FloatArray  # (n_greenhouses, n_steps) kW
    pump_eur: float  # circulation over the horizon


def coefficients(
    facts: PlantFacts,
    horizon: Horizon,
    observations: FloatArray,
    outputs: FloatArray,
    now: FloatArray,
) -> Coefficients:
    """Read the numbers from one variant of a course.

    Args:
        facts: The plant.
        horizon: Steps of the plan.
        observations: ``(n_control, n_obs)``, seen before each step.
        outputs: ``(n_control, n_columns)``.
        now: Observation of this moment, ``(n_obs,)``.
    """
    plan, at = facts.plan, facts.columns
    # the conditions of a step are what was measured at its end
    after = np.concatenate([observations[1:], observations[-1:]])
    supply = outputs[:, facts.set_supply_at]
    there = read_conditions(plan, initial_memory(plan, len(after)), after, supply)
    cost = marginal_cost(facts.unlinked, there, after, supply)
    cost[:, plan.links] = 0.0
    limit = unit_limits(plan, there, after)
    heat = outputs[:, facts.heat_at]
    share = outputs[:, facts.share_at]
    n = plan.n_sources
    full = share[:, :n] > _FULL_SHARE
    known = np.where(full, heat[:, :n], 0.0).sum(axis=0)
    guessed = np.where(full, limit[:, :n], 0.0).sum(axis=0)
    scale = np.clip(np.where(guessed > 0.0, known / np.maximum(guessed, 1e-9), 1.0), 0.3, 1.1)
    limit[:, :n] = np.where(full, heat[:, :n], limit[:, :n] * scale)
    limit = np.maximum(limit, 0.0)

    # what the heat pump's own place gives, not the return at the plant
    cop = np.ones(cost.shape)
    cop[:, plan.pumps] = np.maximum(outputs[:, facts.cop_at], 1.0)
    lift = 1.0 - 1.0 / cop
    electricity = facts.electricity_price(outputs)
    cost[:, plan.pumps] = electricity[:, np.newaxis] * (
        1.0 / cop[:, plan.pumps] - lift[:, plan.pumps] * plan.tower_ratio
    )
    draw = np.zeros(cost.shape)
    for link in plan.linked:
        draw[:, link.producer] = lift[:, link.producer] if link.pump >= 0 else 1.0
    evaporator = lift * facts.from_cooling

    charge = outputs[:, facts.charge_at]
    demand = np.zeros((len(outputs), plan.n_circuits))
    for c in range(plan.n_circuits):
        demand[:, c] += heat[:, plan.circuit_of == c].sum(axis=1)
        demand[:, c] -= charge[:, facts.store_circuit == c].sum(axis=1)
    for link in plan.linked:
        demand[:, link.from_circuit] -= draw[:, link.producer] * heat[:, link.producer]
    for column, start, end in facts.balancing_links:
        demand[:, start] -= outputs[:, column]
        demand[:, end] += outputs[:, column]
    low, high = facts.store_room(there.return_temp, supply)
    return Coefficients(
        limit_kw=horizon.mean(limit).T,
        cost=horizon.mean(cost).T * 1e-3,
        draw=horizon.mean(draw).T,
        evaporator=horizon.mean(evaporator).T,
        demand_kw=horizon.mean(demand).T,
        store_low=horizon.last(low).T,
        store_high=horizon.last(high).T,
        store_now=facts.store_energy(now),
        store_loss_kw=horizon.mean(outputs[:, facts.store_loss_at]).T,
        cooling_kw=horizon.mean(outputs[:, facts.cooling_at]).T,
        gas_kw=horizon.mean(outputs[:, facts.gas_at]).T,
        gas_now=now[facts.fill_at] * facts.gas_capacity,
        supply_c=horizon.mean(supply).T,
        running=(now[plan.executed_at] > 0.0).astype(np.float64),
        heat_now=now[facts.heat_seen_at],
        greenhouse_heat=horizon.mean(outputs[:, facts.greenhouse_heat_at]).T,
        pump_eur=float(
            (outputs[:, facts.circulation_at].sum(axis=1) * electricity).sum()
            * 1e-3
            * horizon.control_dt_s
            / 3600.0
        ),
    )
