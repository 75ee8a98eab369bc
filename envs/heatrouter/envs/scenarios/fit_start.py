"""What the fit of the generator begins with: first guesses, and what no training year tells."""

from typing import Final

from heatrouter.envs.scenarios.parameters import (
    CarbonParameters,
    DemandParameters,
    GeneratorParameters,
    PriceParameters,
    WeatherParameters,
)

CHOSEN: Final = (
    "weather.fast_k: with damping it only chooses how different years are",
    "weather.warming_k: Germany's mean of 2011-2023 over that of 1988-2007, about 0.8 K (DWD)",
    "weather.year_k: sd of yearly means in Germany, about 0.8 K; one year of data tells nothing",
    "weather.spells: three winters are too few; between those of mild and of severe winters",
    "prices.build_out and capacities: of wind and sun; wider than one zone and year",
    "prices.gas and co2: level and spread of today's market, not those of 2016 to 2022",
    "carbon: no record outside judged years; after emission factors of the German margin",
    "the hourly profile of electricity demand",
)

_FLAT: Final = (1.0,) * 24

START: Final = GeneratorParameters(
    weather=WeatherParameters(
        damping=0.2,
        weather_k=3.0,
        fast_k=2.0,
        fast_h=84.0,
        slow_k=1.0,
        slow_h=600.0,
        warming_k=0.8,
        year_k=0.8,
        spells_per_winter=1.2,
        spell_depth_k=(3.0, 11.0),
        spell_days=(4.0, 10.0),
    ),
    prices=PriceParameters(
        residual=(-0.6, 1.5),
        price=(-1.0, 4.0),
        demand_swing=1.0,
        wind_h=30.0,
        wind_capacity=1.30,
        sun_capacity=1.25,
        build_out=(0.75, 1.25),
        bids=0.03,
        bids_h=4.0,
        gas_mean_eur_per_mwh=45.0,
        gas_year=0.30,
        gas_walk=0.15,
        gas_walk_days=60.0,
        co2_mean_eur_per_t=80.0,
        co2_year=0.15,
        co2_walk=0.08,
        co2_walk_days=90.0,
    ),
    carbon=CarbonParameters(base_g=70.0, slope_g=480.0, noise=0.06, noise_h=48.0),
    demand=DemandParameters(
        base=0.3,
        slope_per_k=0.09,
        end_c=16.0,
        anomaly_share=1.0,
        smoothing_h=24.0,
        weekday=_FLAT,
        weekend=_FLAT,
        weekend_ratio=1.0,
        noise=0.05,
        noise_h=24.0,
        flutter=0.05,
    ),
    fitted_to=(),
    chosen=CHOSEN,
)
