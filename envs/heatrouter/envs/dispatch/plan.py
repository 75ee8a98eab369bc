"""What dispatch needs of a district, as arrays made once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from heatrouter.envs.arrays import BoolArray, FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.consumer_units import Greenhouse, ProcessHeat, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.network import Circuit
from heatrouter.envs.spec.plant_units import Boiler, CoolingLoad, HeatPump, Store, WasteHeatSource
from heatrouter.envs.units import J_PER_KWH, SECONDS_PER_HOUR, W_PER_KW, ZERO_CELSIUS_K

_Scalar = TypeVar("_Scalar", np.float64, np.bool_)

_DEMAND_TIME_CONSTANT_S = 0.5 * SECONDS_PER_HOUR
"""Smoothing of the measured demand: draw-offs of hot water shall not switch machines."""
_STAY_SHARE = 0.4
"""A running machine stays at its minimum load while this share of it is needed; a standing one
starts only for the whole of it. Between the two it is left alone."""
_BRIDGED_SHARE = 0.8
"""While a store can bridge, a heat pump starts for this share of its capacity: one long run with
full load in the place of many short ones."""
_WAY_K = 3.0
"""Loss of temperature from the plant to the worst consumer on the design day."""
_LEAST_KW = 1e-6


class DispatchMemory(NamedTuple):
    """What dispatch remembers from one decision to the next.

    Whether a unit runs is no part of it: that is read from the executed set-points among the
    observations, so that a change of controller is bumpless.
    """

    demand_kw: FloatArray  # (num_envs, n_circuits) smoothed heat demand; negative: not yet seen
    charging: BoolArray  # (num_envs, n_circuits) the rules are filling the stores
    relief: BoolArray  # (num_envs, n_circuits) stores have run short and are being relieved


class PriceIndices(NamedTuple):
    """Positions of the tariffs in the observation."""

    electricity: int
    gas: int
    co2: int
    carbon_intensity: int


@dataclass(frozen=True, slots=True, eq=False)
class DispatchPlan:
    """Static data of the dispatch of one district under one contract.

    Producers are sources, heat pumps and boilers, in this order: the first ``n_producers``
    set-points. Arrays ``(n_producers,)`` unless said otherwise; ``*_at`` are positions in the
    observation.
    """

    n_sources: int
    n_heat_pumps: int
    n_boilers: int
    n_producers: int
    n_circuits: int
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
    preheaters: tuple[tuple[int, int], ...]  # circuit, position of its heat in the observation
    # of each heat pump
    limit_at: IntArray
    lorenz_efficiency: FloatArray
    max_cop: FloatArray
    max_sink_temp: FloatArray
    cold_mean_k: FloatArray  # logarithmic mean temperature of the cooled water
    tower_ratio: FloatArray
    # of each boiler
    efficiency_35: FloatArray
    efficiency_60: FloatArray
    emission_factor: FloatArray  # t/MWh
    # of each circuit
    ambient_at: int
    supply_at: IntArray
    return_at: IntArray
    flow_at: IntArray
    heat_capacity: FloatArray  # kJ/(kg K)
    supply_low: FloatArray
    supply_high: FloatArray
    curve_high: FloatArray  # supply on the design day: what consumers are designed for
    design_temp: float
    # stores
    level_at: IntArray  # (n_stores,)
    top_at: IntArray  # (n_stores,) temperature of the uppermost layer
    level_weight: FloatArray  # (n_stores, n_circuits) share of the circuit's capacity
    store_empty: FloatArray  # (n_circuits,) degC of level zero, mean by capacity
    store_span: FloatArray  # (n_circuits,) K from level zero to one
    store_kwh_per_k: FloatArray  # (n_circuits,)
    store_kw: FloatArray  # (n_circuits,)
    has_store: BoolArray  # (n_circuits,)
    # set-points
    n_greenhouses: int
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
        sources = [u for u in district.units if isinstance(u, WasteHeatSource)]
        pumps = [u for u in district.units if isinstance(u, HeatPump)]
        boilers = [u for u in district.units if isinstance(u, Boiler)]
        stores = [u for u in district.units if isinstance(u, Store)]
        machines: list[HeatPump | Boiler] = [*pumps, *boilers]
        producers: list[WasteHeatSource | HeatPump | Boiler] = [*sources, *machines]
        names = [u.name for u in producers]
        loads = {u.name: u for u in district.units if isinstance(u, CoolingLoad)}
        cooled = [loads[u.source] for u in pumps]
        circuits = district.circuits
        circuit_of = _ints([_circuit_index(circuits, u.location) for u in producers])
        in_circuit = [_circuit_index(circuits, u.location) for u in stores]
        store_kwh, store_kw = _store_sizes(circuits, stores, in_circuit)
        positions = {channel.name: i for i, channel in enumerate(contract.observation)}

        def at(owners: Sequence[str], quantity: str) -> IntArray:
            for owner in owners:
                contract.observation_index(f"{owner}.{quantity}")  # says what is missing
            return _ints([positions[f"{owner}.{quantity}"] for owner in owners])

        min_kw = _floats([*(0.0 for _ in sources), *(u.min_load * u.capacity_kw for u in machines)])
        bridged_kw = min_kw.copy()
        pumps_at = slice(len(sources), len(sources) + len(pumps))
        bridged_kw[pumps_at] = np.maximum(
            min_kw[pumps_at], _floats([_BRIDGED_SHARE * u.capacity_kw for u in pumps])
        )
        low, high = contract.bounds("set_points")
        owners = [c.name for c in circuits]
        per_circuit = np.array(store_kwh).sum(axis=0) if stores else np.zeros(len(circuits))
        weights = np.array(store_kwh).reshape(len(stores), len(circuits))
        weights = weights / np.maximum(per_circuit, 1e-9)
        store_span = np.maximum(
            (weights * _column([u.full_temp_c - u.empty_temp_c for u in stores])).sum(axis=0), 1.0
        )
        spans = [max(u.stream_temp_c - u.reference_temp_c, 1.0) for u in sources]
        return cls(
            n_sources=len(sources),
            n_heat_pumps=len(pumps),
            n_boilers=len(boilers),
            n_producers=len(producers),
            n_circuits=len(circuits),
            control_dt_s=contract.control_dt_s,
            circuit_of=circuit_of,
            units_of=tuple(np.flatnonzero(circuit_of == c) for c in range(len(circuits))),
            capacity_kw=_floats(
                [
                    *(
                        u.stream_capacity_kw_k * (u.stream_temp_c - u.min_exhaust_temp_c)
                        for u in sources
                    ),
                    *(u.capacity_kw for u in machines),
                ]
            ),
            min_kw=min_kw,
            start_kw=np.maximum(min_kw, _LEAST_KW),
            bridged_kw=np.maximum(bridged_kw, _LEAST_KW),
            stay_kw=np.maximum(min_kw * _STAY_SHARE, _LEAST_KW),
            demand_weight=-math.expm1(-contract.control_dt_s / _DEMAND_TIME_CONSTANT_S),
            executed_at=_ints(
                [
                    contract.observation_index(f"{point.name}@executed")
                    for point in contract.set_points[: len(producers)]
                ]
            ),
            heat_at=at(names, "heat_kw"),
            prices_at=PriceIndices(
                *(
                    contract.observation_index(f"tariff.{series}")
                    for series in (
                        "electricity_eur_per_mwh",
                        "gas_eur_per_mwh",
                        "co2_eur_per_t",
                        "carbon_intensity_g_per_kwh",
                    )
                )
            ),
            electricity_fee=district.grid.electricity_fee_eur_per_mwh,
            gas_fee=district.grid.gas_fee_eur_per_mwh,
            available_at=at([u.name for u in sources], "available_kw"),
            heat_price=_floats([u.heat_price_eur_per_mwh for u in sources]),
            sink_ratio=_floats([u.sink_power_ratio for u in sources]),
            stream_temp=_floats([u.stream_temp_c for u in sources]),
            exhaust_share=_floats(
                [
                    (u.stream_temp_c - u.min_exhaust_temp_c) / span
                    for u, span in zip(sources, spans, strict=True)
                ]
            ),
            return_gain=_floats(
                [_effectiveness(u) / span for u, span in zip(sources, spans, strict=True)]
            ),
            preheaters=tuple(
                (
                    _circuit_index(circuits, u.location),
                    contract.observation_index(f"{u.name}.heat_kw"),
                )
                for u in sources
                if u.connection == "return_to_return"
            ),
            limit_at=at([u.name for u in pumps], "limit_kw"),
            lorenz_efficiency=_floats([u.lorenz_efficiency for u in pumps]),
            max_cop=_floats([u.max_cop for u in pumps]),
            max_sink_temp=_floats([u.max_sink_temp_c for u in pumps]),
            cold_mean_k=_floats(
                [_log_mean_k(c.water_inlet_temp_c, c.water_outlet_temp_c) for c in cooled]
            ),
            tower_ratio=_floats([c.tower_power_ratio for c in cooled]),
            efficiency_35=_floats([u.efficiency_at_35c for u in boilers]),
            efficiency_60=_floats([u.efficiency_at_60c for u in boilers]),
            emission_factor=_floats([u.emission_factor_kg_mwh / 1000.0 for u in boilers]),
            ambient_at=contract.observation_index("site.ambient_temp_c"),
            supply_at=at(owners, "supply_temp_c"),
            return_at=at(owners, "return_temp_c"),
            flow_at=at(owners, "mass_flow_kg_s"),
            heat_capacity=_floats([c.heat_capacity_j_kgk / 1000.0 for c in circuits]),
            supply_low=_floats([c.supply_temp_min_c for c in circuits]),
            supply_high=_floats([c.supply_temp_max_c for c in circuits]),
            curve_high=_floats([_design_supply(district, c) for c in circuits]),
            design_temp=district.site.design_temp_c,
            level_at=at([u.name for u in stores], "level"),
            top_at=at([u.name for u in stores], "top_temp_c"),
            level_weight=weights,
            store_empty=(weights * _column([u.empty_temp_c for u in stores])).sum(axis=0),
            store_span=store_span,
            store_kwh_per_k=per_circuit / store_span,
            store_kw=np.array(store_kw),
            has_store=per_circuit > 0.0,
            n_greenhouses=sum(isinstance(u, Greenhouse) for u in district.units),
            set_point_low=low,
            set_point_high=high,
            set_point_safe=_floats([point.safe for point in contract.set_points]),
            hour_at=_ints([contract.observation_index(f"clock.hour_{f}") for f in ("sin", "cos")]),
        )


def initial_memory(plan: DispatchPlan, num_envs: int) -> DispatchMemory:
    """The memory of a dispatch that has seen nothing."""
    shape = (num_envs, plan.n_circuits)
    return DispatchMemory(
        np.full(shape, -1.0), np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    )


def _store_sizes(
    circuits: tuple[Circuit, ...], stores: list[Store], in_circuit: list[int]
) -> tuple[list[list[float]], list[float]]:
    """Capacity of each store in the column of its circuit, kWh, and power of each circuit, kW."""
    energies = []
    powers = [0.0] * len(circuits)
    for store, c in zip(stores, in_circuit, strict=True):
        spread = store.full_temp_c - store.empty_temp_c
        heat = circuits[c].heat_capacity_j_kgk * spread
        row = [0.0] * len(circuits)
        row[c] = store.volume_m3 * circuits[c].density_kg_m3 * heat / J_PER_KWH
        energies.append(row)
        powers[c] += store.max_mass_flow_kg_s * heat / W_PER_KW
    return energies, powers


def _design_supply(district: District, circuit: Circuit) -> float:
    """Supply that the consumers of a circuit are designed for, plus what the way there costs."""
    designed = [
        u.space_heat_exchanger.primary_supply_c
        if isinstance(u, Substation)
        else u.exchanger.primary_supply_c
        if isinstance(u, ProcessHeat)
        else u.design_supply_c
        for u in district.units
        if isinstance(u, Substation | ProcessHeat | Greenhouse) and u.location in circuit.locations
    ]
    wanted = max(designed, default=circuit.supply_temp_max_c) + _WAY_K
    return min(max(wanted, circuit.supply_temp_min_c), circuit.supply_temp_max_c)


def _effectiveness(source: WasteHeatSource) -> float:
    """Counterflow effectiveness of a source's exchanger at full production.

    The network side carries what max_mass_flow allows; a smaller flow recovers less, which the
    store covers until the next decision.
    """
    water = source.max_mass_flow_kg_s * 4.19
    ratio = min(source.stream_capacity_kw_k, water) / max(source.stream_capacity_kw_k, water)
    ntu = source.exchanger_ua_kw_k / min(source.stream_capacity_kw_k, water)
    if ratio > 1.0 - 1e-6:
        effectiveness = ntu / (1.0 + ntu)
    else:
        decay = math.exp(-ntu * (1.0 - ratio))
        effectiveness = (1.0 - decay) / (1.0 - ratio * decay)
    # effectiveness is on the smaller capacity; what counts is heat over the stream's capacity
    return effectiveness * min(1.0, water / source.stream_capacity_kw_k)


def _log_mean_k(a_c: float, b_c: float) -> float:
    a, b = a_c + ZERO_CELSIUS_K, b_c + ZERO_CELSIUS_K
    return 0.5 * (a + b) if abs(a - b) < 0.01 else (b - a) / math.log(b / a)


def _circuit_index(circuits: tuple[Circuit, ...], location: str) -> int:
    for index, circuit in enumerate(circuits):
        if location in circuit.locations:
            return index
    message = f"location {location!r} is in no circuit; they are {[c.name for c in circuits]}"
    raise KeyError(message)


def _floats(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)


def _column(values: Sequence[float]) -> FloatArray:
    return _floats(values)[:, np.newaxis]


def _ints(values: Sequence[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
