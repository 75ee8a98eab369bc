"""Fitting a policy's mean action to labels.

What a planner does next follows from what it does already: it keeps machines running, and a
network that sees them run learns to do nothing else (causal confusion, de Haan et al. 2019,
arXiv:1905.11979). So the fit is blind to channels that tell past actions; reinforcement learning
may use them afterwards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.training.imitation.collection import Course
from heatrouter.training.imitation.network import PlainNetwork
from heatrouter.training.imitation.settings import CloneSettings
from heatrouter.training.policy import ContractScaling, HeatPolicy, MeanParts

EDGE: Final = 0.25
"""Labels at a bound lie this far beyond it: there the answer is clipped, and noise around it shall
not switch machines."""
RARE_EDGE: Final = 0.75
RARE_SHARE: Final = 0.15
"""Of the labels: what leaves its bound less often lies further beyond it. Boilers that step in by
themselves are seldom commanded, and a start that nobody wanted is dear."""
_AT_BOUND: Final = 0.999
_TELL_TALES: Final = ("heat_kw", "power_kw", "generated_kw", "supply_temp_c")
"""Quantities of what has a set-point that follow it within a step."""


def tells_actions(contract: Contract) -> BoolArray:
    """Which channels of the observation repeat what was done before, ``(n_obs,)``."""
    owners = {point.name.partition(".")[0] for point in contract.set_points}

    def tells(name: str, source: str) -> bool:
        owner, _, quantity = name.partition("@")[0].partition(".")
        return (
            source in ("executed", "dwell")
            or quantity in ("charge_kw", "pump_power_kw")
            or (owner in owners and quantity in _TELL_TALES)
        )

    return np.array([tells(channel.name, channel.source) for channel in contract.observation])


@dataclass(frozen=True, slots=True, eq=False)
class LabelSet:
    """Labelled observations.

    Attributes:
        observation: ``(n, n_obs)``, physical units.
        label: ``(n, n_action)``, normalised.
        held_out: ``(n,)``, whether a sample only measures the fit.
    """

    observation: Float32Array
    label: Float32Array
    held_out: BoolArray

    @classmethod
    def of(cls, courses: Sequence[Course], held_out_share: float) -> "LabelSet":
        """All labelled steps; whole courses are held out, since their steps resemble each other."""
        observations, labels, held = [], [], []
        number = 0
        for course in courses:
            for env in range(course.label.shape[1]):
                there = course.labelled[:, env]
                observations.append(course.observation[there, env])
                labels.append(course.label[there, env])
                # evenly among the courses of every round
                apart = int((number + 1) * held_out_share) > int(number * held_out_share)
                held.append(np.full(int(there.sum()), apart))
                number += 1
        return cls(np.concatenate(observations), np.concatenate(labels), np.concatenate(held))

    def statistics(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of the observations, each ``(n_obs,)``."""
        values = self.observation.astype(np.float64)
        return values.mean(axis=0), values.std(axis=0)


@dataclass(frozen=True, slots=True)
class FitReport:
    """How well a network answers as the planner did.

    Attributes:
        samples: Labels that it was fitted to.
        error: Mean squared error of normalised actions on those.
        held_out_error: The same on courses that it was not fitted to; NaN where none is.
        explained: Share of the variance of held-out labels that is explained, by action.
    """

    samples: int
    error: float
    held_out_error: float
    explained: tuple[float, ...]


