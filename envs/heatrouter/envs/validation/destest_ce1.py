"""DESTEST common exercise 1: a week of 16 buildings, against four simulators.

Same layout as exercise 0 with other pipes: 50 degC at the root, 20 K at every consumer, 12 degC at
the surface of the insulation, all buildings with the same demand. ``ce1/result_<tool>.csv`` hold
the tools' results; pressures are not compared, the tools mean different things by them. Consumers
take exactly their demand, so injection and losses are what the pipes decide.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.validation.destest_pipes import ROOT, TREE_COLUMNS, pipe_lines, reaches_root
from heatrouter.envs.validation.imposed_flow import Drive, run_imposed
from heatrouter.envs.validation.measurement_files import (
    CONDUCTIVITY,
    LENGTH,
    POWER,
    TIME,
    Column,
    Reader,
    Table,
    find_folder,
)
from heatrouter.envs.validation.pipe_network import (
    PipeNetwork,
    build_network,
    ends_of_tree,
    shell_resistance_mk_w,
)
from heatrouter.envs.validation.series import step_edges, step_means
from heatrouter.envs.validation.single_pipe import FINE_STEP_S, TRAINING_STEP_S
from heatrouter.envs.validation.verdict import Check, Curves, Report
from heatrouter.envs.validation.water_properties import HEAT_CAPACITY_J_KGK, water_density_kg_m3

SUPPLY_TEMP_C, GROUND_TEMP_C, CONSUMER_SPAN_K = 50.0, 12.0, 20.0
MINIMUM_FLOW_KG_S = 6.7e-4
"""Of a building without demand. The exercise leaves the value open ("minimal mass flow rate"). This
one is read off the results: in the quarter of an hour in which demand ends, the same return water
meets the minimum flow, and injection gives 6.68 to 6.72e-4 in each of the three Modelica tools."""

EXAMPLE_FLOW_KG_S = 1e-4
"""Default of the exercise's example consumer, with which no tool ran; reported beside."""
WEEK_S, IGNORED_S = 604_800.0, 90_000.0

LOSS_LIMIT_PERCENT, INJECTION_LIMIT_PERCENT = 2.0, 1.0

OUTLIER_SHARE = 0.05
"""A tool whose mean injection is this far from the tools' median solved another task."""

_PIPES = {
    **TREE_COLUMNS,
    "insulation_thickness": Column(LENGTH),
    "k_insulation": Column(CONDUCTIVITY),
}
_RESULT = {"time": Column(TIME), "heat_injection": Column(POWER), "heat_losses": Column(POWER)}


@dataclass(frozen=True, slots=True)
class Case:
    """The exercise as read: network, demand of one building, results by tool."""

    network: PipeNetwork
    demand: Table
    results: dict[str, Table]


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
    folder = find_folder(data / "destest", "ce1", "pipes, demand and results of exercise 1")
    pipes = reader.read(folder / "pipes.csv", _PIPES)
    demand = reader.read(
        folder / "heat_demand_one_building.csv", {"time": Column(TIME), "Q_demand": Column(POWER)}
    )
    results = {}
    for path in sorted(folder.glob("result_*.csv")):
        if path.stem.endswith("_70C"):
            continue  # another set-up, 70 degC supply, with other columns
        table = reader.read(path, _RESULT)
        if table is not None:
            results[path.stem.removeprefix("result_").replace("_", " ")] = table
    if not results:
        reader.complain(folder, "holds no result_<tool>.csv to compare with; check the folder")
    if pipes is None or demand is None or not results:
        return None
    if not reaches_root(pipes, folder / "pipes.csv", reader):
        return None
    return Case(_network(pipes), demand, results)


def run(case: Case) -> Report:
    """Simulate and compare."""
    checks: list[Check] = []
    edges, injection, loss = simulate(case, FINE_STEP_S)
    our_mean = _means(edges[1:], injection, loss)
    coarse = _coarse_means(case, MINIMUM_FLOW_KG_S)
    example = _coarse_means(case, EXAMPLE_FLOW_KG_S)
    theirs = {
        tool: _means(t["time"], t["heat_injection"], t["heat_losses"])
        for tool, t in case.results.items()
    }
    median = float(np.median([m[0] for m in theirs.values()]))
    kept = [tool for tool, m in theirs.items() if abs(m[0] / median - 1.0) <= OUTLIER_SHARE]
    left_out = ", ".join(tool for tool in theirs if tool not in kept)
    note = f"left out as outlier: {left_out}" if left_out else ""
    for k, (figure, limit) in enumerate(
        (("mean injection", INJECTION_LIMIT_PERCENT), ("mean losses", LOSS_LIMIT_PERCENT))
    ):
        middle = float(np.mean([theirs[tool][k] for tool in kept]))
        percent = {tool: 100.0 * (m[k] / middle - 1.0) for tool, m in theirs.items()}
        ours = 100.0 * (our_mean[k] / middle - 1.0)
        label = f"{figure} against the tools' mean"
        checks += [
            Check("CE1 week", f"{label}, {FINE_STEP_S:g} s", ours, "%", limit, percent, note),
            Check(
                "CE1 week",
                f"{label}, {TRAINING_STEP_S:g} s",
                100.0 * (coarse[k] / middle - 1.0),
                "%",
            ),
            Check(
                "CE1 week",
                f"{label}, minimum flow {EXAMPLE_FLOW_KG_S:g} kg/s",
                100.0 * (example[k] / middle - 1.0),
                "%",
                note="the example consumer's default, with which no tool ran",
            ),
            Check(
                "CE1 week",
                figure,
                our_mean[k] / 1000.0,
                "kW",
                None,
                {tool: m[k] / 1000.0 for tool, m in theirs.items()},
            ),
        ]
    return Report(
        "destest CE1",
        "16 buildings, one week: injection and losses against the mean of the tools",
        tuple(checks),
        _pictures(case, kept, edges, injection, loss),
    )


