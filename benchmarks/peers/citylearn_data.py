"""A data set for CityLearn in the form of its 2022 challenge, phase 1.

CityLearn downloads its named data sets. This one is made here, so that the comparison needs no
network: five buildings with a battery and photovoltaics, a year of hours, the same 28 observations
and one action per building. The series are smooth inventions; a step costs the same with any.
"""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path

HOURS = 8760
BUILDINGS = 5
AHEAD = (1, 2, 3)
WEATHER = (
    "outdoor_dry_bulb_temperature",
    "outdoor_relative_humidity",
    "diffuse_solar_irradiance",
    "direct_solar_irradiance",
)
ACTIVE = (
    "month",
    "day_type",
    "hour",
    *(name for base in WEATHER for name in (base, *(f"{base}_predicted_{k}" for k in AHEAD))),
    "carbon_intensity",
    "non_shiftable_load",
    "solar_generation",
    "electrical_storage_soc",
    "net_electricity_consumption",
    "electricity_pricing",
    *(f"electricity_pricing_predicted_{k}" for k in AHEAD),
)


def write_dataset(folder: Path) -> Path:
    """Write all files; returns the path of the schema."""
    hours = range(HOURS)
    sun = [max(0.0, math.sin((h % 24 - 6) * math.pi / 12)) for h in hours]
    weather = [
        [18.0 + 8.0 * math.sin((h % 24 - 9) * math.pi / 12) for h in hours],
        [70.0 - 20.0 * s for s in sun],
        [250.0 * s for s in sun],
        [700.0 * s for s in sun],
    ]
    price = [0.54 if 16 <= h % 24 < 21 else 0.22 for h in hours]
    ahead = [[series[(h + k) % HOURS] for h in hours] for series in weather for k in AHEAD]
    names = [f"{base}_predicted_{k}" for base in WEATHER for k in AHEAD]
    _write(folder / "weather.csv", [*WEATHER, *names], [*weather, *ahead])
    _write(
        folder / "pricing.csv",
        ["electricity_pricing", *(f"electricity_pricing_predicted_{k}" for k in AHEAD)],
        [price, *([price[(h + k) % HOURS] for h in hours] for k in AHEAD)],
    )
    carbon = [0.16 + 0.02 * math.sin(h * math.pi / 12) for h in hours]
    _write(folder / "carbon_intensity.csv", ["carbon_intensity"], [carbon])
    for number in range(1, BUILDINGS + 1):
        _write_building(folder / f"Building_{number}.csv", number, sun)
    path = folder / "schema.json"
    path.write_text(json.dumps(_schema()), encoding="utf-8")
    return path


def _write_building(path: Path, number: int, sun: Sequence[float]) -> None:
    hours = range(HOURS)
    zeros = [0.0] * HOURS
    load = [0.6 + 0.1 * number + 0.5 * (17 <= h % 24 < 23) for h in hours]
    columns: dict[str, Sequence[float | str]] = {
        "month": [1 + min(h // 730, 11) for h in hours],
        "hour": [h % 24 or 24 for h in hours],
        "day_type": [1 + h // 24 % 7 for h in hours],
        "daylight_savings_status": zeros,
        "indoor_dry_bulb_temperature": [""] * HOURS,
        "average_unmet_cooling_setpoint_difference": [""] * HOURS,
        "indoor_relative_humidity": [""] * HOURS,
        "non_shiftable_load": load,
        "dhw_demand": zeros,
        "cooling_demand": zeros,
        "heating_demand": zeros,
        "solar_generation": [700.0 * s for s in sun],
    }
    _write(path, list(columns), list(columns.values()))


def _write(path: Path, names: Sequence[str], columns: Sequence[Sequence[float | str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(zip(*columns, strict=True))


def _schema() -> dict[str, object]:
    observations = {
        name: {"active": True, "shared_in_central_agent": name in ACTIVE[:20] or "pricing" in name}
        for name in ACTIVE
    }
    stores = ("cooling_storage", "heating_storage", "dhw_storage", "electrical_storage")
    return {
        "random_seed": 2022,
        "root_directory": None,
        "central_agent": True,
        "simulation_start_time_step": 0,
        "simulation_end_time_step": HOURS - 1,
        "episode_time_steps": None,
        "rolling_episode_split": False,
        "random_episode_split": False,
        "seconds_per_time_step": 3600,
        "observations": observations,
        "actions": {name: {"active": name == "electrical_storage"} for name in stores},
        "agent": {"type": "citylearn.agents.rbc.BasicRBC", "attributes": {}},
        "reward_function": {
            "type": "citylearn.reward_function.RewardFunction",
            "attributes": None,
        },
        "buildings": {f"Building_{k}": _building(k) for k in range(1, BUILDINGS + 1)},
    }


def _building(number: int) -> dict[str, object]:
    return {
        "include": True,
        "energy_simulation": f"Building_{number}.csv",
        "weather": "weather.csv",
        "carbon_intensity": "carbon_intensity.csv",
        "pricing": "pricing.csv",
        "inactive_observations": [],
        "inactive_actions": [],
        "electrical_storage": {
            "type": "citylearn.energy_model.Battery",
            "autosize": False,
            "attributes": {
                "capacity": 6.4,
                "efficiency": 0.9,
                "capacity_loss_coefficient": 1e-5,
                "loss_coefficient": 0.0,
                "nominal_power": 5.0,
            },
        },
        "pv": {
            "type": "citylearn.energy_model.PV",
            "autosize": False,
            "attributes": {"nominal_power": 4.0 + number / 10},
        },
    }
