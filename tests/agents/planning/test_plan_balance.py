"""What a plan says of heat and stores adds up, whatever the hour and the district."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agents.planning.plants import begin, loop
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.agents.planning.planner import Plan, Planner
from heatrouter.agents.planning.settings import PlannerSettings
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.simulation.district_batch import DistrictBatch

SHORT = PlannerSettings(
    horizon_hours=10.0,
    fine_hours=2.0,
    binary_hours=2.0,
    first_passes=2,
    supply_levels_k=(0.0, -4.0),
    time_limit_s=20.0,
)
TOLERANCE_KW = 1e-3


@cache
def planned(name: str) -> tuple[DistrictBatch, Planner]:
    batch = loop(name)
    return batch, Planner(batch, SHORT)


def batches_kw(planner: Planner, plan: Plan) -> FloatArray:
    """What planned starts take beyond those of the course, by unit."""
    facts, horizon = planner.facts, planner.horizon
    begins = horizon.starts * horizon.control_dt_s / 3600.0
    ends = begins + horizon.hours
    more = np.zeros((len(facts.batches), horizon.n_steps))
    for b, unit in enumerate(facts.batches):
        duration = unit.duration_min / 60.0
        kelvin = unit.target_temp_c - unit.start_temp_c
        charge = unit.charge_kg * unit.heat_capacity_kj_kgk * kelvin / 3600.0
        heat = charge * plan.numbers.batches.preheat[b]
        starts = plan.values.batch_starts[b] - plan.numbers.batches.started[b]
        for k, count in enumerate(starts):
            first = begins[k] + max(horizon.hours[k] - duration, 0.0) / 2.0
            within = np.minimum(ends, first + duration) - np.maximum(begins, first)
            more[b] += count * heat * np.maximum(within, 0.0) / duration / horizon.hours
    return more


@settings(max_examples=5)
@given(step=st.integers(0, 365 * 96 - 1))
@pytest.mark.parametrize("name", [*SMALL_DISTRICTS, "energy-web"])
def test_heat_and_stores_of_a_plan_add_up(name: str, step: int) -> None:
    batch, planner = planned(name)
    begin(batch, step)
    plan = planner.plan(batch.save_state(), 0, None)
    facts, dispatch, hours = planner.facts, planner.facts.plan, planner.horizon.hours
    values, numbers = plan.values, plan.numbers

    taken = -values.spill_kw + values.unmet_kw
    np.add.at(taken, dispatch.circuit_of, values.heat_kw)
    np.subtract.at(taken, facts.store_circuit, values.charge_kw)
    for link in dispatch.linked:
        drawn = numbers.draw[link.producer] * values.heat_kw[link.producer]
        taken[link.from_circuit] -= drawn
    for position, (_, start, end) in enumerate(facts.balancing_links):
        taken[start] -= values.linked_kw[position]
        taken[end] += values.linked_kw[position]
    wanted = numbers.demand_kw.copy()
    np.add.at(wanted, facts.greenhouse_circuit, values.extra_kw)
    np.add.at(wanted, facts.batch_circuit, batches_kw(planner, plan))
    assert taken == pytest.approx(wanted, abs=TOLERANCE_KW)

    before = np.column_stack([numbers.store_now, values.store_kwh[:, :-1]])
    kept = before + (values.charge_kw - numbers.store_loss_kw) * hours
    assert values.store_kwh == pytest.approx(kept, abs=TOLERANCE_KW)
    for given_kw in (values.heat_kw, values.unmet_kw, values.spill_kw, values.linked_kw):
        assert (given_kw >= -TOLERANCE_KW).all()
    assert (values.heat_kw <= numbers.limit_kw + TOLERANCE_KW).all()
    # more than it may ever have held until then, or less, costs more than it could earn
    now = numbers.store_now[:, np.newaxis]
    most = np.maximum.accumulate(np.maximum(numbers.store_high, now), axis=1)
    lowest = np.minimum(np.minimum(numbers.store_low, numbers.store_high), now)
    least = np.minimum.accumulate(lowest, axis=1)
    lost = np.cumsum(np.maximum(numbers.store_loss_kw, 0.0) * hours, axis=1)
    assert (values.store_kwh <= most + TOLERANCE_KW).all()
    assert (values.unmet_kw < TOLERANCE_KW).all()
    assert (values.store_kwh >= least - lost - TOLERANCE_KW).all()
