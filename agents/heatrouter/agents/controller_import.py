"""Controllers that are named by where their code lies."""

import inspect
from importlib import import_module
from typing import Any, Final

from heatrouter.agents.protocol import Controller
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.extras import extra_of, how_to_install
from heatrouter.envs.spec.district import District

_NEEDED: Final = ("name", "parametrisation", "reset", "act")


def imported(path: str, subject: str) -> Any:  # noqa: ANN401  # whatever stands there
    """Import an attribute of a module.

    Args:
        path: ``module:attribute``.
        subject: What it was named for, as messages call it.

    Raises:
        ConfigError: There is no such module or attribute.
    """
    module_name, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        extra = extra_of(missing) if missing else None
        why = how_to_install(missing, extra) if missing and extra else str(error)
        if missing == module_name:
            why += "; name its folder in PYTHONPATH, as in PYTHONPATH=. heatrouter ..."
        msg = f"{subject} cannot be imported: {why}"
        raise ConfigError(msg) from error


def made_of(target: Any, name: str, district: District) -> Controller:  # noqa: ANN401  # user's
    """Make a controller of a class or function.

    Args:
        target: Called with `district` if its signature names it, else without arguments.
        name: What the user called it.
        district: The district.

    Raises:
        ConfigError: It cannot be called, or what it makes is no controller.
    """
    if not callable(target):
        msg = f"controller {name!r} is no class or function that makes a controller"
        raise ConfigError(msg)
    try:
        takes_district = "district" in inspect.signature(target).parameters
    except ValueError:  # some built-in classes have no signature to read
        takes_district = False
    controller: Controller = target(district=district) if takes_district else target()
    missing = [part for part in _NEEDED if not hasattr(controller, part)]
    if missing:
        msg = f"controller {name!r} lacks {', '.join(missing)}; see the protocol Controller"
        raise ConfigError(msg)
    return controller
