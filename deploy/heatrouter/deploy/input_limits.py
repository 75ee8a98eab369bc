"""What each input of the service must keep to, from the contract and the district.

Ranges come from the contract; ages, gradients and freeze times from what such a tag can do. A real
plant will want its own numbers for some; they are in one table here.
"""

import math

from heatrouter.deploy.tick_reading import ReadingLayout
from heatrouter.deploy.validity import TagLimits, ValidityLimits
from heatrouter.envs.contract import Contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import Digester, Store

RANGE_MARGIN = 0.1
"""Share of a channel's range by which a tag may leave it before it is called wrong: the contract's
bounds scale a policy's input, and are clipped to; a sensor fault is far outside."""

MISSED_SAMPLES = 5
"""A source that has not stamped anew for so many ticks is stale."""

LEAST_AGE_REAL_S = 2.0
"""However fast a virtual plant runs, its server may be busy for so long."""

FREEZE_S = 4.0 * 3600.0
"""A network's temperature never stands still to the last digit for four hours."""

LEVEL_GRADIENT_PER_S = 1.0 / 900.0
"""No store is filled or emptied in less than a quarter of an hour."""

ROOM_GRADIENT_K_PER_S = 10.0 / 3600.0
"""A quarter's mean room temperature moves by a kelvin or two an hour at most."""


def input_limits(
    district: District, contract: Contract, layout: ReadingLayout, *, tick_s: float, speed: float
) -> ValidityLimits:
    """Limits of every input in the order of the readings.

    Args:
        district: Whose units say which tags are critical.
        contract: Ranges and units.
        layout: Order of the inputs.
        tick_s: Plant seconds between readings.
        speed: Plant seconds per real second.
    """
    channels = {c.origin: c for c in contract.observation if c.source in {"measured", "tariff"}}
    critical = {f"{c.name}.supply_temp_c" for c in district.circuits}
    critical |= {f"{u.name}.level" for u in district.units if isinstance(u, Store)}
    critical |= {f"{u.name}.fill_level" for u in district.units if isinstance(u, Digester)}
    critical.add("site.ambient_temp_c")
    network = {f"{c.name}.{end}_temp_c" for c in district.circuits for end in ("supply", "return")}
    max_age_s = max(MISSED_SAMPLES * tick_s, LEAST_AGE_REAL_S * speed)

    def gradient(name: str) -> float:
        if name.endswith((".level", ".fill_level")):
            return LEVEL_GRADIENT_PER_S
        return ROOM_GRADIENT_K_PER_S if name.endswith(".room_temp_c") else math.inf

    def limits_of(name: str) -> TagLimits:
        channel = channels[name]
        margin = RANGE_MARGIN * (channel.high - channel.low)
        return TagLimits(
            name=name,
            low=channel.low - margin,
            high=channel.high + margin,
            substitute=0.5 * (channel.low + channel.high),
            max_gradient_per_s=gradient(name),
            freeze_s=FREEZE_S if name in network else math.inf,
            max_age_s=max_age_s,
            critical=name in critical,
        )

    return ValidityLimits(tuple(limits_of(name) for name in layout.input_names))
