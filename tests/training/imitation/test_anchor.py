"""A policy that is held near its start."""

import numpy as np
import pytest
import torch
from tests.training.conftest import ToyBatch, toy_contract

from heatrouter.envs.gymenv.building import action_space, observation_space
from heatrouter.training.config import NetworkSettings
from heatrouter.training.imitation.anchor import AnchoredPolicy
from heatrouter.training.sb3_vec_env import DistrictVecEnv


def anchored(std: float = 0.2) -> AnchoredPolicy:
    torch.manual_seed(0)
    contract = toy_contract()
    return AnchoredPolicy(
        observation_space(contract),
        action_space(contract),
        lambda _: 1e-3,
        contract=contract,
        settings=NetworkSettings(policy_layers=(8,), value_layers=(8,), initial_std=std),
    )


def test_divergence_is_that_of_gaussians() -> None:
    policy = anchored()
    seen = torch.rand(16, 5) * 200.0 - 50.0
    actions = torch.zeros(16, 2)
    _, _, before = policy.evaluate_actions(seen, actions)
    assert before is not None
    assert torch.equal(before, torch.zeros(16))
    prior = torch.distributions.Normal(policy.mean_action(seen).detach(), 0.2)
    policy.start_at(np.array([0.3, -0.1]))
    _, _, after = policy.evaluate_actions(seen, actions)
    assert after is not None
    now = torch.distributions.Normal(policy.mean_action(seen), 0.2)
    expected = -torch.distributions.kl_divergence(now, prior).sum(dim=1)
    torch.testing.assert_close(after, expected)


def test_values_and_likelihoods_are_those_of_sb3() -> None:
    policy = anchored()
    seen = torch.rand(16, 5) * 200.0 - 50.0
    actions = torch.rand(16, 2)
    values, likelihood, _ = policy.evaluate_actions(seen, actions)
    plain_values, plain_likelihood, _ = super(AnchoredPolicy, policy).evaluate_actions(
        seen, actions
    )
    torch.testing.assert_close(values, plain_values)
    torch.testing.assert_close(likelihood, plain_likelihood)


@pytest.mark.parametrize(("weight", "near"), [(0.0, False), (1e3, True)])
def test_ppo_stays_near_where_the_weight_is_high(weight: float, near: bool) -> None:
    from stable_baselines3 import PPO
    from stable_baselines3.common.logger import Logger

    env = DistrictVecEnv(ToyBatch(8), reward_scale_eur=10.0)
    model = PPO(
        AnchoredPolicy,
        env,
        n_steps=64,
        batch_size=128,
        learning_rate=3e-3,
        ent_coef=weight,
        policy_kwargs={
            "contract": toy_contract(),
            "settings": NetworkSettings(policy_layers=(16,), value_layers=(16,), initial_std=0.2),
        },
        seed=0,
        device="cpu",
    )
    model.set_logger(Logger(folder=None, output_formats=[]))
    policy = model.policy
    assert isinstance(policy, AnchoredPolicy)
    fixed = [value.clone() for value in policy.prior.state_dict().values()]
    model.learn(5 * 512)
    seen = torch.rand(64, 5) * 200.0 - 50.0
    with torch.no_grad():
        _, _, away = policy.evaluate_actions(seen, torch.zeros(64, 2))
    assert away is not None
    assert (float(-away.mean()) < 0.01) == near
    for before, after in zip(fixed, policy.prior.state_dict().values(), strict=True):
        assert torch.equal(before, after)
