"""The district: everything that is described once, in YAML, with checks across its parts."""

import hashlib
import json
from typing import Annotated

from pydantic import Field

from heatrouter.envs.spec import (
    checks,
    circuit_checks,
    plausibility,
    temperature_checks,
    unit_checks,
)
from heatrouter.envs.spec.base import Described, Name, SchemaVersion, canonical
from heatrouter.envs.spec.consumer_units import Consumer
from heatrouter.envs.spec.network import Circuit, Grid, Location, PipePair, PipeSeries, Site, Soil
from heatrouter.envs.spec.plant_units import Producer, Store, Unplaced

PlacedUnit = Producer | Store | Consumer
"""A unit that stands at a location of the network."""

Unit = Annotated[PlacedUnit | Unplaced, Field(discriminator="kind")]


class District(Described):
    """Factories, fabs, greenhouses, buildings, stores, boilers and the pipes between them."""

    schema_version: SchemaVersion = 1
    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$",
        max_length=60,
        description="names the district in results, bundles, the audit log and the virtual "
        "plant's tags",
    )
    title: str = Field(description="heading of reports and drawings")
    description: str = Field(
        description="what the district is and what its numbers rest on; shown by "
        "`heatrouter districts show`"
    )
    hypothetical: bool = Field(description="true unless the district stands somewhere")
    site: Site = Field(description="climate, clock and design day of every scenario")
    soil: Soil = Field(description="what the pipes lie in")
    grid: Grid = Field(description="what purchased energy costs beside its exchange price")
    circuits: tuple[Circuit, ...] = Field(
        min_length=1,
        description="bodies of water; heat_exchanger and heat_pump units carry heat between them",
    )
    locations: tuple[Location, ...] = Field(
        min_length=2, description="nodes of the network; each belongs to one circuit"
    )
    pipe_series: tuple[PipeSeries, ...] = Field(
        min_length=1, description="catalogue that the pipes choose from"
    )
    pipes: tuple[PipePair, ...] = Field(
        min_length=1, description="trenches between locations of one circuit; loops are allowed"
    )
    units: tuple[Unit, ...] = Field(
        min_length=1,
        description="whatever gives, takes, stores or cools; set-points follow in this order",
    )

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
