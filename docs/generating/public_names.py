"""The page of public names."""

import inspect
from importlib import import_module
from typing import Any, Final

from generating.markdown import first_line, table

PORTIONS: Final = ("envs", "agents", "training", "deploy")


def api_page() -> str:
    """What each portion exports."""
    parts = [
        "# Public names",
        (
            "What is listed here follows [semantic versioning](../versioning.md). Names are loaded "
            "when they are used first: `import heatrouter.envs` loads neither NumPy nor torch. "
            "Environments are made by Gymnasium: "
            '`gymnasium.make("heatrouter.envs.gymenv:EnergyWeb-v0")`.'
        ),
    ]
    for portion in PORTIONS:
        module = import_module(f"heatrouter.{portion}")
        parts += [f"## heatrouter.{portion}", first_line(inspect.getdoc(module) or "")]
        parts.append(
            table(
                ["name", "what it is", "defined in"],
                (_export(module, name) for name in module.__all__),
            )
        )
    return "\n\n".join(parts)


def _export(module: Any, name: str) -> list[str]:  # noqa: ANN401  # a module with lazy exports
    value = getattr(module, name)
    source = module._EXPORTS[name]  # noqa: SLF001  # the table of the portion
    shown = f"`{name}`"
    if inspect.isfunction(value):
        names = ", ".join(inspect.signature(value).parameters)
        shown = f"`{name}({names})`"
    text = "version of heatrouter" if name == "__version__" else inspect.getdoc(value) or ""
    return [shown, first_line(text), f"`{source}`"]
