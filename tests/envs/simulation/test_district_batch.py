"""The closed loop over a plant that is a few lines of arithmetic: books, not physics."""

import numpy as np
import pytest
from tests.envs.simulation.arithmetic_plant import NAMES, ArithmeticPlant

from heatrouter.envs.actuate import ActionScaling
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.errors import DistrictError, ScenarioError
from heatrouter.envs.objective import TERMS, stock_value, total_cost
from heatrouter.envs.scenarios.generator import assemble, generate
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.batch_step import BatchStep
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.rule_parameters import RuleParameters
from heatrouter.envs.spec.task import Task


@pytest.fixture(scope="module")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="module")
def task() -> Task:
    return load_task("energy-web").model_copy(update={"episode_hours": 3.0})  # 12 steps


@pytest.fixture(scope="module")
def library(district: District) -> ScenarioLibrary:
    return assemble(district, "train", [generate(district, "train", number=n) for n in range(2)])


@pytest.fixture
def make(district: District, task: Task, library: ScenarioLibrary) -> "Maker":
    return Maker(district, task, library)


class Maker:
    def __init__(self, district: District, task: Task, library: ScenarioLibrary) -> None:
        self.district, self.task, self.library = district, task, library

    def __call__(
        self,
        num_envs: int = 3,
        *,
        seed: int = 0,
        parametrisation: Parametrisation = "heat_price",
        first_env: int = 0,
        guard: bool = True,
        names: tuple[str, ...] = NAMES,
        **changes: object,
    ) -> DistrictBatch:
        task = self.task.model_copy(
            update={"parametrisation": parametrisation, "guard": guard, **changes}
        )
        return DistrictBatch(
            self.district,
            task,
            self.library,
            num_envs=num_envs,
            seed=seed,
            first_env=first_env,
            make_plant=lambda count: ArithmeticPlant(self.district, self.library, count, names),
        )


def actions(batch: DistrictBatch, step: int, envs: int | None = None) -> FloatArray:
    """The same sequence of actions for every environment."""
    scaling = ActionScaling.from_contract(batch.contract)
    normalised = np.random.default_rng(step).uniform(-1.0, 1.0, len(batch.contract.action))
    return np.tile(scaling.denormalise(normalised), (envs or batch.num_envs, 1))


def same(left: BatchStep, right: BatchStep, rows: slice = slice(None)) -> None:
    for name in ("observation", "reward", "truncated", "final_observation", "outputs"):
        mine, theirs = getattr(left, name), getattr(right, name)
        np.testing.assert_array_equal(mine, theirs[rows], err_msg=name)
    np.testing.assert_array_equal(left.set_points, right.set_points[rows])
    np.testing.assert_array_equal(left.proposal, right.proposal[rows])
    np.testing.assert_array_equal(left.verdict.reasons, right.verdict.reasons[rows])
    for term in TERMS:
        np.testing.assert_array_equal(left.terms[term], right.terms[term][rows])


def test_shapes_types_and_bounds(make: Maker) -> None:
    batch = make()
    observation = batch.reset()
    assert observation.dtype == np.float32
    assert observation.shape == (3, len(batch.contract.observation))
    step = batch.step(actions(batch, 0))
    low, high = batch.contract.bounds("observation")
    assert step.observation.dtype == step.final_observation.dtype == np.float32
    assert (step.observation >= low.astype(np.float32)).all()
    assert (step.observation <= high.astype(np.float32)).all()
    assert step.reward.shape == step.truncated.shape == (3,)
    assert step.set_points.shape == step.proposal.shape == (3, len(NAMES))
    assert tuple(step.terms) == TERMS


def test_reward_is_minus_the_sum_of_the_terms(make: Maker) -> None:
    batch = make()
    batch.reset()
    step = batch.step(actions(batch, 0))
    np.testing.assert_allclose(-step.reward, total_cost(step.terms), rtol=1e-12)


def test_stock_terms_telescope_over_an_episode(make: Maker) -> None:
    batch = make()
    batch.reset_to(np.array([0, 1, 0]), np.array([0, 500, 34000]), truncate=False)
    first = batch.step(actions(batch, 0))
    total = np.zeros(3)
    for i in range(1, 40):
        step = batch.step(actions(batch, i))
        total += step.terms["stock"] + step.terms["building_stock"]
    ends = [
        stock_value(batch.district, batch.task, batch.columns, s.outputs) for s in (first, step)
    ]
    np.testing.assert_allclose(total, ends[0] - ends[1], rtol=1e-9, atol=1e-9)


