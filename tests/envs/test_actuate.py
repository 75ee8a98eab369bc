"""Actions: scaling, parametrisations, and the limits that the guard gets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from heatrouter.envs.actuate import (
    ActionDecoder,
    ActionScaling,
    denormalise,
    guard_limits,
    normalise,
)
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.dispatch import rules_dispatch
from heatrouter.envs.guard import Reading, check, initial_memory
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.rule_parameters import RuleParameters

PARAMETRISATIONS: tuple[Parametrisation, ...] = ("absolute", "offset", "heat_price")


@pytest.fixture(scope="module")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="module")
def contracts(district: District) -> dict[Parametrisation, Contract]:
    task = load_task("energy-web")
    return {
        p: build_contract(district, task.model_copy(update={"parametrisation": p}))
        for p in PARAMETRISATIONS
    }


def some_observations(contract: Contract, num_envs: int, seed: int = 0) -> FloatArray:
    low, high = contract.bounds("observation")
    share = np.random.default_rng(seed).random((num_envs, low.size))
    return (low + (high - low) * share).astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS)
def test_ends_and_middle_of_the_scale(
    contracts: dict[Parametrisation, Contract], parametrisation: Parametrisation
) -> None:
    contract = contracts[parametrisation]
    low, high = contract.bounds("action")
    neutral = [c.neutral for c in contract.action]
    ones = np.ones((1, len(contract.action)))
    np.testing.assert_allclose(denormalise(contract, -ones)[0], low, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(denormalise(contract, 0.0 * ones)[0], neutral)
    np.testing.assert_allclose(denormalise(contract, ones)[0], high, rtol=1e-12)
    np.testing.assert_array_equal(denormalise(contract, 3.0 * ones), denormalise(contract, ones))


@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS)
@given(data=st.data())
def test_scaling_and_back(
    contracts: dict[Parametrisation, Contract],
    parametrisation: Parametrisation,
    data: st.DataObject,
) -> None:
    contract = contracts[parametrisation]
    shape = (2, len(contract.action))
    normalised = data.draw(hnp.arrays(np.float64, shape, elements=st.floats(-1.0, 1.0)))
    back = normalise(contract, denormalise(contract, normalised))
    np.testing.assert_allclose(back, normalised, rtol=1e-9, atol=1e-9)


def test_a_range_of_nothing_normalises_to_zero(
    contracts: dict[Parametrisation, Contract],
) -> None:
    contract = contracts["heat_price"]
    still = contract.action[-1].model_copy(update={"low": 0.0, "high": 0.0, "neutral": 0.0})
    scaling = ActionScaling.from_contract(
        contract.model_copy(update={"action": (*contract.action[:-1], still)})
    )
    assert scaling.normalise(np.zeros((1, len(contract.action))))[0, -1] == 0.0


def test_zero_offset_is_the_rules_bit_for_bit(
    district: District, contracts: dict[Parametrisation, Contract]
) -> None:
    contract = contracts["offset"]
    parameters = RuleParameters(charge_hours=3.0)
    decoder = ActionDecoder(district, contract, parameters)
    memory = ruled = decoder.initial_memory(8)
    zero = np.zeros((8, len(contract.action)))
    for step in range(20):
        observation = some_observations(contract, 8, seed=step)
        proposal, memory = decoder.decode(memory, observation, zero)
        expected, ruled = rules_dispatch(decoder.plan, parameters, ruled, observation)
        np.testing.assert_array_equal(proposal, expected)
        for mine, theirs in zip(memory, ruled, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_offsets_add_and_stay_inside(
    district: District, contracts: dict[Parametrisation, Contract]
) -> None:
    contract = contracts["offset"]
    decoder = ActionDecoder(district, contract, RuleParameters())
    observation = some_observations(contract, 4)
    base, _ = decoder.rules_proposal(decoder.initial_memory(4), observation)
    action = np.zeros((4, len(contract.action)))
    action[:, -1] = 3.0
    proposal, _ = decoder.decode(decoder.initial_memory(4), observation, action)
    low, high = contract.bounds("set_points")
    np.testing.assert_array_equal(proposal[:, -1], np.minimum(base[:, -1] + 3.0, high[-1]))
    np.testing.assert_array_equal(proposal[:, :-1], base[:, :-1])
    for extreme in (-1e9, 1e9):
        proposal, _ = decoder.decode(
            decoder.initial_memory(4), observation, np.full(action.shape, extreme)
        )
        assert (proposal >= low).all()
        assert (proposal <= high).all()


def test_absolute_actions_are_set_points(
    district: District, contracts: dict[Parametrisation, Contract]
) -> None:
    contract = contracts["absolute"]
    decoder = ActionDecoder(district, contract, RuleParameters())
    action = np.array([[0.5, 2.0, 0.4, 0.6, -1.0, 0.0, 0.5, 81.0]])
    proposal, _ = decoder.decode(decoder.initial_memory(1), some_observations(contract, 1), action)
    assert proposal.tolist() == [[0.5, 1.0, 0.4, 0.6, 0.0, 0.0, 0.5, 81.0]]


def test_supply_offset_moves_the_heating_curve(
    district: District, contracts: dict[Parametrisation, Contract]
) -> None:
    contract = contracts["heat_price"]
    decoder = ActionDecoder(district, contract, RuleParameters())
    observation = some_observations(contract, 1)
    observation[:, contract.observation_index("site.ambient_temp_c")] = 0.5
    neutral = np.array([[c.neutral for c in contract.action]])
    cooler = neutral.copy()
    cooler[:, contract.action_index("main.supply_offset_k")] = -3.0
    base, _ = decoder.decode(decoder.initial_memory(1), observation, neutral)
    moved, _ = decoder.decode(decoder.initial_memory(1), observation, cooler)
    assert moved[0, -1] == pytest.approx(base[0, -1] - 3.0)


@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS)
def test_what_is_no_number_reaches_the_guard_as_such(
    district: District,
    contracts: dict[Parametrisation, Contract],
    parametrisation: Parametrisation,
) -> None:
    contract = contracts[parametrisation]
    decoder = ActionDecoder(district, contract, RuleParameters())
    action = np.tile([c.neutral for c in contract.action], (3, 1))
    action[1, 0] = np.nan
    action[2, 1] = np.inf
    proposal, _ = decoder.decode(decoder.initial_memory(3), some_observations(contract, 3), action)
    assert np.isfinite(proposal[0]).all()
    assert np.isnan(proposal[1:]).all()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_action_gives_a_feasible_proposal(
    district: District, contracts: dict[Parametrisation, Contract], data: st.DataObject
) -> None:
    parametrisation = data.draw(st.sampled_from(PARAMETRISATIONS))
    contract = contracts[parametrisation]
    decoder = ActionDecoder(district, contract, RuleParameters())
    shape = (2, len(contract.action))
    action = data.draw(
        hnp.arrays(np.float64, shape, elements=st.floats(allow_nan=False, allow_infinity=False))
    )
    observation = some_observations(contract, 2, seed=data.draw(st.integers(0, 1000)))
    proposal, _ = decoder.decode(decoder.initial_memory(2), observation, action)
    low, high = contract.bounds("set_points")
    assert (proposal >= low).all()
    assert (proposal <= high).all()


def test_guard_limits_come_from_the_units(
    district: District, contracts: dict[Parametrisation, Contract]
) -> None:
    limits = guard_limits(district, contracts["offset"])
    by_name = {entry.name: entry for entry in limits.set_points}
    assert limits.names == tuple(p.name for p in contracts["offset"].set_points)
    pump = by_name["fab_heat_pump.load_share"]
    assert pump.rate_up_per_s == pytest.approx(0.05 / 60.0)
    assert (pump.min_load, pump.min_run_s, pump.min_stop_s) == (0.3, 3600.0, 1800.0)
    engine = by_name["gas_engine.load_share"]
    assert engine.rate_up_per_s == pytest.approx(0.1 / 60.0)
    assert (engine.min_load, engine.min_run_s, engine.min_stop_s) == (0.5, 7200.0, 3600.0)
    assert by_name["glassworks.recovery_share"].switchable
    assert not by_name["greenhouse.offset_k"].switchable
    assert by_name["main.supply_temp_c"].rate_up_per_s == pytest.approx(12.0 / 3600.0)
    assert limits.digest == guard_limits(district, contracts["heat_price"]).digest


def test_a_circuit_that_is_too_hot_stops_what_heats_it(
    district: District, contracts: dict[Parametrisation, Contract]
) -> None:
    contract = contracts["offset"]
    limits = guard_limits(district, contract)
    observation = some_observations(contract, 2)
    observation[:, contract.observation_index("main.supply_temp_c")] = [90.0, 101.0]
    # sources, heat pump, engine and boilers; greenhouse and supply follow
    wanted = np.tile([*[1.0] * 6, 0.0, 90.0], (2, 1))
    memory = initial_memory(limits, np.zeros(2), wanted)
    for minute in range(1, 60):
        time_s = np.full(2, 60.0 * minute)
        reading = Reading(time_s, observation, np.ones(observation.shape, dtype=np.bool_))
        set_points, _, memory = check(limits, memory, reading, wanted, None)
    assert (set_points[0, :6] == 1.0).all()
    assert (set_points[1, :6] == 0.0).all()


def test_a_greenhouse_without_a_range_still_has_limits(district: District) -> None:
    units = tuple(
        u.model_copy(update={"offset_max_k": 0.0}) if u.name == "greenhouse" else u
        for u in district.units
    )
    fixed = district.model_copy(update={"units": units})
    contract = build_contract(fixed, load_task("energy-web"))
    limits = guard_limits(fixed, contract)
    assert limits.high[-2] == pytest.approx(0.0, abs=1e-5)
    assert all(c.low < c.high for c in contract.observation)
