"""The live twin as a real process: it compiles, answers, is killed, and is gone on from."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from heatrouter.deploy import twin_link
from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.run_record import heavy_modules
from heatrouter.deploy.twin_link import TwinLink
from heatrouter.deploy.twin_settings import TWIN_STATE_FILE
from heatrouter.envs.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PATIENCE_S = 1000.0  # the simulator may have to be compiled first


async def until(link: TwinLink, *, ready: bool) -> None:
    end = time.monotonic() + PATIENCE_S
    while (link.cause == "the look-ahead was not asked yet") is not ready:
        assert time.monotonic() < end, link.cause
        await link.poll()
        await asyncio.sleep(0.1)


async def test_it_answers_dies_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(twin_link, "RESTART_AFTER_S", 0.2)
    config = ServiceConfig.model_validate(
        {
            "district": "energy-web",
            "state_dir": tmp_path,
            "look_ahead": {"enabled": True, "warm_up_h": 1.0},
        }
    )
    setup = prepare(config)
    link = TwinLink(setup, time.monotonic)
    await link.open()
    heavy_before = heavy_modules()
    safe = np.array([point.safe for point in setup.contract.set_points])

    async def ask(now_s: float) -> None:
        await link.ask(
            now_s=now_s,
            plant_time_s=1e6 + now_s,
            clock=np.array([7.5, 2.0, 21.0]),
            values={"site.ambient_temp_c": -5.0, "tank.level": float("nan")},
            applied=safe,
            proposal=safe,
            deadline_s=30.0,
        )

    try:
        assert link.answer() is None
        await until(link, ready=True)
        await ask(900.0)
        first = link.answer()
        assert first is not None, link.cause
        assert bool(first.valid.all())
        assert first.issued_s.tolist() == [900.0]
        assert first.horizon_s.tolist() == [3600.0]
        assert (first.lowest <= first.highest).all()
        assert 40.0 < first.highest[0, 0] < 110.0, "the supply temperature of a network"

        assert link.pid is not None
        os.kill(link.pid, signal.SIGKILL)
        await until(link, ready=True)
        assert heavy_modules() == heavy_before, "the simulator is none of this process"
        await ask(1800.0)
        assert link.answer() is not None
    finally:
        await link.close()
    assert (tmp_path / TWIN_STATE_FILE).exists()
    options = ["--hours", "2", "--members", "2", "--json"]
    # A command of another process: this one must stay light until here.
    assert (
        await asyncio.to_thread(main, ["twin", "energy-web", "--live", str(tmp_path), *options])
        == 0
    )
    assert json.loads(capsys.readouterr().out)
