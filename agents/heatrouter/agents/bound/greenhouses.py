"""Greenhouses in the bound: air and cover as in the simulator, heated and vented at will."""

import numpy as np

from heatrouter.agents.bound.prices import Prices
from heatrouter.agents.bound.program import Recorded, RecordedProgram
from heatrouter.agents.bound.week_data import WeekData
from heatrouter.envs.arrays import FloatArray, IntArray
from heatrouter.envs.components.greenhouse import DESIGN_WIND_M_S, cover_conductances
from heatrouter.envs.simulation import tables as t
from heatrouter.envs.simulation.consumption import MEAN_AIR_S
from heatrouter.envs.simulation.demand import DAYLIGHT_W_M2
from heatrouter.envs.units import J_PER_KWH, W_PER_KW

_MIN_LEAK_WIND_M_S = 0.25
_MEAN_SLACK_K = 0.02
_COVER_SLACK_K = 10.0
_LIMITS = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 0, 1, 0), (0, 1, 0, 1))
"""Which limits may be passed together: air too cold or hot, its mean too cold or hot."""


class Climate:
    """Conductances and gains of one greenhouse in every step; all follow from the weather.

    Args:
        week: Series and tables.
        u: Row of the consumer.
    """

    def __init__(self, week: WeekData, u: int) -> None:
        data = week.par.consumer[u]
        self.data = data
        self.name = week.consumers[u]
        self.circuit = int(week.par.consumer_index[u, t.CI_CIRCUIT])
        self.ambient_c = week.ambient_c
        sun = week.irradiance_w_m2
        day = sun > DAYLIGHT_W_M2
        conductances = np.array(
            [
                cover_conductances(
                    data[t.CF_LOSS], data[t.CF_COVER_RATIO], wind, data[t.CF_SCREEN], dark
                )
                for wind, dark in zip(week.wind_m_s, 1.0 - day, strict=True)
            ]
        )
        self.inside, self.outside = conductances.T / W_PER_KW
        wind = np.maximum(week.wind_m_s, _MIN_LEAK_WIND_M_S)
        self.leak = data[t.CF_LEAKAGE] * wind / DESIGN_WIND_M_S / W_PER_KW
        lit = (week.hour >= data[t.CF_LAMP_START]) & (week.hour < data[t.CF_LAMP_END])
        self.lamps_kw = data[t.CF_LAMPS] * (lit & (sun < data[t.CF_LAMP_BELOW])) / W_PER_KW
        caught = data[t.CF_SOLAR] * sun * (1.0 - data[t.CF_TRANSPIRATION]) / W_PER_KW
        self.gains_kw = caught + data[t.CF_LAMP_HEAT] * self.lamps_kw
        self.air_kwh_k = float(data[t.CF_CAPACITY]) / J_PER_KWH
        self.cover_kwh_k = float(data[t.CF_COVER_CAPACITY]) / J_PER_KWH
        self.first = week.state["consumer"][u, [t.CX_TEMP, t.CX_COVER, t.CX_MEAN]]
        self.hours = week.hours
        self.filter = week.dt_s / MEAN_AIR_S  # change of the mean for each kelvin over a step
        self.sub_steps = week.sub_steps
        swing = (data[t.CF_DESIGN_HEAT] / W_PER_KW + self.gains_kw) * self.hours
        between = abs(data[t.CF_SET_TEMP] - data[t.CF_NIGHT_TEMP])
        set_c = np.where(day, data[t.CF_SET_TEMP], data[t.CF_NIGHT_TEMP])
        self.vents_c = np.maximum(set_c + data[t.CF_VENT_ABOVE], week.ambient_c)
        self.vents_kw_k = float(data[t.CF_VENT_MAX]) / W_PER_KW
        self.slack_k = 0.25 * swing / self.air_kwh_k + 0.5 * between

    def ends(self, recorded: Recorded, i: int, quantity: str) -> tuple[FloatArray, FloatArray]:
        """A state of a recorded week at the start and the end of each step."""
        end = recorded(f"{self.name}.{quantity}")
        return np.concatenate([[self.first[i]], end[:-1]]), end

    def cover_mean(self, recorded: Recorded) -> FloatArray:
        """Mean cover temperature of a recorded week, from both balances."""
        start, end = self.ends(recorded, 1, "cover_temp_c")
        stored = self.cover_kwh_k * (end - start) / self.hours
        # both balances added: what is stored and lost is what comes in
        air_start, air_end = self.ends(recorded, 0, "air_temp_c")
        air_stored = self.air_kwh_k * (air_end - air_start) / self.hours
        heat = recorded(f"{self.name}.heat_kw") + self.gains_kw
        vented = recorded(f"{self.name}.vent_kw")
        # vent_kw counts leakage too
        lost = heat - vented - air_stored - stored
        found: FloatArray = self.ambient_c + lost / self.outside
        return found

    def air_mean(self, recorded: Recorded) -> FloatArray:
        """Mean air temperature of a recorded week, from the balance of the cover."""
        start, end = self.ends(recorded, 1, "cover_temp_c")
        stored = self.cover_kwh_k * (end - start) / self.hours
        cover = self.cover_mean(recorded)
        passed = stored + self.outside * (cover - self.ambient_c)
        found: FloatArray = cover + passed / self.inside
        return found

    def filtered_mean(self, recorded: Recorded) -> FloatArray:
        """Mean over a step of the 24 h mean before each sub-step."""
        start, end = self.ends(recorded, 2, "air_mean_24h_c")
        return self.air_mean(recorded) - (end - start) / self.filter


