"""Controllers by name, for every command that lets users choose one."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import ValidationError

from heatrouter.agents.rollout import Controller
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.dispatch.rules import RuleParameters
from heatrouter.envs.errors import BundleError, ConfigError, Mistake, mistakes_from_details
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.spec.yaml_reading import read_yaml_file


@dataclass(frozen=True)
class Entrant:
    """A controller that takes part, and what exactly it is.

    Attributes:
        controller: What decides.
        origin: What was run, for the report and as key of stored results.
        task: The task that it was made for, if it brings one.
        rules: Parameters of the rules that decode its actions. Not one for all: a policy answers
            to those that it was trained with.
    """

    controller: Controller
    origin: str
    task: Task | None = None
    rules: RuleParameters = field(default_factory=RuleParameters)


@dataclass(frozen=True)
class ControllerSettings:
    """What a user may say about controllers.

    Attributes:
        district: The district.
        bundle: Folder of the exported policy, for ``policy``.
        constant_price: JSON file of channel to value, for ``constant-price``.
        rules: File of tuned parameters, for ``rules``.
    """

    district: District
    bundle: Path | None = None
    constant_price: Path | None = None
    rules: Path | None = None


class ConstantAction:
    """Answers the same action always: the neutral one, with some channels replaced.

    Neutral offsets from the rules are the rules themselves; neutral heat prices are the simplest
    water value there is.

    Args:
        name: How it is called in results.
        parametrisation: What its action means.
        values: Channel of the action to value in its unit; neutral where not named.
    """

    def __init__(
        self,
        name: str,
        parametrisation: Parametrisation,
        values: Mapping[str, float] | None = None,
    ) -> None:
        self.name = name
        self.parametrisation: Parametrisation = parametrisation
        self._values = dict(values or {})
        self._action: FloatArray = np.zeros((0, 0))

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Prepare the action for a contract.

        Raises:
            ConfigError: A named channel does not exist, or its value lies outside its bounds.
        """
        channels = {channel.name: channel for channel in contract.action}
        mistakes = []
        for name, value in self._values.items():
            if name not in channels:
                mistakes.append(Mistake(name, f"no such action; there are: {', '.join(channels)}"))
                continue
            low, high, unit = channels[name].low, channels[name].high, channels[name].unit
            if not low <= value <= high:
                mistakes.append(Mistake(name, f"{value:g} is outside {low:g}..{high:g} {unit}"))
        if mistakes:
            subject = f"controller {self.name!r}"
            raise ConfigError(subject, mistakes)
        row = [self._values.get(channel.name, channel.neutral) for channel in contract.action]
        self._action = np.tile(np.array(row, dtype=np.float64), (num_envs, 1))

    def act(self, observation: Float32Array) -> FloatArray:
        """Return the action, a fresh array of shape ``(n_envs, n_action)``."""
        del observation
        return self._action.copy()


def _rules(settings: ControllerSettings) -> Entrant:
    controller = ConstantAction("rules", "offset")
    if settings.rules is None:
        return Entrant(controller, "rules of the district, an operator's defaults")
    parameters = _read_rules(settings.rules)
    return Entrant(controller, "rules of the district, tuned", rules=parameters)


def _constant_price(settings: ControllerSettings) -> Entrant:
    path = settings.constant_price
    if path is None:
        controller = ConstantAction("constant-price", "heat_price")
        return Entrant(controller, "constant heat price, neutral values")
    values = _read_values(path)
    controller = ConstantAction("constant-price", "heat_price", values)
    listed = ", ".join(f"{name} {value:g}" for name, value in values.items())
    return Entrant(controller, f"constant heat price: {listed}")


def _policy(settings: ControllerSettings) -> Entrant:
    from heatrouter.agents.bundle import load_bundle
    from heatrouter.agents.onnx_policy import OnnxPolicy

    if settings.bundle is None:
        msg = "controller 'policy': no bundle; name the folder of one with --bundle"
        raise BundleError(msg)
    bundle = load_bundle(settings.bundle, settings.district)
    origin = f"bundle {bundle.manifest.name}, {bundle.digest[:12]}"
    return Entrant(OnnxPolicy(bundle), origin, bundle.manifest.task)


FACTORIES: Final[dict[str, Callable[[ControllerSettings], Entrant]]] = {
    "rules": _rules,
    "constant-price": _constant_price,
    "policy": _policy,
}
"""Name of a controller -> what makes it."""


def make_entrants(names: tuple[str, ...], settings: ControllerSettings) -> dict[str, Entrant]:
    """Make controllers from their names.

    Args:
        names: Names of :data:`FACTORIES`, or ``module:Class`` for any other controller. Such a
            class is called with `district` if its signature names it, else without arguments.
        settings: What else the user said.

    Returns:
        Name to entrant, in the order of `names`.

    Raises:
        ConfigError: Names repeat or are unknown, or a class cannot be imported.
        BundleError: The policy's bundle is missing or must not run.
    """
    mistakes = [
        Mistake(name, "named twice") for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    mistakes += [
        Mistake(name, f"no such controller; there are {', '.join(FACTORIES)}, or module:Class")
        for name in names
        if name not in FACTORIES and ":" not in name
    ]
    if mistakes:
        subject = "controllers"
        raise ConfigError(subject, mistakes)
    return {
        name: FACTORIES[name](settings) if name in FACTORIES else _imported(name, settings)
        for name in names
    }


def _imported(path: str, settings: ControllerSettings) -> Entrant:
    module_name, _, attribute = path.partition(":")
    try:
        target = getattr(import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        msg = f"controller {path!r} cannot be imported: {error}"
        raise ConfigError(msg) from error
    if not callable(target):
        msg = f"controller {path!r} is no class or function that makes a controller"
        raise ConfigError(msg)
    try:
        takes_district = "district" in inspect.signature(target).parameters
    except ValueError:  # some built-in classes have no signature to read
        takes_district = False
    controller: Controller = target(district=settings.district) if takes_district else target()
    missing = [
        name
        for name in ("name", "parametrisation", "reset", "act")
        if not hasattr(controller, name)
    ]
    if missing:
        msg = f"controller {path!r} lacks {', '.join(missing)}; see the protocol Controller"
        raise ConfigError(msg)
    return Entrant(controller, path)


def _read_rules(path: Path) -> RuleParameters:
    document = read_yaml_file(path)
    if document.mistakes:
        raise ConfigError(str(path), document.mistakes)
    try:
        return RuleParameters.model_validate(document.data)
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors(include_url=False)]
        raise ConfigError(str(path), mistakes_from_details(details)) from error


def _read_values(path: Path) -> dict[str, float]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path}: {error}; give a JSON object of action channel to value"
        raise ConfigError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path}: holds no JSON object of action channel to value"
        raise ConfigError(msg)
    mistakes = [
        Mistake(str(name), f"{value!r} is no number")
        for name, value in content.items()
        if isinstance(value, bool) or not isinstance(value, int | float)
    ]
    if mistakes:
        raise ConfigError(str(path), mistakes)
    return {str(name): float(value) for name, value in content.items()}
