"""Contract and observations: names, order, bounds, lags, saved state."""

import json
import subprocess
import sys

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import TaskError
from heatrouter.envs.observe import (
    Clock,
    ObservationBuilder,
    build_contract,
    measured_columns,
    tariff_values,
)
from heatrouter.envs.simulation.outputs import output_layout
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task


@pytest.fixture(scope="module")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="module")
def task() -> Task:
    return load_task("energy-web")


@pytest.fixture(scope="module")
def contract(district: District, task: Task) -> Contract:
    return build_contract(district, task)


def parts(contract: Contract, num_envs: int, seed: int = 0) -> list[FloatArray]:
    """Random measured, executed, dwell, tariff and forecast inputs of ``update``."""
    random = np.random.default_rng(seed)
    arrays = []
    for source in ("measured", "executed", "dwell", "tariff", "forecast"):
        channels = [c for c in contract.observation if c.source == source]
        low = np.array([c.low for c in channels])
        high = np.array([c.high for c in channels])
        arrays.append(low + (high - low) * random.random((num_envs, low.size)))
    return arrays


def update(builder: ObservationBuilder, arrays: list[FloatArray], hour: float = 6.0) -> FloatArray:
    measured, executed, dwell, tariff, forecast = arrays
    num_envs = measured.shape[0]
    clock = Clock(np.full(num_envs, hour), np.full(num_envs, 2.0), np.full(num_envs, 100.0))
    return builder.update(
        measured, executed, dwell, clock, tariff, forecast.reshape(num_envs, 3, -1)
    )


def test_order_of_sources(contract: Contract) -> None:
    order = list(dict.fromkeys(c.source for c in contract.observation))
    assert order == ["measured", "lagged", "executed", "dwell", "clock", "tariff", "forecast"]


def test_size_and_unique_names(contract: Contract) -> None:
    names = [c.name for c in contract.observation]
    assert len(names) == len(set(names))
    assert 80 <= len(names) <= 110
    assert all(c.low < c.high for c in contract.observation)


def test_set_points_in_the_order_of_the_architecture(contract: Contract) -> None:
    assert [p.name for p in contract.set_points] == [
        "glassworks.recovery_share",
        "dairy.recovery_share",
        "fab_heat_pump.load_share",
        "gas_engine.load_share",
        "gas_boiler.load_share",
        "reserve_boiler.load_share",
        "greenhouse.offset_k",
        "main.supply_temp_c",
    ]


def test_every_tag_is_a_simulator_output(district: District, contract: Contract) -> None:
    columns = output_layout(district).columns
    picked = measured_columns(contract, columns)
    names = [c.name for c in contract.observation if c.source == "measured"]
    assert [columns[name] for name in names] == picked.tolist()


@pytest.mark.parametrize(
    ("parametrisation", "names"),
    [
        (
            "heat_price",
            [
                "tank.price_empty_eur_per_mwh",
                "tank.price_full_eur_per_mwh",
                "tank.target_level",
                "main.supply_offset_k",
                "greenhouse.offset_k",
            ],
        ),
        ("offset", None),
        ("absolute", None),
    ],
)
def test_actions(
    district: District, task: Task, parametrisation: str, names: list[str] | None
) -> None:
    contract = build_contract(
        district, task.model_copy(update={"parametrisation": parametrisation})
    )
    expected = names if names is not None else [p.name for p in contract.set_points]
    assert [c.name for c in contract.action] == expected
    for channel in contract.action:
        assert channel.low < channel.neutral < channel.high
    if parametrisation == "offset":
        assert all(channel.neutral == 0.0 for channel in contract.action)


