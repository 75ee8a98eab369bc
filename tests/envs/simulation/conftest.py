"""One district and its scenarios for all simulation tests: compiling and reading take a while."""

import pytest

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district


@pytest.fixture(scope="session")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="session")
def library(district: District) -> ScenarioLibrary:
    return build_library(district, "train", 2, seed=0)
