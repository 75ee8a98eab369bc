"""What pyproject.toml asks for is pinned, and the pins name nothing local."""

import re
import tomllib
from pathlib import Path

import pytest

from heatrouter.envs.extras import OTHER_NAMES, extra_of

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.]+$")


def normalised(requirement: str) -> str:
    name = re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    assert [row for row in rows if not PIN.match(row)] == []
    return {normalised(row): row.split("==")[1] for row in rows}


def test_every_requirement_has_an_exact_pin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        normalised(item) for items in [project["dependencies"], *extras.values()] for item in items
    }
    assert sorted(wanted - pins().keys() - {"heatrouter"}) == []


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("scipy.stats", "study"),
        ("stable_baselines3", "train"),
        ("torch", "train"),
        ("prometheus_client", "deploy"),
        ("cryptography.x509", "deploy"),
        ("esdl", "io"),
        ("ray", "ray"),
        ("numpy", None),
    ],
)
def test_a_module_is_found_in_the_smallest_extra_that_brings_it(
    module: str, extra: str | None
) -> None:
    assert extra_of(module) == extra


def test_modules_of_another_name_belong_to_packages_that_an_extra_brings() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    assert {*OTHER_NAMES.values()} <= {normalised(item) for items in extras for item in items}


def test_all_has_every_extra_that_users_may_want() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    listed = re.findall(r"[a-z]+", extras["all"][0].partition("[")[2])
    assert {*listed} == extras.keys() - {"all", "dev", "docs"}


def test_torch_is_the_version_that_was_tried() -> None:
    assert pins()["torch"] == "2.13.0"
