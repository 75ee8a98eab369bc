"""DESTEST common exercise 0: a steady network of 16 buildings, against six other simulators.

Tree with mirrored return, 70 degC at the root, 553 kg/h and 30 K at every consumer, 10 degC at the
surface of the insulation. The reference of each quantity is the median of the tools that are no
outliers (see `OUTLIERS`).
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.network.steady import SteadySolver
from heatrouter.envs.network.steady_solve import SteadyState
from heatrouter.envs.validation.destest_pipes import ROOT, TREE_COLUMNS, pipe_lines, reaches_root
from heatrouter.envs.validation.measurement_files import (
    LENGTH,
    MASS_FLOW,
    POWER,
    PRESSURE,
    TEMPERATURE,
    Column,
    Quantity,
    Reader,
    Table,
    find_folder,
)
from heatrouter.envs.validation.pipe_network import (
    PipeLine,
    PipeNetwork,
    build_network,
    ends_of_tree,
    shell_resistance_mk_w,
)
from heatrouter.envs.validation.verdict import Bars, Check, Report

DENSITY_KG_M3, HEAT_CAPACITY_J_KGK, VISCOSITY_PA_S = 988.0, 4180.0, 5.434e-4
SUPPLY_TEMP_C, GROUND_TEMP_C, CONSUMER_SPAN_K = 70.0, 10.0, 30.0
CONSUMER_FLOW_KG_S = 553.0 / 3600.0
ROUGHNESS_M = 7e-6
WALL_W_MK, INSULATION_W_MK = 0.35, 0.026

SUPPLY_LIMIT_K, RETURN_LIMIT_K, PRESSURE_LIMIT_PERCENT = 0.05, 0.1, 5.0

_STATIONS = ("i", "h", "g", "f", "e", "SimpleDistrict_1")
_TEMPERATURES = [f"T_{line}_{name}" for line in ("supply", "return") for name in _STATIONS]

OUTLIERS = {
    "TRNSYS_TUD_2021": "holds the consumers' return at about 40 degC instead of 30 K",
    "SIM_VICUS": "holds the consumers' return at about 40 degC instead of 30 K",
}
"""Tools that solved another task (README of the validation data), left out of every median."""

PIPE_COLUMNS = {
    **TREE_COLUMNS,
    "wall_thickness": Column(LENGTH),
    "insulation_thickness": Column(LENGTH),
}


@dataclass(frozen=True, slots=True)
class Case:
    """The exercise as read: the network, and every tool's result by quantity."""

    network: PipeNetwork
    results: Table


def load(data: Path, reader: Reader) -> Case | None:
    """Read the exercise.

    Args:
        data: Folder of the validation data.
        reader: Takes the mistakes.

    Returns:
        The case, or None where a file has mistakes.

    Raises:
        MeasurementError: the folder does not exist.
    """
    folder = find_folder(data, "destest", "pipes.csv and results_steady.csv in ce0/") / "ce0"
    pipes = reader.read(folder / "pipes.csv", PIPE_COLUMNS)
    kinds: dict[str, Quantity] = dict.fromkeys(_TEMPERATURES, TEMPERATURE)
    kinds |= {"m_flow_supply_i": MASS_FLOW, "heat_source": POWER, "heat_loss_supply_i_h": POWER}
    kinds |= dict.fromkeys(("dp_supply_i_e", "dp_return_a_i", "dp_return_i_h"), PRESSURE)
    columns = {name: Column(kind, may_be_blank=True) for name, kind in kinds.items()}
    results = reader.read(folder / "results_steady.csv", {"simulator": Column(None), **columns})
    if pipes is None or results is None:
        return None
    if not reaches_root(pipes, folder / "pipes.csv", reader):
        return None
    network = build_network(
        lines_of(pipes), ROOT, density_kg_m3=DENSITY_KG_M3, heat_capacity_j_kgk=HEAT_CAPACITY_J_KGK
    )
    return Case(network, results)


def lines_of(pipes: Table) -> list[PipeLine]:
    """Return the pipes of a table with `PIPE_COLUMNS`."""
    sizes = zip(
        pipes["d_inner"].tolist(),
        pipes["wall_thickness"].tolist(),
        pipes["insulation_thickness"].tolist(),
        strict=True,
    )
    resistances = []
    for inner, wall, insulation in sizes:
        outer = inner + 2.0 * wall
        casing = outer + 2.0 * insulation
        resistances.append(
            shell_resistance_mk_w((inner, outer, WALL_W_MK), (outer, casing, INSULATION_W_MK))
        )
    return pipe_lines(pipes, resistances, ROUGHNESS_M)


