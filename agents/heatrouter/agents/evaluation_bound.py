"""The cost that no controller can go below, and the check that none did."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Final

from heatrouter.agents.controller_import import imported
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_results import BoundCheck, ControllerResult
from heatrouter.envs.errors import ConfigError

Bound = Callable[[Question, int], float]
"""Gives the bound, €, of the week at a position among the question's weeks."""

DEFAULT_BOUND: Final = "heatrouter.agents.bound.of_question:week_bound"
"""Where the full-horizon programme with optimistic coefficients lies."""

_TOLERANCE: Final = 1e-6
"""Share of the bound that solver tolerances may amount to."""


def find_bound(path: str | None) -> tuple[Bound | None, str]:
    """Load the function that computes the bound.

    Args:
        path: ``module:function``; ``none`` for no bound; the project's own, where there is one, if
            not given.

    Returns:
        The function and what it is.

    Raises:
        ConfigError: It cannot be imported or called.
    """
    if path == "none" or (path is None and not _exists(DEFAULT_BOUND)):
        return None, ""
    target = imported(path or DEFAULT_BOUND, "bound")
    if not callable(target):
        msg = f"bound {path or DEFAULT_BOUND!r} is no function of question and position of the week"
        raise ConfigError(msg)
    return target, str(getattr(target, "origin", path or DEFAULT_BOUND))


def _exists(path: str) -> bool:
    try:
        return find_spec(path.partition(":")[0]) is not None
    except ModuleNotFoundError:
        return False


def checked_bound(
    question: Question, results: Sequence[ControllerResult], values: Sequence[float]
) -> BoundCheck:
    """Compare every week of every controller with the bound.

    Args:
        question: What was asked.
        results: Of every controller.
        values: The bound of every week, €.

    Returns:
        The bound, and where it was beaten by more than solvers may be wrong.
    """
    beaten = []
    for result in results:
        for week, (cost, least) in enumerate(zip(result.costs_eur, values, strict=True)):
            below = least - cost
            if below > _TOLERANCE * max(1.0, abs(least)):
                start = question.weeks[week].start_utc[:10]
                beaten.append(
                    f"{result.name} costs {below:.2f} € less in the week from {start} "
                    f"of {question.weeks[week].scenario} ({cost:.2f} against {least:.2f} €)"
                )
    return BoundCheck(origin=question.bound_origin, cost_eur=tuple(values), beaten=tuple(beaten))
