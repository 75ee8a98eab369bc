"""A tuning finds what is cheap, goes on where it was ended, and sees no test scenario."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.envs.small_districts import chp_and_solar

from heatrouter.agents.constant_price import ConstantPriceController
from heatrouter.envs.dispatch.tuned import preset_constant_price
from heatrouter.envs.errors import ConfigError, TrainingConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.loading import load_district, load_task, preset_names
from heatrouter.envs.spec.rule_files import load_rules
from heatrouter.envs.spec.rule_parameters import RuleParameters
from heatrouter.training.tune import TuningSettings, tune_district
from heatrouter.training.tuning_search import Tried, search
from heatrouter.training.tuning_space import (
    Axis,
    Values,
    default_rule_values,
    normalised_price,
    price_axes,
    price_of,
    rule_axes,
    rules_of,
)
from heatrouter.training.tuning_weeks import FINE_EUR_PER_H, TuningWeeks

AXES = (Axis("level", 0.0, 1.0, 0.05), Axis("shift_k", -5.0, 5.0))
FIRST = [{"level": 0.5, "shift_k": 0.0}]
GREENHOUSE = rule_axes(load_district("energy-web"))


def bowl(candidates: Sequence[Values]) -> list[float]:
    return [(c["level"] - 0.2) ** 2 + 0.1 * (c["shift_k"] - 3.0) ** 2 for c in candidates]


def found(journal: Path, trials: int, judge: object = bowl) -> list[Tried]:
    assert callable(judge)
    return search("bowl", AXES, FIRST, judge, journal, trials=trials, seed=3)


def test_a_search_comes_close_to_the_best_and_begins_with_what_was(tmp_path: Path) -> None:
    tried = found(tmp_path / "journal", 48)
    begun = next(t for t in tried if t.number == 0)
    assert begun.values == FIRST[0]
    assert len(tried) == 48
    assert [t.cost_eur for t in tried] == sorted(t.cost_eur for t in tried)
    assert tried[0].cost_eur < 0.05 * begun.cost_eur


def test_a_search_that_was_ended_goes_on_to_the_same_result(tmp_path: Path) -> None:
    generations = iter(range(3))

    def ended(candidates: Sequence[Values]) -> list[float]:
        if next(generations) == 2:
            raise KeyboardInterrupt
        return bowl(candidates)

    journal = tmp_path / "ended"
    with pytest.raises(KeyboardInterrupt):
        found(journal, 28, ended)
    resumed = found(journal, 28)
    whole = found(tmp_path / "whole", 28)
    assert [(t.values, t.cost_eur) for t in resumed] == [(t.values, t.cost_eur) for t in whole]
    assert found(journal, 28) == resumed


def test_defaults_are_a_point_of_the_space() -> None:
    defaults = RuleParameters()
    tried = rules_of(default_rule_values(GREENHOUSE, defaults))
    assert tried.model_dump() == pytest.approx(defaults.model_dump())


@given(data=st.data())
def test_every_point_of_the_space_is_allowed(data: st.DataObject) -> None:
    steps = {a.name: round((a.high - a.low) / a.step) for a in GREENHOUSE}
    values = {
        a.name: a.low + a.step * data.draw(st.integers(0, steps[a.name]), label=a.name)
        for a in GREENHOUSE
    }
    rules = rules_of(values)
    assert rules.supply_floor_c == RuleParameters().supply_floor_c
    assert rules.reserve_lack_k <= 8.0


def test_prices_there_and_back() -> None:
    contract = build_contract(load_district("energy-web"), load_task("energy-web"))
    values = {axis.name: 0.25 * (-1) ** i for i, axis in enumerate(price_axes(contract))}
    price = price_of(contract, values)
    there = normalised_price(contract, price)
    assert there.tolist() == pytest.approx(list(values.values()), abs=1e-4)
    assert not normalised_price(contract, {}).any()


SETTINGS = TuningSettings("both", weeks=2, years=1, trials=3, seed=1, hours=12.0)


def test_tuning_a_small_district(tmp_path: Path) -> None:
    district, task = chp_and_solar(), load_task("energy-web")
    out = tmp_path / "out"
    console = Console(quiet=True)
    tuned = tune_district(district, task, SETTINGS, out, console)
    for part in tuned.values():
        assert part.after_eur[1] <= part.before_eur[1]
        assert len(part.trials) == 3
    assert load_rules(out / "rules.yaml").model_dump() == tuned["rules"].after
    price = ConstantPriceController.from_json(out / "constant-price.json")
    assert price.values == tuned["constant-price"].after
    record = json.loads((out / "tuning.json").read_text(encoding="utf-8"))
    assert {part["split"] for part in record["scenarios"].values()} == {"train", "validation"}
    assert record["found"]["rules"]["after_eur"] == list(tuned["rules"].after_eur)
    with pytest.raises(TrainingConfigError, match="not empty"):
        tune_district(district, task, SETTINGS, out, console)
    other = TuningSettings("both", weeks=2, years=1, trials=3, seed=2, hours=12.0)
    with pytest.raises(TrainingConfigError, match="another tuning"):
        tune_district(district, task, other, out, console, resume=True)
    again = tune_district(district, task, SETTINGS, out, console, resume=True)
    assert again == tuned


def test_nothing_is_saved_by_a_supply_too_cold_for_hot_water() -> None:
    district, task = chp_and_solar(), load_task("energy-web")
    library = build_library(district, "train", 1, 0)
    weeks = TuningWeeks(district, task, library, count=2, hours=48.0, seed=0)
    late = RuleParameters(
        charge_below_level=0.0,
        charge_lack_k=15.0,
        reserve_level=0.0,
        reserve_band=0.0,
        reserve_lack_k=15.0,
    )
    step_h = task.control_dt_s / 3600.0
    # The late boilers themselves cost or spare some euros: at least a step's fine is seen.
    more_eur = weeks.rules_cost(late) - weeks.rules_cost(RuleParameters())
    assert more_eur > 0.9 * FINE_EUR_PER_H * step_h / 2


@pytest.mark.parametrize("name", preset_names())
def test_what_comes_with_a_preset_fits_it(name: str) -> None:
    task = load_task(name)
    assert task.rules.supply_floor_c >= 60.0  # whatever is cheap: legionella
    contract = build_contract(load_district(name), task)
    controller = ConstantPriceController(preset_constant_price(name))
    controller.reset(contract, 1)


def test_other_districts_have_the_neutral_price() -> None:
    assert preset_constant_price("my-district") == preset_constant_price("../energy-web") == {}


def test_a_rules_file_tells_all_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("charge_hours: 0\nnight_setback: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_rules(path)
    assert {m.path for m in caught.value.mistakes} == {"charge_hours", "night_setback"}
