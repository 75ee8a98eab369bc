"""What constraints count in every step: demand that stays unmet, limits that are left.

The limits and their tolerances are those that an evaluation reports
(`agents.evaluation_limits`), so that a policy is constrained by what it will be judged by.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from heatrouter.agents.evaluation_limits import Limit, limits_of
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import Mistake
from heatrouter.envs.spec.district import District
from heatrouter.training.config_lagrangian import Constraint

UNMET_DEMAND: Final = "unmet demand"


class Signals(NamedTuple):
    """Of one step or of many, each ``(..., num_envs, n_constraints)``.

    Attributes:
        broken: Unmet heat, kW, or the share of a kind's limits that is left, 0..1.
        whole: Demanded heat, kW, or one; sums of the two give the broken share.
    """

    broken: FloatArray
    whole: FloatArray


class ConstraintSignals:
    """Reads constraints off the outputs of the simulator.

    Args:
        district: The district.
        constraints: What must stay rare.
        columns: Name to position of the outputs.
        control_dt_s: Length of a step, s.
    """

    def __init__(
        self,
        district: District,
        constraints: Sequence[Constraint],
        columns: Mapping[str, int],
        control_dt_s: float,
    ) -> None:
        limits = limits_of(district)
        self._columns, self._dt_s = columns, control_dt_s
        self._limits: list[tuple[Limit, ...]] = [
            tuple(limit for limit in limits if limit.kind == constraint.kind)
            for constraint in constraints
        ]
        heat = _demand_limits(limits)
        self._unmet = np.array([columns[limit.column] for limit in heat], dtype=np.int64)
        self._demand = np.array(
            [columns[limit.relative_to] for limit in heat if limit.relative_to], dtype=np.int64
        )
        self._is_demand = [constraint.kind == UNMET_DEMAND for constraint in constraints]

    def __call__(self, outputs: FloatArray) -> Signals:
        """Return the signals of a step from its outputs, ``(num_envs, n_columns)``."""
        count = len(outputs)
        broken = np.empty((count, len(self._limits)))
        whole = np.ones_like(broken)
        for i, limits in enumerate(self._limits):
            if self._is_demand[i]:
                broken[:, i] = outputs[:, self._unmet].sum(axis=1)
                whole[:, i] = outputs[:, self._demand].sum(axis=1)
                continue
            outside = [
                limit.distance(outputs[np.newaxis], self._columns, self._dt_s)[1][0]
                for limit in limits
            ]
            broken[:, i] = np.mean(outside, axis=0)
        return Signals(broken, whole)


def constraint_mistakes(district: District, constraints: Sequence[Constraint]) -> list[Mistake]:
    """Find constraints that a district has nothing to break with."""
    kinds = [constraint.kind for constraint in constraints]
    more = (UNMET_DEMAND,) if _demand_limits(limits_of(district)) else ()
    return missing_kinds(district, kinds, "lagrangian.constraints", more)


def missing_kinds(
    district: District, kinds: Sequence[str], section: str, more: Sequence[str] = ()
) -> list[Mistake]:
    """Find kinds of limit that a district does not have.

    Args:
        district: The district.
        kinds: What a list of the configuration names, in its order.
        section: Path of that list.
        more: What counts as there beside the kinds of its limits.
    """
    there = [*sorted({str(limit.kind) for limit in limits_of(district)}), *more]
    return [
        Mistake(
            f"{section}[{i}].kind",
            f"{district.name!r} has no limit of kind {kind!r}, but {', '.join(there)}",
        )
        for i, kind in enumerate(kinds)
        if kind not in there
    ]


def _demand_limits(limits: Sequence[Limit]) -> list[Limit]:
    return [limit for limit in limits if limit.kind == "unmet heat" and limit.relative_to]
