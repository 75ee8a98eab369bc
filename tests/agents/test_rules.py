"""Rules and constant price as controllers."""

import json
from pathlib import Path

import numpy as np
import pytest

from heatrouter.agents.constant_price import ConstantPriceController
from heatrouter.agents.protocol import Controller
from heatrouter.agents.rules import RulesController
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task


def contract(parametrisation: Parametrisation) -> Contract:
    task = load_task("energy-web").model_copy(update={"parametrisation": parametrisation})
    return build_contract(load_district("energy-web"), task)


def observation(of: Contract, num_envs: int) -> np.ndarray:
    return np.zeros((num_envs, len(of.observation)), dtype=np.float32)


def test_rules_ask_for_no_offset() -> None:
    controller: Controller = RulesController()
    offsets = contract("offset")
    controller.reset(offsets, 4)
    action = controller.act(observation(offsets, 4))
    assert action.shape == (4, len(offsets.action))
    assert (action == 0.0).all()
    action[:] = 1.0
    assert (controller.act(observation(offsets, 4)) == 0.0).all()


def test_constant_price_is_neutral_where_nothing_is_named() -> None:
    controller: Controller = ConstantPriceController({"tank.target_level": 0.4})
    prices = contract("heat_price")
    controller.reset(prices, 3)
    action = controller.act(observation(prices, 3))
    expected = [c.neutral if c.name != "tank.target_level" else 0.4 for c in prices.action]
    assert action.tolist() == [expected] * 3


def test_constant_price_from_json(tmp_path: Path) -> None:
    path = tmp_path / "price.json"
    path.write_text(json.dumps({"tank.price_full_eur_per_mwh": 12}), encoding="utf-8")
    controller = ConstantPriceController.from_json(path)
    assert controller.values == {"tank.price_full_eur_per_mwh": 12.0}
    assert controller.name == "constant-price"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("[1]", "must be an object"),
        ('{"a": "b", "c": true}', "a: 'b' is no number"),
    ],
)
def test_unusable_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "price.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        ConstantPriceController.from_json(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        ConstantPriceController.from_json(tmp_path / "missing.json")


def test_all_mistakes_of_values_at_once() -> None:
    controller = ConstantPriceController(
        {"tank.temperature": 1.0, "tank.target_level": 2.0, "greenhouse.offset_k": float("nan")}
    )
    with pytest.raises(ConfigError) as caught:
        controller.reset(contract("heat_price"), 1)
    assert [m.path for m in caught.value.mistakes] == [
        "tank.temperature",
        "tank.target_level",
        "greenhouse.offset_k",
    ]


def test_other_parametrisations_are_refused() -> None:
    with pytest.raises(ConfigError, match="the rules need 'offset'"):
        RulesController().reset(contract("absolute"), 1)
    with pytest.raises(ConfigError, match="needs 'heat_price'"):
        ConstantPriceController().reset(contract("offset"), 1)