def solver_of(network: PipeNetwork) -> SteadySolver:
    """Make the exercise ready to be solved: every end of the tree is a consumer."""
    net = network.net
    solver = SteadySolver(net, network.pipes, VISCOSITY_PA_S, ends_of_tree(net))
    solver.impose(
        consumer_flow_kg_s=CONSUMER_FLOW_KG_S,
        consumer_heat_w=CONSUMER_FLOW_KG_S * HEAT_CAPACITY_J_KGK * CONSUMER_SPAN_K,
        root_temp_c=SUPPLY_TEMP_C,
    )
    return solver


def run(case: Case) -> Report:
    """Solve and compare."""
    ours = _quantities(case.network, solver_of(case.network).solve(GROUND_TEMP_C))
    tools = case.results.text["simulator"]
    inside = [k for k, tool in enumerate(tools) if tool not in OUTLIERS]
    checks, shares = [], {"heatrouter": np.full(len(ours), math.nan)}
    shares |= {tools[k]: np.full(len(ours), math.nan) for k in inside}
    limits = []
    for g, (name, value) in enumerate(ours.items()):
        column = case.results[name][inside]
        middle = float(np.nanmedian(column))
        scale, unit, limit, figure = _measure(name, middle)
        deviations = (column - middle) * scale
        checks.append(
            Check(
                f"CE0 {name}",
                figure,
                (value - middle) * scale,
                unit,
                limit,
                {
                    tools[k].replace("_", " "): float(d)
                    for k, d in zip(inside, deviations, strict=True)
                },
            )
        )
        limits.append(math.nan if limit is None else limit)
        shares["heatrouter"][g] = (value - middle) * scale
        for k, d in zip(inside, deviations, strict=True):
            shares[tools[k]][g] = d
    return Report(
        "destest CE0",
        "16 buildings, steady: deviation from the median of the tools that are no outliers",
        tuple(checks),
        _pictures(tuple(ours), shares, np.array(limits)),
    )


def _quantities(network: PipeNetwork, state: SteadyState) -> dict[str, float]:
    n_loc = network.net.order.size
    at, pair = network.location, network.pair

    def drop(line: int, start: str, end: str) -> float:
        pressure = state.pressure[line * n_loc : (line + 1) * n_loc]
        return abs(float(pressure[at[start]] - pressure[at[end]]))

    found = {
        "m_flow_supply_i": float(state.root_flow[0]),
        "dp_supply_i_e": drop(0, "i", "e"),
        "dp_return_a_i": drop(1, "a", "i"),
        "dp_return_i_h": drop(1, "i", "h"),
        "heat_loss_supply_i_h": float(state.loss[pair["i", "h"]]),
        "heat_source": float(state.root_heat[0]),
    }
    for name in _STATIONS:
        found[f"T_supply_{name}"] = float(state.node_temp[at[name]])
        found[f"T_return_{name}"] = float(state.node_temp[n_loc + at[name]])
    return found


def _measure(name: str, middle: float) -> tuple[float, str, float | None, str]:
    """Factor, unit, limit and heading of a quantity's deviation."""
    if name.startswith("T_"):
        limit = SUPPLY_LIMIT_K if name.startswith("T_supply") else RETURN_LIMIT_K
        return 1.0, "K", limit, "deviation"
    limit_percent = PRESSURE_LIMIT_PERCENT if name.startswith("dp_") else None
    return 100.0 / middle, "%", limit_percent, "deviation"


def _pictures(
    names: tuple[str, ...], shares: dict[str, FloatArray], limits: FloatArray
) -> tuple[Bars, ...]:
    pictures = []
    for kind, title, ylabel in (
        ("temperature", "DESTEST CE0: temperatures", "deviation from the tools' median, K"),
        ("flow", "DESTEST CE0: pressures, flow and heat", "deviation from the tools' median, %"),
    ):
        mine = [g for g, n in enumerate(names) if n.startswith("T_") == (kind == "temperature")]
        pictures.append(
            Bars(
                f"ce0-{kind}",
                title,
                ylabel,
                tuple(names[g].replace("SimpleDistrict", "SD") for g in mine),
                {tool.replace("_", " "): values[mine] for tool, values in shares.items()},
                limits[mine],
            )
        )
    return tuple(pictures)
