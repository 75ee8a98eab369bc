"""A machine that is overloaded: requests take long, ticks are skipped, the plant catches up."""

from pathlib import Path

import pytest

from heatrouter.deploy.faults.virtual_run import VirtualRun
from heatrouter.deploy.modes import Mode

SPEED = 60.0  # a tick is one real second
WAYS_S = (0.005, 0.05, 0.95)
"""What one way of a request may take: a tick of four of them may cover three."""


@pytest.mark.parametrize("seed", [1])
async def test_writes_keep_the_rate_at_the_moment_at_which_they_arrive(
    tmp_path: Path, seed: int
) -> None:
    """A write that was long on its way was followed at once by one that moved for all that time."""
    run = VirtualRun(tmp_path, seed, speed=SPEED)
    await run.warm()
    run.link.delay_s = lambda: float(run.rng.choice(WAYS_S, p=[0.6, 0.25, 0.15]))
    await run.ticks(80)
    assert any(seen.ended_s - seen.began_s > 1.0 for seen in run.seen), "no tick was too long"
    assert run.checker.unsafe == []
    assert run.link.plant.plc.unsafe_log == []
    writes = [s for s in run.seen if s.mode in {Mode.RULES, Mode.POLICY}]
    assert len(run.link.write_times) > 0.9 * len(writes)
