"""The bound as an evaluation asks for it."""

from heatrouter.agents.bound.bound import WeekBounds
from heatrouter.agents.evaluation_question import Question


def week_bound(question: Question, position: int) -> float:
    """The least that any controller can pay on one week of an evaluation, EUR.

    Weeks start as they do for the rules of the task, which planners and the constant price start
    with, too.

    Args:
        question: The evaluation.
        position: Of the week in it.

    Raises:
        NumericalError: The solver did not find the optimum.
    """
    bounds = WeekBounds(
        question.district,
        question.task,
        question.library,
        hours=question.hours,
        seed=question.seed,
    )
    return bounds(question.weeks[position])
