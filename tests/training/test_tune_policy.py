"""A search for a training's settings: what is searched, what is ended early, how it goes on."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.config_loading import load_training_config
from heatrouter.training.policy_space import USUAL_AXES, PolicyAxis, parse_axes
from heatrouter.training.tune_policy import PolicyTuning, tune_policy


def test_axes_are_read_with_their_scale_and_kind(source: str) -> None:
    config = load_training_config(source)
    texts = ["ppo.discount_h=6..60:log", "ppo.epochs=2..8", "ppo.clip=0.1..0.3"]
    assert parse_axes(texts, config) == (
        PolicyAxis("ppo.discount_h", 6, 60, log=True),
        PolicyAxis("ppo.epochs", 2, 8),
        PolicyAxis("ppo.clip", 0.1, 0.3),
    )


def test_axes_that_cannot_be_read_are_told_all_at_once(source: str) -> None:
    texts = ["ppo.clip", "ppo.epochs=8..2", "ppo.gae_h=0..3:log"]
    with pytest.raises(TrainingConfigError) as caught:
        parse_axes(texts, load_training_config(source))
    assert len(caught.value.mistakes) == 3


@pytest.mark.parametrize("algorithm", sorted(USUAL_AXES))
def test_the_usual_axes_lie_within_the_bounds_of_the_settings(algorithm: str, source: str) -> None:
    sized = {"sac": ["sac.warmup_steps=0"], "tqc": ["tqc.warmup_steps=0"]}
    plain = Path(source).read_text(encoding="utf-8")
    if algorithm in sized:
        text = plain.partition("ppo:")[0]
        Path(source).write_text(text, encoding="utf-8")
        sized[algorithm] += [f"{algorithm}.environments=8"]
    changes = [f"algorithm={algorithm}", "total_steps=10000", *sized.get(algorithm, [])]
    for axis in USUAL_AXES[algorithm]:
        for end in (axis.low, axis.high):
            load_training_config(source, [*changes, f"{axis.key}={end}"])


def test_an_axis_that_leaves_a_settings_bounds_is_told_before_the_first_trial(
    source: str, tmp_path: Path
) -> None:
    tuning = PolicyTuning(source, (), (PolicyAxis("ppo.clip", 0.1, 3.0),), trials=2)
    with pytest.raises(TrainingConfigError, match=r"ppo\.clip"):
        tune_policy(tuning, tmp_path / "out", Console(file=io.StringIO()))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_search_ends_with_a_table_and_goes_on_where_it_was(source: str, tmp_path: Path) -> None:
    console = Console(file=io.StringIO())
    axes = (PolicyAxis("ppo.learning_rate", 1e-4, 1e-2, log=True), PolicyAxis("ppo.epochs", 1, 3))
    out = tmp_path / "out"
    tune_policy(PolicyTuning(source, (), axes, trials=1), out, console)
    tried = tune_policy(PolicyTuning(source, (), axes, trials=2), out, console)
    assert sorted(one.number for one in tried) == [0, 1]
    assert tried[0].saving >= tried[1].saving
    best = load_training_config(out / "best.yaml")
    assert best.ppo.epochs == tried[0].settings["ppo.epochs"]
    assert len((out / "table.md").read_text(encoding="utf-8").splitlines()) == 4
    records = [
        json.loads(p.read_text(encoding="utf-8")) for p in sorted(out.glob("trial-*/run.json"))
    ]
    assert records[0]["prepared"] == records[1]["prepared"]
    with pytest.raises(TrainingConfigError, match="something else than this search"):
        tune_policy(PolicyTuning(source, (), axes, trials=2, seed=5), out, console)
