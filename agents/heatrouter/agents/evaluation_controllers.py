"""Controllers by name, for every command that lets users choose one."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.constant_price import ConstantPriceController
from heatrouter.agents.protocol import Controller
from heatrouter.envs.dispatch.rule_parameters import RuleParameters
from heatrouter.envs.dispatch.tuned import load_rules
from heatrouter.envs.errors import BundleError, ConfigError, Mistake
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task


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


def _rules(settings: ControllerSettings) -> Entrant:
    controller = ConstantAction("rules", "offset")
    if settings.rules is None:
        return Entrant(controller, "rules of the district, an operator's defaults")
    parameters = load_rules(settings.rules)
    return Entrant(controller, "rules of the district, tuned", rules=parameters)


def _constant_price(settings: ControllerSettings) -> Entrant:
    path = settings.constant_price
    if path is None:
        return Entrant(ConstantPriceController(), "constant heat price, neutral values")
    controller = ConstantPriceController.from_json(path)
    listed = ", ".join(f"{name} {value:g}" for name, value in controller.values.items())
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
