"""What SAC, TQC and constrained PPO add: starts, graphs, constraints, memory."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import StorageError
from heatrouter.envs.spec.loading import load_district
from heatrouter.training import checkpoints
from heatrouter.training.algorithms.building import build_learner, empty_policy, trained_policy
from heatrouter.training.algorithms.lagrangian import LagrangianPpo, standardised
from heatrouter.training.algorithms.learner_state import learner_state, restore_learner
from heatrouter.training.checkpoints import load_tensors, save_tensors
from heatrouter.training.config import TrainingConfig
from heatrouter.training.config_lagrangian import Constraint
from heatrouter.training.constraint_signals import ConstraintSignals, constraint_mistakes
from heatrouter.training.onnx_export import ExportedPolicy, to_onnx
from heatrouter.training.parity import measure_parity, parity_observations
from heatrouter.training.sb3_vec_env import DistrictVecEnv, EndedEpisodes

ALGORITHMS = ("ppo", "lagrangian-ppo", "sac", "tqc")
START = np.array([0.4, -0.9])

Learner = Callable[[str], Any]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks are quicker without company."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def learner(
    make_config: Callable[[str], TrainingConfig],
    make_batch: Callable[..., Any],
    signals: Callable[..., Any],
) -> Learner:
    def make(algorithm: str) -> Any:
        config = make_config(algorithm)
        env = DistrictVecEnv(make_batch(8, seed=1), reward_scale_eur=10.0, signals=signals)
        return build_learner(config, 900.0, env, START)

    return make


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_policy_starts_at_the_given_action(learner: Learner, algorithm: str) -> None:
    model = learner(algorithm)
    graph = ExportedPolicy(trained_policy(model), model.env.batch.contract)
    found = graph.normalised(100.0 * torch.randn((50, 5))).detach().numpy()
    np.testing.assert_allclose(found, np.tile(START, (50, 1)), atol=0.05)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_exported_graph_is_what_the_learner_does_without_noise(
    learner: Learner, make_config: Callable[[str], TrainingConfig], algorithm: str
) -> None:
    model = learner(algorithm)
    contract: Contract = model.env.batch.contract
    with torch.no_grad():  # far from the start, so that clipping and squashing both matter
        for parameter in trained_policy(model).policy_parameters():
            parameter.add_(0.7 * torch.randn_like(parameter))
    policy = empty_policy(make_config(algorithm), contract)
    policy.load_state_dict(model.policy.state_dict())
    graph = ExportedPolicy(policy, contract)
    low, high = contract.bounds("observation")
    seen = np.random.default_rng(1).uniform(low, high, (200, low.size)).astype(np.float32)
    observations = parity_observations(contract, seen, 10_000, seed=2)
    parity, actions = measure_parity(graph, to_onnx(graph, seen[:4]), contract, observations)
    assert parity.observations >= 10_000
    assert parity.max_abs_error_normalised <= 1e-5
    bounds = contract.bounds("action")
    assert (actions >= bounds[0].astype(np.float32)).all()
    assert (actions <= bounds[1].astype(np.float32)).all()
    wanted, _ = model.predict(seen, deterministic=True)
    np.testing.assert_allclose(
        graph.normalised(torch.as_tensor(seen)).detach().numpy(), wanted, atol=1e-5
    )


@pytest.mark.parametrize("algorithm", ["sac", "tqc"])
def test_the_memory_comes_back_row_by_row(learner: Learner, algorithm: str) -> None:
    model = learner(algorithm)
    model.learn(1024)
    state = learner_state(model)
    other = learner(algorithm)
    restore_learner(other, state)
    for name in ("observations", "next_observations", "actions", "rewards", "dones", "timeouts"):
        one, two = (getattr(m.replay_buffer, name) for m in (model, other))
        np.testing.assert_array_equal(
            one[: model.replay_buffer.pos], two[: other.replay_buffer.pos]
        )
    assert other.replay_buffer.pos == model.replay_buffer.pos == 128
    assert other.action_space.sample().tolist() == model.action_space.sample().tolist()


def test_the_first_actions_are_the_policys_own_unless_random_ones_are_asked_for(
    make_config: Callable[[str], TrainingConfig], make_batch: Callable[..., Any]
) -> None:
    config = make_config("sac")
    spreads = []
    for random in (False, True):
        changed = config.model_copy(
            update={"sac": config.sac.model_copy(update={"random_warmup": random})}
        )
        env = DistrictVecEnv(make_batch(8, seed=1), reward_scale_eur=10.0)
        model: Any = build_learner(changed, 900.0, env, np.zeros(2))
        model.learn(512)
        spreads.append(model.replay_buffer.actions[:64].std())
    assert spreads[0] < 0.25 < 0.5 < spreads[1]


# --- constraints


def lagrangian(learner: Learner) -> LagrangianPpo:
    model = learner("lagrangian-ppo")
    assert isinstance(model, LagrangianPpo)
    return model


def test_multipliers_rise_while_a_constraint_is_broken_and_fall_after(learner: Learner) -> None:
    model = lagrangian(learner)
    before = model.multipliers.clone()
    model._move_multipliers(np.array([0.2]))  # 0.02 are allowed
    model._move_multipliers(np.array([0.2]))
    high = model.multipliers.clone()
    assert float(high) > float(before)
    for _ in range(40):
        model._move_multipliers(np.array([0.0]))
    assert float(model.multipliers) == 0.0
    for _ in range(400):
        model._move_multipliers(np.array([1.0]))
    assert float(model.multipliers) == model._settings.multiplier_max


def test_advantages_of_constraints_are_generalised_and_stop_at_truncation(
    learner: Learner,
) -> None:
    """By hand: two steps, one environment, the first step ends an episode."""
    model = lagrangian(learner)
    model.gamma, model.gae_lambda = 0.9, 0.5
    costs = np.array([[[1.0]], [[0.0]]])
    values = np.array([[[0.2]], [[0.3]], [[0.4]]])
    model._values = lambda observations: np.full((*observations.shape[:-1], 1), 0.7)  # type: ignore[method-assign]
    ended = EndedEpisodes(np.array([0]), np.array([0]), np.zeros((1, 5), dtype=np.float32))
    found = model._advantages(costs, values, ended)
    second = 0.0 + 0.9 * 0.4 - 0.3
    np.testing.assert_allclose(found[:, 0, 0], [1.0 + 0.9 * 0.7 - 0.2, second])
    none = EndedEpisodes(ended.step[:0], ended.env[:0], ended.observation[:0])
    first = 1.0 + 0.9 * 0.3 - 0.2 + 0.9 * 0.5 * second
    np.testing.assert_allclose(model._advantages(costs, values, none)[:, 0, 0], [first, second])


def test_a_policy_under_constraints_breaks_them_less(learner: Learner) -> None:
    """The reward asks for an action that is above the constraint's limit a third of the time."""
    free, bound = learner("ppo"), learner("lagrangian-ppo")
    free.learn(512 * 12)
    bound.learn(512 * 12)
    shares = []
    for model in (free, bound):
        env: Any = model.env
        env._signals, env._ended = [], []
        observation = env.reset()
        for _ in range(200):
            observation, *_ = env.step(model.predict(observation, deterministic=True)[0])
        signals, _ = env.drain_signals()
        shares.append(float(signals.broken.mean()))
    assert shares[1] < 0.5 * shares[0]


