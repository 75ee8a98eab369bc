"""Labels of batch processes last as long as a charge is heated."""

import numpy as np

from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.training.imitation.held_releases import HeldReleases

STEPS = 12


def test_a_release_lasts_as_long_as_its_charge_is_heated_and_nothing_else_changes() -> None:
    district = load_district("foundry-cascade")
    task = load_task("foundry-cascade").model_copy(update={"parametrisation": "absolute"})
    contract = build_contract(district, task)
    names = [channel.name for channel in contract.action]
    moulds, ladles = names.index("moulds.release"), names.index("ladles.release")
    releases = HeldReleases(district, contract, 900.0, num_envs=2)
    actions = np.full((STEPS, 2, len(names)), 0.25)
    actions[1, 0, moulds] = 1.0  # 60 min
    actions[3, 0, ladles] = 1.0  # 90 min
    actions[4, 1, moulds] = actions[6, 1, moulds] = 1.0  # again before the first one's end
    held = np.stack([releases.held(action) for action in actions])

    assert np.flatnonzero(held[:, 0, moulds]).tolist() == [1, 2, 3, 4]
    assert np.flatnonzero(held[:, 0, ladles]).tolist() == [3, 4, 5, 6, 7, 8]
    assert np.flatnonzero(held[:, 1, moulds]).tolist() == [4, 5, 6, 7, 8, 9]
    assert not held[:, 1, ladles].any()
    others = [i for i in range(len(names)) if i not in (moulds, ladles)]
    assert (held[..., others] == 0.25).all()
    assert (actions[2, :, moulds] == 0.25).all()  # what drives is not touched