def simulate(
    case: Case, dt_s: float, minimum_flow_kg_s: float = MINIMUM_FLOW_KG_S
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Simulate the week.

    Returns:
        Edges of the steps in s, injection at the root and losses of all pipes in W, step means.
    """
    net = case.network.net
    leaves = ends_of_tree(net)
    edges = step_edges(0.0, WEEK_S, dt_s)
    demand = step_means(case.demand["time"], case.demand["Q_demand"], edges)
    flow = np.maximum(demand / (HEAT_CAPACITY_J_KGK * CONSUMER_SPAN_K), minimum_flow_kg_s)
    one = np.ones(leaves.size)
    drive = Drive(
        consumer=leaves,
        flow_kg_s=np.multiply.outer(flow, one),
        heat_w=np.multiply.outer(demand, one),
        inlet_temp_c=np.full(flow.size, SUPPLY_TEMP_C),
        outside_temp_c=np.full(flow.size, GROUND_TEMP_C),
        initial_temp_c=SUPPLY_TEMP_C,
    )
    course = run_imposed(net, case.network.pipes, drive, dt_s)
    injection = leaves.size * flow * HEAT_CAPACITY_J_KGK * (SUPPLY_TEMP_C - course.root_return_c)
    return edges, injection, course.loss_w


def _network(pipes: Table) -> PipeNetwork:
    sizes = zip(
        pipes["d_inner"].tolist(),
        pipes["insulation_thickness"].tolist(),
        pipes["k_insulation"].tolist(),
        strict=True,
    )
    resistances = [
        shell_resistance_mk_w((inner, inner + 2.0 * insulation, conductivity))
        for inner, insulation, conductivity in sizes
    ]
    mean_c = SUPPLY_TEMP_C - 0.5 * CONSUMER_SPAN_K
    return build_network(
        pipe_lines(pipes, resistances),
        ROOT,
        density_kg_m3=water_density_kg_m3(mean_c),
        heat_capacity_j_kgk=HEAT_CAPACITY_J_KGK,
    )


def _coarse_means(case: Case, minimum_flow_kg_s: float) -> tuple[float, float]:
    edges, injection, loss = simulate(case, TRAINING_STEP_S, minimum_flow_kg_s)
    return _means(edges[1:], injection, loss)


def _means(time: FloatArray, injection: FloatArray, loss: FloatArray) -> tuple[float, float]:
    kept = (time > IGNORED_S) & (time <= WEEK_S)
    if not kept.any():
        return math.nan, math.nan
    return float(injection[kept].mean()), float(loss[kept].mean())


def _pictures(
    case: Case, kept: list[str], edges: FloatArray, injection: FloatArray, loss: FloatArray
) -> tuple[Curves, ...]:
    """Injection and losses every 15 min; the first tool that is no outlier stands for measured."""
    first = kept[0]
    time = case.results[first]["time"]
    shown = (time > IGNORED_S) & (time <= WEEK_S)
    time = time[shown]
    middles = 0.5 * (edges[1:] + edges[:-1])
    pictures = []
    # some tools book the losses of still water all at once when it moves again
    for name, column, ours, values, errors in (
        ("injection", "heat_injection", injection, None, (-30.0, 30.0)),
        ("losses", "heat_losses", loss, (0.0, 8.0), (-4.0, 4.0)),
    ):
        others = {
            tool: (table["time"][shown] / 3600.0, table[column][shown] / 1000.0)
            for tool, table in case.results.items()
            if tool != first and table["time"].size == shown.size
        }
        pictures.append(
            Curves(
                f"ce1-{name}",
                f"DESTEST CE1: {name}",
                time / 3600.0,
                "h",
                case.results[first][column][shown] / 1000.0,
                np.interp(time, middles, ours) / 1000.0,
                others,
                label=first,
                ylabel=f"{name}, kW",
                error_label="difference, kW",
                value_span=values,
                error_span=errors,
            )
        )
    return tuple(pictures)
