"""Unit data as tables, for the compiled kernel; columns are named in ``tables``."""

from typing import NamedTuple

from heatrouter.envs.arrays import FloatArray, IntArray


class Parameters(NamedTuple):
    """Everything the kernel knows of the units and of the site."""

    producer_index: IntArray  # (n_producers, PI_FIELDS)
    producer: FloatArray  # (n_producers, PF_FIELDS)
    cut_order: IntArray  # (n_producers,) which producer gives way first to a surplus
    consumer_index: IntArray  # (n_consumers, CI_FIELDS)
    consumer: FloatArray  # (n_consumers, CF_FIELDS)
    consumer_location: IntArray  # (n_consumers,)
    valve_resistance: FloatArray  # (n_consumers,) Pa s2/kg2
    store_index: IntArray  # (n_stores, SI_FIELDS)
    store: FloatArray  # (n_stores, SF_FIELDS)
    cooling_index: IntArray  # (n_coolings, KI_FIELDS)
    cooling: FloatArray  # (n_coolings, KF_FIELDS)
    digester_index: IntArray  # (n_digesters, DI_FIELDS)
    digester: FloatArray  # (n_digesters, DF_FIELDS)
    circuit_index: IntArray  # (n_circuits, RI_FIELDS)
    circuit: FloatArray  # (n_circuits, RF_FIELDS)
    circuit_order: IntArray  # (n_circuits,) fed circuits before those that feed them
    balance_order: IntArray  # (n_circuits, most) producers that balance, -1 padded
    min_dp: FloatArray  # (n_circuits,) Pa
    max_head: FloatArray  # (n_circuits,) Pa
    head_drop: FloatArray  # (n_circuits,) Pa s2/kg2
    level_ratio: FloatArray  # (n_levels,) annual wave at a burial depth over that of the series
    level_lag: IntArray  # (n_levels,) s by which it follows
    ground_mean: FloatArray  # (n_scenarios,) degC
    site_series: IntArray  # (n_site,) columns of the scenario
    design_temp: float  # degC
    energy_column: int
    n_origins: int  # 0 where heat is not traced
