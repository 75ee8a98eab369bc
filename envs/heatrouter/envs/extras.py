"""Which extra of heatrouter installs a package, from the metadata of the installation.

Nothing but the standard library is imported, for the command line's sake.
"""

import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution, metadata
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
    packages = _packages_of_extras()
    fitting = [extra for extra, names in packages.items() if wanted in names]
    return min(fitting, key=lambda extra: (len(packages[extra]), extra), default=None)


def missing_packages(extras: Sequence[str]) -> dict[str, list[str]]:
    """Return what is not installed of extras that a command needs from its start.

    Args:
        extras: Names of extras, as in ``train``.

    Returns:
        Extra -> names of the packages that it lacks, sorted; an extra that lacks none is left out.
    """
    packages = _packages_of_extras()
    missing = {
        extra: sorted(name for name in packages.get(extra, ()) if not _installed(name))
        for extra in extras
    }
    return {extra: names for extra, names in missing.items() if names}


def how_to_install(module: str, extra: str) -> str:
    """Tell that a package is missing and what installs it."""
    top = module.partition(".")[0]
    return (
        f"the package {top!r} is not installed; install it with: pip install 'heatrouter[{extra}]'"
    )


def _packages_of_extras() -> dict[str, set[str]]:
    """Extra -> the packages that it asks for, extras within extras resolved by the build."""
    packages: dict[str, set[str]] = {}
    try:
        requirements = metadata("heatrouter").get_all("Requires-Dist") or []
    except PackageNotFoundError:  # a checkout on the path
        return packages
    for requirement in requirements:
        if found := _REQUIREMENT.match(requirement):
            packages.setdefault(found[2], set()).add(_normalised(found[1]))
    return packages


def _installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
