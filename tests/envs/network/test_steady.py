"""Steady states against closed forms and balances of mass and heat."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatrouter.envs.errors import NumericalError
from heatrouter.envs.network.steady import SteadySolver, steady_state
from heatrouter.envs.network.topology import PipeData
from heatrouter.envs.validation.pipe_network import PipeLine, PipeNetwork, build_network

CP, DENSITY, VISCOSITY = 4180.0, 988.0, 5e-4


def network(lines: list[PipeLine]) -> PipeNetwork:
    return build_network(
        lines, lines[0].from_location, density_kg_m3=DENSITY, heat_capacity_j_kgk=CP
    )


def line(start: str, end: str, length_m: float = 100.0, inner_m: float = 0.05) -> PipeLine:
    return PipeLine(start, end, length_m, inner_m, resistance_mk_w=4.0, roughness_m=5e-5)


def test_one_pipe_cools_exponentially() -> None:
    net = network([line("root", "house", length_m=800.0)])
    state = steady_state(
        net.net,
        net.pipes,
        VISCOSITY,
        consumers=np.array([1]),
        consumer_flow_kg_s=0.2,
        consumer_heat_w=0.2 * CP * 30.0,
        root_temp_c=80.0,
        ground_temp_c=10.0,
    )
    decay = math.exp(-800.0 / 4.0 / (0.2 * CP))
    supply = 10.0 + 70.0 * decay
    assert state.node_temp[1] == pytest.approx(supply, rel=1e-12)
    assert state.consumer_return[0] == pytest.approx(supply - 30.0, rel=1e-12)
    assert state.node_temp[2] == pytest.approx(10.0 + (supply - 40.0) * decay, rel=1e-12)
    assert state.root_heat[0] == pytest.approx(0.2 * CP * 30.0 + state.loss.sum(), rel=1e-12)


def test_pressure_falls_along_supply_and_return() -> None:
    net = network([line("root", "a"), line("a", "b")])
    state = steady_state(
        net.net,
        net.pipes,
        VISCOSITY,
        consumers=np.array([2]),
        consumer_flow_kg_s=1.5,
        consumer_heat_w=1e5,
        root_temp_c=80.0,
        ground_temp_c=10.0,
        min_dp_pa=5e4,
    )
    supply, back = state.pressure[:3], state.pressure[3:]
    assert (np.diff(supply) < 0.0).all()
    assert (np.diff(back) > 0.0).all()
    assert supply[2] - back[2] == pytest.approx(5e4)
    assert state.available_dp[0] == pytest.approx(5e4)


def _meshed(between_w_mk: float) -> PipeNetwork:
    """Root, a square of four with a chord, and a spur with a producer."""
    built = network(
        [
            line("root", "a", inner_m=0.1),
            line("a", "b"),
            line("a", "c", 150.0),
            line("b", "d", 80.0),
            line("c", "d", 60.0, 0.04),
            line("d", "e", 200.0),
        ]
    )
    length = np.array([100.0, 100.0, 150.0, 80.0, 60.0, 200.0])
    fields = built.pipes._asdict() | {"between": between_w_mk * length}
    return PipeNetwork(built.net, PipeData(**fields), built.location, built.pair)


@settings(max_examples=30)
@given(
    flows=st.lists(st.floats(0.05, 3.0), min_size=3, max_size=3),
    share=st.floats(0.0, 0.9),
    between=st.sampled_from([0.0, 0.02, 0.5]),
)
def test_mass_and_heat_balance(flows: list[float], share: float, between: float) -> None:
    """What root and producer give is what consumers take and pipes lose to the ground."""
    net = _meshed(between)
    at = net.location
    consumers = np.array([at["b"], at["c"], at["d"]])
    flow = np.array(flows)
    state = steady_state(
        net.net,
        net.pipes,
        VISCOSITY,
        consumers=consumers,
        consumer_flow_kg_s=flow,
        consumer_heat_w=flow * CP * 25.0,
        root_temp_c=85.0,
        ground_temp_c=8.0,
        producers=np.array([at["e"]]),
        producer_flow_kg_s=share * flow.sum(),
        producer_temp_c=90.0,
    )
    n_pairs = net.net.pair_from.size
    assert state.root_flow[0] == pytest.approx((1.0 - share) * flow.sum(), abs=1e-9)
    for which, sign in ((0, 1.0), (1, -1.0)):
        m = state.flow[which * n_pairs : (which + 1) * n_pairs]
        mass = np.zeros(net.net.order.size)
        np.add.at(mass, net.net.pair_to, m)
        np.add.at(mass, net.net.pair_from, -m)
        wanted = np.zeros_like(mass)
        wanted[consumers] = sign * flow
        wanted[at["e"]] -= sign * share * flow.sum()
        wanted[at["root"]] = -sign * state.root_flow[0]
        assert mass == pytest.approx(wanted, abs=1e-9)
    given_w = state.root_heat.sum() + state.producer_heat.sum()
    taken_w = flow.sum() * CP * 25.0 + state.loss.sum()
    assert given_w == pytest.approx(taken_w, rel=1e-7)


def test_coupled_pipes_warm_the_return() -> None:
    apart, near = _meshed(0.0), _meshed(0.3)
    states = [
        steady_state(
            net.net,
            net.pipes,
            VISCOSITY,
            consumers=np.array([net.location["d"]]),
            consumer_flow_kg_s=0.5,
            consumer_heat_w=0.5 * CP * 30.0,
            root_temp_c=85.0,
            ground_temp_c=8.0,
        )
        for net in (apart, near)
    ]
    where = apart.location["d"]
    assert states[1].node_temp[where] < states[0].node_temp[where]
    n_pairs = apart.net.pair_from.size
    assert states[1].loss[:n_pairs].sum() > states[0].loss[:n_pairs].sum()


def test_still_water_is_as_cold_as_the_ground() -> None:
    net = _meshed(0.0)
    state = steady_state(
        net.net,
        net.pipes,
        VISCOSITY,
        consumers=np.array([net.location["b"]]),
        consumer_flow_kg_s=0.0,
        consumer_heat_w=0.0,
        root_temp_c=85.0,
        ground_temp_c=8.0,
    )
    assert state.flow == pytest.approx(np.zeros(12))
    assert state.node_temp == pytest.approx(np.full(12, 8.0))
    assert state.loss == pytest.approx(np.zeros(12))


def test_more_feed_than_use_is_refused() -> None:
    net = _meshed(0.0)
    with pytest.raises(NumericalError, match="more than consumers take"):
        steady_state(
            net.net,
            net.pipes,
            VISCOSITY,
            consumers=np.array([net.location["b"]]),
            consumer_flow_kg_s=1.0,
            consumer_heat_w=1e5,
            root_temp_c=85.0,
            ground_temp_c=8.0,
            producers=np.array([net.location["e"]]),
            producer_flow_kg_s=1.5,
            producer_temp_c=80.0,
        )


def test_a_solver_forgets_what_it_solved_before() -> None:
    net = _meshed(0.1)
    consumers = np.array([net.location["b"], net.location["d"]])
    solver = SteadySolver(net.net, net.pipes, VISCOSITY, consumers)

    def solved(flow: float) -> tuple[np.ndarray, np.ndarray]:
        solver.impose(consumer_flow_kg_s=flow, consumer_heat_w=1e5, root_temp_c=85.0)
        state = solver.solve(8.0)
        return state.flow.copy(), state.node_temp.copy()

    flow, temp = solved(1.0)
    solved(3.0)
    again_flow, again_temp = solved(1.0)
    assert again_flow == pytest.approx(flow, abs=1e-6)
    assert again_temp == pytest.approx(temp, abs=1e-6)
