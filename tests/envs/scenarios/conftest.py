"""One district and one generated library for all tests of the scenarios."""

import pytest

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district


@pytest.fixture(scope="session")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="session")
def train(district: District) -> ScenarioLibrary:
    return build_library(district, "train", 4)


@pytest.fixture(scope="session")
def judged(district: District) -> ScenarioLibrary:
    return build_library(district, "test", 2)
