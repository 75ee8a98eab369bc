"""The commands of this portion, as data: ``heatrouter --help`` reads it and imports nothing."""

COMMANDS: dict[str, tuple[str, str]] = {
    "init": (
        "heatrouter.envs.cli_init:init",
        "Copy a preset district and its configuration files into a new folder.",
    ),
    "districts": (
        "heatrouter.envs.cli_districts:app",
        "List, show and check district descriptions.",
    ),
    "scenarios": (
        "heatrouter.envs.cli_scenarios:app",
        "List, show, check and compare scenarios; fit the generator.",
    ),
    "simulate": (
        "heatrouter.envs.cli_simulate:simulate",
        "Simulate a district under a controller and print its key figures.",
    ),
    "match": (
        "heatrouter.envs.cli_match:match",
        "Find pinch targets, and which source of heat suits which user.",
    ),
    "settle": (
        "heatrouter.envs.cli_settle:settle",
        "Simulate a district and write who heated whom into a ledger.",
    ),
    "verify": (
        "heatrouter.envs.cli_verify:verify",
        "Verify a settlement ledger or an audit log: chain, sums, signature.",
    ),
    "validate": (
        "heatrouter.envs.cli_validate:validate",
        "Compare the simulator with measurements, other tools and its own energy balance.",
    ),
}
"""Command name -> (``module:callable``, one line of help)."""
