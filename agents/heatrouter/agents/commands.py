"""The commands of this portion, as data: ``heatrouter --help`` reads it and imports nothing."""

COMMANDS: dict[str, tuple[str, str]] = {
    "evaluate": (
        "heatrouter.agents.cli_evaluate:evaluate",
        "Judge controllers on held-out scenarios and write the report.",
    ),
}
"""Command name -> (``module:callable``, one line of help)."""
