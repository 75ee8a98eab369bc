"""Steady state of a supply and return network: flows, pressures and temperatures in one call.

Consumers impose mass flow and heat, producers away from the root impose mass flow and supply
temperature, and the root closes the balance. The equations are in `network.steady_solve`.
"""

from typing import Any, NamedTuple, Self

import numba
import numpy as np
from numba import types
from numba.experimental import structref

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import NumericalError
from heatrouter.envs.network.steady_solve import (
    CIRCULAR,
    NO_PAIR,
    NOT_CONVERGED,
    REVERSED_ROOT,
    SteadyLoad,
    SteadyState,
    SteadyWork,
    solve_steady,
)
from heatrouter.envs.network.topology import PipeData, Topology

NO_LIMIT_PA = 1e12
"""Head that no pump has: a steady state asks what head is needed."""

_REASONS = {
    NOT_CONVERGED: "the loop flows did not converge; check pipe data for extreme ratios",
    CIRCULAR: "flows run in a circle, which a solved network cannot do",
    REVERSED_ROOT: "producers feed in more than consumers take; lower their flows",
    NO_PAIR: "the heat exchange between supply and return did not converge",
}


@structref.register
class _PlantType(types.StructRef):
    """Numba's type of :class:`_Plant`."""


class _Plant(structref.StructRefProxy):
    """All arrays in one compiled object: as arguments, each call would look at all 66 (5 µs)."""

    def __new__(cls, *parts: NamedTuple) -> Self:
        plant: Self = structref.StructRefProxy.__new__(cls, *parts)  # type: ignore[no-untyped-call]
        return plant


structref.define_proxy(  # type: ignore[no-untyped-call]
    _Plant, _PlantType, ["net", "pipes", "load", "work", "out"]
)


# counts references, unlike the kernels: taking a compiled object apart needs it
@numba.njit(error_model="numpy")
def _solve_plant(plant: Any, ground_temp: float, coupled: bool) -> int:  # noqa: ANN401
    return solve_steady(
        plant.net, plant.pipes, ground_temp, coupled, plant.load, plant.work, plant.out
    )


