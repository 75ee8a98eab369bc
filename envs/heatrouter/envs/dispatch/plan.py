"""What dispatch needs of a district, as arrays made once."""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.district import District

_Scalar = TypeVar("_Scalar", np.float64, np.bool_)


class DispatchMemory(NamedTuple):
    """What dispatch remembers from one decision to the next.

    Whether a unit runs is no part of it: that is read from the executed set-points among the
    observations, so that a change of controller is bumpless.
    """

    demand_kw: FloatArray  # (num_envs, n_circuits) smoothed heat demand; negative: not yet seen
    charging: BoolArray  # (num_envs, n_circuits) the rules are filling the stores
    relief: BoolArray  # (num_envs, n_circuits) stores have run short and are being relieved

    def of(self, envs: IntArray) -> "DispatchMemory":
        """A copy for some environments, which may repeat."""
        return DispatchMemory(self.demand_kw[envs], self.charging[envs], self.relief[envs])


class PriceIndices(NamedTuple):
    """Positions of the tariffs in the observation."""

    electricity: int
    gas: int
    co2: int
    carbon_intensity: int


class LinkedProducer(NamedTuple):
    """A heat pump or link that takes its heat from another circuit."""

    producer: int
    from_circuit: int
    pump: int  # position among the heat pumps; -1 for a link


@dataclass(frozen=True, slots=True, eq=False)
class CommandedStores:
    """Stores that balance nothing and are charged by a set-point, ``(n_commanded,)`` each."""

    names: tuple[str, ...]
    circuit_of: IntArray
    set_point_at: IntArray
    level_at: IntArray
    flow_kw_k: FloatArray  # largest flow times its heat capacity


@dataclass(frozen=True, slots=True, eq=False)
class DispatchPlan:
    """Static data of the dispatch of one district under one contract.

    Producers are sources (waste heat, sun), machines (heat pumps, engines, links, boilers of other
    fuels than gas) and backup (gas boilers), in this order. Arrays ``(n_producers,)`` unless said
    otherwise; ``*_at`` are positions in the observation.
    """

    n_sources: int
    n_machines: int
    n_backups: int
    n_producers: int
    n_circuits: int
    streams: slice
    collectors: slice
    pumps: slice
    engines: slice
    links: slice
    boilers: slice  # machines and backup
    names: tuple[str, ...]
    control_dt_s: float
    circuit_of: IntArray
    units_of: tuple[IntArray, ...]  # producers of each circuit
    capacity_kw: FloatArray
    min_kw: FloatArray
    start_kw: FloatArray  # least lack of heat for which a standing unit starts
    bridged_kw: FloatArray  # the same while a store can bridge the lack
    stay_kw: FloatArray  # least lack of heat for which a running unit stays on
    demand_weight: float  # of the newest reading in the smoothed demand
    executed_at: IntArray
    heat_at: IntArray
    prices_at: PriceIndices
    electricity_fee: float
    gas_fee: float
    # of each source
    available_at: IntArray
    heat_price: FloatArray
    sink_ratio: FloatArray
    stream_temp: FloatArray
    exhaust_share: FloatArray  # heat down to the exhaust limit over available heat
    return_gain: FloatArray  # effectiveness / (stream - reference temperature), 1/K
    fed: tuple[tuple[int, int, float], ...]  # position of a meter, its circuit, its sign
    preheaters: tuple[tuple[int, int], ...]  # circuit, position of its heat in the observation
    # of each heat pump
    limit_at: IntArray
    power_at: IntArray
    metered_kw: FloatArray  # least heat at which the meters tell the COP
    lorenz_efficiency: FloatArray
    max_cop: FloatArray
    max_sink_temp: FloatArray
    cold_mean_k: FloatArray  # logarithmic mean temperature of the cooled water; NaN: measured
    cold_at: tuple[tuple[int, int, float], ...]  # pump, position of its source, half its spread
    tower_ratio: FloatArray
    # of each engine
    thermal_efficiency: FloatArray
    electric_efficiency: FloatArray
    engine_gas: FloatArray  # 1 where it burns natural gas, 0 for biogas
    engine_emission_factor: FloatArray  # t/MWh
    # of each link
    link_limit_at: IntArray
    # of each boiler
    efficiency_35: FloatArray
    efficiency_60: FloatArray
    emission_factor: FloatArray  # t/MWh
    only_gas: bool
    burns_gas: BoolArray
    burns_electricity: BoolArray
    own_price: FloatArray  # of wood and biogas
    # heat from other circuits, those that are fed first before those that they feed
    linked: tuple[LinkedProducer, ...]
    feeder_of: tuple[int, ...]  # (n_circuits,) circuit that a balancing link draws from, or -1
    # biogas
    fuelled: IntArray  # producers that burn from a digester
    fill_at: IntArray  # same length: its fill level
    # of each circuit
    ambient_at: int
    supply_at: IntArray
    return_at: IntArray
    flow_at: IntArray
    heat_capacity: FloatArray  # kJ/(kg K)
    supply_low: FloatArray
    supply_high: FloatArray
    curve_high: FloatArray  # supply on the design day: what consumers are designed for
    has_hot_water: BoolArray
    design_temp: float
    # stores that balance
    stores: tuple[str, ...]
    level_at: IntArray  # (n_stores,)
    top_at: IntArray  # (n_stores,) temperature of the uppermost layer
    level_weight: FloatArray  # (n_stores, n_circuits) share of the circuit's capacity
    store_empty: FloatArray  # (n_circuits,) degC of level zero, mean by capacity
    store_span: FloatArray  # (n_circuits,) K from level zero to one
    store_kwh_per_k: FloatArray  # (n_circuits,)
    store_kw: FloatArray  # (n_circuits,)
    has_store: BoolArray  # (n_circuits,)
    commanded: CommandedStores
    # positions in the set-points
    producer_points: IntArray
    greenhouse_points: IntArray
    crop_mean_at: IntArray  # (n_greenhouses,) 24 h mean of the air, in the observation
    crop_mean_min: FloatArray  # (n_greenhouses,) degC that it shall not fall below
    release_points: IntArray
    supply_points: IntArray
    set_point_low: FloatArray
    set_point_high: FloatArray
    set_point_safe: FloatArray
    hour_at: IntArray  # sine and cosine

    def by_unit(
        self, of_circuits: npt.NDArray[_Scalar], part: slice = slice(None)
    ) -> npt.NDArray[_Scalar]:
        """Values of circuits for producers, all or some.

        Those of an only circuit are returned as they are, since they broadcast.
        """
        if self.n_circuits == 1:
            return of_circuits
        return of_circuits.take(self.circuit_of[part], axis=-1)

    @classmethod
    def from_district(cls, district: District, contract: Contract) -> "DispatchPlan":
        """Collect everything; the contract gives the positions in the observation.

        Raises:
            KeyError: The contract lacks a channel that dispatch needs.
        """
        from heatrouter.envs.dispatch.plan_building import build_plan

        return build_plan(district, contract)


def initial_memory(plan: DispatchPlan, num_envs: int) -> DispatchMemory:
    """The memory of a dispatch that has seen nothing."""
    shape = (num_envs, plan.n_circuits)
    return DispatchMemory(
        np.full(shape, -1.0), np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    )
