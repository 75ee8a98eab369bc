"""Build hook: the wheel carries ``configs/`` as package data.

``heatrouter init`` copies these files. In a checkout it reads ``configs/`` itself; an editable
install must not get a copy, which would go stale. That is why this is a hook and not a
``force-include`` table.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConfigsHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own parameter
    """Adds ``configs/`` below ``heatrouter/envs/presets`` to standard wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Extend the build.

        Args:
            version: ``standard`` or ``editable``.
            build_data: What hatchling builds from.
        """
        if version == "standard" and (Path(self.root) / "configs").is_dir():
            build_data["force_include"]["configs"] = "heatrouter/envs/presets/configs"
