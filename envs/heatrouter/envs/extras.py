"""Which extra of heatrouter installs a package, from the metadata of the installation.

Nothing but the standard library is imported, for the command line's sake.
"""

import re
from importlib.metadata import PackageNotFoundError, metadata
from typing import Final

OTHER_NAMES: Final = {"PIL": "pillow", "esdl": "pyesdl"}
"""Module -> the distribution that brings it, where the names differ by more than a dash."""

_REQUIREMENT: Final = re.compile(r"^([A-Za-z0-9._-]+).*;.*\bextra\s*==\s*['\"]([a-z]+)['\"]")


def extra_of(module: str) -> str | None:
    """Return the smallest extra that installs a module.

    Args:
        module: Name of a module or package, with or without its submodules.

    Returns:
        The extra, or None where none asks for it.
    """
    top = module.partition(".")[0]
    wanted = _normalised(OTHER_NAMES.get(top, top))
    packages: dict[str, set[str]] = {}
    try:
        requirements = metadata("heatrouter").get_all("Requires-Dist") or []
    except PackageNotFoundError:  # a checkout on the path
        return None
    for requirement in requirements:
        if found := _REQUIREMENT.match(requirement):
            packages.setdefault(found[2], set()).add(_normalised(found[1]))
    fitting = [extra for extra, names in packages.items() if wanted in names]
    return min(fitting, key=lambda extra: (len(packages[extra]), extra), default=None)


def how_to_install(module: str, extra: str) -> str:
    """Tell that a package is missing and what installs it."""
    top = module.partition(".")[0]
    return (
        f"the package {top!r} is not installed; install it with: pip install 'heatrouter[{extra}]'"
    )


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
