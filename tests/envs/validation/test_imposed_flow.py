"""The driver of imposed flows: heat kept, profiles laid, trees only."""

import numpy as np
import pytest

from heatrouter.envs.network.steady import steady_state
from heatrouter.envs.validation.imposed_flow import Drive, run_imposed
from heatrouter.envs.validation.pipe_network import PipeLine, PipeNetwork, build_network

CP, GROUND_C = 4182.0, 10.0


def small_tree() -> PipeNetwork:
    lines = [
        PipeLine("root", "a", 80.0, 0.06, 4.0, 2000.0),
        PipeLine("a", "b", 50.0, 0.03, 5.0, 800.0),
        PipeLine("c", "a", 60.0, 0.03, 5.0, 800.0),
    ]
    return build_network(lines, "root", density_kg_m3=985.0, heat_capacity_j_kgk=CP)


def drive(net: PipeNetwork, steps: int, initial: float | tuple[float, float]) -> Drive:
    return Drive(
        consumer=np.array([net.location["b"], net.location["c"]], dtype=np.int64),
        flow_kg_s=np.tile([0.3, 0.2], (steps, 1)),
        heat_w=np.tile([0.3 * CP * 25.0, 0.2 * CP * 25.0], (steps, 1)),
        inlet_temp_c=np.full(steps, 80.0),
        outside_temp_c=np.full(steps, GROUND_C),
        initial_temp_c=initial,
    )


@pytest.mark.parametrize("dt_s", [1.0, 30.0])
def test_it_settles_to_the_steady_state(dt_s: float) -> None:
    net = small_tree()
    course = run_imposed(net.net, net.pipes, drive(net, round(7200 / dt_s), 50.0), dt_s)
    state = steady_state(
        net.net,
        net.pipes,
        5e-4,
        consumers=np.array([net.location["b"], net.location["c"]]),
        consumer_flow_kg_s=np.array([0.3, 0.2]),
        consumer_heat_w=np.array([0.3, 0.2]) * CP * 25.0,
        root_temp_c=80.0,
        ground_temp_c=GROUND_C,
    )
    tolerance_k = 0.01 if dt_s < 2.0 else 0.05
    assert course.consumer_temp_c[-1] == pytest.approx(
        state.node_temp[[net.location["b"], net.location["c"]]], abs=tolerance_k
    )
    n_loc = net.net.order.size
    assert course.root_return_c[-1] == pytest.approx(state.node_temp[n_loc], abs=tolerance_k)
    assert course.loss_w[-1] == pytest.approx(state.loss.sum(), rel=0.01)


def test_a_profile_leaves_far_end_first() -> None:
    """Water laid from 70 to 40 degC comes out beginning with 40."""
    lines = [PipeLine("root", "end", 100.0, 0.05, 1e9)]
    net = build_network(lines, "root", density_kg_m3=985.0, heat_capacity_j_kgk=CP)
    transit = round(float(net.pipes.water_mass[0]) / 0.5)
    steps = Drive(
        consumer=np.array([1], dtype=np.int64),
        flow_kg_s=np.full((transit, 1), 0.5),
        heat_w=None,
        inlet_temp_c=np.full(transit, 20.0),
        outside_temp_c=np.full(transit, 20.0),
        initial_temp_c=(70.0, 40.0),
    )
    outlet = run_imposed(net.net, net.pipes, steps, 1.0).consumer_temp_c[:, 0]
    expected = np.linspace(40.0, 70.0, transit)
    assert outlet[5:-5] == pytest.approx(expected[5:-5], abs=1.5)


def test_loops_are_refused() -> None:
    lines = [PipeLine(a, b, 50.0, 0.05, 4.0) for a, b in (("r", "a"), ("a", "b"), ("b", "r"))]
    net = build_network(lines, "r", density_kg_m3=985.0, heat_capacity_j_kgk=CP)
    steps = Drive(
        np.array([1], dtype=np.int64), np.ones((1, 1)), None, np.ones(1), np.ones(1), 20.0
    )
    with pytest.raises(ValueError, match="need a tree"):
        run_imposed(net.net, net.pipes, steps, 1.0)
