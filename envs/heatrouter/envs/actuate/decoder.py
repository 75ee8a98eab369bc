"""What an action means, for each parametrisation."""

from collections.abc import Callable

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.contract import Contract, Parametrisation
from heatrouter.envs.dispatch import (
    DispatchMemory,
    DispatchPlan,
    HeatPrice,
    heating_curve,
    initial_memory,
    merit_order_dispatch,
    rules_dispatch,
)
from heatrouter.envs.dispatch.one_decision import OnePrice, one_merit_order, one_rules
from heatrouter.envs.dispatch.one_plant import OnePlant, is_plain, known
from heatrouter.envs.spec.consumer_units import BatchProcess, Greenhouse
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.rule_parameters import RuleParameters

_Decode = Callable[[DispatchMemory, FloatArray, FloatArray], tuple[FloatArray, DispatchMemory]]


class ActionDecoder:
    """Turns actions in physical units into proposed set-points.

    * ``absolute``: the action is the set-points.
    * ``offset``: the action is added to what the rules do; zero is the rules, bit for bit.
    * ``heat_price``: the action prices heat, and dispatch runs units in merit order.

    Proposals lie inside the set-points' ranges. Where an action holds a value that is no number,
    the whole proposal of that environment is NaN, so that the guard refuses it: dispatch would
    otherwise turn it into something that looks like a decision.

    Args:
        district: The district.
        contract: Its contract; fixes the parametrisation.
        rules: Parameters of the rules, those of the task.
    """

    def __init__(self, district: District, contract: Contract, rules: RuleParameters) -> None:
        self.plan = DispatchPlan.from_district(district, contract)
        self.rules = rules
        self._low, self._high = contract.bounds("set_points")
        low, high = contract.bounds("action")
        # one row: for a single environment the shape of the action
        self._action_low, self._action_high = low[np.newaxis], high[np.newaxis]
        decoders: dict[Parametrisation, _Decode] = {
            "absolute": self._absolute,
            "offset": self._offset,
            "heat_price": self._heat_price,
        }
        self._decode = decoders[contract.parametrisation]
        self._one = OnePlant(self.plan) if is_plain(self.plan) else None
        if contract.parametrisation == "heat_price":
            stores = list(self.plan.stores)
            commanded = list(self.plan.commanded.names)
            batches = [u.name for u in district.units if isinstance(u, BatchProcess)]
            greenhouses = [u.name for u in district.units if isinstance(u, Greenhouse)]
            circuits = [c.name for c in district.circuits]
            self._empty_at = _at(contract, stores, "price_empty_eur_per_mwh")
            self._full_at = _at(contract, stores, "price_full_eur_per_mwh")
            self._target_at = _at(contract, stores, "target_level")
            self._supply_at = _at(contract, circuits, "supply_offset_k")
            self._offset_at = _at(contract, greenhouses, "offset_k")
            self._one_price_at: list[list[int]] = [
                at.tolist()
                for at in (
                    self._empty_at,
                    self._full_at,
                    self._target_at,
                    self._supply_at,
                    self._offset_at,
                )
            ]
            self._commanded_empty_at = _at(contract, commanded, "price_empty_eur_per_mwh")
            self._commanded_full_at = _at(contract, commanded, "price_full_eur_per_mwh")
            self._release_at = _at(contract, batches, "release")

    def initial_memory(self, num_envs: int) -> DispatchMemory:
        """Memory of environments that have seen nothing."""
        return initial_memory(self.plan, num_envs)

    def decode(
        self, memory: DispatchMemory, observation: FloatArray, action: FloatArray
    ) -> tuple[FloatArray, DispatchMemory]:
        """Propose set-points.

        Args:
            memory: What the last call returned, or :meth:`initial_memory`.
            observation: What the controller saw, ``(num_envs, n_obs)``.
            action: What it answered, physical units, ``(num_envs, n_action)``; clipped to the
                contract's bounds.

        Returns:
            Proposal ``(num_envs, n_set_points)``, a fresh array, and the memory.
        """
        inside = np.minimum(np.maximum(action, self._action_low), self._action_high)
        proposal, memory = self._decode(memory, observation, inside)
        finite = np.isfinite(action)
        if np.count_nonzero(finite) != finite.size:
            proposal[~finite.all(axis=1)] = np.nan
        return proposal, memory

    def rules_proposal(
        self, memory: DispatchMemory, observation: FloatArray
    ) -> tuple[FloatArray, DispatchMemory]:
        """What the rules propose, whatever the parametrisation: the fallback of the service."""
        if self._one is not None and observation.shape[0] == 1:
            row: list[float] = observation[0].tolist()
            decision = one_rules(self._one, self.rules, memory, row) if known(row) else None
            if decision is not None:
                return decision
        return rules_dispatch(self.plan, self.rules, memory, observation)

    def _absolute(
        self, memory: DispatchMemory, _observation: FloatArray, action: FloatArray
    ) -> tuple[FloatArray, DispatchMemory]:
        return np.minimum(np.maximum(action, self._low), self._high), memory

    def _offset(
        self, memory: DispatchMemory, observation: FloatArray, action: FloatArray
    ) -> tuple[FloatArray, DispatchMemory]:
        base, memory = self.rules_proposal(memory, observation)
        return np.minimum(np.maximum(base + action, self._low), self._high), memory

    def _heat_price(
        self, memory: DispatchMemory, observation: FloatArray, action: FloatArray
    ) -> tuple[FloatArray, DispatchMemory]:
        if self._one is not None and action.shape[0] == 1:
            row, asked = observation[0].tolist(), action[0].tolist()
            decision = self._one_heat_price(self._one, memory, row, asked)
            if decision is not None:
                return decision
        plan = self.plan
        curve = heating_curve(plan, self.rules, observation[:, plan.ambient_at])
        price = HeatPrice(
            price_empty=action.take(self._empty_at, axis=1),
            price_full=action.take(self._full_at, axis=1),
            target_level=action.take(self._target_at, axis=1),
            supply_temp_c=curve + action.take(self._supply_at, axis=1),
            offset_k=action.take(self._offset_at, axis=1),
            commanded_empty=action.take(self._commanded_empty_at, axis=1),
            commanded_full=action.take(self._commanded_full_at, axis=1),
            release=action.take(self._release_at, axis=1),
        )
        return merit_order_dispatch(plan, memory, observation, price)

    def _one_heat_price(
        self, one: OnePlant, memory: DispatchMemory, row: list[float], action: list[float]
    ) -> tuple[FloatArray, DispatchMemory] | None:
        if not known(row, action):
            return None
        price = OnePrice(*[[action[i] for i in at] for at in self._one_price_at])
        return one_merit_order(one, self.rules, memory, row, price)


def _at(contract: Contract, owners: list[str], quantity: str) -> IntArray:
    return np.array([contract.action_index(f"{o}.{quantity}") for o in owners], dtype=np.int64)
