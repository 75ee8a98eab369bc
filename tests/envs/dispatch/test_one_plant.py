"""One plant is dispatched in plain numbers, many in arrays: the answers are the same bits."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.envs.actuate import ActionDecoder
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.dispatch import DispatchMemory
from heatrouter.envs.dispatch.one_decision import one_rules
from heatrouter.envs.dispatch.one_plant import OnePlant, is_plain, known
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.rule_parameters import RuleParameters

PLAIN = (
    "one circuit",
    "two circuits",
    "no store",
    "two_circuits_with_exchanger",
    "chp_and_solar",
    "fab",
)
OTHERS = tuple(sorted(set(SMALL_DISTRICTS) - set(PLAIN)))
PARAMETRISATIONS: tuple[Parametrisation, ...] = ("heat_price", "offset")
RULES = RuleParameters(reserve_level=0.3, charge_below_level=0.5, night_end_hour=11.0)


def arranged(layout: str) -> District:
    """A small district; or the preset, with a second circuit, or without its store."""
    if layout in SMALL_DISTRICTS:
        return SMALL_DISTRICTS[layout]()
    district = load_district("energy-web")
    main = district.circuits[0]
    if layout == "no store":
        units = tuple(u for u in district.units if u.kind != "store")
        balancing = tuple(n for n in main.balancing if n in {u.name for u in units})
        circuit = main.model_copy(update={"balancing": balancing})
        return district.model_copy(update={"units": units, "circuits": (circuit,)})
    if layout == "two circuits":
        apart = ("fab_park", "greenhouse_field")
        left = tuple(n for n in main.locations if n not in apart)
        fab = main.model_copy(update={"name": "fab", "root": "fab_park", "locations": apart})
        circuits = (main.model_copy(update={"locations": left}), fab)
        return district.model_copy(update={"circuits": circuits})
    return district


Decided = tuple[Contract, ActionDecoder]


@pytest.fixture(scope="module")
def decoders() -> dict[tuple[str, Parametrisation], Decided]:
    found = {}
    for layout in (*PLAIN, *OTHERS):
        district = arranged(layout)
        for p in PARAMETRISATIONS:
            task = load_task("energy-web").model_copy(update={"parametrisation": p})
            contract = build_contract(district, task)
            found[layout, p] = contract, ActionDecoder(district, contract, RULES)
    return found


def situation(decided: Decided, seed: int) -> tuple[DispatchMemory, FloatArray, FloatArray]:
    """A memory, an observation and an action, some of them at the ends of their ranges."""
    contract, decoder = decided
    rng = np.random.default_rng(seed)

    def within(low: FloatArray, high: FloatArray) -> FloatArray:
        share = np.clip(rng.uniform(-0.3, 1.3, (1, low.size)), 0.0, 1.0)
        return (low + (high - low) * share).astype(np.float32).astype(np.float64)

    shape = (1, decoder.plan.n_circuits)
    seen = rng.choice([-1.0, np.nan, 0.0, 5000.0], shape)
    memory = DispatchMemory(seen, rng.random(shape) < 0.5, rng.random(shape) < 0.5)
    return memory, within(*contract.bounds("observation")), within(*contract.bounds("action"))


def twice(rows: FloatArray) -> FloatArray:
    return np.concatenate((rows, rows))


@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS)
@pytest.mark.parametrize("layout", [*PLAIN, *OTHERS])
@settings(max_examples=80)
@given(seed=st.integers(0, 10**6), lost=st.none())
@example(seed=0, lost=3)
@example(seed=1, lost=20)
def test_one_plant_equals_one_of_many(
    decoders: dict[tuple[str, Parametrisation], Decided],
    layout: str,
    parametrisation: Parametrisation,
    seed: int,
    lost: int | None,
) -> None:
    decided = decoders[layout, parametrisation]
    decoder = decided[1]
    memory, observation, action = situation(decided, seed)
    if lost is not None:
        observation[0, lost] = np.nan
    alone, after = decoder.decode(memory, observation, action)
    doubled = DispatchMemory(
        np.concatenate((memory.demand_kw, memory.demand_kw)),
        np.concatenate((memory.charging, memory.charging)),
        np.concatenate((memory.relief, memory.relief)),
    )
    together, both = decoder.decode(doubled, twice(observation), twice(action))
    np.testing.assert_array_equal(alone[0], together[0])
    for mine, theirs in zip(after, both, strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.shape == (1, theirs.shape[1])
        np.testing.assert_array_equal(mine[0], theirs[0])


def test_plain_numbers_answer_where_all_numbers_are_there(
    decoders: dict[tuple[str, Parametrisation], Decided],
) -> None:
    """Else the comparison above would compare the arrays with themselves."""
    for layout in PLAIN:
        decided = decoders[layout, "offset"]
        plan = decided[1].plan
        assert is_plain(plan)
        memory, observation, _ = situation(decided, 5)
        row = observation[0].tolist()
        assert known(row)
        assert one_rules(OnePlant(plan), RULES, memory, row) is not None
    assert not any(is_plain(decoders[layout, "offset"][1].plan) for layout in OTHERS)
    assert not known([*row, np.nan])
    assert not known([*row, np.inf])
    assert not known(row, [-np.inf])


def test_what_is_returned_is_not_kept(
    decoders: dict[tuple[str, Parametrisation], Decided],
) -> None:
    decided = decoders["one circuit", "heat_price"]
    decoder = decided[1]
    situated = situation(decided, 8)
    first, after = decoder.decode(*situated)
    kept = first.copy()
    first[:] = -1.0
    after.demand_kw[:] = -7.0
    np.testing.assert_array_equal(decoder.decode(*situated)[0], kept)
