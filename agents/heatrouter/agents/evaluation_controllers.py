"""Controllers by name, for every command that lets users choose one.

What is not always there (planners, trained runs) is named by its import path, and loaded when it is
asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from heatrouter.agents.constant_action import ConstantAction
from heatrouter.agents.constant_price import ConstantPriceController
from heatrouter.agents.controller_import import imported, made_of
from heatrouter.agents.protocol import Controller
from heatrouter.agents.shipped_bundles import shipped_bundle, shipped_presets
from heatrouter.envs.dispatch.tuned import preset_constant_price
from heatrouter.envs.errors import BundleError, ConfigError, Mistake
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, preset_names
from heatrouter.envs.spec.rule_files import load_rules
from heatrouter.envs.spec.rule_parameters import RuleParameters
from heatrouter.envs.spec.task import Task


@dataclass(frozen=True)
class Entrant:
    """A controller that takes part, and what exactly it is.

    Attributes:
        controller: What decides.
        origin: What was run, for the report and as key of stored results.
        task: The task that it was made for, if it brings one.
        rules: Parameters of the rules that decode its actions, where they are not those of the
            task that is judged: of a file, or those that a policy was trained with.
        family: Training runs of one recipe with different seeds have one family; empty else.
        slow: Its weeks are run one by one, because decisions take longer than the simulator.
        storable: Whether `origin` says all that its results depend on, beside the code.
        remake: Makes the same entrant in another process.
    """

    controller: Controller
    origin: str
    task: Task | None = None
    rules: RuleParameters | None = None
    family: str = ""
    slow: bool = False
    storable: bool = True
    remake: "Callable[[], Entrant] | None" = field(default=None, compare=False)

    def decodes(self, task: Task) -> Task:
        """The task with this controller's actions and rules, all else as it is."""
        changes: dict[str, object] = {"parametrisation": self.controller.parametrisation}
        if self.rules is not None:
            changes["rules"] = self.rules
        return task.model_copy(update=changes)


@dataclass(frozen=True)
class ControllerSettings:
    """What a user may say about controllers.

    Attributes:
        district: The district.
        bundle: Folder of the exported policy, for ``policy``; without one, that which comes with
            the preset.
        constant_price: JSON file of channel to value, for ``constant-price``; or a folder that
            ``heatrouter tune`` wrote, or one that holds such a folder for each district.
        rules: YAML file of parameters in the place of the task's, for ``rules``, planners and
            ``constant-price``; or such a folder.
    """

    district: District
    bundle: Path | None = None
    constant_price: Path | None = None
    rules: Path | None = None

    def own(self, path: Path | None, name: str) -> Path | None:
        """The file of a name for this district, where a folder was given."""
        if path is None or not path.is_dir():
            return path
        return path / name if (path / name).is_file() else path / self.district.name / name

    def rule_parameters(self) -> RuleParameters | None:
        """Those of the file; None without one: those of the task.

        Raises:
            ConfigError: The file cannot be read or holds something else.
        """
        path = self.own(self.rules, "rules.yaml")
        return None if path is None else load_rules(path)

    @property
    def is_preset(self) -> bool:
        """Whether the district is a preset as it is shipped: what was tuned for it fits."""
        name = self.district.name
        return name in preset_names() and load_district(name) == self.district


def _rules(settings: ControllerSettings) -> Entrant:
    controller = ConstantAction("rules", "offset")
    path = settings.own(settings.rules, "rules.yaml")
    of = "the task" if path is None else path.name
    origin = f"rules with the parameters of {of}"
    return Entrant(controller, origin, rules=settings.rule_parameters())


def _constant_price(settings: ControllerSettings) -> Entrant:
    path = settings.own(settings.constant_price, "constant-price.json")
    # it is laid on the rules' heating curve
    rules = settings.rule_parameters()
    if path is not None:
        controller = ConstantPriceController.from_json(path)
    elif settings.is_preset and (tuned := preset_constant_price(settings.district.name)):
        controller = ConstantPriceController(tuned)
    else:
        neutral = ConstantPriceController()
        return Entrant(neutral, "constant heat price, neutral values", rules=rules)
    listed = ", ".join(f"{name} {value:g}" for name, value in controller.values.items())
    return Entrant(controller, f"constant heat price: {listed}", rules=rules)


