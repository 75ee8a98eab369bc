"""Districts whose optimum can be written down: closed loop, arbitrage of a store, commitment."""

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agents.planning.plants import DAY, begin, task_of
from tests.agents.planning.two_boilers import (
    CARBON_G_PER_KWH,
    CO2_EUR_PER_T,
    DEMAND_KW,
    ELECTRODE_EFFICIENCY,
    GAS_EFFICIENCY,
    GAS_KG_PER_MWH,
    constant_weather,
    two_boilers,
)

from heatrouter.agents.mpc import MpcController, reference_controller
from heatrouter.agents.planning.batches import BatchNumbers
from heatrouter.agents.planning.coefficients import Coefficients
from heatrouter.agents.planning.district_program import DistrictProgram, PlanValues
from heatrouter.agents.planning.greenhouses import GreenhouseNumbers
from heatrouter.agents.planning.horizon import Horizon
from heatrouter.agents.planning.plant_facts import LEAST_SPREAD_K, PlantFacts
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

START = 20 * DAY
SETTLING = 12
STEPS = SETTLING + 2 * DAY
PATIENT_S = 60.0


def energy_task(district: District) -> Task:
    """Energy alone costs: no wear, and heat that is held is worth nothing."""
    task = task_of(district)
    free = {"ramp_eur_per_mw": 0.0, "stock_eur_per_mwh": 0.0, "building_stock_eur_per_mwh": 0.0}
    return task.model_copy(
        update={
            "objective": task.objective.model_copy(update=free),
            "forecast": task.forecast.model_copy(update={"kind": "perfect"}),
        }
    )


@pytest.mark.parametrize("electrode_kw", [300.0, 600.0])
@pytest.mark.parametrize("make", [MpcController, reference_controller])
def test_the_closed_loop_costs_what_the_cheaper_boiler_costs(
    make: type[MpcController], electrode_kw: float
) -> None:
    """Heat costs least from electricity while it is cheap, as far as it goes, else from gas."""
    district = two_boilers(electrode_kw)
    batch = DistrictBatch(
        district, energy_task(district), constant_weather(district), num_envs=1, seed=0
    )
    controller = make()
    controller.attach(batch)
    seen = begin(batch, START)
    controller.reset(batch.contract, 1)
    columns, grid = batch.columns, district.grid
    paid = best = fed = delivered = 0.0
    for i in range(STEPS):
        step = batch.step(controller.act(seen))
        seen = step.observation
        if i < SETTLING:
            continue
        out, terms = step.outputs[0], step.terms
        assert terms["unmet"][0] == 0.0
        paid += sum(
            float(terms[name][0])
            for name in ("gas", "electricity_boilers", "co2_gas", "co2_electricity")
        )
        heat = out[columns["electrode_boiler.heat_kw"]] + out[columns["gas_boiler.heat_kw"]]
        electricity = (
            out[columns["site.electricity_eur_per_mwh"]]
            + grid.electricity_fee_eur_per_mwh
            + CO2_EUR_PER_T * CARBON_G_PER_KWH * 1e-3
        ) / ELECTRODE_EFFICIENCY
        gas = (
            out[columns["site.gas_eur_per_mwh"]]
            + grid.gas_fee_eur_per_mwh
            + CO2_EUR_PER_T * GAS_KG_PER_MWH * 1e-3
        ) / GAS_EFFICIENCY
        cheap = min(heat, electrode_kw) if electricity < gas else 0.0
        best += (cheap * electricity + (heat - cheap) * gas) * 0.25e-3
        fed += heat
        delivered += out[columns["laundry.heat_kw"]]
    assert best * (1.0 - 1e-6) <= paid <= 1.001 * best
    # and no more heat than the pipe loses is fed in beside
    assert delivered == pytest.approx((STEPS - SETTLING) * DEMAND_KW, rel=1e-3)
    assert fed <= 1.02 * delivered
    assert controller.planning_record()["infeasible"] == 0.0


@cache
def facts(with_tank: bool, wood: bool = False) -> tuple[PlantFacts, Task]:
    """Of the district with one boiler more than gas."""
    changes = {"min_load": 0.25, "min_run_min": 120.0, "start_cost_eur": 3.0} if wood else {}
    district = two_boilers(400.0, with_tank=with_tank, **changes)
    task = energy_task(district)
    batch = DistrictBatch(district, task, constant_weather(district), num_envs=1, seed=0)
    return PlantFacts.build(district, batch.contract, batch.columns), task


def by_hand(
    of: PlantFacts, limit: FloatArray, cost: FloatArray, demand: FloatArray
) -> Coefficients:
    """A plan without weather, losses and room in stores; producers as the facts have them."""
    n = demand.size
    stores = len(of.store_names)
    no_store = np.zeros((stores, n))
    nothing = np.zeros((0, n))
    return Coefficients(
        limit_kw=limit,
        cost=cost,
        draw=np.zeros(cost.shape),
        evaporator=np.zeros(cost.shape),
        demand_kw=demand[np.newaxis],
        store_low=no_store,
        store_high=no_store,
        store_now=np.zeros(stores),
        store_loss_kw=no_store,
        cooling_kw=nothing,
        gas_kw=nothing,
        gas_now=np.zeros(0),
        running=np.zeros(len(cost)),
        heat_now=np.zeros(len(cost)),
        greenhouses=GreenhouseNumbers(nothing, nothing, nothing, nothing, np.zeros(0)),
        batches=BatchNumbers(nothing, np.zeros(0), nothing, nothing, np.zeros(0)),
        pump_eur=0.0,
    )


