"""Districts, the simulator, Gymnasium environments, scoring and the guard.

Names are exported lazily (PEP 562), so that importing one does not load the rest.
Inside heatrouter, import from the defining module instead: import-linter does not see through
these exports.
"""

from importlib import import_module
from typing import Any

# Exported name -> module that defines it.
_EXPORTS: dict[str, str] = {
    "Contract": "heatrouter.envs.contract",
    "District": "heatrouter.envs.spec.district",
    "DistrictBatch": "heatrouter.envs.simulation.district_batch",
    "DistrictEnv": "heatrouter.envs.gymenv.district_env",
    "DistrictVectorEnv": "heatrouter.envs.gymenv.vector_env",
    "HeatrouterError": "heatrouter.envs.errors",
    "ScenarioLibrary": "heatrouter.envs.scenarios.library",
    "Simulation": "heatrouter.envs.simulation.simulation",
    "Task": "heatrouter.envs.spec.task",
    "__version__": "heatrouter.envs.version",
    "build_contract": "heatrouter.envs.observe",
    "build_library": "heatrouter.envs.scenarios",
    "load_district": "heatrouter.envs.spec.loading",
    "load_task": "heatrouter.envs.spec.loading",
    "prepare_run": "heatrouter.envs.runs.prepared_run",
    "preset_names": "heatrouter.envs.spec.loading",
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
