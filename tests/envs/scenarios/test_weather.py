import numpy as np
import pytest

from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.errors import ScenarioError
from heatrouter.envs.scenarios.ground import ground_temp_c, pipe_depth_m
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.scenarios.resample import hold, linear, spread_energy
from heatrouter.envs.scenarios.solar import clear_sky_w_m2, cos_zenith, equation_of_time_h
from heatrouter.envs.scenarios.weather import (
    REGIONS,
    load_reference_year,
    neighbours,
    solar_lag_h,
    steps_to_noon,
)
from heatrouter.envs.scenarios.weather_generator import reference_weather
from heatrouter.envs.spec.district import District

QUARTERS: FloatArray = (np.arange(35040, dtype=np.float64) + 0.5) / 4.0


def test_the_reference_year_of_muehldorf_is_read_as_it_stands_in_the_file() -> None:
    year = load_reference_year(13)
    assert year.station.name == "Muehldorf"
    assert year.station.latitude_deg == pytest.approx(48.0 + 17.0 / 60.0)
    assert year.station.longitude_deg == pytest.approx(12.5)
    assert year.station.altitude_m == 405.0
    # The file begins 0.8 1.5 2.0 degC for the hours that end at 1, 2 and 3 o'clock CET: the first
    # one is the last hour of the UTC year.
    assert year.ambient_temp_c[:2].tolist() == [1.5, 2.0]
    assert year.ambient_temp_c[-1] == 0.8
    assert year.wind_speed_m_s[-1] == 2.4
    assert year.ambient_temp_c.shape == (8760,)


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_is_plausible(region: int) -> None:
    year = load_reference_year(region)
    assert 3.0 < year.ambient_temp_c.mean() < 12.0
    assert year.irradiance_w_m2.min() == 0.0
    assert 900e3 < year.irradiance_w_m2.sum() < 1200e3
    assert year.wind_speed_m_s.min() >= 0.0
    assert year.wind_speed_m_s.max() < 30.0
    assert "Deutscher Wetterdienst" in year.source


def test_faulty_wind_hours_are_replaced_and_counted() -> None:
    assert load_reference_year(7).replaced_hours == 3
    assert "3 h of wind replaced" in load_reference_year(7).source
    assert load_reference_year(13).replaced_hours == 0
    # The storm on the Fichtelberg is real.
    assert load_reference_year(11).wind_speed_m_s.max() > 20.0


@pytest.mark.parametrize("region", [0, 16])
def test_a_region_that_does_not_exist_is_refused(region: int) -> None:
    with pytest.raises(ScenarioError, match="must be 1 to 15"):
        load_reference_year(region)


def test_neighbours_are_near_in_distance_and_altitude() -> None:
    assert neighbours(13)[:3] == (9, 15, 10)
    assert sorted((*neighbours(13), 13)) == list(REGIONS)
    # The Fichtelberg (1213 m) is nobody's nearest.
    assert all(neighbours(region)[0] != 11 for region in REGIONS)


@pytest.mark.parametrize("region", REGIONS)
def test_the_irradiance_is_centred_on_solar_noon(region: int, district: District) -> None:
    year = load_reference_year(region)
    assert steps_to_noon(year.irradiance_w_m2, year.station.longitude_deg) in {1, 2}
    site = district.site.model_copy(
        update={"test_reference_region": region, "longitude_deg": year.station.longitude_deg}
    )
    sun = reference_weather(site).irradiance_w_m2
    assert abs(solar_lag_h(sun, QUARTERS, year.station.longitude_deg)) < 0.13


def test_a_stand_in_gets_the_sun_of_the_site(train: ScenarioLibrary, district: District) -> None:
    column = train.column("irradiance_w_m2")
    for year in train.values:
        assert abs(solar_lag_h(year[:, column], QUARTERS, district.site.longitude_deg)) < 0.13


def test_quarter_hours_keep_the_energy_of_the_reference_year(judged: ScenarioLibrary) -> None:
    year = load_reference_year(13)
    sun = judged.values[0, :, judged.column("irradiance_w_m2")]
    assert sun.sum() / 4.0 == pytest.approx(year.irradiance_w_m2.sum(), rel=1e-12)
    air = judged.values[0, :, judged.column("ambient_temp_c")]
    assert air.mean() == pytest.approx(year.ambient_temp_c.mean(), abs=1e-9)


