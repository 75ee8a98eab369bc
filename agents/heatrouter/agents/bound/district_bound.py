"""The bound of a district: every unit with optimistic figures, one heat balance per circuit."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from heatrouter.agents.bound.charges import all_charges
from heatrouter.agents.bound.figures import Figures
from heatrouter.agents.bound.greenhouses import Greenhouses
from heatrouter.agents.bound.owed import Late, owed_path
from heatrouter.agents.bound.prices import Prices
from heatrouter.agents.bound.program import Recorded, RecordedProgram
from heatrouter.agents.bound.room_rows import add_rooms
from heatrouter.agents.bound.thermostats import all_rooms
from heatrouter.agents.bound.water import circuits_water
from heatrouter.agents.bound.week_data import WeekData
from heatrouter.agents.planning.linear_program import Term
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.fab import AIR_J_M3K, WATER_J_KGK
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.consumption import BACKLOG_LIMIT_S
from heatrouter.envs.simulation.outputs import output_layout
from heatrouter.envs.units import J_PER_KWH, W_PER_KW

_SPIN = 2.0
"""Pressure of a pump over the largest head of its circuit: units away from the root lift more."""


class DistrictBound:
    """Builds the programme of a week.

    Attributes:
        program: The programme.
        week: Its week.
        figures: Optimistic figures of the units.
        lost_at: Variables of the loss of each circuit, kW.
        stocks: Variables of the heat held by each circuit and digester, and the first of each, kWh.

    Args:
        week: The week.
        figures: Figures of the units; those that nobody can surpass if not given.
    """

    def __init__(self, week: WeekData, figures: Figures | None = None) -> None:
        self.week = week
        self.program = RecordedProgram(week.n_steps)
        self._prices = Prices(week, output_layout(week.district).columns)
        self._water = circuits_water(week)
        self.figures = figures or Figures.of(week, self._water)
        self._gives: dict[int, list[Term]] = defaultdict(list)
        """Terms of each circuit's balance, kW, positive into its water."""
        self._reads: dict[int, list[tuple[str, float]]] = defaultdict(list)
        self._burns: dict[int, list[IntArray]] = defaultdict(list)
        self._evaporators: dict[int, list[IntArray]] = defaultdict(list)
        self._heats: dict[int, IntArray] = {}
        self.stocks: list[tuple[IntArray, float]] = []
        self.lost_at: list[IntArray] = []
        for p in range(len(week.producers)):
            self._producer(p)
        self._cooling_loads()
        self._digesters()
        self._consumers()
        for c in range(len(week.district.circuits)):
            self._circuit(c)

    def stock_gap_kwh(self, recorded: Recorded, values: FloatArray) -> float:
        """What the simulator's stock of water and fuel changed by, less what a point's did."""
        state = self.week.state
        held = recorded("energy.stock_kwh") - recorded("energy.mass_stock_kwh")
        masses = 0.0
        for u, index in enumerate(self.week.par.consumer_index):
            data, row = self.week.par.consumer[u], state["consumer"][u]
            if index[t.CI_KIND] in (t.SUBSTATION, t.GREENHOUSE):
                masses += data[t.CF_CAPACITY] * row[t.CX_TEMP]
            if index[t.CI_KIND] == t.GREENHOUSE:
                masses += data[t.CF_COVER_CAPACITY] * row[t.CX_COVER]
        first = (float(state["stock"]) - masses) / J_PER_KWH
        return float(held[-1] - first) - sum(
            float(values[at[-1]]) - begin for at, begin in self.stocks
        )

    def _column(
        self,
        column: str,
        low: float | FloatArray = 0.0,
        high: float | FloatArray = np.inf,
    ) -> IntArray:
        """A variable that an output holds, with what it costs."""
        at = self.program.variable(column, lambda r: r(column), low, high)
        for term, eur in self._prices.of(column):
            self.program.price(term, at, eur)
        return at

    def _producer(self, p: int) -> None:
        week, figures, program = self.week, self.figures, self.program
        name, index, data = week.producers[p], week.par.producer_index[p], week.par.producer[p]
        kind, circuit = int(index[t.PI_KIND]), int(index[t.PI_CIRCUIT])
        most = figures.most_kw[:, p]
        heat = self._heats[p] = self._column(f"{name}.heat_kw", 0.0, most)
        self._gives[circuit].append((heat, 1.0))
        self._reads[circuit].append((f"{name}.heat_kw", 1.0))
        if kind == t.SOURCE:
            self._own_sink(p, heat)
        elif kind == t.HEAT_PUMP:
            power = self._column(f"{name}.power_kw", 0.0, most)
            program.rows(f"{name}.cop", [(power, figures.best_cop[:, p]), (heat, -1.0)], 0.0)
            program.rows(f"{name}.evaporator", [(heat, 1.0), (power, -1.0)], 0.0)
            if index[t.PI_COOLING] >= 0:
                self._evaporators[int(index[t.PI_COOLING])] += [heat, power]
            elif index[t.PI_PRIMARY] >= 0:
                primary = int(week.par.consumer_index[index[t.PI_PRIMARY], t.CI_CIRCUIT])
                self._gives[primary] += [(heat, -1.0), (power, 1.0)]
                self._reads[primary] += [(f"{name}.heat_kw", -1.0), (f"{name}.power_kw", 1.0)]
        elif kind == t.LINK:
            primary = int(week.par.consumer_index[index[t.PI_PRIMARY], t.CI_CIRCUIT])
            self._gives[primary].append((heat, -1.0))
            self._reads[primary].append((f"{name}.heat_kw", -1.0))
        elif kind in (t.BOILER, t.CHP):
            self._fired(p, heat, most)
        if kind == t.CHP:
            per_heat = max(data[t.PF_ETA_EL], data[t.PF_ETA_EL_MIN]) / data[t.PF_THERMAL]
            made = self._column(f"{name}.generated_kw", 0.0, most * per_heat)
            program.rows(f"{name}.generator", [(heat, per_heat), (made, -1.0)], 0.0)

    def _fired(self, p: int, heat: IntArray, most: FloatArray) -> None:
        """Fuel at the best efficiency; stand-by losses only add to it."""
        week, index, data = self.week, self.week.par.producer_index[p], self.week.par.producer[p]
        name, best = week.producers[p], self.figures.best_efficiency[:, p]
        worst = float(data[t.PF_THERMAL])
        if index[t.PI_KIND] == t.BOILER:
            worst = min(data[t.PF_ETA_35], data[t.PF_ETA_60])
        standby = data[t.PF_STANDBY] * data[t.PF_CAPACITY] / W_PER_KW
        electric = index[t.PI_KIND] == t.BOILER and data[t.PF_ELECTRIC] > 0.0
        column = f"{name}.power_kw" if electric else f"{name}.fuel_kw"
        fuel = self._column(column, 0.0, most / worst + standby)
        self.program.rows(f"{name}.efficiency", [(fuel, best), (heat, -1.0)], 0.0)
        if index[t.PI_FUEL] >= 0:
            self._burns[int(index[t.PI_FUEL])].append(fuel)

    def _own_sink(self, p: int, heat: IntArray) -> None:
        """What is not recovered goes to the source's sink; a dry cooler's fans may rest."""
        week, data, index = self.week, self.week.par.producer[p], self.week.par.producer_index[p]
        name = week.producers[p]
        level = week.values[:, index[t.PI_LEVEL]] * week.series_or_one(
            int(index[t.PI_AVAILABILITY])
        )
        reach = max(data[t.PF_STREAM_TEMP] - data[t.PF_REFERENCE], 0.0)
        available = data[t.PF_STREAM_CAPACITY] * level * reach / W_PER_KW
        cooler = data[t.PF_COOLER : t.PF_COOLER + 6]
        if cooler[t.COOLER_FITTED] > 0.0:
            self._column(f"{name}.sink_power_kw", 0.0, cooler[t.COOLER_FAN] / W_PER_KW)
            return
        ratio = data[t.PF_SINK]
        power = self._column(f"{name}.sink_power_kw", 0.0, ratio * available)
        self.program.rows(f"{name}.sink", [(power, 1.0), (heat, ratio)], ratio * available)

    def _cooling_loads(self) -> None:
        week = self.week
        for k, name in enumerate(week.cooling_loads):
            data = week.par.cooling[k]
            load = (
                data[t.KF_PEAK] * week.values[:, week.par.cooling_index[k, t.KI_LEVEL]] / W_PER_KW
            )
            pairs = self._evaporators[k]
            taken: list[Term] = [(at, 1.0 if i % 2 == 0 else -1.0) for i, at in enumerate(pairs)]
            cooler = data[t.KF_COOLER : t.KF_COOLER + 6]
            fitted = cooler[t.COOLER_FITTED] > 0.0
            ratio = 0.0 if fitted else data[t.KF_RATIO]
            high = cooler[t.COOLER_FAN] / W_PER_KW if fitted else ratio * load
            power = self._column(f"{name}.tower_power_kw", 0.0, high)
            if taken:
                self.program.rows(f"{name}.cooling", taken, 0.0, load)
            evaporated = [(at, ratio * sign) for at, sign in taken]  # type: ignore[operator]
            self.program.rows(f"{name}.tower", [(power, 1.0), *evaporated], ratio * load)

    def _digesters(self) -> None:
        week, h = self.week, self.week.hours
        worth = self._prices.stock_eur_kwh
        for d, name in enumerate(week.digesters):
            data = week.par.digester[d]
            level = week.values[:, week.par.digester_index[d, t.DI_LEVEL]]
            gas = data[t.DF_PEAK] * level / W_PER_KW
            first = float(week.state["fuel"][d]) / J_PER_KWH
            held = self.program.variable(
                f"{name}.energy_kwh",
                partial(_read, f"{name}.energy_kwh"),
                0.0,
                data[t.DF_CAPACITY] / J_PER_KWH,
            )
            flared = self.program.variable(f"{name}.flared_kw", partial(_read, f"{name}.flared_kw"))
            burnt: list[Term] = [(at, h) for at in self._burns[d]]
            self.program.change(
                f"{name}.balance", held, first, [(flared, h), *burnt], h * gas, h * gas
            )
            self.program.price("stock", held[-1:], -worth)
            self.stocks.append((held, first))
            self._constant("stock", worth * first)

    def _constant(self, term: str, eur: float) -> None:
        self.program.constant[term] = self.program.constant.get(term, 0.0) + eur

    def _consumers(self) -> None:
        week = self.week
        for i, rooms in enumerate(all_rooms(week)):
            space, hot = add_rooms(self.program, week, rooms, self._prices, f"rooms{i}")
            self._takes(rooms.circuit, [space, hot])
            self._reads[rooms.circuit] += [(f"{name}.heat_kw", -1.0) for name in rooms.names]
        for circuit, heat in Greenhouses(week, self.program, self._prices).heat:
            self._takes(circuit, [heat])
        for u in week.consumers_of(t.GREENHOUSE):
            circuit = int(week.par.consumer_index[u, t.CI_CIRCUIT])
            self._reads[circuit].append((f"{week.consumers[u]}.heat_kw", -1.0))
        for c in range(len(week.district.circuits)):
            rows = np.concatenate([week.consumers_of(t.PROCESS), week.consumers_of(t.FAB)])
            rows = rows[week.is_at(c, rows)]
            if rows.size:
                self._processes(c, rows)
        for charges in all_charges(week):
            name, kw = charges.name, charges.charge_kw
            share = self.figures.preheat_share[name]
            heat = self._column(f"{name}.heat_kw", 0.0, kw * share)
            fuel = self._column(f"{name}.fuel_kw", 0.0, kw / charges.efficiency)
            self._takes(charges.circuit, [heat])
            self._reads[charges.circuit].append((f"{name}.heat_kw", -1.0))
            eta, h = charges.efficiency, week.hours
            self.program.rows(
                f"{name}.preheat",
                [(heat, 1.0 - share), (fuel, -share * eta)],
                high=0.0,
            )
            self.program.rows(f"{name}.place", [(heat, 1.0), (fuel, eta)], high=kw)

            def done(r: Recorded, name: str = name, eta: float = eta) -> FloatArray:
                power = r(f"{name}.heat_kw") + r(f"{name}.fuel_kw") * eta
                return np.cumsum(power) * week.hours

            work = self.program.variable(
                f"{name}.work_kwh", done, charges.latest_h * kw, charges.earliest_h * kw
            )
            self.program.change(f"{name}.work", work, 0.0, [(heat, -h), (fuel, -h * eta)])

    def _takes(self, circuit: int, heats: Iterable[IntArray]) -> None:
        for heat in heats:
            self._gives[circuit].append((heat, -1.0))
            if self._prices.credit_eur:
                self.program.price("reuse_credit", heat, -self._prices.credit_eur)

    def _processes(self, circuit: int, rows: IntArray) -> None:
        """Processes and fabs of a circuit, added up: late by a quarter of an hour, else unmet."""
        week, program = self.week, self.program
        demand = sum((_process_kw(week, int(u)) for u in rows), np.zeros(week.n_steps))
        names = tuple(week.consumers[u] for u in rows)
        design = float(week.par.consumer[rows, t.CF_DESIGN_HEAT].sum())
        first = np.maximum(week.state["consumer"][rows, t.CX_OWED], 0.0).sum() / J_PER_KWH
        label = f"processes{circuit}"
        heat = program.variable(f"{label}.heat_kw", partial(_sum, names, "heat_kw"))
        unmet = program.variable(f"{label}.unmet_kw", partial(_sum, names, "unmet_kw"))
        for term, eur in self._prices.of(f"{names[0]}.unmet_kw"):
            program.price(term, unmet, eur)
        late = Late(float(first), design * BACKLOG_LIMIT_S / J_PER_KWH, 0.0, week.hours)

        def path(r: Recorded) -> FloatArray:
            missing = demand - _sum(names, "heat_kw", r)
            return owed_path(late, missing, _sum(names, "unmet_kw", r))

        owed = program.variable(f"{label}.owed", path, 0.0, late.most_kwh)
        h = week.hours
        program.change(f"{label}.late", owed, late.first_kwh, [(heat, h)], -np.inf, h * demand)
        program.change(
            f"{label}.unmet", owed, late.first_kwh, [(heat, h), (unmet, h)], h * demand, np.inf
        )
        self._takes(circuit, [heat])
        self._reads[circuit] += [(f"{name}.heat_kw", -1.0) for name in names]

    def _circuit(self, c: int) -> None:
        week, program, h = self.week, self.program, self.week.hours
        name, water = week.district.circuits[c].name, self._water[c]
        par = week.par
        lift = _SPIN * float(par.max_head[c]) / par.circuit[c, t.RF_DENSITY]
        flow = sum(float(par.producer[p, t.PF_MAX_FLOW]) for p in week.producers_in(c))
        stores = np.flatnonzero(par.store_index[:, t.SI_CIRCUIT] == c)
        flow += float(par.store[stores, t.SF_MAX_FLOW].sum())
        good = float(par.circuit[c, t.RF_EFFICIENCY])
        pump = self._column(f"{name}.pump_power_kw", 0.0, lift * flow / good / W_PER_KW)
        self._gives[c].append((pump, good))
        self._reads[c].append((f"{name}.pump_power_kw", good))
        lost = (f"{name}.loss_kw", *(f"{week.stores[s]}.loss_kw" for s in stores))
        loss = program.variable(
            f"{name}.loss", partial(_total, lost), self.figures.least_loss_kw[:, c]
        )
        self._reads[c] += [(column, -1.0) for column in lost]
        first, reads = water.held_kwh, tuple(self._reads[c])

        def stock(r: Recorded) -> FloatArray:
            return first + h * np.cumsum(_balance(reads, r))

        held = program.variable(
            f"{name}.stock",
            stock,
            *self.figures.stock_kwh[:, c].tolist(),
        )
        terms: list[Term] = [(at, -h * np.asarray(sign)) for at, sign in self._gives[c]]
        program.change(f"{name}.balance", held, first, [*terms, (loss, h)])
        self._grade(c, held)
        worth = self._prices.stock_eur_kwh
        program.price("stock", held[-1:], -worth)
        self.stocks.append((held, first))
        self.lost_at.append(loss)
        self._constant("stock", worth * first)

    def _grade(self, c: int, held: IntArray) -> None:
        """Heat above a temperature comes only from what makes hotter water."""
        week, program, h = self.week, self.program, self.week.hours
        name, water = week.district.circuits[c].name, self._water[c]
        rows = week.producers_in(c)
        tops = sorted({float(self.figures.top_c[p]) for p in rows})
        for level in tops:
            if level >= self.figures.high_c[c]:
                continue
            hotter = [int(p) for p in rows if self.figures.top_c[p] > level]
            heats = tuple(f"{week.producers[p]}.heat_kw" for p in hotter)
            first = water.above_kwh(level)
            limit = water.at_kwh(level, most=True)
            made: list[Term] = [(self._heats[p], -h) for p in hotter]

            def above(
                r: Recorded, heats: Sequence[str] = heats, first: float = first
            ) -> FloatArray:
                return first + h * np.cumsum(_total(heats, r))

            hot = program.variable(f"{name}.above_{level:g}", above)
            program.change(f"{name}.made_{level:g}", hot, first, made, -np.inf, 0.0)
            program.rows(f"{name}.grade_{level:g}", [(held, 1.0), (hot, -1.0)], high=limit)


