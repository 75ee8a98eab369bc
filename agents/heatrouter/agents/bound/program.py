"""A linear programme whose variables know where a recorded week keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from heatrouter.agents.planning.linear_program import INFINITE, Term
from heatrouter.envs.arrays import FloatArray, IntArray

_SAFETY = 1e-6
"""Taken off the least cost, as share of the sizes that it is the sum of: solvers round."""


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """Outputs of one week under some controller, ``(n_steps, n_columns)``, by name."""

    columns: dict[str, int]
    outputs: FloatArray

    def __call__(self, name: str) -> FloatArray:
        """One output, ``(n_steps,)``."""
        return self.outputs[:, self.columns[name]]


Reading = Callable[[Recorded], FloatArray]


@dataclass(frozen=True, slots=True)
class Breach:
    """How far a point is from one group of rows or bounds.

    Attributes:
        name: Of the rows or of the variable.
        step: Where it is worst.
        relative: Of the sizes that are added up there.
    """

    name: str
    step: int
    relative: float


@dataclass(frozen=True, slots=True, eq=False)
class Least:
    """The least cost.

    Attributes:
        values: Of all variables, to the solver's accuracy.
        terms: Cost by term, EUR.
        cost_eur: Sum of the terms, less what the solver may have rounded.
    """

    values: FloatArray
    terms: dict[str, float]
    cost_eur: float


class RecordedProgram:
    """Variables by step of a week, with bounds, costs by term, rows, and how to read them back."""

    def __init__(self, n_steps: int) -> None:
        self.n_steps = n_steps
        self._low: list[FloatArray] = []
        self._high: list[FloatArray] = []
        self._readings: list[tuple[str, IntArray, Reading]] = []
        self._costs: list[tuple[str, IntArray, FloatArray]] = []
        self._rows: list[tuple[str, list[tuple[IntArray, IntArray, FloatArray]], int]] = []
        self._limits: list[tuple[FloatArray, FloatArray]] = []
        self.constant: dict[str, float] = {}

    def variable(
        self,
        name: str,
        reading: Reading,
        low: npt.ArrayLike = 0.0,
        high: npt.ArrayLike = INFINITE,
    ) -> IntArray:
        """Add one variable for each step; returns their indices, ``(n_steps,)``."""
        at = len(self._low) * self.n_steps + np.arange(self.n_steps)
        self._low.append(self._by_step(low))
        self._high.append(self._by_step(high))
        self._readings.append((name, at, reading))
        return at

    def _by_step(self, values: npt.ArrayLike) -> FloatArray:
        return np.broadcast_to(np.asarray(values, dtype=np.float64), (self.n_steps,)).copy()

    def price(self, term: str, variable: IntArray, eur: npt.ArrayLike) -> None:
        """Let a unit of a variable cost ``eur`` in a term of the objective."""
        amount = np.broadcast_to(np.asarray(eur, dtype=np.float64), variable.shape)
        self._costs.append((term, variable, amount))

    def rows(
        self,
        name: str,
        terms: Sequence[Term],
        low: npt.ArrayLike = -INFINITE,
        high: npt.ArrayLike = INFINITE,
    ) -> IntArray:
        """Add a row for each step: ``low <= sum of terms <= high``."""
        rows = len(self._rows) * self.n_steps + np.arange(self.n_steps)
        self._limits.append((self._by_step(low), self._by_step(high)))
        self._rows.append((name, [], int(rows[0])))
        for variables, coefficients in terms:
            self.add(rows, variables, coefficients)
        return rows

    def add(self, rows: IntArray, variables: IntArray, coefficients: npt.ArrayLike) -> None:
        """Add a term to the rows added last, or to some of them."""
        values = np.broadcast_to(np.asarray(coefficients, dtype=np.float64), rows.shape)
        self._rows[-1][1].append((rows, variables, values))

    def change(
        self,
        name: str,
        state: IntArray,
        first: float,
        terms: Sequence[Term],
        low: npt.ArrayLike = 0.0,
        high: npt.ArrayLike = 0.0,
    ) -> None:
        """Add rows for ``low <= state at the end - state at the start + terms <= high``."""
        lows, highs = self._by_step(low), self._by_step(high)
        lows[0] += first
        highs[0] += first
        rows = self.rows(name, [(state, 1.0), *terms], lows, highs)
        self.add(rows[1:], state[:-1], -1.0)

    def solve(self, time_limit_s: float) -> Least | None:
        """Find the least cost; None where the solver did not find it.

        An interior point is found in half the time of a vertex; where the presolver leaves it at
        odds with tiny limits, the simplex method finds its way.
        """
        model = self._model()
        for method, presolve in (("ipm", "on"), ("simplex", "off")):
            solver = highspy.Highs()  # type: ignore[no-untyped-call]
            for option, value in (
                ("output_flag", False),
                ("threads", 1),
                ("solver", method),
                ("presolve", presolve),
                ("run_crossover", "off"),
                ("time_limit", time_limit_s),
            ):
                solver.setOptionValue(option, value)
            solver.passModel(model)
            solver.run()
            if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                break
        else:
            return None
        values = np.array(solver.getSolution().col_value)
        terms = self.terms(values)
        sizes = sum(abs(eur) for eur in (*terms.values(), *self.constant.values()))
        return Least(values, terms, sum(terms.values()) - _SAFETY * sizes)

    def _model(self) -> highspy.HighsLp:
        cost = np.zeros(self.n_steps * len(self._low))
        for _, variable, eur in self._costs:
            np.add.at(cost, variable, eur)
        entries = [entry for _, found, _ in self._rows for entry in found]
        rows, columns, factors = (np.concatenate([e[i] for e in entries]) for i in range(3))
        n_rows = self.n_steps * len(self._rows)
        # one entry per place: those of one row and variable are added up
        keys, slot = np.unique(columns * n_rows + rows, return_inverse=True)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = cost.size, n_rows
        model.col_cost_ = cost
        model.col_lower_, model.col_upper_ = self.bounds
        model.row_lower_ = np.concatenate([low for low, _ in self._limits])
        model.row_upper_ = np.concatenate([high for _, high in self._limits])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        starts = np.searchsorted(keys // n_rows, np.arange(cost.size + 1))
        model.a_matrix_.start_ = np.asarray(starts, dtype=np.int32)
        model.a_matrix_.index_ = np.asarray(keys % n_rows, dtype=np.int32)
        model.a_matrix_.value_ = np.bincount(slot, factors, keys.size).astype(np.float64)
        return model

    def terms(self, values: FloatArray) -> dict[str, float]:
        """Cost of a point by term, €."""
        found = dict(self.constant)
        for term, variable, eur in self._costs:
            found[term] = found.get(term, 0.0) + float(values[variable] @ eur)
        return found

    def point(self, recorded: Recorded) -> FloatArray:
        """Where a recorded week lies."""
        values = np.empty(self.n_steps * len(self._low))
        for _, at, reading in self._readings:
            values[at] = reading(recorded)
        return values

    def breaches(self, values: FloatArray) -> list[Breach]:
        """Rows and bounds that a point breaks, the worst first."""
        found = []
        low, high = self.bounds
        for name, at, _ in self._readings:
            here = values[at]
            over = np.maximum(low[at] - here, here - high[at])
            found.append(_worst(name, over, 1.0 + np.abs(here)))
        for (name, entries, first), (row_low, row_high) in zip(
            self._rows, self._limits, strict=True
        ):
            total, size = np.zeros(self.n_steps), np.ones(self.n_steps)
            for rows, variables, factors in entries:
                part = values[variables] * factors
                np.add.at(total, rows - first, part)
                np.add.at(size, rows - first, np.abs(part))
            found.append(_worst(name, np.maximum(row_low - total, total - row_high), size))
        return sorted(
            (b for b in found if b.relative > 0.0), key=lambda b: b.relative, reverse=True
        )

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds of all variables."""
        return np.concatenate(self._low), np.concatenate(self._high)


def _worst(name: str, over: FloatArray, size: FloatArray) -> Breach:
    relative = over / size
    step = int(np.argmax(relative))
    return Breach(name, step, float(relative[step]))