HALF = 12
"""Hours of each price."""


def arbitrage(
    room_kwh: float, limit_kw: float, cheap: float, dear: float, demand_kw: float
) -> tuple[PlanValues, float]:
    """A store between twelve cheap and twelve dear hours: the plan, and the power of the store."""
    of, task = facts(with_tank=True)
    program = DistrictProgram(of, task, Horizon.of(900.0, 24.0, 0.0), binary_hours=0.0)
    n = 2 * HALF
    limit = np.zeros((of.plan.n_producers, n))
    limit[-1] = limit_kw
    cost = np.ones(limit.shape)
    cost[-1] = np.repeat([cheap, dear], HALF)
    numbers = by_hand(of, limit, cost, np.full(n, demand_kw))
    program.update(replace(numbers, store_high=np.full((1, n), room_kwh)))
    power = of.store_kw_k[0] * max(room_kwh / of.store_kwh_k[0], LEAST_SPREAD_K)
    return program.solve(integers=False, time_limit_s=PATIENT_S), float(power)


@settings(max_examples=25)
@given(
    st.floats(0.0, 3000.0),
    st.floats(100.0, 400.0),
    st.floats(0.01, 0.05),
    st.floats(0.06, 0.15),
    st.floats(20.0, 100.0),
)
def test_a_store_carries_what_it_can_to_dear_hours(
    room_kwh: float, limit_kw: float, cheap: float, dear: float, demand_kw: float
) -> None:
    values, power = arbitrage(room_kwh, limit_kw, cheap, dear, demand_kw)
    need = HALF * demand_kw
    carried = min(room_kwh, HALF * power, HALF * (limit_kw - demand_kw), need)
    best = cheap * (need + carried) + dear * (need - carried)
    assert values.cost_eur == pytest.approx(best, rel=1e-6)
    assert values.store_kwh[0, HALF - 1] == pytest.approx(carried, rel=1e-6, abs=1e-6)
    assert (values.unmet_kw == 0.0).all()


@pytest.mark.parametrize(
    ("room_kwh", "limit_kw", "prices"),
    [
        # a small store is full: heat is worth what it costs in each half
        (300.0, 400.0, (20.0, 80.0)),
        # a large one makes all heat as cheap as the cheap half
        (3000.0, 400.0, (20.0, 20.0)),
        # where the boiler is the limit, every cheap kWh saves a dear one
        (3000.0, 130.0, (80.0, 80.0)),
    ],
)
def test_the_price_of_heat_is_what_one_more_kwh_costs(
    room_kwh: float, limit_kw: float, prices: tuple[float, float]
) -> None:
    values, _ = arbitrage(room_kwh, limit_kw, 0.02, 0.08, 100.0)
    assert values.heat_price[0] == pytest.approx(np.repeat(prices, HALF), abs=1e-6)


def committed(on: tuple[int, ...], demand: FloatArray, facts_of: PlantFacts, machine: int) -> float:
    """Cost of a pattern of running, EUR; infinite where a run is too short."""
    before = (0, *on[:-1])
    starts = [k for k, (now, last) in enumerate(zip(on, before, strict=True)) if now > last]
    if any(not all(on[k : k + 2]) for k in starts):
        return float("inf")
    least = facts_of.min_kw[machine]
    cost = 3.0 * len(starts)
    for runs, wanted in zip(on, demand.tolist(), strict=True):
        given = min(max(wanted, least), 400.0) if runs else 0.0
        cost += 0.02 * given + 0.06 * max(wanted - given, 0.0) + 0.001 * max(given - wanted, 0.0)
    return cost


@settings(max_examples=20)
@given(st.lists(st.floats(0.0, 600.0), min_size=6, max_size=6))
def test_runs_of_a_machine_against_enumeration(wanted: list[float]) -> None:
    """A machine with a least load, a start cost and a least run of two hours, beside gas."""
    of, task = facts(with_tank=False, wood=True)
    machine = int(np.flatnonzero(of.start_cost > 0.0)[0])
    program = DistrictProgram(of, task, Horizon.of(900.0, 6.0, 0.0), binary_hours=6.0)
    demand = np.array(wanted)
    limit = np.full((of.plan.n_producers, 6), 900.0)
    limit[machine] = 400.0
    cost = np.full(limit.shape, 0.06)
    cost[machine] = 0.02
    program.update(by_hand(of, limit, cost, demand))
    values = program.solve(integers=True, time_limit_s=PATIENT_S, gap=1e-9)
    best = min(committed(on, demand, of, machine) for on in itertools.product((0, 1), repeat=6))
    assert values.cost_eur == pytest.approx(best, rel=1e-6, abs=1e-6)
