"""The network of `pipes_heatrouter`, by pandapipes: run with the path of its JSON."""

import logging
import sys
import time
from typing import Any

import pandapipes

from peers.stopwatch import Spent, serve, timed

DT_S = 60.0
SOLVES = 15
STEPS = 30
"""Half an hour: several times what water needs to cross the network."""

KELVIN = 273.15


def main(path: str) -> None:
    logging.getLogger("pandapipes").setLevel(logging.ERROR)
    net: Any = pandapipes.from_json(path)
    root_return = int(net.circ_pump_pressure.return_junction.iloc[0])

    def solve(**options: object) -> None:
        pandapipes.pipeflow(net, mode="sequential", friction_model="colebrook", **options)

    def return_temp_c() -> float:
        return float(net.res_junction.t_k.at[root_return]) - KELVIN

    def steady() -> Spent:
        return timed(solve, SOLVES)._replace(result=return_temp_c())

    def transient() -> Spent:
        begin = time.process_time()
        for step in range(STEPS):
            solve(transient=True, dt=DT_S, simulation_time_step=step)
        return Spent(STEPS, time.process_time() - begin, return_temp_c())

    serve(
        {"steady": steady, "transient": transient},
        ("pandapipes", "pandapower", "numpy", "numba"),
    )


if __name__ == "__main__":
    main(sys.argv[1])
