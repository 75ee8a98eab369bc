"""What is compared with what, and what is promised."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Side:
    """One work of one process.

    Attributes:
        title: What it is, in the table.
        module: The process.
        work: The name of the work there.
        unit: What is counted, in the singular, as a reader should understand it.
        pins: Of which ``requirements-*.txt`` the process runs; empty for heatrouter's environment.
    """

    title: str
    module: str
    work: str
    unit: str
    pins: str = ""


@dataclass(frozen=True)
class Pair:
    """heatrouter's work over a peer's.

    Attributes:
        ours: Title of a side.
        peer: Title of a side.
        least: What the median of the ratio of rates has to be at least, where it is promised.
    """

    ours: str
    peer: str
    least: float | None = None


@dataclass(frozen=True)
class Group:
    """Sides that take turns in each round.

    Attributes:
        name: The heading.
        sides: heatrouter's first, since it writes the files that others read.
        pairs: Which of them are compared.
        shared: What each process is told on its command line, by module.
    """

    name: str
    sides: tuple[Side, ...]
    pairs: tuple[Pair, ...]
    shared: dict[str, tuple[Literal["network", "endpoint", "nodes", "graph"], ...]] = field(
        default_factory=dict
    )


def _batch(size: int, sub_step_s: int) -> Side:
    count = 900 // sub_step_s
    return Side(
        f"heatrouter, {size} at once, sub-step {sub_step_s} s",
        "env_heatrouter",
        f"{size} of {sub_step_s} s",
        f"15 min of energy-web: {count} sub-steps of hydraulics and heat, guard, objective, "
        "observation, random action",
    )


_CITYLEARN, _GRID2OP, _CARTPOLE = "CityLearn", "Grid2Op with lightsim2grid", "CartPole"
_BATCHES = tuple(_batch(size, sub_step_s) for sub_step_s in (60, 180) for size in (64, 256))
_LEAST = {(_BATCHES[3].title, _CITYLEARN): 30.0, (_BATCHES[3].title, _GRID2OP): 5.0}

GROUPS = (
    Group(
        "Environment steps",
        (
            *_BATCHES,
            Side(
                _CITYLEARN,
                "env_citylearn",
                "step",
                "1 h of 5 buildings with battery and photovoltaics: energy balances without "
                "temperatures or flows, one central agent, random action",
                "citylearn",
            ),
            Side(
                _GRID2OP,
                "env_grid2op",
                "step",
                "5 min of a grid of 14 buses: one AC power flow, the agent does nothing",
                "grid2op",
            ),
            Side(
                _CARTPOLE,
                "env_cartpole",
                "step",
                "20 ms of a cart with a pole, four equations, unwrapped, random action",
                "bare",
            ),
        ),
        tuple(
            Pair(ours.title, peer, _LEAST.get((ours.title, peer)))
            for peer in (_CITYLEARN, _GRID2OP, _CARTPOLE)
            for ours in _BATCHES
        ),
    ),
    Group(
        "Networks of pipes",
        (
            Side(
                "heatrouter, steady",
                "pipes_heatrouter",
                "steady",
                "steady state of 48 pipes with 16 consumers, all flows imposed: a tree, "
                "solved in one sweep",
            ),
            Side(
                "heatrouter, transient",
                "pipes_heatrouter",
                "transient",
                "1 min of the same network: plug flow and losses, no pressures",
            ),
            Side(
                "pandapipes, steady",
                "pipes_pandapipes",
                "steady",
                "the same steady state by Newton's method for any network, flows, pressures "
                "and temperatures",
                "pandapipes",
            ),
            Side(
                "pandapipes, transient",
                "pipes_pandapipes",
                "transient",
                "1 min of the same network: flows and pressures, then implicit upwind heat, one "
                "cell per pipe",
                "pandapipes",
            ),
        ),
        (
            Pair("heatrouter, steady", "pandapipes, steady", 1000.0),
            Pair("heatrouter, transient", "pandapipes, transient"),
        ),
        {"pipes_heatrouter": ("network",), "pipes_pandapipes": ("network",)},
    ),
    Group(
        "Decisions",
        (
            Side(
                "heatrouter, bundle",
                "decision_heatrouter",
                "decision",
                "observation to action in physical units, by the policy that comes with energy-web",
            ),
            Side(
                "SB3 predict",
                "decision_heatrouter",
                "SB3 predict",
                "the same network in Stable-Baselines3, deterministic",
            ),
            Side(
                "onnxruntime",
                "decision_onnxruntime",
                "run",
                "the graph of the bundle, `InferenceSession.run`",
                "bare",
            ),
        ),
        (
            Pair("heatrouter, bundle", "SB3 predict", 10.0),
            Pair("heatrouter, bundle", "onnxruntime"),
        ),
        {"decision_onnxruntime": ("graph",)},
    ),
    Group(
        "Reading a plant",
        (
            Side(
                "heatrouter, link",
                "opcua_heatrouter",
                "read",
                "all tags of energy-web over OPC UA in one request, with quality, time and age "
                "of each checked, units converted",
            ),
            Side(
                "asyncua",
                "opcua_asyncua",
                "read",
                "the same tags in one request, `Client.read_values`: bare values",
                "bare",
            ),
        ),
        (Pair("heatrouter, link", "asyncua"),),
        {"opcua_heatrouter": ("endpoint", "nodes"), "opcua_asyncua": ("endpoint", "nodes")},
    ),
)