def test_standardised_values_have_no_unit() -> None:
    values = np.array([[1.0, 3.0], [5.0, 7.0]])
    np.testing.assert_allclose(standardised(values), standardised(100.0 * values - 3.0))
    assert not standardised(np.full((2, 2), 4.0)).any()


def test_signals_are_the_limits_that_an_evaluation_reports() -> None:
    """One environment within all limits, one with cold hot water and a quarter of demand unmet."""
    district = load_district("energy-web")
    columns, outputs = healthy_outputs(district)
    kinds = ("unmet demand", "hot water")
    constraints = [Constraint(kind=kind, allowed_share=0.01) for kind in kinds]  # type: ignore[arg-type]
    read = ConstraintSignals(district, constraints, columns, 900.0)
    demand = [name for name in columns if name.endswith(".demand_kw")]
    outputs[1, [columns[name] for name in demand]] = 100.0
    outputs[1, columns[demand[0].replace("demand", "unmet")]] = 25.0 * len(demand)
    cold = next(u.name for u in district.units if getattr(u, "hot_water_annual_mwh", 0.0) > 0.0)
    outputs[1, columns[f"{cold}.supply_temp_c"]] = 20.0
    broken, whole = read(outputs)
    assert broken[0].tolist() == [0.0, 0.0]
    assert broken[1, 0] / whole[1, 0] == pytest.approx(0.25)
    floors = sum(getattr(u, "hot_water_annual_mwh", 0.0) > 0.0 for u in district.units)
    assert broken[1, 1] == pytest.approx(1.0 / floors)


def healthy_outputs(district: Any) -> tuple[dict[str, int], FloatArray]:
    names: list[str] = []
    for unit in district.units:
        names += [f"{unit.name}.{what}" for what in ("supply_temp_c", "demand_kw", "unmet_kw")]
    columns = {name: i for i, name in enumerate(names)}
    columns = {n: i for n, i in columns.items() if not n.endswith("_kw") or _draws(district, n)}
    outputs = np.zeros((2, len(names)))
    outputs[:, [i for n, i in columns.items() if n.endswith("supply_temp_c")]] = 75.0
    outputs[:, [i for n, i in columns.items() if n.endswith("demand_kw")]] = 100.0
    return columns, outputs


def _draws(district: Any, name: str) -> bool:
    kinds = ("substation", "process_heat", "fab_heat")
    return any(u.name == name.split(".", maxsplit=1)[0] and u.kind in kinds for u in district.units)


def test_a_kind_that_a_district_does_not_have_is_a_mistake() -> None:
    district = load_district("battery-fab")
    constraints = [Constraint(kind=k, allowed_share=0.1) for k in ("crop", "unmet demand")]
    (mistake,) = constraint_mistakes(district, constraints)
    assert mistake.path == "lagrangian.constraints[0].kind"
    assert "has no limit of kind 'crop'" in mistake.message


# --- disks


def test_a_full_disk_leaves_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    good = folder / "step-000000000100.pt"
    save_tensors(good, {"schema_version": checkpoints.SCHEMA_VERSION, "x": torch.ones(3)})

    class FullDisk(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

    original = Path.open

    def opened(self: Path, mode: str = "r", *args: Any, **named: Any) -> Any:
        if mode == "wb" and ".step-" in self.name:
            return FullDisk()
        return original(self, mode, *args, **named)

    monkeypatch.setattr(Path, "open", opened)
    late = folder / "step-000000000200.pt"
    with pytest.raises(StorageError, match=r"checkpoint at step 100 stays.*--resume"):
        save_tensors(late, {"schema_version": checkpoints.SCHEMA_VERSION, "x": torch.ones(3)})
    assert [path.name for path in folder.iterdir()] == [good.name]
    assert torch.equal(load_tensors(good)["x"], torch.ones(3))
