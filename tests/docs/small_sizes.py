"""The documentation's commands, with sizes that a test can wait for and ports that are free.

The runner of the snippets puts a program called ``heatrouter`` before the real one; it calls
:func:`smaller` and goes on as usual. What a command does stays the same, only for less time.
"""

import os
import sys
from collections.abc import Sequence

TRAINING = (
    "total_steps=384",
    "sim_dt_s=300",
    "ppo.environments=8",
    "ppo.rollout_steps=12",
    "ppo.minibatch=48",
    "scenarios.train_years=2",
    "scenarios.validation_years=1",
    "constant_price.generations=2",
    "constant_price.candidates=4",
    "constant_price.weeks=2",
    "constant_price.hours=3",
    "evaluation.weeks=2",
    "evaluation.hours=3",
    "evaluation.every_rollouts=1",
    "checkpoints.every_rollouts=2",
    "ppo.critic_rollouts=1",
    "imitation.enabled=false",  # its labels take core-minutes at the least
    "anchor.enabled=false",
    "shaping.enabled=false",
    "tracking.enabled=false",
)

SIZES: dict[str, dict[str, str]] = {
    "simulate": {"--days": "0.1"},
    "settle": {"--days": "0.125"},
    "twin": {"--hours": "2", "--members": "3"},
    "evaluate": {"--weeks": "1", "--hours": "3", "--jobs": "1"},
    "tune": {"--weeks": "1", "--years": "1", "--hours": "3", "--trials": "2"},
    "faults week": {"--days": "2", "--minutes": "2"},
}
"""Options that are set, whether or not the command line has them."""

HOURS_FOR_A_REFERENCE = "36"
"""In fewer, what the stores hold in the end outweighs the cost, and a reference is no reference."""

PLANT_PORT = "HEATROUTER_DOCS_PORT"
"""Environment variable: the port that stands for 4840, where plants are by default."""


def smaller(words: Sequence[str]) -> list[str]:
    """The same command line at a size for tests.

    Args:
        words: Arguments of ``heatrouter``.
    """
    if "--help" in words or not words:
        return [*words]
    command, rest = words[0], [*words[1:]]
    sizes = SIZES.get(" ".join(words[:2])) or SIZES.get(command, {})
    for option, value in sizes.items():
        if option in rest:
            rest[rest.index(option) + 1] = value
        else:
            rest += [option, value]
    if command == "evaluate" and "reference" in ",".join(rest).split(","):
        rest[rest.index("--hours") + 1] = HOURS_FOR_A_REFERENCE
    if command == "train" and "--resume" not in rest:
        rest += [word for change in TRAINING for word in ("--set", change)]
    port = os.environ[PLANT_PORT]
    if command == "plant" and not {"--opcua", "--modbus"} & set(rest):
        rest += ["--opcua", f"opc.tcp://127.0.0.1:{port}"]
    if command == "serve":
        if "--endpoint" not in rest:
            rest += ["--endpoint", f"opc.tcp://127.0.0.1:{port}"]
        if "--check-config" not in rest and "--no-http" not in rest:
            rest += ["--http-port", "0"]
    return [command, *rest]


if __name__ == "__main__":
    from heatrouter.envs.cli import main

    sys.exit(main(smaller(sys.argv[1:])))
