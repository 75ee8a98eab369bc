"""One district, short episodes and two scenario years for all tests of the environments."""

import pytest

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task


@pytest.fixture(scope="session")
def district() -> District:
    return load_district("energy-web")


@pytest.fixture(scope="session")
def task() -> Task:
    """Episodes of 2 h, so that their ends are seen."""
    return load_task("energy-web").model_copy(update={"episode_hours": 2.0})


@pytest.fixture(scope="session")
def library(district: District) -> ScenarioLibrary:
    return build_library(district, "train", 2)
