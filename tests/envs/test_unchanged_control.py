"""What is written to the energy-web plant stays what it was when its digests were recorded.

They change with the preset or the rules, and with nothing else. Numbers are rounded to 1e-7 first,
since logarithms may differ in their last bit between processors.
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
    "absolute": "c4c745ecab4ffa43d7b3385da1e81501361939c68f3805ad01fc70c0d00677cc",
    "offset": "7c85d5ae3fc1b55373f69d71d0962adf261a2a1a3a24794d2e3461dff21f041c",
    "heat_price": "bf3d7578a3cd3691f56878f99b7fb1dc6ebd84221f08a4311bc0ba98142f014e",
}
GUARD = "7c176a4c6e870da021aa02b49531d617383ab43a3b23f45a7091bd6038a8aefd"
RULES = "f3bd4d92e7ec7f77193aaf7d4acbab2991e47b5d8be07a925b596ba643d34733"
DECODED: dict[Parametrisation, str] = {
    "offset": "22173d4655441f43c462989c043f86f4e38428b1ca9790e40e0d5db9071db663",
    "heat_price": "60daadbc5e337f98b2d619eec02098f76a10986c891a4b51d60615b242579ba2",
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
    decoder = ActionDecoder(load_district("energy-web"), contract, load_task("energy-web").rules)
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
