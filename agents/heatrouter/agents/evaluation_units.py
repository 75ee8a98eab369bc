"""The pieces that an evaluation is cut into, and what comes out of one.

A unit is one controller on some weeks of one district. How the weeks are cut depends on the
controller alone, never on the number of processes, so that no result can depend on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from heatrouter.agents.evaluation_controllers import Entrant
from heatrouter.agents.evaluation_digest import code_digest, digest_of
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import Breach, Failure, Planning, WeekResult
from heatrouter.envs.arrays import FloatArray

BOUND: Final = "bound"
"""In the place of a controller's name: the cost that none can go below."""

_FAST_CHUNK: Final = 12
"""Weeks of a fast controller that run side by side; more would only take more memory."""

UnitKind = Literal["weeks", "decisions", "bound"]


@dataclass(frozen=True)
class Unit:
    """One piece of work.

    Attributes:
        case: Position of the district among those that are judged.
        controller: Its name; :data:`BOUND` for the bound.
        weeks: Positions of the weeks.
        kind: Whether weeks are run, decisions are timed, or the bound is computed.
        key: Of the stored result; empty where none is kept.
        keep_steps: Whether every step is stored.
    """

    case: int
    controller: str
    weeks: tuple[int, ...]
    kind: UnitKind = "weeks"
    key: str = ""
    keep_steps: bool = False


class UnitRecord(BaseModel):
    """What a unit found, but for its arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weeks: tuple[WeekResult, ...] = ()
    limits: tuple[tuple[Breach, ...], ...] = ()
    """Every limit, kept or not, for each week."""
    exogenous: tuple[str, ...] = ()
    """sha256 of the weather and prices of each week."""
    guarded: tuple[int, ...] = ()
    """Steps of each week in which the guard intervened."""
    planning: Planning | None = None
    set_points: tuple[str, ...] = ()
    bound_eur: tuple[float, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True)
class UnitResult:
    """What a unit found.

    Attributes:
        record: All but the arrays.
        sums: Sum of every output over the steps, ``(n_weeks, n_columns)``.
        heat: Powers of the duration curves, kW, ``(n_weeks, n_curves, n_steps)``.
        decision_s: Time of decisions with a single environment, s; empty where not measured.
        courses: Position of an example week to its outputs, ``(n_steps, n_columns)``.
        steps: What was asked for of every step: ``outputs``, ``set_points`` and terms by name,
            each ``(n_steps, n_weeks, ...)``.
    """

    record: UnitRecord
    sums: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    heat: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 0)))
    decision_s: FloatArray = field(default_factory=lambda: np.zeros(0))
    courses: Mapping[int, FloatArray] = field(default_factory=dict)
    steps: Mapping[str, FloatArray] = field(default_factory=dict)


def units_of(
    case: int, question: Question, name: str, entrant: Entrant, *, keep_steps: bool = False
) -> tuple[Unit, ...]:
    """Cut one controller's work on one district into units.

    Args:
        case: Position of the district.
        question: What is asked there.
        name: Name of the controller.
        entrant: The controller.
        keep_steps: Whether every step is stored.

    Returns:
        The weeks in order, slow controllers' one by one; and for fast ones the timing of
        decisions, which slow ones do in their weeks.
    """
    size = 1 if entrant.slow else _FAST_CHUNK
    every = tuple(range(len(question.weeks)))
    chunks = [every[begin : begin + size] for begin in range(0, len(every), size)]
    kinds: list[tuple[tuple[int, ...], UnitKind]] = [(chunk, "weeks") for chunk in chunks]
    if not entrant.slow:
        kinds.append((question.examples[:1], "decisions"))
    rules = entrant.decodes(question.task).rules
    known = (*_asked(question), entrant.origin, rules.model_dump())
    contract = question.contract(entrant).digest if entrant.storable else ""
    return tuple(
        Unit(
            case,
            name,
            weeks,
            kind,
            _key(known, contract, question, weeks, kind, keep_steps) if entrant.storable else "",
            keep_steps and kind == "weeks",
        )
        for weeks, kind in kinds
    )


def bound_units(case: int, question: Question) -> tuple[Unit, ...]:
    """One unit for the bound of each week; only the project's own is stored."""
    own = getattr(question.bound, "__module__", "").startswith("heatrouter.")
    return tuple(
        Unit(
            case,
            BOUND,
            (week,),
            "bound",
            _key(_asked(question), question.bound_origin, question, (week,), "bound", False)
            if own
            else "",
        )
        for week in range(len(question.weeks))
    )


def _asked(question: Question) -> tuple[object, ...]:
    return (
        question.district.digest,
        question.task.model_dump(mode="json"),
        question.hours,
        question.seed,
        code_digest(),
    )


def _key(
    known: tuple[object, ...],
    what: str,
    question: Question,
    weeks: tuple[int, ...],
    kind: UnitKind,
    keep_steps: bool,  # part of what is digested
) -> str:
    chosen = [question.weeks[week] for week in weeks]
    return digest_of(
        known,
        what,
        kind,
        keep_steps and kind == "weeks",
        [week.model_dump() for week in chosen],
        [question.library.provenance[week.scenario_index] for week in chosen],
        [week for week in weeks if week in question.examples],
    )
