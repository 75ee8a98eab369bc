"""The limits on the real measurements, where the folder is at hand beside HEATROUTER_DATA."""

import os
from pathlib import Path

import pytest

from heatrouter.envs.validation.parts import MEASURED, Part, plan

FOLDER = Path(os.environ.get("HEATROUTER_DATA", "")).parent / "validation"

pytestmark = pytest.mark.skipif(
    not os.environ.get("HEATROUTER_DATA") or not FOLDER.is_dir(),
    reason="HEATROUTER_DATA names no data folder with validation/ beside it",
)


@pytest.mark.parametrize("part", MEASURED)
def test_limits_are_kept(part: Part) -> None:
    reports = [one.run() for one in plan(part, FOLDER)]
    assert reports
    for report in reports:
        assert report.missed == ()
        assert any(check.limit is not None for check in report.checks)