class SteadySolver:
    """A network made ready, so that each solve is one call into compiled code.

    Args:
        net: index arrays of the network.
        pipes: physical data; wall capacities have no part in a steady state.
        viscosity_pa_s: of supply and return water, shape (2,) or (2, n_circuits).
        consumers: location of each consumer, shape (n_consumers,).
        producers: location of each producer away from the roots, shape (n_producers,).
        min_dp_pa: pressure difference held at the worst consumer of each circuit.
    """

    def __init__(
        self,
        net: Topology,
        pipes: PipeData,
        viscosity_pa_s: FloatArray | float,
        consumers: IntArray,
        producers: IntArray | None = None,
        min_dp_pa: float = 6e4,
    ) -> None:
        n_loc, n_pairs, n_circuits = net.order.size, net.pair_from.size, net.root.size
        feeding = np.zeros(0, np.int64) if producers is None else producers
        n_con, n_pro = consumers.size, feeding.size
        viscosity = np.empty((2, n_circuits))
        viscosity.T[:] = np.asarray(viscosity_pa_s).T
        self._coupled = bool((pipes.between > 0.0).any())
        self._load = SteadyLoad(
            consumers.astype(np.int64),
            np.zeros(n_con),
            np.zeros(n_con),
            feeding.astype(np.int64),
            np.zeros(n_pro),
            np.zeros(n_pro),
            np.zeros(n_circuits),
            np.full(n_circuits, min_dp_pa),
            viscosity,
        )
        n_chords = net.chords.size
        self._work = SteadyWork(
            withdrawal=np.zeros(2 * n_loc),
            achieved=np.zeros(n_con),
            valve=np.zeros(n_con),
            saturated=np.zeros(n_con, dtype=np.bool_),
            max_head=np.full(n_circuits, NO_LIMIT_PA),
            head_drop=np.zeros(n_circuits),
            head=np.zeros(n_circuits),
            chord_flow=np.zeros(2 * n_chords),
            friction=np.zeros(2 * n_pairs),
            slope=np.zeros(2 * n_pairs),
            node_work=np.zeros((3, n_loc)),
            matrix=np.zeros((n_chords, n_chords)),
            rhs=np.zeros(n_chords),
            valve_step=np.zeros(consumers.size),
            mean_temp=np.zeros(2 * n_pairs),
            mass=np.zeros(n_loc),
            enthalpy=np.zeros(n_loc),
            pending=np.zeros(n_loc, dtype=np.int64),
            queue=np.zeros(n_loc, dtype=np.int64),
        )
        self._out = SteadyState(
            np.zeros(2 * n_pairs),
            np.zeros(2 * n_pairs),
            np.zeros(2 * n_loc),
            np.zeros(2 * n_loc),
            np.zeros(2 * n_pairs),
            np.zeros(2 * n_pairs),
            np.zeros(n_con),
            np.zeros(n_con),
            np.zeros(n_circuits),
            np.zeros(n_circuits),
            np.zeros(n_pro),
        )
        self._plant = _Plant(net, pipes, self._load, self._work, self._out)

    def impose(
        self,
        *,
        consumer_flow_kg_s: FloatArray | float,
        consumer_heat_w: FloatArray | float,
        root_temp_c: FloatArray | float,
        producer_flow_kg_s: FloatArray | float = 0.0,
        producer_temp_c: FloatArray | float = 0.0,
    ) -> None:
        """Set what consumers take and producers give; scalars hold for all of a kind.

        Args:
            consumer_flow_kg_s: shape (n_consumers,), not negative.
            consumer_heat_w: shape (n_consumers,).
            root_temp_c: supply temperature of each root, shape (n_circuits,).
            producer_flow_kg_s: shape (n_producers,), not negative.
            producer_temp_c: shape (n_producers,).
        """
        load = self._load
        load.consumer_flow[:] = consumer_flow_kg_s
        load.consumer_heat[:] = consumer_heat_w
        load.root_temp[:] = root_temp_c
        load.producer_flow[:] = producer_flow_kg_s
        load.producer_temp[:] = producer_temp_c

    def solve(self, ground_temp_c: float) -> SteadyState:
        """Solve for what was imposed.

        Returns:
            The state. Its arrays are the solver's own: the next call overwrites them.

        Raises:
            NumericalError: the loop flows do not converge, or producers feed in more than
                consumers take.
        """
        status = _solve_plant(self._plant, ground_temp_c, self._coupled)
        if status < 0:
            raise NumericalError(_REASONS[status], unit="steady state")
        return self._out


def steady_state(
    net: Topology,
    pipes: PipeData,
    viscosity_pa_s: FloatArray | float,
    *,
    consumers: IntArray,
    consumer_flow_kg_s: FloatArray | float,
    consumer_heat_w: FloatArray | float,
    root_temp_c: FloatArray | float,
    ground_temp_c: float,
    producers: IntArray | None = None,
    producer_flow_kg_s: FloatArray | float = 0.0,
    producer_temp_c: FloatArray | float = 0.0,
    min_dp_pa: float = 6e4,
) -> SteadyState:
    """Solve a network once; see `SteadySolver` for many times and for the arguments.

    Raises:
        NumericalError: the loop flows do not converge, or producers feed in more than consumers
            take.
    """
    solver = SteadySolver(net, pipes, viscosity_pa_s, consumers, producers, min_dp_pa)
    solver.impose(
        consumer_flow_kg_s=consumer_flow_kg_s,
        consumer_heat_w=consumer_heat_w,
        root_temp_c=root_temp_c,
        producer_flow_kg_s=producer_flow_kg_s,
        producer_temp_c=producer_temp_c,
    )
    return solver.solve(ground_temp_c)
