"""A training run's start by imitation: labels, rounds, and what PPO needs of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from rich.console import Console

from heatrouter.envs.gymenv.building import action_space, observation_space
from heatrouter.envs.observe import build_contract
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.training.imitation.anchor import AnchoredPolicy
from heatrouter.training.imitation.rounds import Imitation, imitate
from heatrouter.training.imitation.settings import ShapingSettings
from heatrouter.training.imitation.shaping import ReferenceValue
from heatrouter.training.imitation.shards import Work
from heatrouter.training.imitation.teachers import begin_as_mean
from heatrouter.training.policy import HeatPolicy
from heatrouter.training.preparation import TrainingInputs
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.training_batches import ResumableBatch


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What a run starts from.

    Attributes:
        policy: Fitted to all labels, or to the teachers.
        imitation: The weeks and courses that it was fitted to.
    """

    policy: HeatPolicy
    imitation: Imitation


def start_by_imitation(
    inputs: TrainingInputs,
    run: RunFolder,
    console: Console,
    on_fit: Callable[[str, HeatPolicy], None],
) -> Start:
    """Fit a policy to a planner's labels, then to teachers, or read what the run fitted before.

    Args:
        inputs: What the run is made of.
        run: Its folder, where the networks of all rounds are kept.
        console: Where progress goes.
        on_fit: Called with what was fitted now, in words, and the policy.

    Raises:
        HeatrouterError: A worker died, the disk is full, or a teacher cannot be used.
    """
    config = inputs.config
    contract = build_contract(inputs.district, inputs.training_task)
    torch.manual_seed(config.seed)
    policy = HeatPolicy(
        observation_space(contract),
        action_space(contract),
        lambda _: 0.0,
        contract=contract,
        settings=config.network,
    )
    work = Work(
        district=inputs.district,
        task=inputs.training_task,
        library=inputs.train,
        settings=config.imitation.labels,
        seed=config.seed,
    )
    found = imitate(
        work,
        config.imitation,
        policy,
        run.imitation,
        console,
        lambda number: on_fit(f"imitation, round {number}", policy),
    )
    teachers = len(config.imitation.teachers)
    if teachers and begin_as_mean(policy, inputs, run.imitation, console):
        on_fit(f"fitted to the mean of {teachers} runs", policy)
    return Start(policy, found)


def on_weeks(inputs: TrainingInputs, start: Start) -> TrainingInputs:
    """The same run on the weeks of its labels, an episode for each."""
    hours = inputs.config.imitation.labels.hours
    task = inputs.training_task.model_copy(update={"episode_hours": hours})
    return replace(inputs, train=start.imitation.weeks, training_task=task)


def course_value(batch: ResumableBatch, start: Start, settings: ShapingSettings) -> ReferenceValue:
    """What rewards on these weeks are counted from.

    Args:
        batch: The closed loop on the weeks of the start.
        start: What the planner did there.
        settings: How much of it counts.
    """
    assert isinstance(batch, DistrictBatch)  # no variants, as the configuration was checked for
    return ReferenceValue(batch, start.imitation.courses, settings.price_share)


def begin_from(policy: HeatPolicy, start: HeatPolicy) -> None:
    """Take over scaling and policy network of a start; an anchored policy is held there."""
    policy.pi_features_extractor.load_state_dict(start.pi_features_extractor.state_dict())
    # SB3 shares one extractor between policy and value unless told otherwise
    policy.vf_features_extractor.load_state_dict(start.pi_features_extractor.state_dict())
    policy.mlp_extractor.policy_net.load_state_dict(start.mlp_extractor.policy_net.state_dict())
    policy.action_net.load_state_dict(start.action_net.state_dict())
    if isinstance(policy, AnchoredPolicy):
        policy.set_prior()