def fit(
    policy: HeatPolicy,
    labels: LabelSet,
    settings: CloneSettings,
    *,
    seed: int,
    from_mean: bool = True,
    on_epoch: Callable[[int, float], None] | None = None,
) -> FitReport:
    """Fit the mean action to labels by least squares, blind to channels that tell past actions.

    Args:
        policy: Its policy network is changed; features are those that it has.
        labels: What to answer.
        settings: Passes, minibatch, learning rate.
        seed: Of the order of the samples.
        from_mean: Whether to begin at the mean label; only a freshly made policy should.
        on_epoch: Called with passes done and the last one's mean loss.

    Returns:
        How well it fits.
    """
    keep = ~labels.held_out
    parts = policy.mean_parts()
    with torch.no_grad():
        features = parts.scaling(torch.from_numpy(labels.observation))
    blind = torch.from_numpy(tells_actions(policy.contract))
    features[:, blind] = 0.0
    beyond = _beyond(labels.label)
    targets = torch.from_numpy(labels.label + beyond)
    chosen = torch.from_numpy(np.flatnonzero(keep))
    if from_mean:
        # from small weights: what is always answered alike then does not depend on anything
        policy.start_at(targets[chosen].mean(dim=0).numpy().astype(np.float64))
    parameters = [parameter.requires_grad_(True) for parameter in policy.policy_parameters()]
    optimizer = torch.optim.AdamW(
        parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    generator = torch.Generator().manual_seed(seed)
    size = min(settings.minibatch, len(chosen))
    batches = len(chosen) // size
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: 1.0 - step / (settings.epochs * batches + 1)
    )
    for epoch in range(settings.epochs):
        order = chosen[torch.randperm(len(chosen), generator=generator)]
        total = 0.0
        for number in range(batches):
            rows = order[number * size : (number + 1) * size]
            loss = torch.nn.functional.mse_loss(parts.answer(features[rows]), targets[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item()
        if on_epoch is not None:
            on_epoch(epoch + 1, total / batches)
    optimizer.zero_grad(set_to_none=True)
    first = policy.mlp_extractor.policy_net[0]
    assert isinstance(first, torch.nn.Linear)
    with torch.no_grad():
        first.weight[:, blind] = 0.0
    return _report(
        parts, features, torch.from_numpy(labels.label), torch.from_numpy(labels.held_out)
    )


def _beyond(label: Float32Array) -> Float32Array:
    """How far beyond its bound each label is moved, ``(n, n_action)``."""
    side = np.sign(label) * (np.abs(label) >= _AT_BOUND)
    rare = np.maximum((side > 0.0).mean(axis=0), (side < 0.0).mean(axis=0)) > 1.0 - RARE_SHARE
    return np.asarray(np.where(rare, RARE_EDGE, EDGE) * side, dtype=np.float32)


def _report(
    parts: MeanParts, features: torch.Tensor, targets: torch.Tensor, held_out: torch.Tensor
) -> FitReport:
    with torch.no_grad():
        squares = (torch.clamp(parts.answer(features), -1.0, 1.0) - targets) ** 2
    there = bool(held_out.any())
    judged = held_out if there else ~held_out
    # of an action that is hardly ever another one, nothing is left to explain
    spread = targets[judged].var(dim=0, unbiased=False).clamp(min=1e-2)
    explained = 1.0 - squares[judged].mean(dim=0) / spread
    return FitReport(
        samples=int((~held_out).sum()),
        error=float(squares[~held_out].mean()),
        held_out_error=float(squares[held_out].mean()) if there else float("nan"),
        explained=tuple(explained.tolist()),
    )


def plain_network(policy: HeatPolicy) -> PlainNetwork:
    """The policy's mean action as arrays."""
    scaling = policy.pi_features_extractor
    assert isinstance(scaling, ContractScaling)
    linear = [
        module
        for module in (*policy.mlp_extractor.policy_net, policy.action_net)
        if isinstance(module, torch.nn.Linear)
    ]
    return PlainNetwork(
        offset=scaling.middle.numpy().copy(),
        factor=scaling.inverse_half_range.numpy().copy(),
        limit=float(scaling.limit),
        activation="relu" if policy.activation_fn is torch.nn.ReLU else "tanh",
        layers=tuple(
            (module.weight.detach().numpy().copy(), module.bias.detach().numpy().copy())
            for module in linear
        ),
    )
