"""The network of `bench_steady`: its steady state, and days of minutes with imposed flows.

Run with the path to write the network to, for pandapipes to read.
"""

import sys
import time

import numpy as np
from bench_steady import imposed_case, network_lines

from heatrouter.envs.exchange.pandapipes_module import load_pandapipes
from heatrouter.envs.network.steady import SteadySolver
from heatrouter.envs.validation.imposed_flow import Drive, run_imposed
from heatrouter.envs.validation.pandapipes_solution import build_peer
from heatrouter.envs.validation.pipe_network import build_network
from heatrouter.envs.validation.random_networks import (
    DENSITY_KG_M3,
    GROUND_TEMP_C,
    HEAT_CAPACITY_J_KGK,
    ROOT_TEMP_C,
    VISCOSITY_PA_S,
)
from peers.stopwatch import Spent, serve, timed

DT_S = 60.0
DAY_STEPS = 1440
SOLVES = 20_000


def main(path: str) -> None:
    lines, _ = network_lines()
    network = build_network(
        lines, "i", density_kg_m3=DENSITY_KG_M3, heat_capacity_j_kgk=HEAT_CAPACITY_J_KGK
    )
    case = imposed_case(network, lines)
    load_pandapipes().to_json(build_peer(case), path)
    solver = SteadySolver(network.net, network.pipes, VISCOSITY_PA_S, case.consumers)
    solver.impose(
        consumer_flow_kg_s=case.consumer_flow_kg_s,
        consumer_heat_w=case.consumer_heat_w,
        root_temp_c=ROOT_TEMP_C,
    )
    return_node = network.net.order.size + network.location["i"]

    def steady() -> Spent:
        spent = timed(lambda: solver.solve(GROUND_TEMP_C), SOLVES)
        return spent._replace(result=float(solver.solve(GROUND_TEMP_C).node_temp[return_node]))

    drive = Drive(
        consumer=case.consumers,
        flow_kg_s=np.tile(case.consumer_flow_kg_s, (DAY_STEPS, 1)),
        heat_w=np.tile(case.consumer_heat_w, (DAY_STEPS, 1)),
        inlet_temp_c=np.full(DAY_STEPS, ROOT_TEMP_C),
        outside_temp_c=np.full(DAY_STEPS, GROUND_TEMP_C),
        initial_temp_c=ROOT_TEMP_C,
    )

    def transient() -> Spent:
        begin = time.process_time()
        course = run_imposed(network.net, network.pipes, drive, DT_S)
        return Spent(DAY_STEPS, time.process_time() - begin, float(course.root_return_c[-1]))

    serve({"steady": steady, "transient": transient}, ("heatrouter", "numpy", "numba"))


if __name__ == "__main__":
    main(sys.argv[1])
