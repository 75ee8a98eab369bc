"""Filling a requirement with units in order of a key, the last one at part load."""

import numpy as np

from heatrouter.envs.arrays import BoolArray, FloatArray
from heatrouter.envs.dispatch.plan import DispatchPlan


def allocate(
    plan: DispatchPlan,
    key: FloatArray,
    limit: FloatArray,
    required: FloatArray,
    running: BoolArray,
    patience: FloatArray | BoolArray,
) -> FloatArray:
    """Heat of each producer, kW.

    In ascending order of the key each unit adds what its own requirement still lacks, up to its
    limit. Requirements may differ by unit, since cheap heat is worth storing when dear heat is
    not; a unit counts what all before it give. A standing machine starts for its minimum load or,
    with patience, for a good part of its capacity; a running one stays at its minimum load while
    some of that is needed (``plan.start_kw``, ``bridged_kw``, ``stay_kw``).

    Args:
        plan: The plan.
        key: Order of merit, ``(num_envs, n_producers)``; ties go by position.
        limit: Largest heat, kW, same shape; zero for a unit that shall not run.
        required: Heat that is wanted of this unit and all before it, kW, same shape.
        running: Units that run now, same shape.
        patience: From 0, where no store can bridge a lack or none should, to 1, same shape or one
            that broadcasts to it.

    Returns:
        Heat, kW, same shape: zero, or between minimum load and limit.
    """
    patient = plan.start_kw + patience * (plan.bridged_kw - plan.start_kw)
    start = np.where(running, plan.stay_kw, patient)
    if plan.n_circuits == 1:
        return _fill(plan.min_kw, key, limit, required, start)
    heat = np.empty_like(limit)
    for units in plan.units_of:
        if units.size:
            heat[:, units] = _fill(
                plan.min_kw[units],
                *(part.take(units, axis=1) for part in (key, limit, required, start)),
            )
    return heat


def _fill(
    least: FloatArray, key: FloatArray, limit: FloatArray, required: FloatArray, start: FloatArray
) -> FloatArray:
    num_envs, n_units = key.shape
    # by position in the order of merit, so that what the loop reads is contiguous
    order = key.argsort(axis=1, kind="stable").T
    at = order + np.arange(0, num_envs * n_units, n_units)
    limit, required, start = limit.take(at), required.take(at), start.take(at)
    least = least.take(order)
    heat = np.empty((n_units, num_envs))
    given = np.zeros(num_envs)
    for k in range(n_units):
        lacking = required[k] - given
        part = np.minimum(np.maximum(lacking, least[k]), limit[k])
        part *= lacking >= start[k]
        given += part
        heat[k] = part
    result = np.empty(num_envs * n_units)
    result[at] = heat
    return result.reshape(num_envs, n_units)
