"""What runs, what is skipped with ``all``, and the energy balance of a preset."""

from pathlib import Path

import pytest
from tests.envs.validation.synthetic import pretend_pandapipes

from heatrouter.envs.spec.loading import preset_names
from heatrouter.envs.validation import closure
from heatrouter.envs.validation.parts import MEASURED, Part, plan


def test_all_skips_what_cannot_run_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_pandapipes(None, monkeypatch)
    plans = {one.name: one for one in plan(Part.ALL, None)}
    assert set(plans) == {part.value for part in Part} - {"all"}
    for part in (*MEASURED, Part.PANDAPIPES):
        report = plans[part].run()
        assert report.skipped
        assert not report.checks
    assert "--data" in plans["ulg"].run().skipped
    assert "pip install" in plans["pandapipes"].run().skipped


def test_all_skips_a_folder_that_is_missing(tmp_path: Path) -> None:
    skipped = [p.name for p in plan(Part.ALL, tmp_path) if p.name in MEASURED and p.run().skipped]
    assert skipped == [*MEASURED]


def test_balances_close() -> None:
    report = closure.run(hours=6.0, presets=preset_names()[:1])
    assert not report.missed
    assert 0.0 <= report.checks[0].value < 1e-9
