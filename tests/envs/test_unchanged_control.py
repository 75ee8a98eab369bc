"""What is written to the energy-web plant stays what it was before there were more kinds of unit.

The digests were recorded before; numbers are rounded to 1e-7 first, since logarithms may differ in
their last bit between processors.
"""

import hashlib

import numpy as np
import pytest

from heatrouter.envs.actuate import ActionDecoder, guard_limits
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

CONTRACTS: dict[Parametrisation, str] = {
    "absolute": "9b751ba0458f244a6c3167b54cf6b8f83f99288aac9a8d6a3923a2cdc80ff50e",
    "offset": "4b946a50c5bfb458220c36e74b0a23a524503be04b9e77a35ed0b22c8f2631fd",
    "heat_price": "2e11985512d9ef8fd1915b843e3abfe2029c070fa2b1eedb7566d1bbce4f7e10",
}
GUARD = "243df5e6f5576978127c90736fb6135f89c0a5210bc7fe46326d989057bca6da"
RULES = "4d27aa9c4564deaca09a0652d44dd90331f67a6af128f2760a4683d385cf1bc7"
DECODED: dict[Parametrisation, str] = {
    "offset": "510a24b1a64da77ef84a7d23d56d61d80a21fe46a894df6ebf282871b8c71eca",
    "heat_price": "71a4870fd42123b369a811ee1d551934d6729728a3289aaa006c8119f3250992",
}
NUM_ENVS, STEPS = 64, 40


def contract_of(parametrisation: Parametrisation) -> Contract:
    task = load_task("energy-web").model_copy(update={"parametrisation": parametrisation})
    return build_contract(load_district("energy-web"), task)


def digest(values: list[FloatArray]) -> str:
    return hashlib.sha256((np.round(np.stack(values), 7) + 0.0).tobytes()).hexdigest()


@pytest.mark.parametrize("parametrisation", CONTRACTS)
def test_contract_and_limits(parametrisation: Parametrisation) -> None:
    contract = contract_of(parametrisation)
    assert contract.digest == CONTRACTS[parametrisation]
    assert guard_limits(load_district("energy-web"), contract).digest == GUARD


@pytest.mark.parametrize("parametrisation", DECODED)
def test_set_points(parametrisation: Parametrisation) -> None:
    contract = contract_of(parametrisation)
    decoder = ActionDecoder(load_district("energy-web"), contract)
    rng = np.random.default_rng(7)
    low, high = contract.bounds("observation")
    least, most = contract.bounds("action")
    memory = decoder.initial_memory(NUM_ENVS)
    decoded = []
    for _ in range(STEPS):
        observation = low + rng.random((NUM_ENVS, low.size)) * (high - low)
        observation = observation.astype(np.float32).astype(np.float64)
        action = least + rng.random((NUM_ENVS, least.size)) * (most - least)
        set_points, memory = decoder.decode(memory, observation, action)
        decoded.append(set_points)
    assert digest(decoded) == DECODED[parametrisation]
    if parametrisation == "offset":
        memory = decoder.initial_memory(NUM_ENVS)
        ruled = []
        for _ in range(STEPS):
            observation = low + rng.random((NUM_ENVS, low.size)) * (high - low)
            observation = observation.astype(np.float32).astype(np.float64)
            set_points, memory = decoder.rules_proposal(memory, observation)
            ruled.append(set_points)
        assert digest(ruled) == RULES
