"""The network of Schutterwald as it is imported, against pandapipes' own solution of it.

The network comes with pandapipes: 488 junctions, 482 pipes, 44 heat consumers with given heat and
flow, one circulation pump at 70 degC, surroundings at -12 degC. The same heat and flow are imposed
on the imported district; what is compared has gone through the whole import: paired lines, merged
junctions, insulation chosen for the given heat loss.
"""

import logging
from collections import Counter
from typing import Any, Literal

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.exchange.assembly import Choices, Imported
from heatrouter.envs.exchange.pandapipes_import import import_pandapipes
from heatrouter.envs.network.circles import NO_FLOW_KG_S
from heatrouter.envs.network.pipe_data import build_pipe_data
from heatrouter.envs.network.steady import steady_state
from heatrouter.envs.network.steady_solve import SteadyState
from heatrouter.envs.network.topology import build_topology
from heatrouter.envs.spec.consumer_units import Substation
from heatrouter.envs.units import ZERO_CELSIUS_K
from heatrouter.envs.validation.pandapipes_solution import run_peer
from heatrouter.envs.validation.random_networks import VISCOSITY_PA_S
from heatrouter.envs.validation.verdict import Check, Report, worst

NETWORK = "schutterwald_heat"
FLOW_LIMIT_PERCENT, TEMPERATURE_LIMIT_K = 0.5, 0.1


def run() -> Report:
    """Import, solve and compare.

    Raises:
        ConfigError: pandapipes is not installed.
        NumericalError: one of the two does not converge.
    """
    made = import_pandapipes(NETWORK, Choices())
    checks = []
    for fluid in ("constant", "water"):
        net = peer(made, fluid)
        run_peer(net)
        checks += compare(made, solve(made, net), net, fluid)
    summary = (
        f"{NETWORK}, imported as {len(made.district.locations)} locations, "
        f"{len(made.district.pipes)} pipe pairs and {len(made.district.units)} units: deviation "
        "from pandapipes' own steady state"
    )
    return Report("import", summary, tuple(checks))


def peer(made: Imported, fluid: Literal["constant", "water"]) -> Any:  # noqa: ANN401
    """The network as pandapipes has it, with its own water or with that of the district."""
    import pandapipes as pp
    from pandapipes import networks

    logging.getLogger("pandapipes").setLevel(logging.ERROR)
    net = networks.schutterwald_heat()
    if fluid == "constant":
        circuit = made.district.circuits[0]
        net.fluid = pp.create_constant_fluid(
            "constant water",
            "liquid",
            density=circuit.density_kg_m3,
            viscosity=VISCOSITY_PA_S,
            heat_capacity=circuit.heat_capacity_j_kgk,
        )
    return net


def solve(made: Imported, net: Any) -> SteadyState:  # noqa: ANN401
    """Steady state of the imported district under the network's own flows, heat and ground."""
    district = made.district
    topology = build_topology(district)
    places = {place.name: i for i, place in enumerate(district.locations)}
    consumers = [u for u in district.units if isinstance(u, Substation)]
    return steady_state(
        topology,
        build_pipe_data(district, topology),
        VISCOSITY_PA_S,
        consumers=np.array([places[u.location] for u in consumers], dtype=np.int64),
        consumer_flow_kg_s=np.asarray(net.heat_consumer.controlled_mdot_kg_per_s, np.float64),
        consumer_heat_w=np.asarray(net.heat_consumer.qext_w, np.float64),
        root_temp_c=float(net.circ_pump_pressure.t_flow_k.iloc[0]) - ZERO_CELSIUS_K,
        ground_temp_c=float(net.pipe.text_k.iloc[0]) - ZERO_CELSIUS_K,
    )


def compare(made: Imported, ours: SteadyState, net: Any, fluid: str) -> list[Check]:  # noqa: ANN401
    """Deviations of flows and temperatures, wherever the network was mapped to."""
    flow, outlet = _along_pipes(made, ours, net)
    temperature = _temperature_k(made, ours, net)
    root = np.atleast_1d(ours.root_heat)
    theirs = float(net.res_circ_pump_pressure.qext_w.iloc[0])
    case = "same constant water" if fluid == "constant" else "pandapipes' own water"
    note = "" if fluid == "constant" else "its heat capacity follows temperature"
    loss = f"{0.001 * float(root[0]):.0f} kW here; {note}".rstrip("; ")
    return [
        Check(case, "mass flow", worst(flow), "%", FLOW_LIMIT_PERCENT,
              note=f"{flow.size} pipes with flow"),
        Check(case, "temperature of junctions", worst(temperature), "K", TEMPERATURE_LIMIT_K,
              note=f"{temperature.size} junctions that were not joined; {note}".rstrip("; ")),
        Check(case, "temperature at ends of pipes", worst(outlet), "K", TEMPERATURE_LIMIT_K,
              note=f"{outlet.size} pipes with flow"),
        Check(case, "heat of the pump", 100.0 * (float(root[0]) / theirs - 1.0), "%", None,
              note=loss),
    ]  # fmt: skip


def _along_pipes(
    made: Imported,
    ours: SteadyState,
    net: Any,  # noqa: ANN401
) -> tuple[FloatArray, FloatArray]:
    """Deviation of each pipe's flow, %, and of the temperature at its downstream end, K."""
    n_pairs = len(made.district.pipes)
    flows, outlets = [], []
    for p, pipe in enumerate(made.district.pipes):
        for line, path in enumerate(made.pipe_paths[pipe.name]):
            if path is None:
                continue
            theirs = net.res_pipe.loc[_index(path)]
            other, own = abs(float(theirs.mdot_from_kg_per_s)), abs(ours.flow[line * n_pairs + p])
            if max(own, other) < NO_FLOW_KG_S:
                continue
            flows.append(100.0 * (own / other - 1.0) if other > 0.0 else np.inf)
            outlet_c = float(theirs.t_outlet_k) - ZERO_CELSIUS_K
            outlets.append(float(ours.outlet_temp[line * n_pairs + p]) - outlet_c)
    return np.array(flows), np.array(outlets)


def _temperature_k(made: Imported, ours: SteadyState, net: Any) -> FloatArray:  # noqa: ANN401
    """Deviation of each junction, K, but for those that were joined: only one of them is mixed."""
    places = {place.name: i for i, place in enumerate(made.district.locations)}
    joined = Counter(made.same.of(str(junction)) for junction in net.res_junction.index)
    found = []
    for junction, kelvin in net.res_junction.t_k.items():
        node = made.same.of(str(junction))
        for line, table in enumerate((made.supply_nodes, made.return_nodes)):
            if node in table and joined[node] == 1:
                own = ours.node_temp[line * len(places) + places[table[node]]]
                found.append(float(own) - (float(kelvin) - ZERO_CELSIUS_K))
    return np.array(found)


def _index(path: str) -> int:
    return int(path.removeprefix("pipe[").removesuffix("]"))
