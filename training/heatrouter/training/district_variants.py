"""Variants of a district: the same plant with other sizes, which a policy shall bear as well."""

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import yaml

from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import DistrictError, Mistake, TrainingConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import parse_district
from heatrouter.envs.spec.task import Task
from heatrouter.training.config_variety import RandomisationSettings, SizeRange

_TRIES: Final = 20
"""Draws until a variant passes the checks that every description has to pass."""


def district_variants(
    district: District, task: Task, settings: RandomisationSettings
) -> tuple[District, ...]:
    """Draw variants of a district; the first one is the district itself.

    Every item of a size range draws a factor of its own, evenly on a logarithmic scale.

    Args:
        district: What is described.
        task: Its task.
        settings: How many, and which sizes differ within which ranges.

    Raises:
        TrainingConfigError: A range names nothing in the district, a policy would observe or act
            otherwise on the variants, or no draw passes the checks of a description.
    """
    subject = f"randomisation of {district.name}"
    content = district.model_dump(mode="json")
    mistakes = [
        Mistake(
            f"randomisation.sizes[{i}]",
            f"{district.name!r} has no {size.of!r} with a number {size.field!r}",
        )
        for i, size in enumerate(settings.sizes)
        if not any(_items(content, size))
    ]
    if mistakes:
        raise TrainingConfigError(subject, mistakes)
    wanted = build_contract(district, task)
    found = [district]
    for number in range(1, settings.variants):
        variant = _drawn(district, settings, number)
        other = build_contract(variant, task)
        if _layout(other) != _layout(wanted):
            message = "these sizes change what a policy observes or does; leave them out"
            raise TrainingConfigError(subject, [Mistake("randomisation.sizes", message)])
        found.append(variant)
    return tuple(found)


def _drawn(district: District, settings: RandomisationSettings, number: int) -> District:
    refused: DistrictError | None = None
    for trial in range(_TRIES):
        random = np.random.default_rng([settings.seed, number, trial])
        content = district.model_dump(mode="json")
        for size in settings.sizes:
            for item in _items(content, size):
                factor = math.exp(random.uniform(math.log(size.low), math.log(size.high)))
                item[size.field] *= factor
        try:
            return parse_district(yaml.safe_dump(content, sort_keys=False))
        except DistrictError as error:
            refused = error
    message = f"no variant within these ranges is sound; the last one: {refused}"
    subject = f"randomisation of {district.name}"
    raise TrainingConfigError(subject, [Mistake("randomisation.sizes", message)])


def _items(content: dict[str, Any], size: SizeRange) -> Iterator[dict[str, Any]]:
    """Parts of a description that a size range is about."""
    lists = {"pipe": "pipes", "circuit": "circuits"}
    of_kind = content.get(lists.get(size.of, "units")) or ()
    for item in of_kind:
        if size.of not in lists and item.get("kind") != size.of:
            continue
        value = item.get(size.field)
        if isinstance(value, float | int) and not isinstance(value, bool):
            yield item


def _layout(contract: Contract) -> list[tuple[str, str]]:
    return [
        *((channel.name, channel.unit) for channel in contract.observation),
        *((channel.name, channel.unit) for channel in contract.action),
        *((point.name, point.unit) for point in contract.set_points),
    ]