def test_same_seed_same_bits(make: Maker) -> None:
    left, right, other = make(seed=3), make(seed=3), make(seed=4)
    np.testing.assert_array_equal(left.reset(), right.reset())
    assert (other.reset() != left.observation).any()
    for i in range(30):
        same(left.step(actions(left, i)), right.step(actions(right, i)))


@pytest.mark.parametrize("parametrisation", ["absolute", "offset", "heat_price"])
def test_batch_of_n_equals_n_singles(make: Maker, parametrisation: Parametrisation) -> None:
    batch = make(5, parametrisation=parametrisation)
    singles = [make(1, first_env=e, parametrisation=parametrisation) for e in range(5)]
    together = batch.reset()
    for e, single in enumerate(singles):
        np.testing.assert_array_equal(single.reset()[0], together[e])
    for i in range(40):  # over several ends of episodes
        step = batch.step(actions(batch, i))
        for e, single in enumerate(singles):
            same(single.step(actions(single, i)), step, slice(e, e + 1))


def test_first_episodes_are_staggered_and_later_ones_whole(make: Maker) -> None:
    batch = make(16)
    batch.reset()
    assert len(set(batch.steps_left.tolist())) > 4
    ends: list[list[int]] = [[] for _ in range(16)]
    for i in range(60):
        for e in np.flatnonzero(batch.step(actions(batch, i)).truncated):
            ends[e].append(i)
    for steps in ends:
        assert 0 <= steps[0] < 12
        assert np.diff(steps).tolist() == [12] * (len(steps) - 1)


def test_autoreset_in_the_same_step(make: Maker) -> None:
    batch = make(4)
    batch.reset()
    for i in range(13):
        left = batch.steps_left
        step = batch.step(actions(batch, i))
        np.testing.assert_array_equal(step.truncated, left == 1)
        going = ~step.truncated
        np.testing.assert_array_equal(step.observation[going], step.final_observation[going])
        assert (step.observation[~going] != step.final_observation[~going]).any(axis=1).all()
        np.testing.assert_array_equal(batch.observation, step.observation)
        at = [batch.contract.observation_index(f"main.load_kw{lag}") for lag in ("", "@-7200s")]
        assert (step.observation[~going][:, at[0]] == step.observation[~going][:, at[1]]).all()


def test_an_ended_neighbour_changes_nothing(make: Maker) -> None:
    long = make(2, episode_hours=100.0)
    short = make(2)
    starts = np.array([0, 1]), np.array([100, 900])
    long.reset_to(*starts)
    short.reset_to(*starts)
    short._steps_left[:] = [3, 10**6]
    for i in range(20):
        expected, got = long.step(actions(long, i)), short.step(actions(short, i))
        for name in ("observation", "reward", "set_points", "outputs"):
            np.testing.assert_array_equal(getattr(got, name)[1], getattr(expected, name)[1])


def test_equal_starts_are_equal_everywhere(make: Maker) -> None:
    batch = make(4)
    scenario, start = np.array([0, 1, 0, 0]), np.array([96, 96, 96, 192])
    first = batch.reset_to(scenario, start)
    np.testing.assert_array_equal(first[0], first[2])
    assert (first[0] != first[1]).any()
    assert (first[0] != first[3]).any()
    batch.step(actions(batch, 0))
    np.testing.assert_array_equal(batch.reset_to(scenario, start), first)
    assert (batch.plant.time_s == start * 900).all()


def test_evaluation_may_go_on_for_ever(make: Maker) -> None:
    batch = make(2)
    batch.reset_to(np.array([0, 1]), np.array([0, 0]), truncate=False)
    assert not any(batch.step(actions(batch, i)).truncated.any() for i in range(30))
    batch.reset_to(np.array([0, 1]), np.array([0, 0]))
    ended = [batch.step(actions(batch, i)).truncated.all() for i in range(12)]
    assert ended == [False] * 11 + [True]


@pytest.mark.parametrize("guard", [True, False])
def test_saved_state_goes_on_bit_for_bit(make: Maker, guard: bool) -> None:
    batch = make(3, guard=guard)
    batch.reset()
    for i in range(7):
        batch.step(actions(batch, i))
    saved = batch.save_state()
    assert all(isinstance(value, np.ndarray) for value in saved.values())
    expected = [batch.step(actions(batch, i)) for i in range(7, 40)]
    fresh = make(3, seed=99, guard=guard)
    fresh.restore_state(saved)
    for i, step in zip(range(7, 40), expected, strict=True):
        same(fresh.step(actions(fresh, i)), step)
    batch.restore_state(saved)
    same(batch.step(actions(batch, 7)), expected[0])


