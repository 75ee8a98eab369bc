"""The commands of this portion, as data: ``heatrouter --help`` reads it and imports nothing."""

COMMANDS: dict[str, tuple[str, str]] = {
    "train": (
        "heatrouter.training.cli_train:train",
        "Train a policy from a configuration file.",
    ),
    "tune": (
        "heatrouter.training.cli_tune:tune",
        "Tune the rules and the constant heat price on training scenarios.",
    ),
    "export": (
        "heatrouter.training.cli_export:export",
        "Export a trained policy as a bundle that the control service runs.",
    ),
    "demo": (
        "heatrouter.training.cli_demo:demo",
        "Simulate, train, judge, export and serve a small district, end to end.",
    ),
}
"""Command name -> (``module:callable``, one line of help)."""