def _policy(settings: ControllerSettings) -> Entrant:
    bundle = settings.bundle
    if bundle is None and settings.is_preset:
        bundle = shipped_bundle(settings.district.name)
    if bundle is None:
        msg = (
            f"controller 'policy': none is shipped for district {settings.district.name!r} as it "
            f"is, only for the presets {', '.join(shipped_presets()) or '(none)'}; name the folder "
            "of a bundle with --bundle"
        )
        raise BundleError(msg)
    return _policy_at(str(bundle), settings)


def _policy_at(folder: str, settings: ControllerSettings) -> Entrant:
    from heatrouter.agents.bundle import load_bundle
    from heatrouter.agents.onnx_policy import OnnxPolicy

    bundle = load_bundle(Path(folder), settings.district)
    origin = f"bundle {bundle.manifest.name}, {bundle.digest[:12]}"
    task = bundle.manifest.task
    return Entrant(OnnxPolicy(bundle), origin, task, task.rules, family="policy")


def _planner(path: str, settings: ControllerSettings) -> Entrant:
    name = path.partition(":")[2]
    controller = made_of(imported(path, f"planner {name!r}"), name, settings.district)
    # What it plans with is what a reader of the report and a stored result need to know.
    own = getattr(controller, "settings", "")
    origin = getattr(controller, "origin", f"{path}, {own}" if own else path)
    return Entrant(controller, origin, rules=settings.rule_parameters(), slow=True)


def _sb3(folder: str, settings: ControllerSettings) -> Entrant:
    make = imported(_SB3, "controller 'sb3' (pip install 'heatrouter[train]')")
    controller, origin, task = make(Path(folder), settings.district)
    return Entrant(controller, origin, task, task.rules, family="sb3")


_SB3: Final = "heatrouter.training.sb3_controller:run_controller"
"""Takes the folder of a run and the district, gives a controller, what it is, and its task."""

FACTORIES: Final[dict[str, Callable[[ControllerSettings], Entrant]]] = {
    "rules": _rules,
    "constant-price": _constant_price,
    "mpc": partial(_planner, "heatrouter.agents.mpc:MpcController"),
    "reference": partial(_planner, "heatrouter.agents.mpc:reference_controller"),
    "policy": _policy,
}
"""Name of a controller -> what makes it."""

WITH_FOLDER: Final[dict[str, Callable[[str, ControllerSettings], Entrant]]] = {
    "policy": _policy_at,
    "sb3": _sb3,
}
"""Names that are followed by a colon and a folder -> what makes it of the folder."""


def make_entrants(names: tuple[str, ...], settings: ControllerSettings) -> dict[str, Entrant]:
    """Make controllers from their names.

    Args:
        names: Names of :data:`FACTORIES`, a name of :data:`WITH_FOLDER` with its folder as in
            ``sb3:runs/7``, or ``module:Class`` for any other controller. Such a class is called
            with `district` if its signature names it, else without arguments.
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
    folders = ", ".join(f"{name}:DIR" for name in WITH_FOLDER)
    known = f"{', '.join(FACTORIES)}, {folders}, or module:Class"
    mistakes += [
        Mistake(name, f"no such controller; there are {known}")
        for name in names
        if name not in FACTORIES and ":" not in name
    ]
    if mistakes:
        subject = "controllers"
        raise ConfigError(subject, mistakes)
    return {name: make_entrant(name, settings) for name in names}


def make_entrant(name: str, settings: ControllerSettings) -> Entrant:
    """Make one controller from its name, see :func:`make_entrants`."""
    kind, _, folder = name.partition(":")
    if name in FACTORIES:
        made = FACTORIES[name](settings)
    elif kind in WITH_FOLDER:
        made = WITH_FOLDER[kind](folder, settings)
    else:
        made = _of_user(name, settings)
    return replace(made, remake=partial(make_entrant, name, settings))


def _of_user(path: str, settings: ControllerSettings) -> Entrant:
    controller = made_of(imported(path, f"controller {path!r}"), path, settings.district)
    # The class may be edited between two runs, and so may all that it imports.
    return Entrant(
        controller,
        getattr(controller, "origin", path),
        slow=bool(getattr(controller, "slow", False)),
        storable=False,
    )
