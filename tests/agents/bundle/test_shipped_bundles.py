"""The policies that come with presets."""

import numpy as np
import pytest

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.evaluation_controllers import ControllerSettings, make_entrant
from heatrouter.agents.evaluation_weeks import draw_weeks, starts
from heatrouter.agents.rollout import rollout
from heatrouter.agents.shipped_bundles import shipped_bundle, shipped_presets
from heatrouter.envs.errors import BundleError
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.simulation.district_batch import DistrictBatch
from heatrouter.envs.spec.loading import load_district, load_task, preset_names


def test_a_policy_comes_with_every_preset() -> None:
    assert set(shipped_presets()) == set(preset_names())
    assert shipped_bundle("no-such-preset") is None


@pytest.mark.parametrize("preset", shipped_presets())
def test_a_shipped_bundle_passes_every_check_of_its_preset(preset: str) -> None:
    folder = shipped_bundle(preset)
    assert folder is not None
    bundle = load_bundle(folder, load_district(preset))
    judged, task = bundle.manifest.task, load_task(preset)
    # the manifest's task is trained with coarser sub-steps and its own parametrisation
    assert judged.objective == task.objective
    assert judged.rules == task.rules
    assert judged.control_dt_s == task.control_dt_s


@pytest.mark.parametrize("preset", shipped_presets())
def test_a_shipped_policy_is_cheaper_than_the_rules(preset: str) -> None:
    district, task = load_district(preset), load_task(preset)
    library = build_library(district, "test", 1, seed=3)
    weeks = draw_weeks(library, 6, seed=3, hours=168.0)
    cost = {}
    for name in ("rules", "policy"):
        entrant = make_entrant(name, ControllerSettings(district))
        judged = entrant.decodes(task).model_copy(update={"episode_hours": 169.0})
        batch = DistrictBatch(district, judged, library, num_envs=len(weeks), seed=0)
        steps = round(168.0 * 3600.0 / judged.control_dt_s)
        trace = rollout(batch, entrant.controller, steps, starts=starts(weeks), columns=())
        cost[name] = float(np.sum(trace.cost_eur))
    assert cost["policy"] < cost["rules"]


def test_a_district_of_ones_own_needs_a_bundle_of_its_own() -> None:
    district = load_district("energy-web").model_copy(update={"name": "elsewhere"})
    with pytest.raises(BundleError, match="--bundle"):
        make_entrant("policy", ControllerSettings(district))
