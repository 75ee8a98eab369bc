"""Controllers by name, and what is said when there is none of that name."""

import json
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.evaluation_controllers import (
    ControllerSettings,
    make_entrants,
)
from heatrouter.agents.evaluation_question import Question
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch.tuned import preset_constant_price
from heatrouter.envs.errors import BundleError, ConfigError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district
from heatrouter.envs.spec.rule_parameters import RuleParameters


@pytest.fixture
def contract(question: Question) -> Contract:
    assert question.make_batch is not None
    return question.make_batch(question.task, 1).contract


def test_the_rules_are_neutral_offsets(district: District) -> None:
    entrant = make_entrants(("rules",), ControllerSettings(district))["rules"]
    assert entrant.controller.parametrisation == "offset"
    assert entrant.controller.name == "rules"


def test_a_constant_action_is_neutral_but_for_what_is_named(contract: Contract) -> None:
    controller = ConstantAction("constant-price", "heat_price", {"tank.price": 33.0})
    controller.reset(contract, 3)
    action = controller.act(np.zeros((3, 2), dtype=np.float32))
    assert action.tolist() == [[33.0], [33.0], [33.0]]
    action[:] = 0.0
    assert controller.act(np.zeros((3, 2), dtype=np.float32)).tolist() == [[33.0]] * 3


def test_values_outside_the_contract_are_all_reported(contract: Contract) -> None:
    controller = ConstantAction("x", "heat_price", {"tank.price": 99.0, "pond.price": 1.0})
    with pytest.raises(ConfigError) as caught:
        controller.reset(contract, 1)
    message = str(caught.value)
    assert "tank.price: 99 is outside 0..60 EUR/MWh" in message
    assert "pond.price: no such action; there are: tank.price" in message


def test_constant_prices_come_from_a_file(district: District, tmp_path: Path) -> None:
    path = tmp_path / "price.json"
    path.write_text(json.dumps({"tank.price": 12.5}), encoding="utf-8")
    settings = ControllerSettings(district, constant_price=path)
    assert (
        "tank.price 12.5" in make_entrants(("constant-price",), settings)["constant-price"].origin
    )


@pytest.mark.parametrize("text", ["{", "[1]", '{"tank.price": "much"}', '{"tank.price": true}'])
def test_a_bad_file_of_constant_prices_is_named(
    district: District, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "price.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"price\.json"):
        make_entrants(("constant-price",), ControllerSettings(district, constant_price=path))


def test_tuned_rules_come_from_a_file(district: District, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("supply_shift_k: -3.0\n", encoding="utf-8")
    made = make_entrants(("rules", "constant-price"), ControllerSettings(district, rules=path))
    for entrant in made.values():
        assert entrant.rules == RuleParameters(supply_shift_k=-3.0)
    path.write_text("supply_shift: -3.0\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="supply_shift"):
        make_entrants(("rules",), ControllerSettings(district, rules=path))


def test_controllers_have_the_rules_of_the_task_but_a_policy_its_own(
    question: Question, district: District
) -> None:
    task = question.task.model_copy(update={"rules": RuleParameters(charge_hours=7.0)})
    entrant = make_entrants(("rules",), ControllerSettings(district))["rules"]
    assert entrant.decodes(task).rules == task.rules
    policy = replace(entrant, rules=RuleParameters(charge_hours=2.0))
    assert policy.decodes(task).rules == policy.rules
    assert policy.decodes(task).objective == task.objective


def test_a_preset_as_shipped_is_judged_with_the_price_tuned_for_it(district: District) -> None:
    preset = load_district("energy-web")
    made = make_entrants(("constant-price",), ControllerSettings(preset))
    price = made["constant-price"].controller
    assert isinstance(price, ConstantAction)
    assert price.values == preset_constant_price("energy-web") != {}
    changed = make_entrants(("constant-price",), ControllerSettings(district))
    assert "neutral" in changed["constant-price"].origin


def test_a_policy_needs_a_bundle(district: District, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="--bundle"):
        make_entrants(("policy",), ControllerSettings(district))
    with pytest.raises(BundleError, match=r"nowhere"):
        make_entrants(("policy",), ControllerSettings(district, bundle=tmp_path / "nowhere"))


def test_files_may_lie_in_folders_as_tune_writes_them(district: District, tmp_path: Path) -> None:
    own = tmp_path / "energy-web"
    own.mkdir()
    (own / "rules.yaml").write_text("supply_shift_k: -3.0\n", encoding="utf-8")
    (own / "constant-price.json").write_text(json.dumps({"tank.price": 12.5}), encoding="utf-8")
    for folder in (own, tmp_path):
        settings = ControllerSettings(district, constant_price=folder, rules=folder)
        made = make_entrants(("rules", "constant-price"), settings)
        assert made["rules"].rules == RuleParameters(supply_shift_k=-3.0)
        assert "12.5" in made["constant-price"].origin
    other = district.model_copy(update={"name": "elsewhere"})
    with pytest.raises(ConfigError, match=r"elsewhere.rules\.yaml"):
        make_entrants(("rules",), ControllerSettings(other, rules=tmp_path))


def test_a_planner_says_what_it_plans_with(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Planner(ConstantAction):
        settings = "horizon_hours=24.0"

    module = ModuleType("heatrouter.agents.mpc")
    vars(module)["MpcController"] = lambda: Planner("mpc", "offset")
    monkeypatch.setitem(sys.modules, "heatrouter.agents.mpc", module)
    entrant = make_entrants(("mpc",), ControllerSettings(district))["mpc"]
    assert entrant.slow
    assert entrant.storable
    assert entrant.origin.endswith("horizon_hours=24.0")


def test_an_entrant_can_be_made_again_elsewhere(district: District, tmp_path: Path) -> None:
    path = tmp_path / "price.json"
    path.write_text(json.dumps({"tank.price": 12.5}), encoding="utf-8")
    settings = ControllerSettings(district, constant_price=path)
    for entrant in make_entrants(("rules", "constant-price"), settings).values():
        assert entrant.remake is not None
        again = pickle.loads(pickle.dumps(entrant.remake))()
        assert (again.origin, again.rules) == (entrant.origin, entrant.rules)


def test_a_training_run_needs_its_folder(district: District, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sb3' .*cannot be imported|is no training run"):
        make_entrants((f"sb3:{tmp_path}",), ControllerSettings(district))


def test_all_mistakes_in_names_are_reported_at_once(district: District) -> None:
    with pytest.raises(ConfigError) as caught:
        make_entrants(("rules", "ruels", "rules"), ControllerSettings(district))
    assert "rules: named twice" in str(caught.value)
    assert "ruels: no such controller; there are rules, constant-price, mpc," in str(caught.value)


def test_any_class_can_take_part_by_its_path(district: District) -> None:
    path = "heatrouter.agents.evaluation_controllers:FACTORIES"
    with pytest.raises(ConfigError, match="is no class"):
        make_entrants((path,), ControllerSettings(district))
    with pytest.raises(ConfigError, match="cannot be imported"):
        make_entrants(("no.such.module:Thing",), ControllerSettings(district))
    with pytest.raises(ConfigError, match="lacks name, parametrisation"):
        make_entrants(("collections:OrderedDict",), ControllerSettings(district))
