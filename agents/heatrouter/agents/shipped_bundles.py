"""Trained policies that come with heatrouter, one for each preset that has one.

Next to this module, ``bundles/PRESET/bundle`` is the bundle; beside it lie ``config.yaml``, the
resolved configuration of its training, and ``judged.json``, how it was judged.
``bundles/README.md`` tells the commands.
"""

from pathlib import Path
from typing import Final

from heatrouter.agents.manifest import MANIFEST_FILE

_FOLDER: Final = Path(__file__).parent / "bundles"


def shipped_bundle(preset: str) -> Path | None:
    """Folder of the policy that comes with a preset.

    Args:
        preset: Name of a district.

    Returns:
        The bundle, or None where no policy is shipped.
    """
    folder = _FOLDER / preset / "bundle"
    return folder if preset in shipped_presets() else None


def shipped_config(preset: str) -> Path | None:
    """File of the training that the shipped policy of a preset came from, or None without one."""
    bundle = shipped_bundle(preset)
    return None if bundle is None else bundle.parent / "config.yaml"


def shipped_presets() -> tuple[str, ...]:
    """Names of the presets that a policy comes with, sorted."""
    return tuple(
        sorted(path.parent.parent.name for path in _FOLDER.glob(f"*/bundle/{MANIFEST_FILE}"))
    )
