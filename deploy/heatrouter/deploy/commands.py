"""The commands of this portion, as data: ``heatrouter --help`` reads it and imports nothing."""

COMMANDS: dict[str, tuple[str, str]] = {
    "plant": (
        "heatrouter.deploy.cli_plant:plant",
        "Serve the simulator as a virtual plant (OPC UA, Modbus) to try the service on.",
    ),
    "serve": (
        "heatrouter.deploy.cli_serve:serve",
        "Run the control service beside a plant.",
    ),
    "tags": (
        "heatrouter.deploy.cli_tags:app",
        "Find a plant's tags, show a map of them, make certificates.",
    ),
    "mode": (
        "heatrouter.deploy.cli_mode:mode",
        "Show or change the mode of a running control service.",
    ),
    "history": (
        "heatrouter.deploy.cli_history:app",
        "Show and export what a control service has measured and done.",
    ),
    "replay": (
        "heatrouter.deploy.cli_replay:replay_command",
        "Repeat what a control service computed, from its audit log, bit for bit.",
    ),
    "users": (
        "heatrouter.deploy.cli_users:app",
        "Say who may log in to the control service's web page.",
    ),
    "faults": (
        "heatrouter.deploy.cli_faults:app",
        "Break what can break beside a plant, and measure what the service does about it.",
    ),
    "model": (
        "heatrouter.deploy.cli_model:app",
        "Sign, verify, activate and roll back the bundles of a control service.",
    ),
}
"""Command name -> (``module:callable``, one line of help)."""
