import dataclasses

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split, concatenate


def library(
    *names: str, split: Split = "train", values: FloatArray | None = None
) -> ScenarioLibrary:
    return ScenarioLibrary(
        names=names,
        split=split,
        series=("ambient_temp_c", "mill.level"),
        step_s=900,
        start_utc=("2010-01-01T00:00:00+00:00",) * len(names),
        values=np.full((len(names), 8, 2), 0.5) if values is None else values,
        provenance=({"source": "test"},) * len(names),
    )


def test_columns_are_found_by_name() -> None:
    assert library("a").column("mill.level") == 1
    with pytest.raises(KeyError, match=r"'wind' is not in the library; it has: ambient_temp_c"):
        library("a").column("wind")


def test_values_cannot_be_overwritten() -> None:
    with pytest.raises(ValueError, match="read-only"):
        library("a").values[0, 0, 0] = 1.0


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 51.0, -51.0])
def test_a_value_that_is_not_physical_is_refused_with_its_scenario(wrong: float) -> None:
    values = np.full((2, 8, 2), 0.5)
    values[1, 3, 0] = wrong
    with pytest.raises(ScenarioError, match=r"ambient_temp_c: .*'b'") as caught:
        library("a", "b", values=values)
    assert len(caught.value.mistakes) == 1


def test_a_series_that_no_district_has_is_refused() -> None:
    with pytest.raises(ScenarioError, match="ambient: no district has a series of that name"):
        dataclasses.replace(library("a"), series=("ambient", "mill.level"))


def test_all_mistakes_of_shape_come_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        ScenarioLibrary(
            names=("a", "a"),
            split="train",
            series=("ambient_temp_c",),
            step_s=900,
            start_utc=("2010-01-01T00:00:00+00:00",),
            values=np.zeros((1, 8, 1)),
            provenance=(),
        )
    paths = [mistake.path for mistake in caught.value.mistakes]
    assert paths == ["values", "start_utc", "provenance", "names"]


def test_the_element_type_is_checked() -> None:
    with pytest.raises(ScenarioError, match="float32 is not float64"):
        library("a", values=np.zeros((1, 8, 2), dtype=np.float32))


def test_select_takes_names_and_numbers_in_the_order_given() -> None:
    values = np.stack([np.full((8, 2), 0.1 * k) for k in range(3)])
    chosen = library("a", "b", "c", values=values).select(["c", 0])
    assert chosen.names == ("c", "a")
    np.testing.assert_array_equal(chosen.values, values[[2, 0]])


def test_select_lists_every_scenario_that_is_not_there() -> None:
    with pytest.raises(ScenarioError, match="'x' is not among") as caught:
        library("a").select(["x", 1, -1])
    assert [mistake.path for mistake in caught.value.mistakes] == ["[0]", "[1]", "[2]"]


def test_concatenate_keeps_the_order() -> None:
    whole = concatenate([library("a", "b"), library("c")])
    assert whole.names == ("a", "b", "c")
    assert whole.values.shape == (3, 8, 2)
    assert (whole.n_scenarios, whole.n_steps) == (3, 8)


def test_concatenate_refuses_what_does_not_fit() -> None:
    with pytest.raises(ScenarioError, match="split is test, but train in the first"):
        concatenate([library("a"), library("b", split="test")])
    with pytest.raises(ScenarioError, match="names: used more than once: a"):
        concatenate([library("a"), library("a")])
    with pytest.raises(ScenarioError, match="nothing to concatenate"):
        concatenate([])
