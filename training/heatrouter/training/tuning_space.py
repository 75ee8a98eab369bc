"""What a tuning may change: parameters of the rules, or a constant heat price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.actuate import denormalise
from heatrouter.envs.actuate.scaling import ActionScaling
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.consumer_units import Greenhouse
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.rule_parameters import RuleParameters

Values = Mapping[str, float]
"""What one trial tried: name to value, as Optuna keeps it."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One number of a search space; a step of zero leaves it continuous."""

    name: str
    low: float
    high: float
    step: float = 0.0


_BAND: Final = "charge_band"
_MORE_LACK: Final = "reserve_lack_more_k"
_LARGEST_LACK_K: Final = 8.0
_RULE_AXES: Final = (
    Axis("supply_shift_k", -10.0, 5.0, 0.5),
    Axis("charge_below_level", 0.05, 0.7, 0.05),
    Axis(_BAND, 0.0, 0.7, 0.05),
    Axis("charge_lack_k", 1.0, 6.0, 0.5),
    Axis("charge_hours", 2.0, 16.0, 1.0),
    Axis("hold_level", 0.5, 1.0, 0.05),
    Axis("reserve_level", 0.0, 0.3, 0.02),
    Axis("reserve_band", 0.0, 0.3, 0.05),
    Axis(_MORE_LACK, 0.0, 4.0, 0.5),
    Axis("heat_pump_price_factor", 0.4, 1.3, 0.05),
    Axis("source_full_level", 0.8, 1.0, 0.02),
)
_GREENHOUSE_AXES: Final = (
    Axis("night_setback_k", 0.0, 3.0, 0.25),
    Axis("crop_mean_margin_k", 0.0, 0.6, 0.05),
    Axis("crop_mean_gain", 0.0, 4.0, 0.25),
)


def rule_axes(district: District) -> tuple[Axis, ...]:
    """Parameters of the rules that matter to a district.

    Not among them what protects: the floor of the supply against legionella and that against
    frost are no matter of cost. Nor the lack beyond 8 K in which boilers fire: the objective
    prices a cold supply only where demand stays unmet, and an operator answers for it before.
    """
    has_greenhouse = any(isinstance(u, Greenhouse) for u in district.units)
    return _RULE_AXES + (_GREENHOUSE_AXES if has_greenhouse else ())


def rules_of(values: Values) -> RuleParameters:
    """Parameters that a trial's values mean; bands are counted from where they begin."""
    fields = dict(values)
    if _BAND in fields:
        until = fields["charge_below_level"] + fields.pop(_BAND)
        fields["charge_until_level"] = min(until, 1.0)
    if _MORE_LACK in fields:
        lack_k = fields["charge_lack_k"] + fields.pop(_MORE_LACK)
        fields["reserve_lack_k"] = min(lack_k, _LARGEST_LACK_K)
    # sums of steps such as 0.15000000000000002 would stand in a file that people read
    return RuleParameters(**{name: round(value, 6) for name, value in fields.items()})


def default_rule_values(axes: tuple[Axis, ...], start: RuleParameters) -> dict[str, float]:
    """Values of the search space next to given parameters, for the first trial."""
    plain = start.model_dump()
    plain[_BAND] = start.charge_until_level - start.charge_below_level
    plain[_MORE_LACK] = start.reserve_lack_k - start.charge_lack_k
    return {axis.name: _on_grid(axis, float(plain[axis.name])) for axis in axes}


def price_axes(contract: Contract) -> tuple[Axis, ...]:
    """Action channels of the heat price, normalised: -1 lowest, 0 neutral, 1 highest."""
    return tuple(Axis(channel.name, -1.0, 1.0) for channel in contract.action)


def price_of(contract: Contract, values: Values) -> dict[str, float]:
    """Action channel to value in its unit, to four digits after the point."""
    normalised = np.array([[values[channel.name] for channel in contract.action]])
    physical = denormalise(contract, normalised)[0]
    return {
        channel.name: round(float(value), 4)
        for channel, value in zip(contract.action, physical, strict=True)
    }


def normalised_price(contract: Contract, price: Values) -> np.ndarray:
    """Normalised action of a price, ``(n_action,)``; neutral where nothing is named."""
    values = [price.get(channel.name, channel.neutral) for channel in contract.action]
    return ActionScaling.from_contract(contract).normalise(np.array(values))


def _on_grid(axis: Axis, value: float) -> float:
    inside = min(max(value, axis.low), axis.high)
    if not axis.step:
        return inside
    steps = round((inside - axis.low) / axis.step)
    # as many decimals as the step has, so that Optuna finds it among its own values
    return min(round(axis.low + steps * axis.step, 6), axis.high)
