"""The control service beside SCADA, and the virtual plant to try it on.

Names are exported lazily (PEP 562), so that importing one does not load the rest.
Inside heatrouter, import from the defining module instead: import-linter does not see through
these exports.
"""

from importlib import import_module
from typing import Any

# Exported name -> module that defines it.
_EXPORTS: dict[str, str] = {
    "FieldLink": "heatrouter.deploy.field_link",
    "ServiceConfig": "heatrouter.deploy.config",
    "ServiceSetup": "heatrouter.deploy.config",
    "Snapshot": "heatrouter.deploy.field_link",
    "TagMap": "heatrouter.deploy.tags",
    "VirtualPlant": "heatrouter.deploy.plant",
    "build_plant": "heatrouter.deploy.plant_building",
    "default_tags": "heatrouter.deploy.tags",
    "load_config": "heatrouter.deploy.config",
    "load_tags": "heatrouter.deploy.tag_file",
    "prepare": "heatrouter.deploy.config",
    "read_audit": "heatrouter.deploy.audit",
}

__all__ = sorted(_EXPORTS)  # noqa: PLE0605  # the table is the only list


def __getattr__(name: str) -> Any:  # noqa: ANN401  # each export has a type of its own
    """Import an exported name from its module on first use."""
    if name not in _EXPORTS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the exports beside what is already loaded."""
    return sorted({*globals(), *__all__})
