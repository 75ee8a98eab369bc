"""Courses through training scenarios, labelled by a planner with foresight.

Who drives changes along a course: the planner itself, the rules, or a network that was fitted in an
earlier round. The planner plans from wherever the plant has got to, so that labels also tell the
way back from states that it would not have gone to (DAgger, Ross et al. 2011, arXiv:1011.0686).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.agents.planning.plan_actions import plan_action
from heatrouter.agents.planning.planner import Plan, Planner
from heatrouter.envs.actuate import ActionScaling
from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import NumericalError
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import SECONDS_PER_HOUR
from heatrouter.training.imitation.held_releases import HeldReleases
from heatrouter.training.imitation.settings import LabelSettings

Drive = Callable[[Float32Array], FloatArray]
"""From observations to actions in physical units."""

_NOISE_HOURS: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Labelled courses side by side, by step and environment.

    Attributes:
        observation: ``(n_steps, n_envs, n_obs)``, what was seen.
        label: ``(n_steps, n_envs, n_action)``, normalised, what the planner would have done.
        labelled: ``(n_steps, n_envs)``, whether there was a plan.
        expert: ``(n_steps, n_envs)``, whether the planner drove.
        cost_eur: ``(n_steps, n_envs)``, cost of the step that followed.
        heat_price: ``(n_steps, n_envs, n_circuits)``, dual of the heat balance, EUR/MWh.
        solves: Programmes that were solved, and how many failed.
    """

    observation: Float32Array
    label: Float32Array
    labelled: BoolArray
    expert: BoolArray
    cost_eur: Float32Array
    heat_price: Float32Array
    solves: IntArray

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Everything by name, to be stored."""
        return {name: getattr(self, name) for name in self.__slots__}


def collect(
    district: District,
    task: Task,
    weeks: ScenarioLibrary,
    settings: LabelSettings,
    *,
    expert_share: float,
    drive: Drive | None,
    random: np.random.Generator,
) -> Course:
    """Run courses and label them.

    Args:
        district: The district.
        task: Of the policy; its parametrisation decides what labels mean.
        weeks: One training scenario for each course, as long as the courses.
        settings: Planner, who drives.
        expert_share: Of the time that the planner drives.
        drive: What drives the rest; the rules, or neutral prices, if not given.
        random: Of turns and noise.
    """
    count = weeks.n_scenarios
    steps = round(settings.hours * SECONDS_PER_HOUR / task.control_dt_s)
    batch = DistrictBatch(
        district,
        task.model_copy(update={"episode_hours": settings.hours}),
        weeks,
        num_envs=count,
        seed=0,  # states follow from the start
    )
    labeller = _Labeller(batch, settings)
    scaling = ActionScaling.from_contract(batch.contract)
    left_alone = balances_itself(district, batch.contract)
    releases = HeldReleases(district, batch.contract, task.control_dt_s, count)
    low = scaling.normalise(scaling.low)
    turns = _turns(settings, task, steps, count, expert_share, random)
    noise = _noise(settings, task, steps, (count, len(batch.contract.action)), random)
    seen = np.empty((steps, count, len(batch.contract.observation)), dtype=np.float32)
    label = np.zeros((steps, count, len(batch.contract.action)), dtype=np.float32)
    labelled = np.zeros((steps, count), dtype=np.bool_)
    cost = np.empty((steps, count), dtype=np.float32)
    price = np.zeros((steps, count, len(district.circuits)), dtype=np.float32)
    observation = batch.reset_to(np.arange(count), np.zeros(count, dtype=np.int64), truncate=False)
    for index in range(steps):
        seen[index] = observation
        planned, labelled[index], price[index] = labeller.labels(index)
        label[index] = np.where(left_alone, low, scaling.normalise(releases.held(planned)))
        other = _other(batch) if drive is None else drive(observation)
        wanted = np.where((turns[index] & labelled[index])[:, np.newaxis], planned, other)
        action = scaling.denormalise(scaling.normalise(wanted) + noise[index])
        step = batch.step(action)
        cost[index] = -step.reward
        observation = step.observation
    return Course(
        observation=seen,
        label=label,
        labelled=labelled,
        expert=turns & labelled,
        cost_eur=cost,
        heat_price=price,
        solves=np.array([labeller.solves, labeller.failures]),
    )


def balances_itself(district: District, contract: Contract) -> BoolArray:
    """Set-points of units that step in by themselves where heat is short, ``(n_action,)``.

    A planner commands boilers because its model has no level control. The plant has one: a network
    need not learn when it will be needed, and a boiler that it starts by mistake is dear.
    """
    balancing = {name for circuit in district.circuits for name in circuit.balancing}
    return np.array(
        [
            contract.parametrisation == "absolute"
            and channel.name.partition(".")[0] in balancing
            and channel.name.endswith(".load_share")
            for channel in contract.action
        ]
    )


class _Labeller:
    """Plans of all environments of a batch, each at its own time."""

    def __init__(self, batch: DistrictBatch, settings: LabelSettings) -> None:
        self._batch = batch
        self._settings = settings.planner(batch.task.control_dt_s)
        self._planner = Planner(batch, self._settings)
        self._plans: list[Plan | None] = [None] * batch.num_envs
        self._made = np.zeros(batch.num_envs, dtype=np.int64)
        self.solves = self.failures = 0

    def labels(self, index: int) -> tuple[FloatArray, BoolArray, FloatArray]:
        """Actions, whether there is a plan, and duals, of the step with this number."""
        batch, every = self._batch, self._settings.replan_steps
        # in turns, so that an environment's number does not tell at which minute it plans
        due = [env for env in range(batch.num_envs) if index % every == env % every]
        if due:
            saved = batch.save_state()
            for env in due:
                self._plan(saved, env, index)
        rules = batch.rules_proposal()
        actions, prices = [], np.zeros((batch.num_envs, len(batch.district.circuits)))
        for env, plan in enumerate(self._plans):
            turn = index - int(self._made[env])
            actions.append(plan_action(self._planner, batch, plan, turn, env, rules[env]))
            if plan is not None:
                prices[env] = plan.values.heat_price[:, self._step_of(turn)]
        there = np.array([plan is not None for plan in self._plans])
        return np.stack(actions), there, prices

    def _step_of(self, turn: int) -> int:
        starts = self._planner.horizon.starts
        return int(np.searchsorted(starts, turn, side="right")) - 1

    def _plan(self, saved: Mapping[str, np.ndarray], env: int, index: int) -> None:
        self.solves += 1
        try:
            self._plans[env] = self._planner.plan(saved, env, self._plans[env])
        except NumericalError:
            self.failures += 1
            self._plans[env] = None
        self._made[env] = index


def _turns(
    settings: LabelSettings,
    task: Task,
    steps: int,
    count: int,
    share: float,
    random: np.random.Generator,
) -> BoolArray:
    """Whether the planner drives, ``(n_steps, n_envs)``."""
    change = min(task.control_dt_s / (settings.turn_hours * SECONDS_PER_HOUR), 1.0)
    turns = np.empty((steps, count), dtype=np.bool_)
    now = random.random(count) < share
    for index in range(steps):
        redraw = random.random(count) < change
        now = np.where(redraw, random.random(count) < share, now)
        turns[index] = now
    return turns


def _noise(
    settings: LabelSettings,
    task: Task,
    steps: int,
    shape: tuple[int, int],
    random: np.random.Generator,
) -> FloatArray:
    """Noise on normalised actions, ``(n_steps, n_envs, n_action)``."""
    hold = max(round(_NOISE_HOURS * SECONDS_PER_HOUR / task.control_dt_s), 1)
    drawn = random.normal(scale=settings.noise_std, size=(-(-steps // hold), *shape))
    held: FloatArray = np.repeat(drawn, hold, axis=0)[:steps]
    return held


def _other(batch: DistrictBatch) -> FloatArray:
    """The rules as an action of the contract, or neutral prices."""
    kind = batch.contract.parametrisation
    if kind == "absolute":
        return batch.rules_proposal()
    neutral = np.array([channel.neutral for channel in batch.contract.action])
    return np.tile(neutral, (batch.num_envs, 1))
