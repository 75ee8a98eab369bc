"""The error tree: texts, exit codes, pickling."""

import pickle

import pytest
from pydantic import BaseModel, Field, ValidationError

from heatrouter.envs import errors
from heatrouter.envs.errors import (
    ConfigError,
    DistrictError,
    HeatrouterError,
    Mistake,
    NumericalError,
    dotted_path,
    mistakes_from_details,
)

ALL = [
    item
    for item in vars(errors).values()
    if isinstance(item, type) and issubclass(item, HeatrouterError)
]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_the_tree_at_the_top_names_every_error_with_its_exit_code(
    kind: type[HeatrouterError],
) -> None:
    assert errors.__doc__ is not None
    rows = [line.split() for line in errors.__doc__.splitlines() if kind.__name__ in line.split()]
    assert rows
    assert str(kind.exit_code) in rows[0]


def test_a_config_error_lists_every_mistake() -> None:
    error = DistrictError("d.yaml", [Mistake("a[0].b", "-1 must be > 0"), Mistake("", "is empty")])
    assert str(error) == "d.yaml: 2 mistakes\n  a[0].b: -1 must be > 0\n  is empty"
    assert str(DistrictError("d.yaml does not exist")) == "d.yaml does not exist"
    assert str(ConfigError("x", [Mistake("a", "b")])) == "x: 1 mistake\n  a: b"


@pytest.mark.parametrize(
    "error",
    [
        DistrictError("d.yaml", [Mistake("a", "b")]),
        NumericalError("280.0 degC is above 200", district="d", step=3, unit="boiler"),
        HeatrouterError("text"),
    ],
)
def test_an_error_survives_pickling(error: HeatrouterError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_a_numerical_error_names_its_place() -> None:
    error = NumericalError("280.0 degC is above 200", district="town", step=3, unit="boiler_1")
    assert str(error) == "district town, step 3, boiler_1: 280.0 degC is above 200"
    assert str(NumericalError("no convergence", step=0)) == "step 0: no convergence"
    assert str(NumericalError("no convergence")) == "no convergence"


def test_paths_are_written_as_users_write_them() -> None:
    assert dotted_path(("pipes", 3, "length_m")) == "pipes[3].length_m"
    assert dotted_path((0, "a", 1, 2)) == "[0].a[1][2]"
    assert dotted_path(()) == ""


class Tank(BaseModel):
    volume_m3: float = Field(gt=0)


class Site(BaseModel):
    tanks: list[Tank]
    name: str


def test_pydantic_details_become_mistakes() -> None:
    with pytest.raises(ValidationError) as caught:
        Site.model_validate({"tanks": [{"volume_m3": 1.0}, {"volume_m3": 0.0}]})
    mistakes = mistakes_from_details(caught.value.errors(include_url=False))
    assert [str(mistake) for mistake in mistakes] == [
        "tanks[1].volume_m3: 0.0: Input should be greater than 0",
        "name: Field required",
    ]
