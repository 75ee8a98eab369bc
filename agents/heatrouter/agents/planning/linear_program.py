"""A mixed-integer linear programme built once from arrays, updated and solved again by HiGHS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import DeadlineError, NumericalError

INFINITE: Final = float("inf")
Term = tuple[IntArray, npt.ArrayLike]
"""Variables and their coefficients, broadcast against the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What the solver found.

    Attributes:
        values: Of every variable.
        duals: Of every row, by how much the cost rises with the row's bounds; zeros where
            integers were fixed by no continuous solve.
        cost: Objective.
        gap: Relative gap of a mixed-integer solve; 0 for a continuous one.
        in_time: Whether the solver ended by itself.
    """

    values: FloatArray
    duals: FloatArray
    cost: float
    gap: float
    in_time: bool


class LinearProgram:
    """Variables, rows and coefficients by index arrays.

    Rows and coefficients are named by the arrays that :meth:`rows` returns, so that a new forecast
    changes numbers, never the structure, and the solver starts from the last basis.
    """

    def __init__(self) -> None:
        self._low: list[FloatArray] = []
        self._high: list[FloatArray] = []
        self._cost: list[FloatArray] = []
        self._integer: list[IntArray] = []
        self._row_low: list[FloatArray] = []
        self._row_high: list[FloatArray] = []
        self._entries: list[tuple[IntArray, IntArray, FloatArray]] = []
        self._n_variables = self._n_rows = self._n_entries = 0
        self._solver: highspy.Highs | None = None

    def variables(
        self,
        shape: tuple[int, ...],
        low: npt.ArrayLike = 0.0,
        high: npt.ArrayLike = INFINITE,
        cost: npt.ArrayLike = 0.0,
    ) -> IntArray:
        """Add variables and return their indices in the given shape."""
        count = int(np.prod(shape))
        at = np.arange(self._n_variables, self._n_variables + count).reshape(shape)
        for kept, given in ((self._low, low), (self._high, high), (self._cost, cost)):
            kept.append(np.broadcast_to(np.asarray(given, dtype=np.float64), shape).ravel().copy())
        self._n_variables += count
        return at

    def integers(self, variables: IntArray) -> None:
        """Let variables take whole values only."""
        self._integer.append(variables.ravel())

    def rows(
        self,
        shape: tuple[int, ...],
        terms: Sequence[Term],
        low: npt.ArrayLike = -INFINITE,
        high: npt.ArrayLike = INFINITE,
    ) -> tuple[IntArray, list[IntArray]]:
        """Add rows ``low <= sum of terms <= high``.

        Returns:
            Indices of the rows, in the given shape, and for each term those of its coefficients.
        """
        count = int(np.prod(shape))
        rows = np.arange(self._n_rows, self._n_rows + count).reshape(shape)
        for kept, given in ((self._row_low, low), (self._row_high, high)):
            kept.append(np.broadcast_to(np.asarray(given, dtype=np.float64), shape).ravel().copy())
        self._n_rows += count
        return rows, [self.add(rows, *term) for term in terms]

    def add(self, rows: IntArray, variables: IntArray, coefficients: npt.ArrayLike) -> IntArray:
        """Add a term to rows; returns the indices of its coefficients."""
        where, which = np.broadcast_arrays(rows, variables)
        values = np.broadcast_to(np.asarray(coefficients, dtype=np.float64), where.shape)
        self._entries.append((where.ravel(), which.ravel(), values.ravel().copy()))
        at = np.arange(self._n_entries, self._n_entries + where.size).reshape(where.shape)
        self._n_entries += where.size
        return at

    def build(self) -> None:
        """Fix the structure; afterwards only numbers change."""
        rows = np.concatenate([entry[0] for entry in self._entries])
        columns = np.concatenate([entry[1] for entry in self._entries])
        self.coefficients: FloatArray = np.concatenate([entry[2] for entry in self._entries])
        # the solver keeps one entry per place: those of one row and variable are added up
        keys = columns * self._n_rows + rows
        unique, self._slot = np.unique(keys, return_inverse=True)
        self._entry_row = (unique % self._n_rows).astype(np.int32)
        self._starts = np.searchsorted(
            unique // self._n_rows, np.arange(self._n_variables + 1)
        ).astype(np.int32)
        self.low = np.concatenate(self._low)
        self.high = np.concatenate(self._high)
        self.cost = np.concatenate(self._cost)
        self.row_low = np.concatenate(self._row_low)
        self.row_high = np.concatenate(self._row_high)
        self.integer = np.zeros(self._n_variables, dtype=np.bool_)
        if self._integer:
            self.integer[np.concatenate(self._integer)] = True
        self._basis: highspy.HighsBasis | None = None

    def solve(self, *, integers: bool, time_limit_s: float, gap: float = 1e-3) -> Solution:
        """Solve with the present numbers, from the last basis.

        Args:
            integers: Whether integer variables must be whole.
            time_limit_s: After this the best found so far is returned.
            gap: Relative gap at which a mixed-integer solve may end.

        Raises:
            DeadlineError: There is no solution to return after ``time_limit_s``.
            NumericalError: There is no solution.
        """
        solver = self._solver
        if solver is None:
            solver = self._solver = highspy.Highs()  # type: ignore[no-untyped-call]
            solver.setOptionValue("output_flag", False)
            solver.setOptionValue("threads", 1)
        mixed = integers and bool(self.integer.any())
        solver.setOptionValue("mip_rel_gap", gap)
        # the solver's clock runs on from solve to solve
        solver.setOptionValue("time_limit", solver.getRunTime() + max(time_limit_s, 1e-3))
        solver.passModel(self._model(mixed))
        if self._basis is not None and not mixed:
            solver.setBasis(self._basis)
        solver.run()
        status, found, info = solver.getModelStatus(), solver.getSolution(), solver.getInfo()
        if status == highspy.HighsModelStatus.kOptimal and not _kept(info):
            # optimal for the scaled rows, not for the rows themselves: a warm start may end so
            solver.clearSolver()
            solver.run()
            status, found, info = solver.getModelStatus(), solver.getSolution(), solver.getInfo()
        # values are there even if no row is kept: where a warm start ended infeasible or too early
        if not (found.value_valid and _kept(info)) or status == highspy.HighsModelStatus.kUnbounded:
            self._basis = None
            msg = f"linear programme: no solution, {solver.modelStatusToString(status)}"
            late = status == highspy.HighsModelStatus.kTimeLimit
            raise (DeadlineError if late else NumericalError)(msg, "planning", 0)
        if not mixed:
            self._basis = solver.getBasis()
        return Solution(
            values=np.array(found.col_value),
            duals=np.array(found.row_dual) if found.dual_valid else np.zeros(self._n_rows),
            cost=float(info.objective_function_value),
            gap=float(info.mip_gap) if mixed else 0.0,
            in_time=status == highspy.HighsModelStatus.kOptimal,
        )

    def _model(self, mixed: bool) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_ = self._n_variables
        model.num_row_ = self._n_rows
        model.col_cost_ = self.cost
        model.col_lower_ = self.low
        model.col_upper_ = self.high
        model.row_lower_ = self.row_low
        model.row_upper_ = self.row_high
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = self._starts
        model.a_matrix_.index_ = self._entry_row
        model.a_matrix_.value_ = np.bincount(
            self._slot, self.coefficients, self._entry_row.size
        ).astype(np.float64)
        if mixed:
            kind = highspy.HighsVarType
            model.integrality_ = [
                kind.kInteger if whole else kind.kContinuous for whole in self.integer.tolist()
            ]
        return model


def _kept(info: highspy.HighsInfo) -> bool:
    """Whether a solution keeps the rows."""
    kept: bool = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return kept