class Greenhouses:
    """Variables and rows of all greenhouses.

    Args:
        week: Series and tables.
        program: Is added to.
        prices: Of outputs.
    """

    def __init__(self, week: WeekData, program: RecordedProgram, prices: Prices) -> None:
        self.heat: list[tuple[int, IntArray]] = []
        for u in week.consumers_of(t.GREENHOUSE):
            self._add(Climate(week, int(u)), program, prices)

    def _add(self, house: Climate, program: RecordedProgram, prices: Prices) -> None:
        name, h, data = house.name, house.hours, house.data
        heat = program.variable(
            f"{name}.heat_kw",
            lambda r: r(f"{name}.heat_kw"),
            high=float(data[t.CF_DESIGN_HEAT]) / W_PER_KW,
        )
        self.heat.append((house.circuit, heat))
        free = -np.inf
        air = program.variable(f"{name}.air", lambda r: r(f"{name}.air_temp_c"), low=free)
        cover = program.variable(f"{name}.cover", lambda r: r(f"{name}.cover_temp_c"), low=free)
        mean = program.variable(f"{name}.mean", lambda r: r(f"{name}.air_mean_24h_c"), low=free)
        air_mid = program.variable(f"{name}.air_mid", house.air_mean, low=free)
        cover_mid = program.variable(f"{name}.cover_mid", house.cover_mean, low=free)
        mean_mid = program.variable(f"{name}.mean_mid", house.filtered_mean, low=free)
        vent = program.variable(
            f"{name}.vent",
            lambda r: r(f"{name}.vent_kw") - house.leak * (house.air_mean(r) - house.ambient_c),
        )
        beyond = program.variable(f"{name}.beyond", lambda r: r(f"{name}.comfort_kh") / h)
        first = house.first
        gains = h * (house.gains_kw + house.leak * house.ambient_c) / house.air_kwh_k
        program.change(
            f"{name}.air_balance",
            air,
            first[0],
            [
                (heat, -h / house.air_kwh_k),
                (air_mid, h * (house.inside + house.leak) / house.air_kwh_k),
                (cover_mid, -h * house.inside / house.air_kwh_k),
                (vent, h / house.air_kwh_k),
            ],
            gains,
            gains,
        )
        outside = h * house.outside * house.ambient_c / house.cover_kwh_k
        program.change(
            f"{name}.cover_balance",
            cover,
            first[1],
            [
                (air_mid, -h * house.inside / house.cover_kwh_k),
                (cover_mid, h * (house.inside + house.outside) / house.cover_kwh_k),
            ],
            outside,
            outside,
        )
        program.change(
            f"{name}.mean_balance",
            mean,
            first[2],
            [(air_mid, -house.filter), (mean_mid, house.filter)],
        )
        for label, mid, end, start, slack in (
            ("air", air_mid, air, first[0], house.slack_k),
            ("cover", cover_mid, cover, first[1], _COVER_SLACK_K),
            ("mean", mean_mid, mean, first[2], _MEAN_SLACK_K),
        ):
            near_middle(program, f"{name}.{label}_middle", mid, end, start, slack)
        # above their temperature vents are wide open
        program.rows(
            f"{name}.vents",
            [(vent, 1.0), (air_mid, -house.vents_kw_k)],
            -house.vents_kw_k * house.vents_c,
        )
        self._limits(house, program, beyond, air_mid, mean_mid, mean)
        for term, eur in prices.of(f"{name}.comfort_kh"):
            program.price(term, beyond, eur * h)
        if house.lamps_kw.any():
            for term, eur in prices.of(f"{name}.lamp_power_kw"):
                program.constant[term] = program.constant.get(term, 0.0) + float(
                    eur @ house.lamps_kw
                )
        worth = prices.building_eur_kwh
        program.price("building_stock", air[-1:], -worth * house.air_kwh_k)
        program.price("building_stock", cover[-1:], -worth * house.cover_kwh_k)
        program.constant["building_stock"] = program.constant.get("building_stock", 0.0) + worth * (
            house.air_kwh_k * first[0] + house.cover_kwh_k * first[1]
        )
        if prices.credit_eur:
            program.price("reuse_credit", heat, -prices.credit_eur)

    @staticmethod
    def _limits(
        house: Climate,
        program: RecordedProgram,
        beyond: IntArray,
        air_mid: IntArray,
        mean_mid: IntArray,
        mean: IntArray,
    ) -> None:
        """Kelvin beyond the limits of the crop, of means over the step: convex, so no more."""
        data, n = house.data, house.sub_steps
        for which in _LIMITS:
            cold, hot, mean_cold, mean_hot = which
            limit = (
                cold * data[t.CF_CROP_MIN]
                - hot * data[t.CF_CROP_MAX]
                + mean_cold * data[t.CF_MEAN_MIN]
                - mean_hot * data[t.CF_MEAN_MAX]
            )
            sign, mean_sign = cold - hot, mean_cold - mean_hot
            rows = program.rows(
                f"{house.name}.limit{which}",
                [(beyond, 1.0), (air_mid, sign), (mean_mid, mean_sign), (mean, mean_sign / n)],
                np.full(program.n_steps, limit)
                + np.eye(1, program.n_steps).ravel() * mean_sign * house.first[2] / n,
            )
            # the mean after each sub-step is that before it and its change
            program.add(rows[1:], mean[:-1], -mean_sign / n)


def near_middle(
    program: RecordedProgram,
    name: str,
    mid: IntArray,
    end: IntArray,
    first: float,
    slack: float | FloatArray,
) -> None:
    """Rows that keep the mean of a state over a step near the middle of its two ends."""
    low, high = (
        np.broadcast_to(sign * np.asarray(slack), mid.shape).copy() for sign in (-1.0, 1.0)
    )
    low[0] += 0.5 * first
    high[0] += 0.5 * first
    rows = program.rows(name, [(mid, 1.0), (end, -0.5)], low, high)
    program.add(rows[1:], end[:-1], -0.5)
