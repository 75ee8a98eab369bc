"""Training, tuning and export of policies.

Names are exported lazily (PEP 562), so that importing one does not load the rest.
Inside heatrouter, import from the defining module instead: import-linter does not see through
these exports.
"""

from importlib import import_module
from typing import Any

# Exported name -> module that defines it.
_EXPORTS: dict[str, str] = {
    "DistrictVecEnv": "heatrouter.training.sb3_vec_env",
    "ExportReport": "heatrouter.training.export",
    "TrainingConfig": "heatrouter.training.config",
    "export_mean": "heatrouter.training.export",
    "export_run": "heatrouter.training.export",
    "load_training_config": "heatrouter.training.config_loading",
    "resume_training": "heatrouter.training.train",
    "start_training": "heatrouter.training.train",
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
