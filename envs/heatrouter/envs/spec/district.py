"""The district: everything that is described once, in YAML, with checks across its parts."""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import Field

from heatrouter.envs.spec import (
    checks,
    circuit_checks,
    plausibility,
    temperature_checks,
    unit_checks,
)
from heatrouter.envs.spec.base import Described, Name, canonical
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.network import Circuit, Grid, Location, PipePair, PipeSeries, Site, Soil
from heatrouter.envs.spec.plant_units import Producer, Store, Unplaced

PlacedUnit = Producer | Store | Consumer
"""A unit that stands at a location of the network."""

Unit = Annotated[PlacedUnit | Unplaced, Field(discriminator="kind")]


class District(Described):
    """Factories, fabs, greenhouses, buildings, stores, boilers and the pipes between them."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    title: str
    description: str
    hypothetical: bool = Field(description="true unless the district stands somewhere")
    site: Site
    soil: Soil
    grid: Grid
    circuits: tuple[Circuit, ...] = Field(min_length=1)
    locations: tuple[Location, ...] = Field(min_length=2)
    pipe_series: tuple[PipeSeries, ...] = Field(min_length=1)
    pipes: tuple[PipePair, ...] = Field(min_length=1)
    units: tuple[Unit, ...] = Field(min_length=1)

    @property
    def digest(self) -> str:
        """sha256 over the canonical JSON of the description."""
        text = json.dumps(canonical(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def unit(self, name: str) -> Unit:
        """The unit of that name; raises KeyError listing the names there are."""
        for candidate in self.units:
            if candidate.name == name:
                return candidate
        message = f"unit {name!r} is not in {self.name}; it has {[u.name for u in self.units]}"
        raise KeyError(message)

    def cross_check(self) -> list[tuple[str, str]]:
        """Mistakes across parts as ``(path, message)``; empty when the description is sound."""
        return [mistake for rule in _RULES for mistake in rule(self)]


_RULES = (
    checks.duplicate_names,
    checks.dangling_references,
    circuit_checks.roles,
    circuit_checks.balancing,
    circuit_checks.membership,
    circuit_checks.links,
    circuit_checks.heated,
    unit_checks.connections,
    unit_checks.heat_pump_sources,
    unit_checks.fuels,
    unit_checks.dry_coolers,
    unit_checks.fab_heat,
    checks.paths,
    plausibility.site,
    plausibility.pipes,
    plausibility.circuits,
    plausibility.engines,
    plausibility.lamps,
    temperature_checks.temperatures,
)

__all__ = ["District", "Name", "PlacedUnit", "Unit"]
