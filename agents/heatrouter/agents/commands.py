"""The commands of this portion, as data: ``heatrouter --help`` reads it and imports nothing."""

COMMANDS: dict[str, tuple[str, str]] = {
    "evaluate": (
        "heatrouter.agents.cli_evaluate:evaluate",
        "Judge controllers on held-out scenarios and write the report.",
    ),
    "twin": (
        "heatrouter.agents.cli_twin:twin",
        "Look 72 hours ahead from a saved state, over a fan of what may come.",
    ),
}
"""Command name -> (``module:callable``, one line of help)."""