def test_nothing_that_was_returned_changes_later(make: Maker) -> None:
    batch = make(3)
    kept: list[np.ndarray] = [batch.reset()]
    copies = [kept[0].copy()]
    for i in range(15):
        step = batch.step(actions(batch, i))
        arrays: list[np.ndarray] = [
            step.observation,
            step.final_observation,
            step.reward,
            step.truncated,
            step.outputs,
            step.set_points,
            step.proposal,
            *step.terms.values(),
        ]
        kept += arrays
        copies += [array.copy() for array in arrays]
    for array, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_zero_offsets_are_the_rules(make: Maker) -> None:
    rules = RuleParameters(charge_hours=2.0)
    batch = make(2, parametrisation="offset", rules=rules)
    assert batch.decoder.rules == rules
    batch.reset()
    zero = np.zeros((2, len(batch.contract.action)))
    memory = batch.decoder.initial_memory(2)
    for _ in range(10):
        left = batch.steps_left
        observation = batch.observation
        expected, memory = batch.decoder.rules_proposal(memory, observation)
        step = batch.step(zero)
        np.testing.assert_array_equal(step.proposal, expected)
        if (left == 1).any():
            break


def test_without_a_guard_proposals_are_executed(make: Maker) -> None:
    batch = make(2, parametrisation="absolute", guard=False)
    batch.reset_to(np.array([0, 0]), np.array([0, 96]))
    wanted = dict.fromkeys(NAMES, 0.0) | {
        "glassworks.recovery_share": 1.0,
        "fab_heat_pump.load_share": 0.5,
        "gas_engine.load_share": 0.7,
        "gas_boiler.load_share": 0.5,
        "greenhouse.offset_k": 1.0,
        "main.supply_temp_c": 77.0,
    }
    action = np.array([[wanted[name] for name in NAMES], [np.nan] * len(NAMES)])
    before = batch.observation
    step = batch.step(action)
    assert step.set_points[0].tolist() == action[0].tolist()
    executed = [batch.contract.observation_index(f"{name}@executed") for name in NAMES]
    np.testing.assert_allclose(step.set_points[1], before[1, executed], rtol=1e-6)
    np.testing.assert_allclose(step.observation[0, executed], action[0])
    assert step.verdict.accepted.tolist() == [True, False]


def test_the_guard_refuses_what_is_no_number(make: Maker) -> None:
    batch = make(2)
    batch.reset()
    action = actions(batch, 0)
    action[1, 0] = np.nan
    step = batch.step(action)
    assert step.verdict.accepted.tolist() == [True, False]
    assert np.isfinite(step.set_points).all()


def test_a_plant_with_another_order_of_set_points(make: Maker) -> None:
    plain, turned = make(2), make(2, names=NAMES[::-1])
    received: list[FloatArray] = []
    plant = turned.plant
    assert isinstance(plant, ArithmeticPlant)
    advance = plant.advance

    def listening(set_points: FloatArray, sub_steps: int) -> FloatArray:
        received.append(set_points)
        return advance(set_points, sub_steps)

    plant.advance = listening  # type: ignore[method-assign]
    plain.reset()
    turned.reset()
    step = turned.step(actions(turned, 0))
    np.testing.assert_array_equal(received[-1], step.set_points[:, ::-1])


def test_a_plant_with_other_set_points_is_refused(make: Maker) -> None:
    with pytest.raises(DistrictError, match="the plant takes"):
        make(1, names=(*NAMES[:-1], "main.flow"))


def test_scenarios_shorter_than_an_episode_are_refused(make: Maker) -> None:
    with pytest.raises(ScenarioError, match="shorten episode_hours"):
        make(1, episode_hours=24.0 * 366.0)


def test_whole_years_start_at_the_first_step(make: Maker) -> None:
    batch = make(1, episode_hours=24.0 * 365.0)
    batch.reset()
    assert batch.plant.time_s[0] == 0


def test_fixed_co2_price_is_seen_and_paid(make: Maker) -> None:
    weights = make.task.objective.model_copy(update={"co2_eur_per_t": 123.0})
    batch = make(1, objective=weights)
    batch.reset()
    at = batch.contract.observation_index("tariff.co2_eur_per_t")
    assert batch.step(actions(batch, 0)).observation[0, at] == 123.0


def test_reset_may_begin_the_random_streams_anew(make: Maker) -> None:
    batch = make(2, seed=5)
    first = batch.reset()
    assert (batch.reset() != first).any()
    np.testing.assert_array_equal(batch.reset(seed=5), first)
