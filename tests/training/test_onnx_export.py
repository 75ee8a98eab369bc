"""The exported graph does what the network does, and is the same bytes for the same weights."""

import numpy as np
import onnx
import pytest
import torch

from heatrouter.agents.onnx_model import open_session, read_facts, refuse_unsafe
from heatrouter.envs.actuate import denormalise
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError
from heatrouter.envs.gymenv.building import action_space, observation_space
from heatrouter.training.config import NetworkSettings
from heatrouter.training.onnx_export import OPSET, ExportedMean, ExportedPolicy, to_onnx
from heatrouter.training.parity import FAR_VALUE, measure_parity, parity_observations
from heatrouter.training.policy import HeatPolicy


def make_graph(contract: Contract, *, seed: int = 0, gain: float = 1.0) -> ExportedPolicy:
    torch.manual_seed(seed)
    policy = HeatPolicy(
        observation_space(contract),
        action_space(contract),
        lambda _: 1e-3,
        contract=contract,
        settings=NetworkSettings(policy_layers=(32, 16), value_layers=(8,), output_gain=gain),
    )
    policy.start_at(np.array([0.4, -0.9]))
    return ExportedPolicy(policy, contract)


@pytest.fixture
def observations(contract: Contract) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    low, high = contract.bounds("observation")
    seen = np.random.default_rng(1).uniform(low, high, (100, low.size)).astype(np.float32)
    return parity_observations(contract, seen, 10_000, seed=2)


def test_the_exported_graph_is_the_network_over_all_kinds_of_observations(
    contract: Contract, observations: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    graph = make_graph(contract)
    parity, actions = measure_parity(
        graph, to_onnx(graph, observations[:4]), contract, observations
    )
    assert parity.observations >= 10_000
    assert parity.max_abs_error_normalised <= 1e-5
    assert parity.max_abs_error_physical <= 1e-3
    low, high = contract.bounds("action")
    # No tolerance: the graph clips.
    assert (actions >= low.astype(np.float32)).all()
    assert (actions <= high.astype(np.float32)).all()


def test_observations_reach_the_extremes(
    contract: Contract, observations: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    low, high = contract.bounds("observation")
    assert (observations == FAR_VALUE).all(axis=1).any()
    assert (observations == low.astype(np.float32)).all(axis=1).any()
    assert (observations == high.astype(np.float32)).all(axis=1).any()
    beyond = (observations < low) | (observations > high)
    assert 0.1 < beyond.any(axis=1).mean() < 0.9


def test_the_graph_maps_as_the_decoder_does(contract: Contract) -> None:
    graph = make_graph(contract)
    for mean in ([-1.0, -1.0], [0.0, 0.0], [1.0, 1.0], [0.3, -0.6], [5.0, -5.0]):
        with torch.no_grad():
            graph.head.get_parameter("weight").zero_()
            graph.head.get_parameter("bias").copy_(torch.tensor(mean))
            found = graph(torch.zeros((1, 5))).numpy()
        expected = denormalise(contract, np.array([mean]))
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_zero_gain_starts_exactly_at_the_given_action(contract: Contract) -> None:
    graph = make_graph(contract, gain=0.0)
    found = graph.normalised(torch.randn((20, 5)) * 100.0)
    np.testing.assert_allclose(found.detach().numpy(), np.tile([0.4, -0.9], (20, 1)), atol=1e-7)


def test_any_number_of_environments_runs(
    contract: Contract, observations: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    session = open_session(to_onnx(make_graph(contract), observations[:4]))
    for count in (1, 2, 64):
        (action,) = session.run(None, {"observation": observations[:count]})
        assert action.shape == (count, 2)


def test_equal_weights_are_equal_bytes_and_others_are_not(
    contract: Contract, observations: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    first = to_onnx(make_graph(contract, seed=1), observations[:4])
    assert to_onnx(make_graph(contract, seed=1), observations[4:12]) == first
    assert to_onnx(make_graph(contract, seed=2), observations[:4]) != first


def test_the_model_is_safe_and_names_nothing_local(
    contract: Contract, observations: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    data = to_onnx(make_graph(contract), observations[:4])
    refuse_unsafe(data)
    assert read_facts(data).opsets == (("", OPSET),)
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    assert not model.metadata_props
    assert not model.graph.metadata_props
    assert not model.doc_string
    assert not any(node.doc_string or node.metadata_props or node.name for node in model.graph.node)
    assert b".py" not in data


def test_a_graph_that_differs_is_refused(
    contract: Contract, observations: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    other = to_onnx(make_graph(contract, seed=2), observations[:4])
    with pytest.raises(BundleError, match=r"parity: .* the limit is 1e-05"):
        measure_parity(make_graph(contract, seed=1), other, contract, observations)


def test_a_graph_that_answers_nan_is_refused(
    contract: Contract, observations: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    graph = make_graph(contract)
    with torch.no_grad():
        graph.head.get_parameter("weight").fill_(torch.nan)
    with pytest.raises(BundleError, match="parity"):
        measure_parity(graph, to_onnx(graph, observations[:4]), contract, observations)


def test_the_mean_of_several_networks_is_one_safe_graph(
    contract: Contract, observations: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    members = [make_graph(contract, seed=seed) for seed in (1, 2, 3)]
    graph = ExportedMean(members)
    data = to_onnx(graph, observations[:4])
    refuse_unsafe(data)
    parity, actions = measure_parity(graph, data, contract, observations)
    assert parity.max_abs_error_normalised <= 1e-5
    with torch.no_grad():
        tensor = torch.as_tensor(observations)
        own = np.stack([member.normalised(tensor).numpy() for member in members])
    expected = denormalise(contract, own.mean(axis=0, dtype=np.float64))
    np.testing.assert_allclose(actions, expected, atol=1e-3)
    again = ExportedMean([make_graph(contract, seed=seed) for seed in (1, 2, 3)])
    assert to_onnx(again, observations[4:9]) == data
