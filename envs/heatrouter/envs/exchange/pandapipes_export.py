"""A district as a pandapipes network, on its design day.

Two junctions per location and two pipes per pair; consumers with their design heat and flow, a
circulation pump at each root that closes the balance, and one with a given flow for each other
producer. Pipes lose to the ground what they lose here; what the two of a pair exchange is left out.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from heatrouter.envs.design_day import circuit_return_c, circuit_supply_c, recoverable_kw
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.exchange.import_report import ImportReport
from heatrouter.envs.exchange.pandapipes_module import load_pandapipes
from heatrouter.envs.network.pipe_data import build_pipe_data
from heatrouter.envs.network.topology import build_topology
from heatrouter.envs.spec.design_load import design_draws
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    HeatExchanger,
    HeatPump,
    SolarThermal,
    Store,
    Unplaced,
    WasteHeatSource,
)
from heatrouter.envs.units import W_PER_KW, ZERO_CELSIUS_K

if TYPE_CHECKING:
    from heatrouter.envs.spec.district import District
    from heatrouter.envs.spec.network import Circuit

_GROUND_C = 8.0
_MOST_FED_SHARE = 0.9
"""Of what consumers draw, so that the root still gives something."""
_JUNCTION_PN_BAR = 5.0


def export_pandapipes(district: "District") -> tuple[str, ImportReport]:
    """Write a district as JSON that `pandapipes.from_json` reads.

    Args:
        district: The district.

    Returns:
        The JSON text, and what became of the district.

    Raises:
        ConfigError: pandapipes is not installed.
    """
    pp = _pandapipes()
    report = ImportReport(district.name, "heatrouter")
    net = pp.create_empty_network(name=district.name, fluid="water", add_stdtypes=False)
    junctions = _junctions(pp, net, district)
    _pipes(pp, net, district, junctions, report)
    for circuit in district.circuits:
        _circuit(pp, net, district, circuit, junctions, report)
    for unit in district.units:
        if isinstance(unit, Unplaced | Store):
            report.add(
                "dropped", f"{unit.kind} units, which do nothing on the design day", unit.name
            )
    report.add("dropped", "production, weather, limits, prices: a network has one state")
    report.check()
    return str(pp.to_json(net)), report


def _pandapipes() -> Any:  # noqa: ANN401
    try:
        return load_pandapipes()
    except ImportError:
        message = (
            "districts export: the package 'pandapipes' is not installed; "
            "install it with: pip install 'heatrouter[io]'"
        )
        raise ConfigError(message) from None


def _junctions(
    pp: Any,  # noqa: ANN401
    net: Any,  # noqa: ANN401
    district: "District",
) -> dict[str, tuple[int, int]]:
    """Supply and return junction of each location."""
    made = {}
    for place in district.locations:
        pair = [
            int(
                pp.create_junction(
                    net,
                    pn_bar=_JUNCTION_PN_BAR,
                    tfluid_k=ZERO_CELSIUS_K + 60.0,
                    name=f"{place.name}{ending}",
                    geodata=(place.x_m, place.y_m),
                )
            )
            for ending in ("", "_return")
        ]
        made[place.name] = (pair[0], pair[1])
    return made


def _pipes(
    pp: Any,  # noqa: ANN401
    net: Any,  # noqa: ANN401
    district: "District",
    junctions: dict[str, tuple[int, int]],
    report: ImportReport,
) -> None:
    topology = build_topology(district)
    data = build_pipe_data(district, topology)
    series = {s.name: s for s in district.pipe_series}
    for p, pipe in enumerate(district.pipes):
        kind = series[pipe.series]
        inner = kind.inner_diameter_m
        for line, ending in enumerate(("", "_return")):
            pp.create_pipe_from_parameters(
                net,
                junctions[pipe.from_location][line],
                junctions[pipe.to_location][line],
                length_km=pipe.length_m / 1000.0,
                inner_diameter_mm=1000.0 * inner,
                k_mm=kind.roughness_mm,
                loss_coefficient=pipe.loss_coefficient,
                u_w_per_m2k=float(data.to_ground[p]) / (np.pi * inner * pipe.length_m),
                text_k=_GROUND_C + ZERO_CELSIUS_K,
                name=f"{pipe.name}{ending}",
            )
    report.add("mapped", f"{len(district.pipes)} pipe pairs as two pipes each")
    report.add("assumed", f"ground at {_GROUND_C:g} degC")
    if bool((data.between > 0.0).any()):
        report.add("dropped", "heat that supply and return of a pair exchange")


def _circuit(
    pp: Any,  # noqa: ANN401
    net: Any,  # noqa: ANN401
    district: "District",
    circuit: "Circuit",
    junctions: dict[str, tuple[int, int]],
    report: ImportReport,
) -> None:
    cp_kj_kgk = circuit.heat_capacity_j_kgk / W_PER_KW
    supply_c, return_c = circuit_supply_c(district, circuit), circuit_return_c(district, circuit)
    drawn = 0.0
    for draw in design_draws(district, circuit):
        flow = draw.heat_kw / (cp_kj_kgk * draw.span_k)
        if flow <= 0.0:
            report.add("dropped", "consumers without heat on the design day", draw.unit)
            continue
        drawn += flow
        pp.create_heat_consumer(
            net,
            *junctions[draw.location],
            qext_w=W_PER_KW * draw.heat_kw,
            controlled_mdot_kg_per_s=flow,
            name=draw.unit,
        )
        report.add("mapped", "consumers and links as heat_consumer with design heat", draw.unit)
    supply, back = junctions[circuit.root]
    control = circuit.dp_control
    pp.create_circ_pump_const_pressure(
        net,
        back,
        supply,
        p_flow_bar=circuit.pressure_holding_bar + control.max_head_bar,
        plift_bar=control.max_head_bar,
        t_flow_k=supply_c + ZERO_CELSIUS_K,
        name=f"{circuit.name}_root",
    )
    report.add("mapped", "roots as circ_pump_pressure, with all that balances there", circuit.name)
    fed = _fed(district, circuit, cp_kj_kgk * (supply_c - return_c), report)
    scale = min(1.0, _MOST_FED_SHARE * drawn / max(sum(fed.values()), 1e-9))
    if scale < 1.0:
        report.add("assumed", f"producers together give {_MOST_FED_SHARE:.0%} of the flow")
    for name, flow in fed.items():
        unit = district.unit(name)
        assert not isinstance(unit, Unplaced)
        supply, back = junctions[unit.location]
        pp.create_circ_pump_const_mass_flow(
            net,
            back,
            supply,
            p_flow_bar=None,
            mdot_flow_kg_per_s=scale * flow,
            t_flow_k=supply_c + ZERO_CELSIUS_K,
            type="t",
            name=name,
        )
        report.add("mapped", "producers away from the root as circ_pump_mass", name)


def _fed(
    district: "District", circuit: "Circuit", kw_per_kg_s: float, report: ImportReport
) -> dict[str, float]:
    """Flow of each producer away from the root, kg/s."""
    fed: dict[str, float] = {}
    return_c = circuit_return_c(district, circuit)
    for unit in district.units:
        if isinstance(unit, Unplaced | Store) or unit.location not in circuit.locations:
            continue
        if unit.name in circuit.balancing or unit.location == circuit.root:
            continue
        if isinstance(unit, WasteHeatSource):
            if unit.connection != "return_to_supply":
                report.add("dropped", f"{unit.connection} units, which feed no supply", unit.name)
                continue
            fed[unit.name] = min(
                recoverable_kw(unit, return_c) / kw_per_kg_s, unit.max_mass_flow_kg_s
            )
        elif isinstance(unit, Chp | HeatPump):
            fed[unit.name] = min(unit.capacity_kw / kw_per_kg_s, unit.max_mass_flow_kg_s)
        elif isinstance(unit, HeatExchanger):
            fed[unit.name] = unit.capacity_kw / kw_per_kg_s
        elif isinstance(unit, Boiler | SolarThermal):
            report.add("dropped", "boilers and collectors away from the root, at rest", unit.name)
    return {name: flow for name, flow in fed.items() if flow > 0.0}
