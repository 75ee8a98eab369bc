"""Tables of everything that heats network water, and of cooling loads."""

from collections.abc import Mapping

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.network.topology import Topology
from heatrouter.envs.set_points import set_point_name
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.consumer_table import design_exchanger
from heatrouter.envs.simulation.indices import Indices, of_kind
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.exchanger_design import DryCooler
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    CoolingLoad,
    Digester,
    HeatExchanger,
    HeatPump,
    Producer,
    SolarThermal,
    WasteHeatSource,
)

_FIRST_TO_LAST_CUT = (t.BOILER, t.CHP, t.LINK, t.HEAT_PUMP, t.SOLAR, t.SOURCE)
"""Which kinds give way first to a surplus: dear heat before heat that would be lost."""

_BOILER_TOP_C = 120.0
_MEDIA = {"air": 2, "ground": 3}


def producer_units(district: District) -> list[Producer]:
    """Producers in the order of the district."""
    return [u for u in district.units if isinstance(u, Producer)]


def heat_origins(district: District) -> tuple[str, ...]:
    """Where traced heat comes from: units that bring heat in, then electricity and the start.

    A heat pump on a cooling load brings that load's heat, one on air or ground its own; a heat pump
    or exchanger on another circuit passes on the origins of that circuit.
    """
    names: list[str] = [u.name for u in of_kind(district, CoolingLoad)]
    for u in producer_units(district):
        passes_on = isinstance(u, HeatExchanger) or (
            isinstance(u, HeatPump) and u.source_medium is None
        )
        electric = isinstance(u, Boiler) and u.fuel == "electricity"
        if not passes_on and not electric:
            names.append(u.name)
    return (*names, "electricity", "initial")


def build_producers(
    district: District, at: Indices, net: Topology, primary_of: Mapping[str, int]
) -> tuple[IntArray, FloatArray]:
    """Indices and data of all producers.

    Args:
        district: The description.
        at: Where names are.
        net: Index arrays of the network.
        primary_of: Consumer entry of the primary side of a link or heat pump.
    """
    units = producer_units(district)
    index = np.full((len(units), t.PI_FIELDS), -1, dtype=np.int64)
    data = np.zeros((len(units), t.PF_FIELDS))
    origin_of = {name: i for i, name in enumerate(heat_origins(district))}
    origin_of |= {
        u.name: origin_of[u.source] for u in of_kind(district, HeatPump) if u.source is not None
    }
    balancing = {name for circuit in district.circuits for name in circuit.balancing}
    digesters = [u.name for u in of_kind(district, Digester)]
    loads = [u.name for u in of_kind(district, CoolingLoad)]
    for row, d, u in zip(index, data, units, strict=True):
        place = at.location[u.location]
        row[t.PI_CIRCUIT] = at.circuit_of[place]
        row[t.PI_IN], row[t.PI_OUT], row[t.PI_FEEDS] = _nodes(u, at, net.order.size)
        row[t.PI_BESIDE], row[t.PI_BESIDE_SIGN] = _pipe_beside(row, net)
        row[t.PI_AT_ROOT] = int(u.location in at.roots and row[t.PI_FEEDS] == 1)
        row[t.PI_SET_POINT] = at.point(set_point_name(u))
        row[t.PI_COLUMN] = at.column[u.name]
        row[t.PI_BALANCES] = int(u.name in balancing)
        row[t.PI_SWITCHED] = int(isinstance(u, HeatPump | Boiler | Chp))
        row[t.PI_PRIMARY] = primary_of.get(u.name, -1)
        row[t.PI_ORIGIN] = origin_of.get(u.name, -1)
        d[t.PF_RAMP] = u.ramp_share_per_min / 60.0
        cp = district.circuits[int(row[t.PI_CIRCUIT])].heat_capacity_j_kgk
        if isinstance(u, HeatExchanger):
            row[t.PI_KIND] = t.LINK
            d[t.PF_CAPACITY] = u.capacity_kw * 1e3
            sized = design_exchanger(u.exchanger, u.capacity_kw * 1e3, cp)
            d[t.PF_MAX_FLOW] = sized.secondary_flow * u.exchanger.max_flow_ratio
            continue
        d[t.PF_MAX_FLOW] = u.max_mass_flow_kg_s
        if isinstance(u, WasteHeatSource):
            row[t.PI_KIND], row[t.PI_LEVEL] = t.SOURCE, at.series[f"{u.name}.level"]
            _source(u, d)
        elif isinstance(u, SolarThermal):
            row[t.PI_KIND] = t.SOLAR
            d[t.PF_MAX_OUTLET] = u.max_outlet_temp_c
            d[t.PF_AREA : t.PF_PLANE + 1] = (
                u.area_m2, u.zero_loss_efficiency, u.loss_a1_w_m2k, u.loss_a2_w_m2k2,
                u.plane_ratio,
            )  # fmt: skip
        elif isinstance(u, HeatPump):
            row[t.PI_KIND] = t.HEAT_PUMP
            row[t.PI_COOLING] = loads.index(u.source) if u.source else -1
            row[t.PI_MEDIUM] = _medium(u)
            _heat_pump(u, d)
        else:
            row[t.PI_KIND] = t.BOILER if isinstance(u, Boiler) else t.CHP
            row[t.PI_FUEL] = digesters.index(u.fuel_store) if u.fuel_store else -1
            _fired(u, d)
    return index, data


