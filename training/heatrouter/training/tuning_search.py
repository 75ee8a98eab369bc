"""Ask and tell: generations of candidates by a tree of Parzen estimators, kept in a journal.

Bergstra et al. (NeurIPS 2011), as Optuna implements it. A generation is asked for as a whole, so
that its members do not depend on the order in which they are judged; its sampler is seeded by its
number, so that a search that was interrupted ends as one that was not.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from heatrouter.training.tuning_space import Axis, Values

GENERATION = 8
"""Candidates that are asked for together."""
_SEEDS_APART = 10_000

Judge = Callable[[Sequence[Values]], Sequence[float]]
"""Cost of each candidate, €."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A candidate and what it costs on training weeks."""

    number: int
    values: dict[str, float]
    cost_eur: float


def search(
    name: str,
    axes: Sequence[Axis],
    first: Sequence[Values],
    judge: Judge,
    journal: Path,
    *,
    trials: int,
    seed: int,
    on_generation: Callable[[int, float], None] | None = None,
) -> list[Tried]:
    """Search for the least cost, or go on with a search.

    Args:
        name: Of the study in the journal.
        axes: The search space.
        first: Candidates to begin with, the first of them for comparison.
        judge: Tells costs of a generation.
        journal: File of Optuna's journal; a search of this name in it is continued.
        trials: How many candidates in all.
        seed: Of the sampler.
        on_generation: Called with the number of trials so far and the least cost.

    Returns:
        All candidates by rising cost; ties by number.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space: dict[str, BaseDistribution] = {
        axis.name: FloatDistribution(axis.low, axis.high, step=axis.step or None) for axis in axes
    }
    storage = JournalStorage(JournalFileBackend(str(journal)))
    study = optuna.create_study(storage=storage, study_name=name, load_if_exists=True)
    for ended in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(ended.number, state=TrialState.FAIL)  # asked for when the search was ended
    while (done := len(_complete(study))) < trials:
        count = min(GENERATION, trials - done)
        study.sampler = _sampler(seed * _SEEDS_APART + done)
        fixed = list(first[done : done + count])
        waiting = len(study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))
        for values in fixed[: len(fixed) - waiting]:
            study.enqueue_trial(dict(values))
        asked = [study.ask(space) for _ in range(count)]
        for trial, cost in zip(asked, judge([t.params for t in asked]), strict=True):
            study.tell(trial, cost)
        if on_generation is not None:
            on_generation(done + count, study.best_value)
    return _complete(study)


def _sampler(seed: int) -> optuna.samplers.BaseSampler:
    with warnings.catch_warnings():
        # multivariate and constant_liar are marked experimental, and have been for years
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=GENERATION, multivariate=True, constant_liar=True
        )


def _complete(study: optuna.Study) -> list[Tried]:
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    found = [Tried(t.number, dict(t.params), float(t.value or 0.0)) for t in trials]
    return sorted(found, key=lambda tried: (tried.cost_eur, tried.number))
