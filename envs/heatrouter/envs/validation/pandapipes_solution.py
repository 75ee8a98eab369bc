"""A random network solved by pandapipes, an independent solver (optional, extra ``io``).

With ``friction_model='colebrook'`` pandapipes takes Colebrook-White at every Reynolds number, with
k/3.71d where this project has k/3.7d, and knows neither the laminar law nor a transition (its
module ``pf/derivative_toolbox.py``). Above Re 4000 that is the whole difference: up to 0.06 % in
the pressure drop of a pipe, more in pressure differences that nearly cancel.
"""

import logging
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import numpy as np

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ConfigError, NumericalError
from heatrouter.envs.exchange.pandapipes_module import load_pandapipes
from heatrouter.envs.validation.random_networks import (
    DENSITY_KG_M3,
    GROUND_TEMP_C,
    HEAT_CAPACITY_J_KGK,
    ROOT_TEMP_C,
    VISCOSITY_PA_S,
    RandomNetwork,
)

LEAST_VERSION = (0, 16)
"""Earlier ones name their arguments otherwise."""

SAME_LAW = 3.71 / 3.7
"""On pandapipes' roughness: then both solve k/3.7d, and only the solvers are left to differ."""

_KELVIN = 273.15
_ROOT_BAR, _LIFT_BAR = 40.0, 20.0
"""Any will do: all flows are imposed, so that only pressure differences have a meaning."""


@dataclass(frozen=True, slots=True)
class PeerState:
    """What pandapipes finds, in this project's order: supply first, then return.

    Attributes:
        flow_kg_s: Of every pipe, shape (2 n_pairs,).
        pressure_pa: Of every node, shape (2 n_loc,).
        node_temp_c: Of every node, shape (2 n_loc,).
    """

    flow_kg_s: FloatArray
    pressure_pa: FloatArray
    node_temp_c: FloatArray


def why_not(part: str = "pandapipes") -> str:
    """Return why a part cannot be compared with pandapipes here, empty where it can."""
    try:
        installed = version("pandapipes")
    except PackageNotFoundError:
        return (
            f"validate {part}: the package 'pandapipes' is not installed; "
            "install it with: pip install 'heatrouter[io]'"
        )
    if tuple(map(int, installed.split(".")[:2])) < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        return (
            f"validate {part}: pandapipes {installed} is installed, {least} or newer is "
            f"needed; install it with: pip install 'pandapipes>={least}' (it brings older pandas "
            "and scipy, so take an environment of its own)"
        )
    return ""


def build_peer(
    case: RandomNetwork,
    fluid: Literal["constant", "water"] = "constant",
    *,
    roughness_scale: float = 1.0,
) -> Any:  # noqa: ANN401
    """Build the network for pandapipes.

    Args:
        case: The network.
        fluid: The same constant water as here, or pandapipes' own with its tables.
        roughness_scale: Factor of all roughnesses; `SAME_LAW` cancels the different constant.

    Raises:
        ConfigError: pandapipes is not installed, or too old.
    """
    reason = why_not()
    if reason:
        raise ConfigError(reason)
    pp = load_pandapipes()

    # it tells of circulation pumps with every one of them
    logging.getLogger("pandapipes").setLevel(logging.ERROR)
    if fluid == "water":
        net = pp.create_empty_network(fluid="water", add_stdtypes=False)
    else:
        water = pp.create_constant_fluid(
            "constant water",
            "liquid",
            density=DENSITY_KG_M3,
            viscosity=VISCOSITY_PA_S,
            heat_capacity=HEAT_CAPACITY_J_KGK,
        )
        net = pp.create_empty_network(fluid=water, add_stdtypes=False)
    n_loc = case.network.net.order.size
    start_k = ROOT_TEMP_C + _KELVIN
    pp.create_junctions(net, 2 * n_loc, pn_bar=_ROOT_BAR, tfluid_k=start_k)
    at = case.network.location
    from_side = np.array([at[line.from_location] for line in case.lines])
    to_side = np.array([at[line.to_location] for line in case.lines])
    for offset in (0, n_loc):
        pp.create_pipes_from_parameters(
            net,
            from_side + offset,
            to_side + offset,
            length_km=[line.length_m / 1000.0 for line in case.lines],
            inner_diameter_mm=[1000.0 * line.inner_diameter_m for line in case.lines],
            k_mm=[1000.0 * roughness_scale * line.roughness_m for line in case.lines],
            loss_coefficient=[line.loss_coefficient for line in case.lines],
            # per square metre of the inner surface
            u_w_per_m2k=[
                1.0 / (line.resistance_mk_w * np.pi * line.inner_diameter_m) for line in case.lines
            ],
            text_k=GROUND_TEMP_C + _KELVIN,
        )
    pp.create_circ_pump_const_pressure(
        net, n_loc, 0, p_flow_bar=_ROOT_BAR, plift_bar=_LIFT_BAR, t_flow_k=start_k
    )
    for location, flow, temp in zip(
        case.producers, case.producer_flow_kg_s, case.producer_temp_c, strict=True
    ):
        pp.create_circ_pump_const_mass_flow(
            net,
            int(location) + n_loc,
            int(location),
            p_flow_bar=None,
            mdot_flow_kg_per_s=float(flow),
            t_flow_k=float(temp) + _KELVIN,
            type="t",
        )
    pp.create_heat_consumers(
        net,
        case.consumers,
        case.consumers + n_loc,
        controlled_mdot_kg_per_s=case.consumer_flow_kg_s,
        qext_w=case.consumer_heat_w,
    )
    return net


def solve_peer(net: Any) -> PeerState:  # noqa: ANN401
    """Solve what `build_peer` built, to tight tolerances.

    Raises:
        NumericalError: pandapipes does not converge.
    """
    run_peer(net)
    result = PeerState(
        np.asarray(net.res_pipe.mdot_from_kg_per_s, dtype=np.float64),
        1e5 * np.asarray(net.res_junction.p_bar, dtype=np.float64),
        np.asarray(net.res_junction.t_k, dtype=np.float64) - _KELVIN,
    )
    if not np.isfinite(result.pressure_pa).all():
        message = "pandapipes leaves nodes without a solution"
        raise NumericalError(message, unit="pandapipes")
    return result


def run_peer(net: Any, *, tight: bool = True) -> None:  # noqa: ANN401
    """Let pandapipes solve: hydraulics, then heat.

    Args:
        net: From `build_peer`.
        tight: Tolerances far below what is compared, instead of its own.

    Raises:
        NumericalError: pandapipes does not converge.
    """
    pp = load_pandapipes()
    from pandapipes.pf.pipeflow_setup import PipeflowNotConverged

    options: dict[str, float] = {}
    if tight:
        options = {
            "tol_p": 1e-9,
            "tol_m": 1e-9,
            "tol_T": 1e-8,
            "tol_res": 1e-6,
            "max_iter_hyd": 100,
            "max_iter_therm": 100,
            "max_iter_colebrook": 100,
            "tolerance_colebrook": 1e-12,
        }
    try:
        pp.pipeflow(net, mode="sequential", friction_model="colebrook", **options)
    except PipeflowNotConverged as error:
        raise NumericalError(str(error), unit="pandapipes") from error