def test_the_sun_does_not_shine_at_night(judged: ScenarioLibrary, district: District) -> None:
    sun = judged.values[0, :, judged.column("irradiance_w_m2")]
    deep = cos_zenith(QUARTERS, district.site.latitude_deg, district.site.longitude_deg) < -0.15
    assert sun[deep].max() < 5.0


def test_solar_geometry_against_known_days() -> None:
    # Equation of time: +16.4 min in early November, -14.2 min in mid February (almanac).
    days = np.array([307.0, 42.0])
    np.testing.assert_allclose(60.0 * equation_of_time_h(days), [16.4, -14.2], atol=0.4)
    # Noon elevation at the solstices on 48.25 N: 90 - 48.25 +- 23.44 degrees.
    for day, elevation in ((172, 65.2), (355, 18.3)):
        hours = 24.0 * (day - 1) + np.arange(0.0, 24.0, 0.05)
        best = np.degrees(np.arcsin(cos_zenith(hours, 48.25, 12.5).max()))
        assert best == pytest.approx(elevation, abs=0.3)
    assert 850.0 < clear_sky_w_m2(24.0 * 171 + np.arange(24.0), 48.25, 12.5).max() < 1000.0


def test_spreading_keeps_every_interval() -> None:
    hours = np.array([0.0, 5.0, 120.0, 400.0, 300.0, 0.0])
    clear = np.concatenate([np.zeros(6), np.linspace(0.0, 800.0, 10), np.full(8, 500.0)])
    quarters = spread_energy(hours, 4, clear)
    np.testing.assert_allclose(quarters.reshape(6, 4).mean(axis=1), hours)
    assert quarters.min() >= 0.0
    shifted = spread_energy(hours, 4, clear, shift_steps=2)
    np.testing.assert_allclose(np.roll(shifted, -2).reshape(6, 4).mean(axis=1), hours)


def test_linear_and_hold() -> None:
    values = np.array([0.0, 8.0, 4.0])
    np.testing.assert_allclose(hold(values, 2), [0, 0, 8, 8, 4, 4])
    np.testing.assert_allclose(linear(values, 2, periodic=False), [0, 2, 6, 7, 5, 4])
    np.testing.assert_allclose(linear(values, 2, periodic=True), [1, 2, 6, 7, 5, 3])
    np.testing.assert_allclose(linear(values, 1, periodic=True), values)


def test_ground_temperature_is_the_damped_and_late_harmonic_of_the_air() -> None:
    angle = 2.0 * np.pi * (np.arange(35040) + 0.5) / 35040
    air = 9.0 - 10.0 * np.cos(angle) + 5.0 * np.sin(365 * angle)
    # d = sqrt(2 alpha / w) = 2.41 m for 0.05 m2/d (Kusuda and Achenbach 1965).
    depth = np.sqrt(2 * 0.05 * 365 / (2 * np.pi))
    ground = ground_temp_c(air, 1.0, 0.05)
    expected = 9.0 - 10.0 * np.exp(-1.0 / depth) * np.cos(angle - 1.0 / depth)
    np.testing.assert_allclose(ground, expected, atol=1e-9)
    assert np.ptp(ground_temp_c(air, 10.0, 0.05)) < 0.5
    np.testing.assert_allclose(ground_temp_c(air, 0.0, 0.05), 9.0 - 10.0 * np.cos(angle), atol=1e-9)


def test_pipe_depth_is_weighted_by_length(district: District) -> None:
    first, *rest = district.pipes
    deep = first.model_copy(update={"burial_depth_m": 3.0})
    changed = district.model_copy(update={"pipes": (deep, *rest)})
    total = sum(pipe.length_m for pipe in district.pipes)
    added = (3.0 - first.burial_depth_m) * first.length_m / total
    assert pipe_depth_m(changed) == pytest.approx(pipe_depth_m(district) + added)
