"""The commands of this portion, as data: ``heatrouter --help`` reads it and imports nothing."""

COMMANDS: dict[str, tuple[str, str]] = {
    "train": (
        "heatrouter.training.cli_train:train",
        "Train a policy from a configuration file.",
    ),
    "sweep": (
        "heatrouter.training.cli_sweep:sweep",
        "Train many seeds, districts and configurations, here or on a Ray cluster.",
    ),
    "study": (
        "heatrouter.training.cli_study:app",
        "Train many methods at equal cost, judge them on the same held-out weeks.",
    ),
    "track": (
        "heatrouter.training.cli_track:app",
        "Send results to MLflow later, add files to a run, promote a policy.",
    ),
    "tune": (
        "heatrouter.training.cli_tune:tune",
        "Tune the rules, the constant heat price, or the settings of a training.",
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
