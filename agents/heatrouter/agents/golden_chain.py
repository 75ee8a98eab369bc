"""From an action to guarded set-points, as golden vectors record it and the loader repeats it.

A policy's numbers mean nothing without the decoder and the limits behind them. Repeating the whole
chain on recorded actions shows that this version of the code still does with them what it did at
export.
"""

import numpy as np

from heatrouter.agents.golden import GoldenVectors, compare_golden
from heatrouter.agents.manifest import Manifest
from heatrouter.envs.actuate import ActionDecoder, guard_limits
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError
from heatrouter.envs.guard import Reading, check, initial_memory
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.rule_parameters import RuleParameters

DECODER_VERSION = 3
"""To be raised when the meaning of the actions changes although the contract does not.
2: machines that are dearer than the boilers no longer charge.
3: prices that can carry a plan (ADR 7)."""


def guarded_set_points(
    district: District,
    contract: Contract,
    rules: RuleParameters,
    observation: Float32Array,
    action: Float32Array,
) -> FloatArray:
    """Decode and guard actions, each row on its own.

    The guard continues from the set-points that the observation says were executed one control
    step before, dwell times over; dispatch starts without memory; nothing is predicted.

    Args:
        district: The district.
        contract: The policy's contract.
        rules: Parameters of the rules, those of the policy's task.
        observation: What the policy saw, shape ``(n, n_observation)``.
        action: What it answered, physical units, shape ``(n, n_action)``.

    Returns:
        Executed set-points, shape ``(n, n_set_points)``.
    """
    seen = observation.astype(np.float64)
    rows = seen.shape[0]
    executed_at = [i for i, c in enumerate(contract.observation) if c.source == "executed"]
    decoder = ActionDecoder(district, contract, rules)
    proposal, _ = decoder.decode(decoder.initial_memory(rows), seen, action.astype(np.float64))
    limits = guard_limits(district, contract)
    memory = initial_memory(limits, np.full(rows, -contract.control_dt_s), seen[:, executed_at])
    reading = Reading(np.zeros(rows), seen, np.isfinite(seen))
    set_points, _, _ = check(limits, memory, reading, proposal, None)
    return set_points


def check_chain(manifest: Manifest, golden: GoldenVectors, district: District) -> None:
    """Compare what this version makes of the bundle with what the bundle recorded.

    Args:
        manifest: The bundle's manifest; its district is this one.
        golden: Its golden vectors.
        district: The district that it shall control.

    Raises:
        BundleError: Contract, decoder, limits or set-points differ.
    """
    remedy = "export the run again with this version, or run the version that made the bundle"
    contract = build_contract(district, manifest.task)
    limits = guard_limits(district, contract)
    for what, here, there in (
        ("contract", contract.digest[:12], manifest.contract_digest[:12]),
        ("decoder version", DECODER_VERSION, manifest.decoder_version),
        ("guard limits", limits.digest[:12], manifest.guard_limits_digest[:12]),
    ):
        if here != there:
            msg = f"{what}: this version makes {here} of the district, the bundle has {there}; "
            raise BundleError(msg + remedy)
    rules = manifest.task.rules
    found = guarded_set_points(district, contract, rules, golden.observation, golden.action)
    compare_golden(found, golden.set_points, contract, "set_points")
