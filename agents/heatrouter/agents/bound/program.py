"""A linear programme whose variables know where a recorded week keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatrouter.agents.planning.linear_program import INFINITE, LinearProgram, Solution, Term
from heatrouter.envs.arrays import FloatArray, IntArray


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


class RecordedProgram:
    """Variables by step of a week, with bounds, costs by term, rows, and how to read them back."""

    def __init__(self, n_steps: int) -> None:
        self.n_steps = n_steps
        self._program = LinearProgram()
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
        at = self._program.variables((self.n_steps,), low, high)
        self._readings.append((name, at, reading))
        return at

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
        rows, _ = self._program.rows((self.n_steps,), [], low, high)
        self._limits.append(
            (
                np.broadcast_to(np.asarray(low, dtype=np.float64), rows.shape),
                np.broadcast_to(np.asarray(high, dtype=np.float64), rows.shape),
            )
        )
        self._rows.append((name, [], int(rows[0])))
        for variables, coefficients in terms:
            self.add(rows, variables, coefficients)
        return rows

    def add(self, rows: IntArray, variables: IntArray, coefficients: npt.ArrayLike) -> None:
        """Add a term to the rows added last, or to some of them."""
        values = np.broadcast_to(np.asarray(coefficients, dtype=np.float64), rows.shape)
        self._program.add(rows, variables, values)
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
        lows, highs = (
            np.broadcast_to(np.asarray(limit, dtype=np.float64), (self.n_steps,)).copy()
            for limit in (low, high)
        )
        lows[0] += first
        highs[0] += first
        rows = self.rows(name, [(state, 1.0), *terms], lows, highs)
        self.add(rows[1:], state[:-1], -1.0)

    def solve(self, time_limit_s: float) -> tuple[Solution, dict[str, float]]:
        """Solve; returns the solution and its cost by term, €."""
        program = self._program
        program.build()
        for _, variable, eur in self._costs:
            np.add.at(program.cost, variable, eur)
        solution = program.solve(integers=False, time_limit_s=time_limit_s)
        return solution, self.terms(solution.values)

    def terms(self, values: FloatArray) -> dict[str, float]:
        """Cost of a point by term, €."""
        found = dict(self.constant)
        for term, variable, eur in self._costs:
            found[term] = found.get(term, 0.0) + float(values[variable] @ eur)
        return found

    def point(self, recorded: Recorded) -> FloatArray:
        """Where a recorded week lies."""
        size = sum(at.size for _, at, _ in self._readings)
        values = np.empty(size)
        for _, at, reading in self._readings:
            values[at] = reading(recorded)
        return values

    def breaches(self, values: FloatArray, bounds: tuple[FloatArray, FloatArray]) -> list[Breach]:
        """Rows and bounds that a point breaks, the worst first."""
        found = []
        low, high = bounds
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
        """Lower and upper bounds of all variables; known once it was solved."""
        return self._program.low, self._program.high


def _worst(name: str, over: FloatArray, size: FloatArray) -> Breach:
    relative = over / size
    step = int(np.argmax(relative))
    return Breach(name, step, float(relative[step]))
