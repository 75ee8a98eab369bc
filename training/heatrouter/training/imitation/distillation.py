"""One network that answers as the mean of several does, in the time that one of them takes.

Labels cost next to nothing here: the mean itself is asked at every observation, first where it
leads, then where the student does, which so learns what to answer where its own errors take it
(Ross et al. 2011, arXiv:1011.0686). No planner is run.
"""

import copy
import time
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from rich.console import Console

from heatrouter.agents.evaluation_weeks import draw_weeks
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.training.closed_loop import observe_weeks
from heatrouter.training.imitation.settings import DistilSettings
from heatrouter.training.onnx_export import ExportedMean, ExportedPolicy
from heatrouter.training.validation import TorchController

ROUNDS: Final = 3
"""The mean leads the first, the student those after it."""
MOST_SIDE_BY_SIDE: Final = 64
"""Weeks that are simulated at a time."""
HELD_OUT: Final = 8
"""One week of so many only measures the fit."""
_AT_BOUND: Final = 0.999
_SEEDS_APART: Final = 7_919  # between rounds: each meets other weeks


@dataclass(frozen=True, slots=True)
class DistilReport:
    """How well the student answers as the mean does.

    Attributes:
        samples: Observations that it was fitted to.
        error: Root mean square of what is left on weeks that it was not fitted to, in half ranges
            of the actions.
    """

    samples: int
    error: float


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Observations ``(n, n_obs)`` and the mean's answers ``(n, n_action)``, normalised."""

    observation: Float32Array
    answer: Float32Array
    held_out: bool


def distil(
    teacher: ExportedMean,
    student: ExportedPolicy,
    district: District,
    task: Task,
    library: ScenarioLibrary,
    settings: DistilSettings,
    *,
    seed: int,
    console: Console,
) -> tuple[ExportedPolicy, DistilReport]:
    """Fit one network to the mean of several, on training scenarios.

    Args:
        teacher: The mean.
        student: What the network begins as, such as the first of the teachers; left as it is.
        district: The district.
        task: The task, with the simulator's sub-step of the training.
        library: Training scenarios.
        settings: How much to see and how long to fit.
        seed: Of the weeks and of the order of the observations.
        console: Where progress goes.

    Returns:
        The network and how well it fits.
    """
    student = copy.deepcopy(student)
    seen: list[_Seen] = []
    report = DistilReport(0, float("nan"))
    begin = time.perf_counter()
    for number in range(ROUNDS):
        weeks = draw_weeks(
            library,
            settings.weeks,
            seed=seed + _SEEDS_APART * (number + 1),
            hours=settings.hours,
        )
        leader = TorchController(teacher if number == 0 else student, task.parametrisation)
        for first in range(0, len(weeks), MOST_SIDE_BY_SIDE):
            some = weeks[first : first + MOST_SIDE_BY_SIDE]
            courses = observe_weeks(
                leader, district, task, library, some, hours=settings.hours, seed=0
            )
            seen += _asked(teacher, courses.swapaxes(0, 1), first)
        report = _fit(student, seen, settings, seed=seed + number)
        console.print(
            f"distillation, round {number + 1}/{ROUNDS}: {report.samples:,} observations, "
            f"error on held-out weeks {report.error:.4f}, {time.perf_counter() - begin:.0f} s",
            highlight=False,
            soft_wrap=True,
        )
    return student, report


def _asked(teacher: ExportedMean, courses: Float32Array, first: int) -> list[_Seen]:
    """What each week met, ``(n_weeks, n_steps, n_obs)``, and what the mean answers there."""
    found = []
    for number, observation in enumerate(courses, start=first):
        with torch.no_grad():
            answer = teacher.normalised(torch.from_numpy(np.ascontiguousarray(observation)))
        found.append(_Seen(observation, answer.numpy(), number % HELD_OUT == HELD_OUT - 1))
    return found


def _fit(
    student: ExportedPolicy, seen: list[_Seen], settings: DistilSettings, *, seed: int
) -> DistilReport:
    """Go on fitting the student; an answer beyond a bound that was asked for is no error."""
    fitted = [one for one in seen if not one.held_out] or seen
    judged = [one for one in seen if one.held_out] or seen
    features, targets = _features(student, fitted)
    size = min(settings.minibatch, len(targets))
    batches = len(targets) // size
    parameters = [*student.body.parameters(), *student.head.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)  # torch's signature
    optimizer = torch.optim.Adam(parameters, lr=settings.learning_rate)
    whole = settings.epochs * batches
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 - step / (whole + 1))
    generator = torch.Generator().manual_seed(seed)
    for _ in range(settings.epochs):
        order = torch.randperm(len(targets), generator=generator)
        for number in range(batches):
            rows = order[number * size : (number + 1) * size]
            loss = (_errors(student, features[rows], targets[rows]) ** 2).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    optimizer.zero_grad(set_to_none=True)
    with torch.no_grad():
        left = _errors(student, *_features(student, judged))
    return DistilReport(len(targets), float((left**2).mean().sqrt()))


def _features(student: ExportedPolicy, seen: list[_Seen]) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        scaled = [
            student.scaling(torch.from_numpy(np.ascontiguousarray(s.observation))) for s in seen
        ]
    return torch.cat(scaled), torch.from_numpy(np.concatenate([one.answer for one in seen]))


def _errors(student: ExportedPolicy, features: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    answer: torch.Tensor = student.head(student.body(features))
    if student.squashed:
        return torch.tanh(answer) - targets
    # Clipped after this; a clip in the loss would let nothing be learnt beyond the other bound.
    wanted = torch.where(targets >= _AT_BOUND, torch.maximum(answer, targets), targets)
    wanted = torch.where(targets <= -_AT_BOUND, torch.minimum(answer, targets), wanted)
    return answer - wanted
