"""What a controller sees: the contract of a district under a task, and observations built by it."""

from heatrouter.envs.observe.builder import Clock, ObservationBuilder
from heatrouter.envs.observe.contract_building import build_contract
from heatrouter.envs.observe.selection import measured_columns, raw_columns, tariff_values

__all__ = [
    "Clock",
    "ObservationBuilder",
    "build_contract",
    "measured_columns",
    "raw_columns",
    "tariff_values",
]
