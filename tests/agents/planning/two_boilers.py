"""A district whose optimum is known: constant process heat, an electrode and a gas boiler."""

from typing import Any

import numpy as np
from tests.agents.planning.plants import replaced
from tests.envs.district_parts import boiler, circuit, exchanger, make_district, tank

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.district import District

DEMAND_KW = 400.0
CO2_EUR_PER_T = 60.0
CARBON_G_PER_KWH = 200.0
GAS_EUR_PER_MWH = 40.0
GAS_KG_PER_MWH = 201.0
ELECTRODE_EFFICIENCY, GAS_EFFICIENCY = 0.99, 0.9
_AT_ONCE: dict[str, Any] = {
    "min_load": 0.0,
    "ramp_share_per_min": 1.0,
    "min_run_min": 0.0,
    "min_stop_min": 0.0,
    "start_cost_eur": 0.0,
}


def two_boilers(electrode_kw: float, *, with_tank: bool = False, **electrode: Any) -> District:
    """The district; both boilers have one efficiency and start at once unless changed."""
    units = [
        boiler(
            "electrode_boiler",
            "plant",
            electrode_kw,
            **{
                "fuel": "electricity",
                "efficiency_at_35c": ELECTRODE_EFFICIENCY,
                "efficiency_at_60c": ELECTRODE_EFFICIENCY,
                "emission_factor_kg_mwh": 0.0,
                **_AT_ONCE,
                **electrode,
            },
        ),
        boiler(
            "gas_boiler",
            "plant",
            900.0,
            efficiency_at_35c=GAS_EFFICIENCY,
            efficiency_at_60c=GAS_EFFICIENCY,
            emission_factor_kg_mwh=GAS_KG_PER_MWH,
            **_AT_ONCE,
        ),
        {
            "kind": "process_heat",
            "name": "laundry",
            "location": "works",
            "base_kw": DEMAND_KW,
            "weather_kw_k": 0.0,
            "exchanger": exchanger(78.0, 48.0, 65.0, 40.0),
            "bypass_flow_share": 0.0,
            "production": {"idle_level": 1.0, "noise": 0.0},
            "sizing": "hypothetical",
        },
    ]
    balancing = ["tank", "gas_boiler"] if with_tank else ["gas_boiler"]
    return make_district(
        "two-boilers",
        circuits=[circuit("main", ["plant", "works"], balancing, (78.0, 85.0))],
        locations={"plant": (0, 0), "works": (120, 0)},
        pipes=[("line", "plant", "works", 120.0, "dn80")],
        units=[*units, *([tank("tank", "plant")] if with_tank else [])],
    )


def constant_weather(district: District) -> ScenarioLibrary:
    """Nothing changes but electricity, which somebody pays for taking from 10 to 16 o'clock."""
    library = build_library(district, "train", 1)
    values = library.values.copy()
    hour = values[0, :, library.column("local_hour")]
    series: dict[str, FloatArray | float] = {
        "ambient_temp_c": 5.0,
        "ground_temp_c": 9.0,
        "irradiance_w_m2": 0.0,
        "wind_speed_m_s": 2.0,
        "gas_eur_per_mwh": GAS_EUR_PER_MWH,
        "co2_eur_per_t": CO2_EUR_PER_T,
        "carbon_intensity_g_per_kwh": CARBON_G_PER_KWH,
        "electricity_eur_per_mwh": np.where((hour >= 10.0) & (hour < 16.0), -60.0, 90.0),
        "laundry.level": 1.0,
    }
    for name, value in series.items():
        values[0, :, library.column(name)] = value
    return replaced(library, values)
