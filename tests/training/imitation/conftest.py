"""Three days of labelled courses of energy-web, shared by the tests of imitation."""

import numpy as np
import pytest

from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.training.imitation.collection import Course, collect
from heatrouter.training.imitation.settings import LabelSettings
from heatrouter.training.imitation.shards import Work
from heatrouter.training.imitation.weeks import cut_weeks

COURSES = 2
SETTINGS = LabelSettings(
    weeks=COURSES,
    rounds=0,
    hours=72.0,
    environments=COURSES,
    noise_std=0.0,
    horizon_hours=6.0,
    replan_hours=6.0,
    supply_levels_k=(0.0,),
    processes=1,
)


@pytest.fixture(scope="session")
def work() -> Work:
    district = load_district("energy-web")
    task = load_task("energy-web").model_copy(
        update={"parametrisation": "absolute", "sim_dt_s": 300.0}
    )
    return Work(district, task, build_library(district, "train", 1, 1), SETTINGS, seed=1)


@pytest.fixture(scope="session")
def weeks(work: Work) -> ScenarioLibrary:
    return cut_weeks(work.library, COURSES, seed=3, hours=SETTINGS.hours)


@pytest.fixture(scope="session")
def course(work: Work, weeks: ScenarioLibrary) -> Course:
    return collect(
        work.district,
        work.task,
        weeks,
        SETTINGS,
        expert_share=1.0,
        drive=None,
        random=np.random.default_rng(0),
    )
