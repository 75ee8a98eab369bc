"""Replay of the real years, where the data folder is at hand: HEATROUTER_DATA names it."""

import os
from pathlib import Path

import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.scenarios.weather import solar_lag_h
from heatrouter.envs.spec.district import District

FOLDER = os.environ.get("HEATROUTER_DATA", "")
CONFIGS = Path(__file__).parents[3] / "configs" / "scenarios"

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="HEATROUTER_DATA names no data folder, so the real years are not replayed"
)


def replay(district: District, name: str) -> ScenarioLibrary:
    return build_library(district, "test", 1, data_dir=FOLDER, scenario=CONFIGS / f"{name}.yaml")


@pytest.mark.parametrize(
    ("name", "price", "lowest", "air"),
    # Means and extremes of the files themselves.
    [
        ("de-2023", 95.18, -500.0, 10.7),
        ("dk-2018", 46.2, -15.0, 9.0),
        ("dk-2020", 28.4, -42.7, 9.85),
    ],
)
def test_the_years_of_judging_can_be_replayed(
    district: District, name: str, price: float, lowest: float, air: float
) -> None:
    library = replay(district, name)
    assert library.n_steps == 35040
    values = {series: library.values[0, :, library.column(series)] for series in library.series}
    assert values["electricity_eur_per_mwh"].mean() == pytest.approx(price, abs=0.1)
    assert values["electricity_eur_per_mwh"].min() == pytest.approx(lowest, abs=0.1)
    assert values["ambient_temp_c"].mean() == pytest.approx(air, abs=0.1)
    assert "filled" not in " ".join(library.provenance[0].values())
    assert "borrowed" in library.provenance[0]["irradiance_w_m2"]
    centres: FloatArray = (np.arange(35040, dtype=np.float64) + 0.5) / 4.0
    lag = solar_lag_h(values["irradiance_w_m2"], centres, district.site.longitude_deg)
    assert abs(lag) < 0.15


def test_borrowed_irradiance_keeps_its_energy(district: District) -> None:
    library = replay(district, "de-2023")
    sun = library.values[0, :, library.column("irradiance_w_m2")]
    path = Path(FOLDER) / "weather" / "weather_try2015_muehldorf_bavaria.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("global_horizontal_irradiance_W_per_m2")
    hourly = [float(line.split(",")[column]) for line in lines[1:]]
    assert sun.sum() / 4.0 == pytest.approx(sum(hourly))
