"""Districts made from a seed: random trees and rings, every kind of unit, one or two circuits.

They are sound for ``District.cross_check`` and meant for properties that hold for any district; no
engineer would build them.
"""

from typing import Any

import numpy as np
from tests.envs.district_parts import (
    boiler,
    circuit,
    exchanger,
    make_district,
    substation,
    tank,
    waste_heat,
)

from heatrouter.envs.spec.district import District

ALWAYS = {"idle_level": 0.9, "noise": 0.1}
HYPOTHETICAL = {"sizing": "hypothetical"}
SIZES = ((1.0, "dn40"), (2.0, "dn50"), (4.0, "dn65"), (7.0, "dn80"), (np.inf, "dn100"))
"""Series for flows up to so many kg/s."""

Unit = dict[str, Any]


def random_district(seed: int) -> District:
    """A sound district; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    link = str(rng.choice(["none", "exchanger", "heat_pump"]))
    main = _Circuit("main", (62.0, 88.0), rng)
    parts = [main]
    if link == "exchanger":
        parts.append(_Circuit("trunk", (78.0, 96.0), rng))
    elif link == "heat_pump":
        parts.append(_Circuit("cold", (32.0, 48.0), rng))
    for part in parts:
        part.add_consumers()
        part.add_producers()
    fuel = [u for part in parts for u in part.units if u.get("fuel_store")]
    shared = [_digester()] if fuel else []
    if any(u.get("source") for part in parts for u in part.units):
        shared.append(_cooling_load(rng))
    balancing = main.balance(with_exchanger=link == "exchanger" and rng.random() < 0.5)
    lists = [balancing, *(part.balance() for part in parts[1:])]
    if link != "none":
        main.units.append(_link(link, main, parts[1], rng))
    district = make_district(
        f"random-{seed}",
        circuits=[
            circuit(part.name, part.places, names, part.supply_c)
            for part, names in zip(parts, lists, strict=True)
        ],
        locations={
            place: (float(x), float(y))
            for part in parts
            for place, (x, y) in zip(
                part.places, rng.uniform(0.0, 2000.0, (len(part.places), 2)), strict=True
            )
        },
        pipes=[pipe for part in parts for pipe in part.pipes()],
        units=[*shared, *(u for part in parts for u in part.units)],
        laying=str(rng.choice(["pair", "twin", "single"])),
    )
    pipes = tuple(
        p.model_copy(update={"burial_depth_m": float(rng.choice([0.6, 1.0, 2.5]))})
        for p in district.pipes
    )
    heads = [*rng.permutation([1.2, 2.0, 4.0]), 12.0]
    made = (_with_head(district.model_copy(update={"pipes": pipes}), float(h)) for h in heads)
    return next(candidate for candidate in made if not candidate.cross_check())


def _with_head(district: District, head_bar: float) -> District:
    """The same with other pumps; the weakest that the design day allows are often too weak."""
    circuits = tuple(
        c.model_copy(
            update={"dp_control": c.dp_control.model_copy(update={"max_head_bar": head_bar})}
        )
        for c in district.circuits
    )
    return district.model_copy(update={"circuits": circuits})


class _Circuit:
    """One circuit while it is being made."""

    def __init__(self, name: str, supply_c: tuple[float, float], rng: np.random.Generator) -> None:
        self.name, self.supply_c, self.rng = name, supply_c, rng
        self.places = [f"{name}_{i}" for i in range(int(rng.integers(3, 8)))]
        n = len(self.places)
        self.edges = [(int(rng.integers(i)), i) for i in range(1, n)]
        for _ in range(int(rng.integers(0, 3))):
            a, b = (int(x) for x in rng.integers(n, size=2))
            if a != b:
                self.edges.append((a, b))
        self.units: list[Unit] = []

    @property
    def cold(self) -> bool:
        return self.supply_c[1] < 60.0

    def somewhere(self) -> str:
        return self.places[int(self.rng.integers(1, len(self.places)))]

    def two_places(self) -> tuple[str, str]:
        a, b = self.rng.choice(len(self.places), size=2, replace=False)
        return self.places[a], self.places[b]

    def add(self, unit: Unit) -> None:
        """Take up a unit under a name of its own."""
        name = f"{self.name}_{unit['kind']}_{len(self.units)}"
        self.units.append({**HYPOTHETICAL, **unit, "name": name})

    def add_consumers(self) -> None:
        kinds = ["process_heat", "fab_heat", "batch_process"]
        if not self.cold:
            kinds += ["substation", "substation", "greenhouse"]
        for kind in self.rng.choice(kinds, size=int(self.rng.integers(1, 6))):
            self.add(self.consumer(str(kind)))

    def consumer(self, kind: str) -> Unit:
        place, top = self.somewhere(), self.supply_c[1] - 6.0
        design = exchanger(top, top - 14.0, top - 6.0, top - 22.0)
        if kind == "substation":
            return substation("", place, float(self.rng.uniform(60.0, 300.0)), 60.0, top)
        if kind == "greenhouse":
            return {
                "kind": kind, "location": place, "floor_area_m2": 900.0, "lamp_w_m2": 50.0,
                "heat_design_w_m2": 160.0, "design_supply_c": 75.0, "design_return_c": 42.0,
            }  # fmt: skip
        unit: Unit = {"kind": kind, "location": place, "exchanger": design, "production": ALWAYS}
        unit["bypass_temp_c"] = 30.0 if self.cold else 50.0
        if kind == "process_heat":
            return {**unit, "base_kw": 60.0, "weather_kw_k": 3.0}
        if kind == "fab_heat":
            return {**unit, "make_up_air_m3_s": 4.0, "ultrapure_water_kg_s": 0.5}
        return {
            **unit, "charge_kg": 4000.0, "heat_capacity_kj_kgk": 0.9, "start_temp_c": 12.0,
            "target_temp_c": 300.0, "duration_min": 50.0, "fuel_efficiency": 0.6,
            "interval_min": float(self.rng.uniform(40.0, 200.0)), "slack_min": 60.0,
        }  # fmt: skip

    def add_producers(self) -> None:
        kinds = ["waste_heat", "preheater", "booster", "solar", "air", "ground", "store"]
        if not self.cold:
            kinds += ["cooling", "chp", "biogas", "engine", "wood", "electrode", "pcm", "lifter"]
        for kind in self.rng.choice(kinds, size=int(self.rng.integers(0, 6)), replace=False):
            self.add(self.producer(str(kind)))

    def producer(self, kind: str) -> Unit:
        place = self.somewhere() if self.rng.random() < 0.7 else self.places[0]
        far, near = self.two_places()
        if far == self.places[0]:
            far, near = near, far
        if kind == "waste_heat":
            return waste_heat("", place, dry_cooler=_COOLER, sink_power_ratio=0.0)
        if kind in {"preheater", "booster"}:
            if kind == "preheater":
                return waste_heat("", near, connection="return_to_return", inlet_location=far)
            return waste_heat("", far, connection="supply_to_supply", inlet_location=near)
        if kind == "lifter":
            return _electrode(far, connection="supply_to_supply", inlet_location=near)
        if kind == "solar":
            return {
                "kind": "solar_thermal", "location": place, "area_m2": 400.0,
                "max_mass_flow_kg_s": 3.0,
            }  # fmt: skip
        if kind in {"air", "ground", "cooling"}:
            source = {"source": "cooling"} if kind == "cooling" else {"source_medium": kind}
            return _heat_pump(place, **source)
        if kind in {"chp", "engine"}:
            gas = {"fuel": "biogas", "fuel_store": "digester", "emission_factor_kg_mwh": 0.0}
            return {
                "kind": "chp", "location": place, "capacity_kw": 150.0, "thermal_efficiency": 0.48,
                "electric_efficiency": 0.38, "electric_efficiency_min_load": 0.33,
                "max_mass_flow_kg_s": 3.0, "start_cost_eur": 5.0,
                **(gas if kind == "engine" else {}),
            }  # fmt: skip
        if kind == "biogas":
            return boiler(
                "", place, 200.0, fuel="biogas", fuel_store="digester", emission_factor_kg_mwh=0.0,
                standby_loss_share=0.02,
            )  # fmt: skip
        if kind == "wood":
            return boiler(
                "", place, 200.0, fuel="wood", fuel_price_eur_per_mwh=35.0, standby_loss_share=0.03,
                emission_factor_kg_mwh=0.0, min_load=0.3, ramp_share_per_min=0.02,
            )  # fmt: skip
        if kind == "electrode":
            return _electrode(place)
        limits = {"full_temp_c": self.supply_c[1] - 2.0, "empty_temp_c": self.supply_c[0] - 20.0}
        small = tank("", place, volume_m3=15.0, height_m=4.0, layers=8, **limits)
        small["max_mass_flow_kg_s"] = 3.0
        return {**small, "pcm": _PCM} if kind == "pcm" else small

    def balance(self, *, with_exchanger: bool = False) -> list[str]:
        """Put what balances at the root; returns its names in order."""
        names = []
        root = self.places[0]
        if self.rng.random() < 0.7:
            limits = {"full_temp_c": self.supply_c[1] - 2.0, "empty_temp_c": 25.0}
            names.append(f"{self.name}_tank")
            self.units.append(tank(names[0], root, volume_m3=40.0, layers=10, **limits))
        if with_exchanger:
            names.append("link")
        if not with_exchanger or self.rng.random() < 0.5:
            names.append(f"{self.name}_boiler")
            self.units.append(boiler(names[-1], root, float(self.rng.uniform(600.0, 1500.0))))
        return [str(name) for name in self.rng.permutation(names)]

    def pipes(self) -> list[tuple[str, str, str, float, str]]:
        """Pipes sized for what is drawn beyond them; rings close with what meets there."""
        drawn = np.zeros(len(self.places))
        for unit in self.units:
            if unit["kind"] in {"process_heat", "fab_heat", "batch_process"}:
                drawn[self.places.index(unit["location"])] += 3.0
            elif "location" in unit and unit["location"] in self.places[1:]:
                drawn[self.places.index(unit["location"])] += 1.8
        if self.name != "main":
            drawn[1:] += 4.0
        for a, b in self.edges[len(self.places) - 2 :: -1]:
            drawn[a] += drawn[b]
        made = []
        for i, (a, b) in enumerate(self.edges):
            flow = drawn[b] if i < len(self.places) - 1 else 3.0
            series = next(name for most, name in SIZES if flow <= most)
            start, end = (a, b) if self.rng.random() < 0.5 else (b, a)
            length = float(self.rng.uniform(30.0, 200.0))
            made.append((f"{self.name}_p{i}", self.places[start], self.places[end], length, series))
        return made


_COOLER = {
    "capacity_kw": 200.0, "design_air_c": 30.0, "design_water_in_c": 60.0,
    "design_water_out_c": 42.0, "fan_kw": 5.0,
}  # fmt: skip

_PCM = {
    "mass_kg": 6000.0, "melting_temp_c": 70.0, "melting_range_k": 2.0, "latent_kj_kg": 220.0,
    "heat_capacity_solid_kj_kgk": 2.2, "heat_capacity_liquid_kj_kgk": 2.6, "transfer_kw_k": 20.0,
    "supercooling_k": 4.0,
}  # fmt: skip


def _electrode(place: str, **changes: Any) -> Unit:
    return boiler(
        "", place, 120.0, fuel="electricity", efficiency_at_35c=0.99, efficiency_at_60c=0.99,
        emission_factor_kg_mwh=0.0, ramp_share_per_min=1.0, **changes,
    )  # fmt: skip


def _heat_pump(place: str, **source: Any) -> Unit:
    return {
        "kind": "heat_pump", "location": place, "capacity_kw": 150.0, "max_mass_flow_kg_s": 3.0,
        "start_cost_eur": 5.0, "max_sink_temp_c": 88.0, **source,
    }  # fmt: skip


def _digester() -> Unit:
    return {
        "kind": "digester", "name": "digester", "peak_gas_kw": 200.0, "capacity_kwh": 600.0,
        "production": ALWAYS, **HYPOTHETICAL,
    }  # fmt: skip


def _cooling_load(rng: np.random.Generator) -> Unit:
    unit = {
        "kind": "cooling_load", "name": "cooling", "peak_kw": 150.0, "water_inlet_temp_c": 32.0,
        "water_outlet_temp_c": 26.0, "tower_power_ratio": 0.03, "production": ALWAYS,
        **HYPOTHETICAL,
    }  # fmt: skip
    if rng.random() < 0.5:
        cooler = {**_COOLER, "design_water_in_c": 32.0, "design_water_out_c": 26.0}
        unit |= {"tower_power_ratio": 0.0, "dry_cooler": {**cooler, "design_air_c": 18.0}}
    return unit


def _link(kind: str, main: _Circuit, other: _Circuit, rng: np.random.Generator) -> Unit:
    if kind == "heat_pump":
        return {
            **HYPOTHETICAL, **_heat_pump(main.places[0], source_location=other.somewhere()),
            "name": "link", "source_min_temp_c": 10.0,
        }  # fmt: skip
    return {
        "kind": "heat_exchanger", "name": "link", "location": main.places[0],
        "primary_location": other.somewhere(), "capacity_kw": float(rng.uniform(200.0, 700.0)),
        "exchanger": exchanger(92.0, 62.0, 84.0, 48.0), **HYPOTHETICAL,
    }  # fmt: skip
