"""Whatever a file holds, the loader answers with a district or with a DistrictError."""

import json
import math
import random
import re
from importlib.resources import files
from typing import Any

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from tests.envs.small_districts import SMALL_DISTRICTS

from heatrouter.envs.errors import DistrictError, TaskError
from heatrouter.envs.spec.loading import district_schema, parse_district, parse_task, preset_text

TEXT = preset_text("energy-web")
LINES = TEXT.splitlines()
DATA = yaml.safe_load(TEXT)
POISON = (
    "", "null", "true", "-1", "0", "1e400", ".nan", "-.inf", "[]", "{}", "[[]]", "{a: b}", "abc",
    "'", '"', "*quarter", "&x 1", "!!set {a}", "!!binary aGk=", "2020-01-01", "\t", "- 1", "? 1",
    "<<: *quarter", "0x1F", "1:30", "\u2028", "\U0001f525", "%TAG", "@", "`", "|", ">", "---",
)  # fmt: skip
ENOUGH = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def answers(text: str) -> None:
    refused = None
    try:
        parse_district(text)
    except DistrictError as error:
        refused = error
    assert refused is None or (refused.mistakes and str(refused))


def test_lines_changed_at_random() -> None:
    rng = random.Random(1)
    for _ in range(120):
        lines = LINES.copy()
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(lines))
            match rng.randrange(5):
                case 0:
                    del lines[at]
                case 1:
                    lines.insert(at, rng.choice(lines))
                case 2:
                    lines[at] = re.sub(r": .*", lambda _: ": " + rng.choice(POISON), lines[at])
                case 3:
                    lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
                case _:
                    lines[at] = " " * rng.randint(0, 3) + lines[at] + rng.choice(POISON)
        answers("\n".join(lines))


def test_bytes_changed_at_random() -> None:
    rng = random.Random(2)
    for _ in range(100):
        letters = list(TEXT)
        for _ in range(rng.randint(1, 30)):
            letters[rng.randrange(len(letters))] = rng.choice("{}[]:,-&*!|>'\"%@`#? \n\t\x000aé")
        answers("".join(letters))


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "kind", "location", "x", "pipes"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            found += places(value, (*at, key))
    return found


PLACES = places(DATA)


@ENOUGH
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING, st.booleans()), min_size=1, max_size=5)
)
def test_values_of_any_kind_in_any_place(changes: list[tuple[tuple[Any, ...], Any, bool]]) -> None:
    data = yaml.safe_load(TEXT)
    for place, value, remove in changes:
        part = data
        try:
            for key in place[:-1]:
                part = part[key]
            if remove:
                del part[place[-1]]
            else:
                part[place[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    answers(yaml.safe_dump(data))


VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e30,
    math.nan,
    [],
    {},
    "",
    "abc",
    [[]],
    {"a": "b"},
    "tank",
    7,
)


PROCESS: dict[str, Any] = {
    "kind": "process_heat",
    "name": "process",
    "base_kw": 1.0,
    "weather_kw_k": 0.01,
    "exchanger": {
        "primary_supply_c": 45.0,
        "primary_return_c": 35.0,
        "secondary_supply_c": 40.0,
        "secondary_return_c": 30.0,
    },
    "production": {
        "shifts": [{"days": ["mon"], "start_hour": 6.0, "end_hour": 22.0, "level": 1.0}]
    },
    "sizing": "hypothetical",
}


def text_of(name: str) -> str:
    """A small district, with the kind that none of them has."""
    data = SMALL_DISTRICTS[name]().model_dump(mode="json")
    data["units"].append(PROCESS | {"location": data["circuits"][0]["locations"][-1]})
    return yaml.safe_dump(data)


def test_the_districts_have_every_kind() -> None:
    schema = json.dumps(district_schema())
    data = [yaml.safe_load(text_of(name)) for name in SMALL_DISTRICTS]
    kinds = {unit["kind"] for district in data for unit in district["units"]}
    assert kinds == set(re.findall(r'"kind": {"const": "(\w+)"', schema))


@pytest.mark.parametrize("name", SMALL_DISTRICTS)
def test_values_of_any_kind_in_districts_of_every_kind(name: str) -> None:
    """One to four values at random places, or taken away."""
    text = text_of(name)
    assert parse_district(text).unit("process").kind == "process_heat"
    where = places(yaml.safe_load(text))
    rng = random.Random(name)
    for _ in range(30):
        data = yaml.safe_load(text)
        for place in rng.sample(where, rng.randint(1, 4)):
            part = data
            try:
                for key in place[:-1]:
                    part = part[key]
                if rng.random() < 0.2:
                    del part[place[-1]]
                else:
                    part[place[-1]] = rng.choice(VALUES)
            except (KeyError, IndexError, TypeError):
                continue
        answers(yaml.safe_dump(data))


@ENOUGH
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    answers(text)


TASK_LINES = files("heatrouter.envs.presets").joinpath("energy-web.task.yaml").read_text("utf-8")


def test_tasks_changed_at_random() -> None:
    rng = random.Random(3)
    lines = TASK_LINES.splitlines()
    for _ in range(100):
        mutated = lines.copy()
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(mutated))
            mutated[at] = re.sub(r"[:-] .*", lambda _: ": " + rng.choice(POISON), mutated[at])
        refused = None
        try:
            parse_task("\n".join(mutated))
        except TaskError as error:
            refused = error
        assert refused is None or refused.mistakes
