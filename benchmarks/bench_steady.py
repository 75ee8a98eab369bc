"""Steady state of a network of 48 pipes, against pandapipes on the same network in the same run.

The network is that of DESTEST CE0 where HEATROUTER_DATA names a data folder with ``validation/``
beside it, else a tree of the same kind: both have a root, two streets and 16 consumers.
"""

import logging
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
from measure import SMOKE_VARIABLE, Measurement, measure
from rich.console import Console

from heatrouter.envs.network.steady import SteadySolver
from heatrouter.envs.validation import destest_ce0
from heatrouter.envs.validation.measurement_files import Reader
from heatrouter.envs.validation.pandapipes_solution import build_peer, run_peer, why_not
from heatrouter.envs.validation.pipe_network import PipeLine, PipeNetwork, build_network
from heatrouter.envs.validation.random_networks import (
    DENSITY_KG_M3,
    GROUND_TEMP_C,
    HEAT_CAPACITY_J_KGK,
    ROOT_TEMP_C,
    VISCOSITY_PA_S,
    RandomNetwork,
)

LIMIT_S = 15e-6
CONSUMER_FLOW_KG_S = 553.0 / 3600.0
SPAN_K = 30.0


def main() -> list[Measurement]:
    lines, source = network_lines()
    network = build_network(
        lines, "i", density_kg_m3=DENSITY_KG_M3, heat_capacity_j_kgk=HEAT_CAPACITY_J_KGK
    )
    case = imposed_case(network, lines)
    solver = SteadySolver(network.net, network.pipes, VISCOSITY_PA_S, case.consumers)
    solver.impose(
        consumer_flow_kg_s=case.consumer_flow_kg_s,
        consumer_heat_w=case.consumer_heat_w,
        root_temp_c=ROOT_TEMP_C,
    )
    solver.solve(GROUND_TEMP_C)
    name = f"steady state, {2 * len(lines)} pipes ({source})"
    found = [
        measure(name, lambda: solver.solve(GROUND_TEMP_C), repeats=200, calls=200, limit_s=LIMIT_S)
    ]
    console = Console()
    reason = why_not()
    if reason:
        console.print(f"pandapipes' solve of the network is skipped: {reason}", markup=False)
        return found
    net = build_peer(case)
    logging.getLogger("pandapipes").setLevel(logging.ERROR)
    run_peer(net, tight=False)
    repeats = 1 if os.environ.get(SMOKE_VARIABLE) else 60
    found.append(
        measure("the same by pandapipes", lambda: run_peer(net, tight=False), repeats=repeats)
    )
    console.print(f"pandapipes over heatrouter: {found[1].p50_s / found[0].p50_s:,.0f}")
    return found


def network_lines() -> tuple[list[PipeLine], str]:
    data = os.environ.get("HEATROUTER_DATA")
    folder = Path(data).parent / "validation" / "destest" / "ce0" if data else None
    if folder is None or not folder.is_dir():
        return _two_streets(), "two streets"
    reader = Reader(folder)
    table = reader.read(folder / "pipes.csv", destest_ce0.PIPE_COLUMNS)
    reader.check()
    assert table is not None
    return destest_ce0.lines_of(table), "DESTEST CE0"


def _two_streets() -> list[PipeLine]:
    lines = []
    for street in "lr":
        stops = ["i", *(f"{street}{k}" for k in range(4))]
        for k, (start, end) in enumerate(pairwise(stops)):
            inner_m = (0.0408, 0.0326, 0.0326, 0.0262)[k]
            lines.append(PipeLine(start, end, 24.0, inner_m, 6.0, roughness_m=7e-6))
            lines += [
                PipeLine(end, f"{end}-{house}", 12.0, 0.0204, 7.0, roughness_m=7e-6)
                for house in "ab"
            ]
    return lines


def imposed_case(network: PipeNetwork, lines: list[PipeLine]) -> RandomNetwork:
    net = network.net
    inner = {int(net.parent[i]) for i in range(net.order.size)}
    leaves = np.array([i for i in range(net.order.size) if i not in inner], dtype=np.int64)
    return RandomNetwork(
        seed=0,
        lines=tuple(lines),
        network=network,
        consumers=leaves,
        consumer_flow_kg_s=np.full(leaves.size, CONSUMER_FLOW_KG_S),
        consumer_heat_w=np.full(leaves.size, CONSUMER_FLOW_KG_S * HEAT_CAPACITY_J_KGK * SPAN_K),
        producers=np.zeros(0, dtype=np.int64),
        producer_flow_kg_s=np.zeros(0),
        producer_temp_c=np.zeros(0),
    )
