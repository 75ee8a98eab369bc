"""The page of what each preset shows and takes."""

import re
from collections.abc import Iterator

from generating.markdown import table
from heatrouter.envs.contract import Channel, Contract
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task, preset_names


def contracts_page() -> str:
    """Observation, action and set-points of every preset."""
    parts = [
        "# Contracts of the presets",
        (
            "What a controller sees and what it may say, in order, in physical units, with the "
            "task that comes with the preset. `name@-3600s` is a value an hour ago, `@+1..2h` "
            "the mean of a forecast, `@executed` the set-point in force, `@dwell` the time "
            "since it was switched. Bounds scale; they clip nothing that is measured. A row "
            "with `*` stands for so many channels that differ by a number or a lag only."
        ),
    ]
    for name in preset_names():
        contract = build_contract(load_district(name), load_task(name))
        parts += [
            f"## {name}",
            (
                f"{len(contract.observation)} observations, {len(contract.action)} actions "
                f"(`{contract.parametrisation}`), {len(contract.set_points)} set-points; a step is "
                f"{contract.control_dt_s:g} s."
            ),
            "**Action**",
            table(
                ["action", "unit", "low", "neutral", "high"],
                (
                    [f"`{c.name}`", c.unit, _short(c.low), _short(c.neutral), _short(c.high)]
                    for c in contract.action
                ),
            ),
            "**Set-points**",
            table(
                ["set-point", "unit", "low", "high", "safe"],
                (
                    [f"`{c.name}`", c.unit, _short(c.low), _short(c.high), _short(c.safe)]
                    for c in contract.set_points
                ),
            ),
            "**Observation**",
            table(
                ["observation", "number", "unit", "low", "high", "from"], _observations(contract)
            ),
        ]
    return "\n\n".join(parts)


def _observations(contract: Contract) -> Iterator[list[str]]:
    families: dict[tuple[object, ...], list[Channel]] = {}
    for channel in contract.observation:
        alike = re.sub(r"\d+(?=[._@])|@.*", "*", channel.name)
        # Numbered channels of a large town differ in size; their rows do not help anybody.
        bounds = () if re.search(r"\d+[._]", channel.name) else (channel.low, channel.high)
        key = (alike, channel.unit, channel.source, *bounds)
        families.setdefault(key, []).append(channel)
    for (family, *_), channels in families.items():
        first = channels[0]
        if len(channels) == 1:
            name = f"`{first.name}`"
        else:
            ends = f"`{first.name}` … `{channels[-1].name}`"
            name = f"`{family}`: {ends}"
        low = min(channel.low for channel in channels)
        high = max(channel.high for channel in channels)
        yield [name, str(len(channels)), first.unit, _short(low), _short(high), first.source]


def _short(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
