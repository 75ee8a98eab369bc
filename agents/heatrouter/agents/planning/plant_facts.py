"""What a plan knows of a plant, as arrays made once from its description."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.dispatch.plan import DispatchPlan
from heatrouter.envs.dispatch.unit_figures import (
    circuit_index,
    producers_in_order,
    store_kwh,
)
from heatrouter.envs.spec.consumer_units import BatchProcess, Greenhouse
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.plant_units import (
    Boiler,
    Chp,
    CoolingLoad,
    Digester,
    HeatExchanger,
    HeatPump,
    Store,
)

LEAST_SPREAD_K = 5.0
"""Over which a store's power is counted at least."""


def _ints(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class PlantFacts:
    """Positions and sizes; producers in the order of the dispatch plan."""

    plan: DispatchPlan
    unlinked: DispatchPlan  # the same, in which heat from other circuits costs nothing
    columns: Mapping[str, int]
    heat_at: IntArray
    heat_seen_at: IntArray  # observation
    share_at: IntArray
    cop_at: IntArray
    from_cooling: FloatArray  # (n_producers,) 1 where a heat pump cools a cooling load
    start_cost: FloatArray  # (n_producers,) EUR
    min_kw: FloatArray
    min_run_s: FloatArray
    cooling_of: IntArray  # (n_producers,) position of the cooling load, or -1
    digester_of: IntArray  # (n_producers,) position of the digester, or -1
    fuel_per_heat: FloatArray  # (n_producers,) of what burns from a digester
    balancing_links: tuple[tuple[int, int, int], ...]  # column of heat, from and to circuit
    link_limit_kw: FloatArray
    store_names: tuple[str, ...]
    store_circuit: IntArray
    store_kw_k: FloatArray  # kW per kelvin of spread
    store_kwh_k: FloatArray
    store_empty: FloatArray
    store_extra_kwh: FloatArray  # latent heat and capsules
    store_full_kwh: FloatArray
    level_at: IntArray  # observation
    charge_at: IntArray
    store_loss_at: IntArray
    cooling_at: IntArray
    gas_at: IntArray
    gas_capacity: FloatArray
    fill_at: IntArray  # observation
    set_supply_at: IntArray
    greenhouses: tuple[Greenhouse, ...]
    greenhouse_circuit: IntArray
    greenhouse_heat_at: IntArray
    greenhouse_air_at: IntArray
    greenhouse_mean_at: IntArray
    batches: tuple[BatchProcess, ...]
    batch_circuit: IntArray
    batch_heat_at: IntArray
    batch_fuel_at: IntArray
    batch_waiting_at: IntArray
    batch_started_at: IntArray
    batch_waiting_seen_at: IntArray  # observation
    circulation_at: IntArray
    site_at: IntArray  # electricity, CO2, carbon intensity, gas
    fixed_co2: float | None  # EUR/t instead of the series, as the task may say

    @classmethod
    def build(
        cls,
        district: District,
        contract: Contract,
        columns: Mapping[str, int],
        *,
        fixed_co2: float | None = None,
    ) -> "PlantFacts":
        """Collect everything.

        Args:
            district: The district.
            contract: Of the closed loop.
            columns: Of its outputs.
            fixed_co2: CO2 price of the task's objective, EUR/t; the scenario's if not given.
        """
        plan = DispatchPlan.from_district(district, contract)
        producers, _ = producers_in_order(district)
        stores = [u for u in district.units if isinstance(u, Store)]
        cooling = [u.name for u in district.units if isinstance(u, CoolingLoad)]
        digesters = [u for u in district.units if isinstance(u, Digester)]
        digester_names = [u.name for u in digesters]
        greenhouses = tuple(u for u in district.units if isinstance(u, Greenhouse))
        batches = tuple(u for u in district.units if isinstance(u, BatchProcess))
        balancing = {name for c in district.circuits for name in c.balancing}
        links = [u for u in district.units if isinstance(u, HeatExchanger) and u.name in balancing]
        circuits = [district.circuits[circuit_index(district, s.location)] for s in stores]

        def number(unit: object, name: str) -> float:
            value = getattr(unit, name, 0.0)
            return float(value or 0.0)

        def fuel_ratio(unit: object) -> float:
            if isinstance(unit, Boiler):
                return 2.0 / (unit.efficiency_at_35c + unit.efficiency_at_60c)
            return 1.0 / unit.thermal_efficiency if isinstance(unit, Chp) else 0.0

        full = np.array([store_kwh(c, s) for c, s in zip(circuits, stores, strict=True)])
        per_k = np.array(
            [
                s.volume_m3 * c.density_kg_m3 * c.heat_capacity_j_kgk / 3.6e6
                for c, s in zip(circuits, stores, strict=True)
            ]
        )
        span = np.array([s.full_temp_c - s.empty_temp_c for s in stores])
        return cls(
            plan=plan,
            unlinked=replace(plan, linked=()),
            columns=columns,
            heat_at=_ints([columns[f"{u.name}.heat_kw"] for u in producers]),
            heat_seen_at=_ints(
                [contract.observation_index(f"{u.name}.heat_kw") for u in producers]
            ),
            share_at=_ints([columns[f"{u.name}.command_share"] for u in producers]),
            cop_at=_ints([columns[f"{u.name}.cop"] for u in producers if isinstance(u, HeatPump)]),
            from_cooling=np.array(
                [float(isinstance(u, HeatPump) and u.source is not None) for u in producers]
            ),
            start_cost=np.array([number(u, "start_cost_eur") for u in producers]),
            min_kw=plan.min_kw,
            min_run_s=np.array([60.0 * number(u, "min_run_min") for u in producers]),
            cooling_of=_ints(
                [
                    cooling.index(u.source)
                    if isinstance(u, HeatPump) and u.source in cooling
                    else -1
                    for u in producers
                ]
            ),
            digester_of=_ints(
                [
                    digester_names.index(store)
                    if (store := getattr(u, "fuel_store", None)) is not None
                    else -1
                    for u in producers
                ]
            ),
            fuel_per_heat=np.array([fuel_ratio(u) for u in producers]),
            balancing_links=tuple(
                (
                    columns[f"{u.name}.heat_kw"],
                    circuit_index(district, u.primary_location),
                    circuit_index(district, u.location),
                )
                for u in links
            ),
            link_limit_kw=np.array([u.capacity_kw for u in links]),
            store_names=tuple(s.name for s in stores),
            store_circuit=_ints([circuit_index(district, s.location) for s in stores]),
            store_kw_k=np.array(
                [
                    s.max_mass_flow_kg_s * c.heat_capacity_j_kgk / 1e3
                    for c, s in zip(circuits, stores, strict=True)
                ]
            ),
            store_kwh_k=per_k,
            store_empty=np.array([s.empty_temp_c for s in stores]),
            store_extra_kwh=full - per_k * span,
            store_full_kwh=full,
            level_at=_ints([contract.observation_index(f"{s.name}.level") for s in stores]),
            charge_at=_ints([columns[f"{s.name}.charge_kw"] for s in stores]),
            store_loss_at=_ints([columns[f"{s.name}.loss_kw"] for s in stores]),
            cooling_at=_ints([columns[f"{name}.cooling_kw"] for name in cooling]),
            gas_at=_ints([columns[f"{name}.gas_kw"] for name in digester_names]),
            gas_capacity=np.array([u.capacity_kwh for u in digesters]),
            fill_at=_ints(
                [contract.observation_index(f"{name}.fill_level") for name in digester_names]
            ),
            set_supply_at=_ints(
                [columns[f"{c.name}.set_supply_temp_c"] for c in district.circuits]
            ),
            greenhouses=greenhouses,
            greenhouse_circuit=_ints([circuit_index(district, g.location) for g in greenhouses]),
            greenhouse_heat_at=_ints([columns[f"{g.name}.heat_kw"] for g in greenhouses]),
            greenhouse_air_at=_ints([columns[f"{g.name}.air_temp_c"] for g in greenhouses]),
            greenhouse_mean_at=_ints([columns[f"{g.name}.air_mean_24h_c"] for g in greenhouses]),
            batches=batches,
            batch_circuit=_ints([circuit_index(district, u.location) for u in batches]),
            batch_heat_at=_ints([columns[f"{u.name}.heat_kw"] for u in batches]),
            batch_fuel_at=_ints([columns[f"{u.name}.fuel_kw"] for u in batches]),
            batch_waiting_at=_ints([columns[f"{u.name}.waiting"] for u in batches]),
            batch_started_at=_ints([columns[f"{u.name}.started"] for u in batches]),
            batch_waiting_seen_at=_ints(
                [contract.observation_index(f"{u.name}.waiting") for u in batches]
            ),
            circulation_at=_ints([columns[f"{c.name}.pump_power_kw"] for c in district.circuits]),
            site_at=_ints(
                [
                    columns[f"site.{name}"]
                    for name in (
                        "electricity_eur_per_mwh",
                        "co2_eur_per_t",
                        "carbon_intensity_g_per_kwh",
                        "gas_eur_per_mwh",
                    )
                ]
            ),
            fixed_co2=fixed_co2,
        )

    def electricity_price(self, outputs: FloatArray) -> FloatArray:
        """Of bought electricity with fee and CO2, EUR/MWh, ``(n,)``."""
        price, co2, carbon, _ = outputs[:, self.site_at].T
        if self.fixed_co2 is not None:
            co2 = np.full(len(outputs), self.fixed_co2)
        total: FloatArray = price + self.plan.electricity_fee + co2 * carbon * 1e-3
        return total

    def taken_kw(
        self, heat: FloatArray, charge: FloatArray, drawn: FloatArray, linked: FloatArray
    ) -> FloatArray:
        """What every circuit takes: what producers give, less what goes to stores and circuits.

        Args:
            heat: Of producers, kW, ``(n, n_producers)``.
            charge: Of stores, kW, ``(n, n_stores)``.
            drawn: By links and heat pumps from other circuits, kW, in the order of the plan's
                ``linked``, ``(n, n_linked)``.
            linked: Through exchangers that balance, kW, ``(n, n_balancing_links)``.

        Returns:
            Shape ``(n, n_circuits)``, kW.
        """
        taken = np.zeros((len(heat), self.plan.n_circuits))
        for c in range(self.plan.n_circuits):
            taken[:, c] += heat[:, self.plan.circuit_of == c].sum(axis=1)
            taken[:, c] -= charge[:, self.store_circuit == c].sum(axis=1)
        for position, link in enumerate(self.plan.linked):
            taken[:, link.from_circuit] -= drawn[:, position]
        for position, (_, start, end) in enumerate(self.balancing_links):
            taken[:, start] -= linked[:, position]
            taken[:, end] += linked[:, position]
        return taken

    @property
    def linked_producers(self) -> IntArray:
        """Producers that draw from other circuits, in the order of the plan's ``linked``."""
        return _ints([link.producer for link in self.plan.linked])

    @property
    def balancing_heat_at(self) -> IntArray:
        """Columns of the heat of exchangers that balance."""
        return _ints([column for column, _, _ in self.balancing_links])

    def store_room(
        self, return_temp: FloatArray, supply: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Energy of each store as cold as the return and as hot as the supply, kWh.

        Args:
            return_temp: Of each circuit, degC, ``(n, n_circuits)``.
            supply: The same of what is asked for.
        """
        low = self.store_kwh_k * (return_temp[:, self.store_circuit] - self.store_empty)
        high = self.store_kwh_k * (supply[:, self.store_circuit] - self.store_empty)
        return low, np.maximum(high + self.store_extra_kwh, low)

    def store_energy(self, observation: FloatArray) -> FloatArray:
        """Energy of each store as measured, kWh, ``(n_stores,)``."""
        return observation[self.level_at] * self.store_full_kwh

    def gas_price(self, outputs: FloatArray) -> Callable[[float], FloatArray]:
        """Price of gas with fee and CO2 for an emission factor in kg/MWh, EUR/MWh, ``(n,)``."""
        _, co2, _, gas = outputs[:, self.site_at].T
        if self.fixed_co2 is not None:
            co2 = np.full(len(outputs), self.fixed_co2)

        def with_emissions(factor_kg_mwh: float) -> FloatArray:
            total: FloatArray = gas + self.plan.gas_fee + co2 * factor_kg_mwh * 1e-3
            return total

        return with_emissions
