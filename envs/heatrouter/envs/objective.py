"""The objective in €, lower is better: the only definition there is (docs/kpis.md).

J = energy purchases - electricity sold + CO2 price x emissions + wear + unmet demand + curtailed
and delayed processes + priced comfort - reuse credit - change of stock value. Every term is named
and logged; the change of stock value is a term of every step, so that the sum of an episode
telescopes to what its end is worth more than its start. Electricity that recovery spares in towers
and coolers shows as less of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.errors import Mistake, TaskError
from heatrouter.envs.heat_use import (
    HeatColumns,
    fed_in_kw,
    heat_columns,
    useful_heat_kw,
    waste_heat_kw,
)
from heatrouter.envs.objective_columns import weighted_columns
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.units import KWH_PER_MWH, SECONDS_PER_HOUR

TERMS: Final = (
    "gas",
    "other_fuel",
    "electricity_heat_pumps",
    "electricity_pumps",
    "electricity_towers",
    "electricity_sinks",
    "electricity_boilers",
    "electricity_processes",
    "electricity_sold",
    "waste_heat",
    "co2_gas",
    "co2_other_fuel",
    "co2_electricity",
    "co2_sold",
    "starts",
    "ramping",
    "unmet",
    "curtailment",
    "batch_delay",
    "room_comfort",
    "crop_comfort",
    "reuse_credit",
    "stock",
    "building_stock",
)
"""Every term of the objective, in order."""

STOCK_TERMS: Final = ("stock", "building_stock")
"""Terms that need two moments; :func:`step_cost` leaves them out."""

_LINEAR_TERMS: Final = TERMS[: TERMS.index("reuse_credit")]
# What a term's quantity is multiplied with.
_ONE, _ELECTRICITY, _GAS, _CO2, _CO2_OF_ELECTRICITY, _EXCHANGE = range(6)
_PRICE_OF_TERM: Final = {
    "gas": _GAS,
    "electricity_heat_pumps": _ELECTRICITY,
    "electricity_pumps": _ELECTRICITY,
    "electricity_towers": _ELECTRICITY,
    "electricity_sinks": _ELECTRICITY,
    "electricity_boilers": _ELECTRICITY,
    "electricity_processes": _ELECTRICITY,
    "electricity_sold": _EXCHANGE,
    "co2_gas": _CO2,
    "co2_other_fuel": _CO2,
    "co2_electricity": _CO2_OF_ELECTRICITY,
    "co2_sold": _CO2_OF_ELECTRICITY,
}
_COUNTED: Final = ("starts", "ramping", "batch_delay", "room_comfort", "crop_comfort")
"""Terms whose columns are sums over the step already; the others are powers."""


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """The objective of one district and task over one column layout, made once.

    Every term but the reuse credit is a weighted sum of columns times one price. Sums are taken
    column by column, not as a product of matrices: that would round differently in batches of
    different size.
    """

    weights: FloatArray  # of the gathered columns, (1, n)
    gathered: IntArray  # columns, term after term
    first: IntArray  # where each term begins in them
    price_of: IntArray  # which price multiplies each term
    counted: FloatArray  # 1 where the columns are sums over the step, (1, n_linear)
    site: IntArray  # columns of what prices are made of, (6,)
    fees: FloatArray  # added to them, (1, 6)
    fixed_co2: float | None
    reuse_credit: float
    heat: HeatColumns
    stocks: IntArray  # columns of the whole stock and of what building mass holds
    stock_values_eur: FloatArray  # €/kWh of water and of building mass, (1, 2)

    @classmethod
    def build(cls, district: District, task: Task, columns: Mapping[str, int]) -> "Objective":
        """Collect columns and weights.

        Raises:
            KeyError: The outputs lack a column that a term needs.
        """
        parts = weighted_columns(district, task, _LINEAR_TERMS)
        gathered: list[int] = []
        weights: list[float] = []
        first: list[int] = []
        for term in _LINEAR_TERMS:
            first.append(len(gathered))
            # a term without units still needs a column: any, of no weight
            for name, weight in parts[term] or [("site.electricity_eur_per_mwh", 0.0)]:
                gathered.append(columns[name])
                weights.append(weight)
        prices = task.objective
        made_of = (  # in the order of the prices; of the first only its place is used
            ("electricity_eur_per_mwh", 0.0),
            ("electricity_eur_per_mwh", district.grid.electricity_fee_eur_per_mwh),
            ("gas_eur_per_mwh", district.grid.gas_fee_eur_per_mwh),
            ("co2_eur_per_t", 0.0),
            ("carbon_intensity_g_per_kwh", 0.0),
            ("electricity_eur_per_mwh", 0.0),  # what is sold earns no fee
        )
        return cls(
            weights=np.array([weights], dtype=np.float64),
            gathered=np.array(gathered, dtype=np.int64),
            first=np.array(first, dtype=np.int64),
            price_of=np.array(
                [_PRICE_OF_TERM.get(term, _ONE) for term in _LINEAR_TERMS], dtype=np.int64
            ),
            counted=np.array([[float(term in _COUNTED) for term in _LINEAR_TERMS]]),
            site=np.array([columns[f"site.{name}"] for name, _ in made_of], dtype=np.int64),
            fees=np.array([[fee for _, fee in made_of]]),
            fixed_co2=prices.co2_eur_per_t,
            reuse_credit=prices.reuse_credit_eur_per_mwh,
            heat=heat_columns(district, columns),
            stocks=np.array([columns["energy.stock_kwh"], columns["energy.mass_stock_kwh"]]),
            stock_values_eur=np.array(
                [[prices.stock_eur_per_mwh, prices.building_stock_eur_per_mwh]]
            )
            / KWH_PER_MWH,
        )

    def terms(
        self, outputs: FloatArray, stock_before: FloatArray, dt_s: float
    ) -> tuple[FloatArray, FloatArray]:
        """All terms of one step.

        Args:
            outputs: Of the step, ``(num_envs, n_columns)``.
            stock_before: What this returned for the step before, or :meth:`stock_values` of the
                outputs that ended it, ``(num_envs, 2)``.
            dt_s: Length of the step, s.

        Returns:
            Terms in € in the order of :data:`TERMS`, ``(num_envs, n_terms)``, and the stock
            values after the step.
        """
        terms = np.empty((outputs.shape[0], len(TERMS)))
        self._write_flows(outputs, dt_s, terms[:, : -len(STOCK_TERMS)])
        stock = self.stock_values(outputs)
        np.subtract(stock_before, stock, out=terms[:, -len(STOCK_TERMS) :])
        return terms, stock

    def flow_terms(self, outputs: FloatArray, dt_s: float) -> FloatArray:
        """All terms without the change of stock, ``(num_envs, n_terms - 2)``."""
        terms = np.empty((outputs.shape[0], len(TERMS) - len(STOCK_TERMS)))
        self._write_flows(outputs, dt_s, terms)
        return terms

    def stock_values(self, outputs: FloatArray) -> FloatArray:
        """Value of heat held in water and in building mass, €, ``(num_envs, 2)``."""
        held = outputs.take(self.stocks, axis=1)
        held[:, 0] -= held[:, 1]
        held *= self.stock_values_eur
        return held

    def _write_flows(self, outputs: FloatArray, dt_s: float, terms: FloatArray) -> None:
        hours = dt_s / SECONDS_PER_HOUR
        amounts = np.add.reduceat(
            outputs.take(self.gathered, axis=1) * self.weights, self.first, axis=1
        )
        amounts *= self.counted + (1.0 - self.counted) * hours
        np.multiply(amounts, self._prices(outputs).take(self.price_of, axis=1), out=terms[:, :-1])
        terms[:, -1] = 0.0
        if self.reuse_credit:
            fed = np.maximum(fed_in_kw(self.heat, outputs), 1e-9)
            share = np.minimum(waste_heat_kw(self.heat, outputs) / fed, 1.0)
            reused_mwh = share * useful_heat_kw(self.heat, outputs) * hours / KWH_PER_MWH
            terms[:, -1] = -self.reuse_credit * reused_mwh

    def _prices(self, outputs: FloatArray) -> FloatArray:
        """What each unit of a term's quantity costs, €, ``(num_envs, 6)``."""
        prices = outputs.take(self.site, axis=1)
        prices += self.fees
        prices[:, _ONE] = 1.0
        if self.fixed_co2 is not None:
            prices[:, _CO2] = self.fixed_co2
        # g/kWh is kg/MWh
        of_electricity = prices[:, _CO2_OF_ELECTRICITY]
        of_electricity *= prices[:, _CO2]
        of_electricity /= 1000.0
        return prices


