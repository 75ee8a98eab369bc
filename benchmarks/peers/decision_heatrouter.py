"""A decision of the policy that comes with energy-web, and SB3's `predict` of the same network.

SB3 runs in this project's environment, since the network is the project's; only weights differ from
the bundle's, which holds no SB3 policy.
"""

import numpy as np
import torch

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.agents.shipped_bundles import shipped_bundle
from heatrouter.envs.gymenv.building import action_space, observation_space
from heatrouter.envs.spec.loading import load_district
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.policy import HeatPolicy
from peers.stopwatch import Spent, serve, timed

PRESET = "energy-web"
DECISIONS, PREDICTS = 10_000, 1000


def main() -> None:
    torch.set_num_threads(1)
    folder = shipped_bundle(PRESET)
    assert folder is not None, PRESET
    bundle = load_bundle(folder, load_district(PRESET))
    contract = bundle.contract
    network = HeatPolicy(
        observation_space(contract),
        action_space(contract),
        lambda _: 0.0,
        contract=contract,
        settings=load_training_config(folder.parent / "config.yaml").network,
    )
    network.set_training_mode(False)
    low, high = contract.bounds("observation")
    one = np.random.default_rng(0).uniform(low, high, (1, low.size)).astype(np.float32)
    policy = OnnxPolicy(bundle)

    def decide() -> Spent:
        return timed(lambda: policy.act(one), DECISIONS)

    def predict() -> Spent:
        return timed(lambda: network.predict(one, deterministic=True), PREDICTS)

    serve(
        {"decision": decide, "SB3 predict": predict},
        ("heatrouter", "onnxruntime", "stable-baselines3", "torch", "numpy"),
    )


if __name__ == "__main__":
    main()
