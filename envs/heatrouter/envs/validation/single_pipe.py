"""One pipe with measured inlet, flow and outlet: what two laboratories did."""

from dataclasses import dataclass

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.validation.imposed_flow import Drive, run_imposed
from heatrouter.envs.validation.pipe_network import PipeLine, build_network
from heatrouter.envs.validation.series import at_times, step_edges, step_means
from heatrouter.envs.validation.verdict import Check, Curves, bias, rmse
from heatrouter.envs.validation.water_properties import HEAT_CAPACITY_J_KGK, water_density_kg_m3

FINE_STEP_S = 1.0
"""Step at which the limits hold: a short pipe cannot show its front at longer ones."""

TRAINING_STEP_S = 60.0
"""Step of the simulator in training, at which the error is printed beside."""

_MOVING_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class PipeTest:
    """A test as read.

    Attributes:
        name: As in ``ulg 151202``.
        line: The pipe.
        time_s: Shape (n,).
        inlet_c: Measured at the inlet.
        outlet_c: Measured at the outlet.
        flow_kg_s: Measured.
        ambient_c: Round the pipe.
        others: Other tools' outlet by name, as times and degC.
        errors: Other tools' RMSE and bias by name, K.
    """

    name: str
    line: PipeLine
    time_s: FloatArray
    inlet_c: FloatArray
    outlet_c: FloatArray
    flow_kg_s: FloatArray
    ambient_c: FloatArray
    others: dict[str, tuple[FloatArray, FloatArray]]
    errors: dict[str, tuple[float, float]]


def outlet_at_samples(test: PipeTest, dt_s: float) -> tuple[FloatArray, FloatArray]:
    """Simulate a test.

    The pipe starts linear between the first readings of inlet and outlet, with its wall as warm as
    the water. The water has the density of the inlet's mean temperature.

    Args:
        test: The measurement that drives the pipe.
        dt_s: Length of a step.

    Returns:
        Ours and the measured outlet, degC: at the measured samples for steps up to a second, as
        means over the steps for longer ones, which is what a long step promises.
    """
    line = test.line
    span = test.time_s[[0, -1]]
    mean_c = float(step_means(test.time_s, test.inlet_c, span)[0])
    network = build_network(
        [line],
        line.from_location,
        density_kg_m3=water_density_kg_m3(mean_c),
        heat_capacity_j_kgk=HEAT_CAPACITY_J_KGK,
    )
    edges = step_edges(float(test.time_s[0]), float(test.time_s[-1]), dt_s)
    drive = Drive(
        consumer=np.array([network.location[line.to_location]], dtype=np.int64),
        flow_kg_s=step_means(test.time_s, test.flow_kg_s, edges)[:, None],
        heat_w=None,
        inlet_temp_c=step_means(test.time_s, test.inlet_c, edges),
        outside_temp_c=step_means(test.time_s, test.ambient_c, edges),
        initial_temp_c=(float(test.inlet_c[0]), float(test.outlet_c[0])),
    )
    outlet = run_imposed(network.net, network.pipes, drive, dt_s).consumer_temp_c[:, 0]
    if dt_s > FINE_STEP_S:
        whole = edges[1:] <= test.time_s[-1] + 1e-9
        return outlet[whole], step_means(test.time_s, test.outlet_c, edges)[whole]
    return at_times(edges, outlet, test.time_s), test.outlet_c


def judge(
    test: PipeTest, *, rmse_limit_k: float, bias_limit_k: float | None
) -> tuple[tuple[Check, ...], Curves]:
    """Compare a test at both steps.

    Args:
        test: The measurement.
        rmse_limit_k: Largest RMSE at the fine step.
        bias_limit_k: Largest bias at the fine step.
    """
    ours, measured = outlet_at_samples(test, FINE_STEP_S)
    error = ours - measured
    coarse_ours, coarse_measured = outlet_at_samples(test, TRAINING_STEP_S)
    coarse = coarse_ours - coarse_measured
    fine_step, coarse_step = f"{FINE_STEP_S:g} s", f"{TRAINING_STEP_S:g} s"
    note = "step means, no limit: a front shorter than the step cannot show"
    checks = (
        Check(
            test.name,
            f"RMSE at {fine_step}",
            rmse(error),
            "K",
            rmse_limit_k,
            {name: both[0] for name, both in test.errors.items()},
        ),
        Check(
            test.name,
            f"bias at {fine_step}",
            bias(error),
            "K",
            bias_limit_k,
            {name: both[1] for name, both in test.errors.items()},
        ),
        Check(test.name, f"RMSE at {coarse_step}", rmse(coarse), "K", note=note),
        Check(test.name, f"bias at {coarse_step}", bias(coarse), "K", note=note),
    )
    curves = Curves(
        test.name.replace(" ", "-"),
        f"{test.name}: outlet of the pipe",
        test.time_s,
        "s",
        measured,
        ours,
        test.others,
        inlet=test.inlet_c,
        window=_window(test),
    )
    return checks, curves


def _window(test: PipeTest) -> tuple[float, float]:
    """Times between which the outlet changes, with some room, for the picture."""
    slope = np.abs(np.gradient(test.outlet_c, test.time_s))
    moving = test.time_s[slope >= _MOVING_SHARE * slope.max()]
    room = 0.15 * float(moving[-1] - moving[0])
    return max(float(moving[0]) - room, float(test.time_s[0])), min(
        float(moving[-1]) + room, float(test.time_s[-1])
    )