def test_digest_is_stable_across_processes(contract: Contract) -> None:
    code = (
        "from heatrouter.envs.observe import build_contract;"
        "from heatrouter.envs.spec.loading import load_district, load_task;"
        "print(build_contract(load_district('energy-web'), load_task('energy-web')).digest)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == contract.digest
    again = Contract.model_validate(json.loads(contract.model_dump_json()))
    assert again.digest == contract.digest


def test_digest_sees_the_task(district: District, task: Task, contract: Contract) -> None:
    other = build_contract(district, task.model_copy(update={"lags_s": (900.0,)}))
    assert other.digest != contract.digest


def test_all_mistakes_of_a_task_at_once(district: District, task: Task) -> None:
    forecast = task.forecast.model_copy(
        update={"series": ("snow", "glassworks.level"), "window_hours": ((2.0, 1.0),)}
    )
    bad = task.model_copy(update={"forecast": forecast, "lags_s": (1000.0,)})
    with pytest.raises(TaskError) as caught:
        build_contract(district, bad)
    paths = [mistake.path for mistake in caught.value.mistakes]
    assert paths == ["forecast.series[0]", "forecast.window_hours[0]", "lags_s[0]"]
    assert "snow" in str(caught.value)
    assert "glassworks.level" in str(caught.value)  # is offered, and no mistake


def test_update_puts_everything_where_the_contract_says(contract: Contract) -> None:
    arrays = parts(contract, 3)
    observation = update(ObservationBuilder(contract, 3), arrays)
    assert observation.shape == (3, len(contract.observation))
    for source, array in zip(
        ("measured", "executed", "dwell", "tariff", "forecast"), arrays, strict=True
    ):
        at = [i for i, c in enumerate(contract.observation) if c.source == source]
        np.testing.assert_allclose(observation[:, at], array, rtol=1e-6, atol=1e-6)
    hour = [contract.observation_index(f"clock.hour_{f}") for f in ("sin", "cos")]
    np.testing.assert_allclose(observation[:, hour], [[1.0, 0.0]] * 3, atol=1e-7)


def test_values_are_clipped_and_exact_in_32_bits(contract: Contract) -> None:
    arrays = [array * 1e9 for array in parts(contract, 2)]
    observation = update(ObservationBuilder(contract, 2), arrays)
    low, high = (bound.astype(np.float32) for bound in contract.bounds("observation"))
    assert (observation >= low).all()
    assert (observation <= high).all()
    assert (observation == observation.astype(np.float32)).all()


def test_lags_hold_the_past_and_start_constant(contract: Contract) -> None:
    builder = ObservationBuilder(contract, 2)
    now = contract.observation_index("main.supply_temp_c")
    lags = {
        lag: contract.observation_index(f"main.supply_temp_c@-{lag}s")
        for lag in (900, 1800, 3600, 7200)
    }
    seen: list[FloatArray] = []
    for step in range(12):
        observation = update(builder, parts(contract, 2, seed=step))
        seen.append(observation[:, now])
        for lag, at in lags.items():
            expected = seen[max(step - lag // 900, 0)]
            np.testing.assert_array_equal(observation[:, at], expected)


def test_prefill_replaces_waiting(contract: Contract) -> None:
    history = np.stack([parts(contract, 2, seed=step)[0] for step in range(8)])
    waited, prefilled = ObservationBuilder(contract, 2), ObservationBuilder(contract, 2)
    for step in range(8):
        update(waited, parts(contract, 2, seed=step))
    prefilled.prefill(history)
    last = parts(contract, 2, seed=8)
    np.testing.assert_array_equal(update(waited, last), update(prefilled, last))


def test_reset_and_restart_forget_some_environments_only(contract: Contract) -> None:
    lag = contract.observation_index("main.load_kw@-7200s")
    now = contract.observation_index("main.load_kw")
    reset, restarted = ObservationBuilder(contract, 3), ObservationBuilder(contract, 3)
    for step in range(9):
        update(reset, parts(contract, 3, seed=step))
        before = update(restarted, parts(contract, 3, seed=step))
    arrays = parts(contract, 3, seed=20)
    reset.reset(np.array([1]))
    observation = update(reset, arrays)
    assert observation[1, lag] == observation[1, now]
    assert observation[0, lag] != observation[0, now]
    envs = np.array([1])
    rows = [array[envs] for array in arrays]
    clock = Clock(np.array([6.0]), np.array([2.0]), np.array([100.0]))
    first = restarted.restart(
        envs, rows[0], rows[1], rows[2], clock, rows[3], rows[4].reshape(1, 3, -1)
    )
    np.testing.assert_array_equal(first[0], observation[1])
    assert before.shape == (3, len(contract.observation))


def test_saved_state_goes_on_bit_for_bit(contract: Contract) -> None:
    builder = ObservationBuilder(contract, 2)
    for step in range(5):
        update(builder, parts(contract, 2, seed=step))
    saved = builder.save_state()
    expected = [update(builder, parts(contract, 2, seed=step)) for step in range(5, 15)]
    other = ObservationBuilder(contract, 2)
    other.restore_state(saved)
    for step, observation in zip(range(5, 15), expected, strict=True):
        np.testing.assert_array_equal(update(other, parts(contract, 2, seed=step)), observation)


def test_batch_equals_singles(contract: Contract) -> None:
    batch = ObservationBuilder(contract, 4)
    singles = [ObservationBuilder(contract, 1) for _ in range(4)]
    for step in range(10):
        arrays = parts(contract, 4, seed=step)
        together = update(batch, arrays)
        for e, single in enumerate(singles):
            alone = update(single, [array[e : e + 1] for array in arrays])
            np.testing.assert_array_equal(alone[0], together[e])


def test_a_task_may_fix_the_co2_price(district: District, task: Task) -> None:
    objective = task.objective.model_copy(update={"co2_eur_per_t": 120.0})
    fixed = task.model_copy(update={"objective": objective})
    columns = output_layout(district).columns
    outputs = np.full((2, len(columns)), 7.0)
    contract = build_contract(district, fixed)
    names = [c.name for c in contract.observation if c.source == "tariff"]
    values = tariff_values(contract, fixed, columns, outputs)
    expected = [120.0 if name == "tariff.co2_eur_per_t" else 7.0 for name in names]
    assert values.tolist() == [expected, expected]
    free = build_contract(district, task)
    assert (tariff_values(free, task, columns, outputs) == 7.0).all()
