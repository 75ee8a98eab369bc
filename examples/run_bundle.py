"""The shipped policy of energy-web through onnxruntime alone, then in the closed loop.

python examples/run_bundle.py --hours 24
"""

import argparse

import numpy as np
import onnxruntime

from heatrouter.agents import OnnxPolicy, load_bundle, shipped_bundle
from heatrouter.envs import load_district, load_task, prepare_run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    arguments = parser.parse_args()

    folder = shipped_bundle("energy-web")
    assert folder is not None

    # The model alone: one observation in, one action out, both in physical units.
    session = onnxruntime.InferenceSession(folder / "policy.onnx")
    district = load_district("energy-web")
    bundle = load_bundle(folder, district)  # checks hashes, contract and golden vectors
    run = prepare_run(
        district,
        load_task("energy-web"),
        days=arguments.hours / 24.0,
        parametrisation=bundle.contract.parametrisation,
    )
    observation = run.begin()
    (action,) = session.run(None, {session.get_inputs()[0].name: observation})
    for channel, value in zip(bundle.contract.action, action[0], strict=True):
        print(f"{channel.name:<32} {value:8.2f} {channel.unit}")

    # The same in the loop: the guard stands between policy and plant.
    policy = OnnxPolicy(bundle)
    policy.reset(bundle.contract, num_envs=1)
    assert np.allclose(policy.act(observation), action)
    cost_eur = 0.0
    for _ in range(run.steps):
        step = run.batch.step(policy.act(observation))
        observation = step.observation
        cost_eur -= float(step.reward[0])
    print(f"{run.steps} steps: {cost_eur:.0f} EUR")


if __name__ == "__main__":
    main()
