"""One network that answers as the mean of several does."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from rich.console import Console

from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.agents.rollout import StepLike, rollout
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.observe import build_contract
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.training.algorithms.building import empty_policy
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.imitation.distillation import DistilReport, distil
from heatrouter.training.imitation.settings import DistilSettings
from heatrouter.training.onnx_export import ExportedMean, ExportedPolicy
from heatrouter.training.preparation import training_library, validation_library
from heatrouter.training.validation import TorchController

DISTRICT = load_district("energy-web")
TASK = load_task("energy-web").model_copy(update={"parametrisation": "absolute"})
SETTINGS = DistilSettings(weeks=8, hours=24.0, epochs=30, minibatch=64)
NETWORK = "network={policy_layers: [32], value_layers: [32], output_gain: 1.0}"
YEARS = "scenarios={train_years: 2, validation_years: 2}"


def config_of(algorithm: str) -> TrainingConfig:
    name = {"ppo": "demo", "sac": "energy-web-sac"}[algorithm]
    return load_training_config(name, [NETWORK, YEARS])


def mean_of(config: TrainingConfig, push: float) -> ExportedMean:
    """Two policies with random weights; `push` moves the first action of both beyond a bound."""
    contract = build_contract(DISTRICT, TASK)
    members = []
    for seed in (1, 2):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            policy = empty_policy(config, contract)
        start = np.zeros(len(contract.action))
        start[0] = push
        policy.start_at(start)
        policy.set_training_mode(False)
        members.append(ExportedPolicy(policy, contract))
    return ExportedMean(members)


def observations(graph: ExportedMean) -> Float32Array:
    """What is met on validation weeks, which no distillation sees."""
    library = validation_library(config_of("ppo"), DISTRICT)
    batch = DistrictBatch(DISTRICT, TASK, library, num_envs=4, seed=0)
    weeks = draw_weeks(library, 4, seed=5, hours=24.0)
    kept: list[Float32Array] = []

    def keep(_: int, step: StepLike) -> None:
        kept.append(step.observation.copy())

    leader = TorchController(graph, TASK.parametrisation)
    rollout(batch, leader, 90, starts=starts(weeks), columns=(), on_step=keep)
    return np.concatenate(kept)


def distilled(graph: ExportedMean, config: TrainingConfig) -> tuple[ExportedPolicy, DistilReport]:
    library = training_library(config, DISTRICT)
    console = Console(file=io.StringIO())
    return distil(graph, graph.first, DISTRICT, TASK, library, SETTINGS, seed=1, console=console)


def error(answer: Callable[[torch.Tensor], torch.Tensor], mean: ExportedMean) -> float:
    seen = torch.from_numpy(observations(mean))
    with torch.no_grad():
        return float(((answer(seen) - mean.normalised(seen)) ** 2).mean().sqrt())


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
def test_the_student_answers_weeks_it_has_not_seen_as_the_mean_does(algorithm: str) -> None:
    config = config_of(algorithm)
    mean = mean_of(config, push=0.3)
    first = error(mean.first.normalised, mean)
    student, report = distilled(mean, config)
    left = error(student.normalised, mean)
    assert first > 0.02
    assert left < 0.3 * first
    # one week of eight is held out in each of three rounds of eight
    assert report.samples == 3 * 7 * 96
    assert report.error == pytest.approx(left, rel=1.0)
    assert error(mean.first.normalised, mean) == first  # the members stay as they were


def test_answers_beyond_a_bound_that_the_mean_keeps_are_no_error() -> None:
    config = config_of("ppo")
    mean = mean_of(config, push=3.0)
    student, _ = distilled(mean, config)
    seen = torch.from_numpy(observations(mean))
    with torch.no_grad():
        raw = student.head(student.body(student.scaling(seen)))[:, 0]
        assert bool((mean.normalised(seen)[:, 0] == 1.0).all())
    # pulled back to the bound, noise around it would switch what the bound keeps running
    assert float(raw.min()) > 1.5


def test_the_same_seed_gives_the_same_student() -> None:
    config = config_of("ppo")
    mean = mean_of(config, push=0.0)
    one, two = (distilled(mean, config)[0].state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
