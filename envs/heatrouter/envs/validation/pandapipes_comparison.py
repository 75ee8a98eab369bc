"""Flows, pressure differences and temperatures against pandapipes on seeded random networks.

Same pipes, same imposed flows, same constant water on both sides. Below Re 4000 the friction laws
differ by definition, so the networks that are judged are turbulent everywhere; some with
low-flow loops are reported beside, and so is the deviation from pandapipes' own water, whose
density and viscosity follow temperature. What is left with the same water is the constant of
Colebrook's equation (3.7 here, 3.71 there); with roughnesses scaled to make up for it, the solvers
agree.
"""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.network.steady_solve import SteadyState
from heatrouter.envs.validation.pandapipes_solution import SAME_LAW, build_peer, solve_peer
from heatrouter.envs.validation.random_networks import TURBULENT_RE, RandomNetwork, draw_network
from heatrouter.envs.validation.verdict import Check, Panel, Report, Scatter

FLOW_LIMIT_PERCENT, PRESSURE_LIMIT_PERCENT, TEMPERATURE_LIMIT_K = 0.1, 0.5, 0.05

TURBULENT_NETWORKS, LOW_FLOW_NETWORKS = 54, 10
SMALLEST_PAIRS, LARGEST_PAIRS = 5, 200
FIRST_SEED = 2000
LEAST_DIFFERENCE_PA = 100.0
"""Smaller pressure differences are left out of relative deviations."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """Largest deviations of one network.

    Attributes:
        n_pairs: Its pairs of pipes.
        n_loops: Its loops.
        n_producers: Its producers, the root included.
        flow_percent: Of the mass flow of each turbulent pipe.
        pressure_percent: Of pressure differences: along each turbulent pipe, and between the root
            and each node of supply and return, there over the sum of the magnitudes on the way
            (towards a producer they nearly cancel).
        temperature_k: Of node temperatures.
        least_reynolds: Of all pipes.
    """

    n_pairs: int
    n_loops: int
    n_producers: int
    flow_percent: float
    pressure_percent: float
    temperature_k: float
    least_reynolds: float


def run(
    turbulent: int = TURBULENT_NETWORKS,
    low_flow: int = LOW_FLOW_NETWORKS,
    largest_pairs: int = LARGEST_PAIRS,
    first_seed: int = FIRST_SEED,
) -> Report:
    """Draw, solve and compare.

    Args:
        turbulent: Number of networks that are judged.
        low_flow: Number of networks with low-flow loops, which are reported.
        largest_pairs: Size of the largest.
        first_seed: Of the networks that are judged.

    Raises:
        ConfigError: pandapipes is not installed.
        NumericalError: one of the two does not converge.
    """
    sizes = np.geomspace(SMALLEST_PAIRS, largest_pairs, max(turbulent, 2)).round().astype(int)
    drawn = [draw_network(first_seed + k, int(sizes[k])) for k in range(turbulent)]
    ours = [case.solve() for case in drawn]
    same, law, water = [], [], []
    for case, state in zip(drawn, ours, strict=True):
        same.append(_compare(case, state, build_peer(case)))
        law.append(_compare(case, state, build_peer(case, roughness_scale=SAME_LAW)))
        water.append(_compare(case, state, build_peer(case, "water")))
    sizes = np.geomspace(20, largest_pairs, max(low_flow, 2)).round().astype(int)
    loose = [
        draw_network(first_seed + 1000 + k, int(sizes[k]), keep_low_flow=True)
        for k in range(low_flow)
    ]
    low = [_compare(case, case.solve(), build_peer(case)) for case in loose]
    pipes = [2 * d.n_pairs for d in same]
    loops = sum(d.n_loops > 0 for d in same)
    several = sum(d.n_producers > 1 for d in same)
    summary = (
        f"{len(same)} random networks of {min(pipes)} to {max(pipes)} pipes, {loops} with loops, "
        f"{several} with several producers: largest deviation from pandapipes"
    )
    checks = [
        *_checks("same constant water", same, limited=True, note="k/3.7d here, k/3.71d there")
    ]
    checks += _checks(
        "same water, same law", law, limited=True, note="roughness times 3.71/3.7 there"
    )
    checks += _checks(
        "pandapipes' own water", water, limited=False, note="density and viscosity by temperature"
    )
    if low:
        least = min(d.least_reynolds for d in low)
        note = f"flows down to Re {least:.0f}, where the friction laws differ; pipes above Re 4000"
        checks += _checks(f"{len(low)} with low-flow loops", low, limited=False, note=note)
    return Report("pandapipes", summary, tuple(checks), (_picture(same, law, water, low),))


def _compare(case: RandomNetwork, ours: SteadyState, net: object) -> Deviation:
    """Deviations of this project's solution from pandapipes' solution of ``net``."""
    peer = solve_peer(net)
    n_loc, n_pairs = case.network.net.order.size, len(case.lines)
    reynolds = case.reynolds(ours.flow)
    turbulent = reynolds >= TURBULENT_RE
    flow = 100.0 * np.abs(peer.flow_kg_s / ours.flow - 1.0)[turbulent]
    along = _along(case, peer.pressure_pa, n_loc)
    pairs_kept = turbulent & (np.abs(along) > LEAST_DIFFERENCE_PA)
    dp = np.abs(ours.drop / along - 1.0)[pairs_kept]
    way = _friction_on_the_way(case, along)
    kept = way > LEAST_DIFFERENCE_PA
    off = np.abs(_from_root(ours.pressure, n_loc) - _from_root(peer.pressure_pa, n_loc))
    dp_root = off[kept] / way[kept]
    return Deviation(
        n_pairs,
        case.n_loops,
        1 + case.producers.size,
        _largest(flow),
        100.0 * _largest(np.concatenate([dp, dp_root])),
        _largest(np.abs(ours.node_temp - peer.node_temp_c)),
        float(reynolds.min()),
    )


def _along(case: RandomNetwork, pressure: FloatArray, n_loc: int) -> FloatArray:
    """Pressure difference along every pipe of both lines, Pa."""
    net = case.network.net
    drops = [
        pressure[offset + net.pair_from] - pressure[offset + net.pair_to] for offset in (0, n_loc)
    ]
    return np.concatenate(drops)


def _friction_on_the_way(case: RandomNetwork, along: FloatArray) -> FloatArray:
    """Sum of the magnitudes of pressure differences from the root to every node, Pa."""
    net = case.network.net
    n_loc, n_pairs = net.order.size, net.pair_from.size
    way = np.zeros(2 * n_loc)
    for i in net.order[1:]:
        for line in range(2):
            pipe = line * n_pairs + net.parent_pair[i]
            way[line * n_loc + i] = way[line * n_loc + net.parent[i]] + abs(along[pipe])
    return way


def _from_root(pressure: FloatArray, n_loc: int) -> FloatArray:
    """Pressure of every node above the root of its line, Pa; the root is location 0."""
    supply, back = pressure[:n_loc] - pressure[0], pressure[n_loc:] - pressure[n_loc]
    return np.concatenate([supply, back])


def _largest(values: FloatArray) -> float:
    return float(values.max()) if values.size else 0.0


def _checks(case: str, found: list[Deviation], *, limited: bool, note: str) -> tuple[Check, ...]:
    rows = (
        ("mass flow", [d.flow_percent for d in found], "%", FLOW_LIMIT_PERCENT),
        ("pressure difference", [d.pressure_percent for d in found], "%", PRESSURE_LIMIT_PERCENT),
        ("temperature", [d.temperature_k for d in found], "K", TEMPERATURE_LIMIT_K),
    )
    return tuple(
        Check(
            case,
            figure,
            float(np.max(values)) if values else float("nan"),
            unit,
            limit if limited else None,
            note=f"{note}; median {float(np.median(values)):.1g} {unit}" if values else note,
        )
        for figure, values, unit, limit in rows
    )


def _picture(
    same: list[Deviation], law: list[Deviation], water: list[Deviation], low: list[Deviation]
) -> Scatter:
    series = {
        "same water": same,
        "same water, same law": law,
        "low-flow loops": low,
        "pandapipes' own water": water,
    }
    panels = (
        ("mass flow", "largest deviation, %", "flow_percent", FLOW_LIMIT_PERCENT),
        ("pressure difference", "largest deviation, %", "pressure_percent", PRESSURE_LIMIT_PERCENT),
        ("temperature", "largest deviation, K", "temperature_k", TEMPERATURE_LIMIT_K),
    )
    return Scatter(
        "pandapipes",
        "Random networks against pandapipes: the largest deviation of each",
        "pipes",
        tuple(
            Panel(
                title,
                ylabel,
                {
                    name: (
                        np.array([2.0 * d.n_pairs for d in found]),
                        np.array([float(getattr(d, attribute)) for d in found]),
                    )
                    for name, found in series.items()
                    if found
                },
                limit,
            )
            for title, ylabel, attribute, limit in panels
        ),
    )
