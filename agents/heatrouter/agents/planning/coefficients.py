"""From a course of the twin to the numbers of the plan: limits, costs, demands, room in stores."""

from dataclasses import dataclass

import numpy as np

from heatrouter.agents.planning.batches import USUAL_PREHEAT, BatchNumbers
from heatrouter.agents.planning.greenhouses import GreenhouseNumbers
from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.plant_facts import PlantFacts
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.dispatch.marginal_cost import marginal_cost, read_conditions, unit_limits
from heatrouter.envs.dispatch.plan import initial_memory
from heatrouter.envs.units import KWH_PER_MWH, SECONDS_PER_HOUR

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
    store_low: FloatArray  # (n_stores, n_steps) kWh, least that can be used
    store_high: FloatArray  # (n_stores, n_steps) kWh
    store_now: FloatArray  # (n_stores,) kWh
    store_loss_kw: FloatArray  # (n_stores, n_steps)
    cooling_kw: FloatArray  # (n_cooling, n_steps)
    gas_kw: FloatArray  # (n_digesters, n_steps)
    gas_now: FloatArray  # (n_digesters,) kWh
    running: FloatArray  # (n_producers,) 0 or 1, before the first step
    heat_now: FloatArray  # (n_producers,) kW
    greenhouses: GreenhouseNumbers
    batches: BatchNumbers
    pump_eur: float  # circulation over the horizon


def coefficients(
    facts: PlantFacts,
    horizon: Horizon,
    observations: FloatArray,
    outputs: FloatArray,
    set_points: FloatArray,
    now: FloatArray,
    *,
    loss_kw_k: FloatArray,
    stratification_loss: float,
    crop_margin_k: float = 0.0,
) -> Coefficients:
    """Read the numbers from one variant of a course.

    Args:
        facts: The plant.
        horizon: Steps of the plan.
        observations: ``(n_control, n_obs)``, seen before each step.
        outputs: ``(n_control, n_columns)``.
        set_points: ``(n_control, n_set_points)``.
        now: Observation of this moment, ``(n_obs,)``.
        loss_kw_k: Heat of each greenhouse per kelvin, kW/K.
        stratification_loss: Share of a store's room that cannot be used.
        crop_margin_k: Kept inside the crop's band of daily means, K.
    """
    plan = facts.plan
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

    drawing = facts.linked_producers
    demand = facts.taken_kw(
        heat,
        outputs[:, facts.charge_at],
        draw[:, drawing] * heat[:, drawing],
        outputs[:, facts.balancing_heat_at],
    )
    cold, high = facts.store_room(there.return_temp, supply)
    held = facts.store_energy(now)
    # lukewarm water between hot and cold stays where it is; what is below that already, too
    low = np.minimum(cold + stratification_loss * (high - cold), held)
    return Coefficients(
        limit_kw=horizon.mean(limit).T,
        cost=horizon.mean(cost).T / KWH_PER_MWH,
        draw=horizon.mean(draw).T,
        evaporator=horizon.mean(evaporator).T,
        demand_kw=horizon.mean(demand).T,
        store_low=horizon.last(low).T,
        store_high=horizon.last(high).T,
        store_now=held,
        store_loss_kw=horizon.mean(outputs[:, facts.store_loss_at]).T,
        cooling_kw=horizon.mean(outputs[:, facts.cooling_at]).T,
        gas_kw=horizon.mean(outputs[:, facts.gas_at]).T,
        gas_now=now[facts.fill_at] * facts.gas_capacity,
        running=(now[plan.executed_at] > 0.0).astype(np.float64),
        heat_now=now[facts.heat_seen_at],
        greenhouses=_greenhouses(facts, horizon, outputs, set_points, loss_kw_k, crop_margin_k),
        batches=_batches(facts, horizon, outputs, now, electricity),
        pump_eur=float(
            (outputs[:, facts.circulation_at].sum(axis=1) * electricity).sum()
            / KWH_PER_MWH
            * horizon.control_dt_s
            / SECONDS_PER_HOUR
        ),
    )


def _greenhouses(
    facts: PlantFacts,
    horizon: Horizon,
    outputs: FloatArray,
    set_points: FloatArray,
    loss_kw_k: FloatArray,
    margin_k: float,
) -> GreenhouseNumbers:
    mean = horizon.mean(outputs[:, facts.greenhouse_mean_at]).T
    low = np.array([[unit.crop_mean_min_c] for unit in facts.greenhouses]).reshape(-1, 1)
    high = np.array([[unit.crop_mean_max_c] for unit in facts.greenhouses]).reshape(-1, 1)
    return GreenhouseNumbers(
        heat_kw=horizon.mean(outputs[:, facts.greenhouse_heat_at]).T,
        lack_k=low + margin_k - mean,
        excess_k=mean - high + margin_k,
        offset_k=horizon.mean(set_points[:, facts.plan.greenhouse_points]).T,
        loss_kw_k=loss_kw_k,
    )


def _batches(
    facts: PlantFacts,
    horizon: Horizon,
    outputs: FloatArray,
    now: FloatArray,
    electricity: FloatArray,
) -> BatchNumbers:
    waiting = outputs[:, facts.batch_waiting_at]
    started = outputs[:, facts.batch_started_at]
    waiting_now = now[facts.batch_waiting_seen_at]
    before = np.concatenate([waiting_now[np.newaxis], waiting[:-1]])
    arrivals = np.maximum(waiting - before + started, 0.0)
    heat = outputs[:, facts.batch_heat_at].sum(axis=0)
    fuel = outputs[:, facts.batch_fuel_at].sum(axis=0)
    efficiency = np.array([unit.fuel_efficiency for unit in facts.batches])
    total = heat + fuel * efficiency
    preheat = np.where(total > 0.0, heat / np.maximum(total, 1e-9), USUAL_PREHEAT)
    gas = facts.gas_price(outputs)
    cost = (
        np.stack(
            [
                electricity if unit.fuel == "electricity" else gas(unit.emission_factor_kg_mwh)
                for unit in facts.batches
            ]
        )
        if facts.batches
        else np.zeros((0, len(outputs)))
    )
    return BatchNumbers(
        arrivals=horizon.sum(arrivals).T,
        waiting=waiting_now,
        started=horizon.sum(started).T,
        cost=horizon.mean(cost.T).T / KWH_PER_MWH,
        preheat=preheat,
    )