def step_cost(
    district: District, task: Task, columns: Mapping[str, int], outputs: FloatArray, dt_s: float
) -> dict[str, FloatArray]:
    """Cost of one step by term, €, each ``(num_envs,)``, without the change of stock value.

    For a few steps; loops keep an :class:`Objective`.
    """
    flows = Objective.build(district, task, columns).flow_terms(outputs, dt_s)
    names = [term for term in TERMS if term not in STOCK_TERMS]
    return {name: flows[:, i] for i, name in enumerate(names)}


def stock_value(
    district: District, task: Task, columns: Mapping[str, int], outputs: FloatArray
) -> FloatArray:
    """Value of all heat held at the end of a step, €, ``(num_envs,)``."""
    values = Objective.build(district, task, columns).stock_values(outputs)
    total: FloatArray = values.sum(axis=1)
    return total


def total_cost(terms: Mapping[str, FloatArray]) -> FloatArray:
    """Sum of all terms, €.

    Raises:
        TaskError: A term is missing, or is none of the objective.
    """
    mistakes = [Mistake(name, "is no term of the objective") for name in terms if name not in TERMS]
    mistakes += [Mistake(name, "is missing") for name in TERMS if name not in terms]
    if mistakes:
        subject = "terms of the objective"
        raise TaskError(subject, mistakes)
    return np.asarray(np.sum([terms[name] for name in TERMS], axis=0), dtype=np.float64)