def _read(column: str, r: Recorded) -> FloatArray:
    return r(column)


def _sum(names: Sequence[str], quantity: str, r: Recorded) -> FloatArray:
    return _total([f"{name}.{quantity}" for name in names], r)


def _total(columns: Sequence[str], r: Recorded) -> FloatArray:
    total: FloatArray = np.sum([r(column) for column in columns], axis=0)
    return total


def _balance(reads: Sequence[tuple[str, float]], r: Recorded) -> FloatArray:
    """What a circuit's water gained in each step of a recorded week, kW."""
    total: FloatArray = np.sum([sign * r(column) for column, sign in reads], axis=0)
    return total


def _process_kw(week: WeekData, u: int) -> FloatArray:
    """Demand of a process or fab; it follows from weather and production alone."""
    data, index = week.par.consumer[u], week.par.consumer_index[u]
    if index[t.CI_KIND] == t.PROCESS:
        cold = np.maximum(data[t.CF_WEATHER_END] - week.ambient_c, 0.0)
        need = data[t.CF_BASE] + data[t.CF_PER_KELVIN] * cold
    else:
        air = np.maximum(data[t.CF_AIR_TEMP] - week.ambient_c, 0.0)
        water = np.maximum(data[t.CF_WATER_TEMP] - week.ground_series_c, 0.0)
        need = data[t.CF_AIR_FLOW] * AIR_J_M3K * air + data[t.CF_WATER_FLOW] * WATER_J_KGK * water
    found: FloatArray = need * week.values[:, index[t.CI_LEVEL]] / W_PER_KW
    return found
