"""The guard lets nothing through on any preset, and the judge that says so can say otherwise."""

from pathlib import Path

import numpy as np
import pytest
from fuzz_guard import MUTANTS, fuzz, main
from guard_promises import KINDS

from heatrouter.envs.spec.loading import preset_names

TICKS = 100_000


@pytest.mark.parametrize("preset", preset_names())
def test_a_hundred_thousand_adversarial_ticks(preset: str) -> None:
    outcome = fuzz(preset, TICKS // len(preset_names()), seed=3, num_envs=250)
    assert not outcome.first, outcome.first
    # every way of stepping in was needed, or the zero above says little
    assert min(outcome.reasons.values()) > 0, outcome.reasons
    assert outcome.switches > 200
    assert outcome.handovers > 20


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_guard_that_is_wrong_by_a_little_is_found(mutant: str) -> None:
    change, kind = MUTANTS[mutant]
    outcome = fuzz("energy-web", 60_000, seed=3, num_envs=500, change=change)
    assert outcome.violations[kind] > 0, outcome.violations


def test_no_guard_at_all_breaks_every_promise_about_values() -> None:
    from guard_promises import Judge, promises_of

    from heatrouter.envs.guard import Reading
    from heatrouter.envs.observe import build_contract
    from heatrouter.envs.spec.loading import load_district, load_task

    district = load_district("energy-web")
    contract = build_contract(district, load_task("energy-web"))
    promises = promises_of(district, contract)
    judge = Judge(promises, 1)
    judge.take_over(np.ones(1, dtype=np.bool_), np.full((1, len(promises.names)), np.nan))
    hot = np.zeros((1, len(contract.observation)))
    hot[0, promises.locks[0].channel] = 150.0
    wanted = np.array([[np.nan, 2.0, 0.1, 1.0, 1.0, 1.0, -9.0, 95.0]])
    reading = Reading(np.array([1.0]), hot, np.ones(hot.shape, dtype=np.bool_))
    found = judge.judge(reading, wanted, None, wanted)
    assert {kind for kind in KINDS if found[kind].any()} == {
        "no number", "range", "minimum load", "rate", "interlock",
    }  # fmt: skip


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "fuzz.json"
    arguments = ["--ticks", "20000", "--presets", "sludge-biogas", "--json", str(out)]
    assert main([*arguments, "--mutant", "rate"]) == 1
    assert "rate" in capsys.readouterr().out
    assert main(arguments) == 0
    assert '"violations": 0' in out.read_text(encoding="utf-8")