def _nodes(unit: Producer, at: Indices, n_loc: int) -> tuple[int, int, int]:
    """Inlet node, outlet node, and whether it lifts return water to the supply."""
    place = at.location[unit.location]
    connection = getattr(unit, "connection", "return_to_supply")
    if connection == "return_to_supply":
        return n_loc + place, place, 1
    taken = at.location[getattr(unit, "inlet_location", None) or unit.location]
    if connection == "return_to_return":
        return n_loc + taken, n_loc + place, 0
    return taken, place, 0


def _pipe_beside(row: IntArray, net: Topology) -> tuple[int, int]:
    """The pipe whose flow a unit within one line takes over, and whether it points the same way.

    It is the pipe towards the root at the unit's end away from the root.
    """
    n_loc = net.order.size
    in_return = row[t.PI_OUT] >= n_loc
    far = row[t.PI_IN] - n_loc if in_return else row[t.PI_OUT]
    pair = int(net.parent_pair[far])
    if row[t.PI_FEEDS] == 1 or pair < 0:
        return -1, 0
    away = int(net.parent_sign[far])
    return (pair + net.pair_from.size, -away) if in_return else (pair, away)


def _medium(unit: HeatPump) -> int:
    if unit.source is not None:
        return 0
    return 1 if unit.source_medium is None else _MEDIA[unit.source_medium]


def _source(u: WasteHeatSource, d: FloatArray) -> None:
    d[t.PF_MAX_OUTLET] = u.max_outlet_temp_c
    d[t.PF_STREAM_TEMP] = u.stream_temp_c
    d[t.PF_STREAM_CAPACITY] = u.stream_capacity_kw_k * 1e3
    d[t.PF_MIN_EXHAUST] = u.min_exhaust_temp_c
    d[t.PF_REFERENCE] = u.reference_temp_c
    d[t.PF_UA] = u.exchanger_ua_kw_k * 1e3
    d[t.PF_SINK] = u.sink_power_ratio
    d[t.PF_COOLER : t.PF_COOLER + 6] = _cooler(u.dry_cooler)


def _heat_pump(u: HeatPump, d: FloatArray) -> None:
    d[t.PF_CAPACITY] = u.capacity_kw * 1e3
    d[t.PF_MAX_OUTLET] = u.max_sink_temp_c
    d[t.PF_MIN_LOAD] = u.min_load
    d[t.PF_EFFICIENCY] = u.lorenz_efficiency
    d[t.PF_MAX_COP] = u.max_cop
    d[t.PF_SOURCE_SPREAD] = u.source_spread_k
    d[t.PF_SOURCE_MIN] = u.source_min_temp_c


def _fired(u: Boiler | Chp, d: FloatArray) -> None:
    d[t.PF_CAPACITY] = u.capacity_kw * 1e3
    d[t.PF_MIN_LOAD] = u.min_load
    d[t.PF_MIN_RUN] = u.min_run_min * 60.0
    if isinstance(u, Boiler):
        d[t.PF_MAX_OUTLET] = _BOILER_TOP_C
        d[t.PF_ETA_35], d[t.PF_ETA_60] = u.efficiency_at_35c, u.efficiency_at_60c
        d[t.PF_STANDBY] = u.standby_loss_share
        d[t.PF_ELECTRIC] = float(u.fuel == "electricity")
    else:
        d[t.PF_MAX_OUTLET] = u.max_outlet_temp_c
        d[t.PF_THERMAL] = u.thermal_efficiency
        d[t.PF_ETA_EL], d[t.PF_ETA_EL_MIN] = u.electric_efficiency, u.electric_efficiency_min_load


def _cooler(cooler: DryCooler | None) -> tuple[float, ...]:
    if cooler is None:
        return (0.0,) * 6
    return (
        cooler.capacity_kw * 1e3,
        cooler.design_air_c,
        cooler.design_water_in_c,
        cooler.design_water_out_c,
        cooler.fan_kw * 1e3,
        1.0,
    )


def build_coolings(district: District, at: Indices) -> tuple[IntArray, FloatArray]:
    """Indices and data of cooling loads."""
    units = of_kind(district, CoolingLoad)
    index = np.zeros((len(units), t.KI_FIELDS), dtype=np.int64)
    data = np.zeros((len(units), t.KF_FIELDS))
    for row, d, u in zip(index, data, units, strict=True):
        row[t.KI_LEVEL], row[t.KI_COLUMN] = at.series[f"{u.name}.level"], at.column[u.name]
        d[t.KF_PEAK], d[t.KF_RATIO] = u.peak_kw * 1e3, u.tower_power_ratio
        d[t.KF_IN], d[t.KF_OUT] = u.water_inlet_temp_c, u.water_outlet_temp_c
        d[t.KF_COOLER : t.KF_COOLER + 6] = _cooler(u.dry_cooler)
    return index, data


def cut_order(producer_index: IntArray) -> IntArray:
    """Producers in the order in which they give way to a surplus, later units first."""
    rank = [_FIRST_TO_LAST_CUT.index(int(kind)) for kind in producer_index[:, t.PI_KIND]]
    order = sorted(range(len(rank)), key=lambda p: (rank[p], -p))
    return np.array(order, dtype=np.int64)
