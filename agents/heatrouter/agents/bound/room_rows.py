"""Variables and rows of rooms: heat, temperature, comfort, what is late and what is unmet."""

import numpy as np

from heatrouter.agents.bound.greenhouses import near_middle
from heatrouter.agents.bound.owed import Late, owed_path
from heatrouter.agents.bound.prices import Prices
from heatrouter.agents.bound.program import Recorded, RecordedProgram
from heatrouter.agents.bound.thermostats import Rooms
from heatrouter.agents.bound.week_data import WeekData
from heatrouter.envs.arrays import FloatArray, IntArray

_ROUNDING = 1e-9


class _Course:
    """How a recorded week went for a group of rooms."""

    def __init__(self, week: WeekData, rooms: Rooms) -> None:
        self._week, self._rooms = week, rooms
        self.space = Late(rooms.first_space_kwh, rooms.owed_space_kwh, rooms.fading_kw, week.hours)
        self.hot = Late(rooms.first_hot_kwh, rooms.owed_hot_kwh, 0.0, week.hours)

    def sum(self, quantity: str, r: Recorded) -> FloatArray:
        total: FloatArray = np.sum([r(f"{name}.{quantity}") for name in self._rooms.names], axis=0)
        return total

    def room(self, r: Recorded) -> FloatArray:
        names = self._rooms.names
        return np.array([r(f"{name}.room_temp_c") for name in names]).T @ self._rooms.shares

    def middle(self, r: Recorded) -> FloatArray:
        """Mean over each step, from the balance of heat."""
        rooms, room = self._rooms, self.room(r)
        change = np.diff(room, prepend=rooms.first_c) * rooms.capacity_kwh_k / self._week.hours
        gained = self.sum("space_heat_kw", r) + rooms.gains_kw - change
        return self._week.ambient_c + gained / rooms.loss_kw_k

    def cold(self, r: Recorded) -> FloatArray:
        names = self._rooms.names
        hours = np.array([r(f"{name}.comfort_kh") for name in names]).T @ self._rooms.shares
        return hours / self._week.hours

    def asked(self, r: Recorded) -> FloatArray:
        return self.sum("demand_kw", r) - self._rooms.hot_kw

    def space_owed(self, r: Recorded) -> FloatArray:
        missing = self.asked(r) - self.sum("space_heat_kw", r)
        return owed_path(self.space, missing, self.sum("unmet_kw", r))

    def hot_owed(self, r: Recorded) -> FloatArray:
        missing = self._rooms.hot_kw - self.sum("hot_water_kw", r)
        return owed_path(self.hot, missing, self.sum("unmet_kw", r))


def add_rooms(
    program: RecordedProgram, week: WeekData, rooms: Rooms, prices: Prices, label: str
) -> tuple[IntArray, IntArray]:
    """Add a group of rooms.

    Returns:
        Variables of space heat and of hot water, kW.
    """
    course, h = _Course(week, rooms), week.hours
    space = program.variable(
        f"{label}.space_kw", lambda r: course.sum("space_heat_kw", r), high=rooms.peak_kw
    )
    hot = program.variable(f"{label}.hot_kw", lambda r: course.sum("hot_water_kw", r))
    asked = program.variable(
        f"{label}.asked_kw", course.asked, rooms.least_kw - _ROUNDING * rooms.peak_kw
    )
    room = program.variable(
        f"{label}.room", course.room, -np.inf, rooms.warmest_c * (1.0 + _ROUNDING)
    )
    middle = program.variable(f"{label}.middle", course.middle, -np.inf)
    cold = program.variable(f"{label}.cold", course.cold)
    unmet = program.variable(f"{label}.unmet_kw", lambda r: course.sum("unmet_kw", r))
    space_owed = program.variable(
        f"{label}.space_owed", course.space_owed, 0.0, course.space.most_kwh
    )
    hot_owed = program.variable(f"{label}.hot_owed", course.hot_owed, 0.0, course.hot.most_kwh)

    # temperatures: what is stored is what comes in, less what is lost
    gains = h * (rooms.gains_kw + rooms.loss_kw_k * week.ambient_c) / rooms.capacity_kwh_k
    program.change(
        f"{label}.balance",
        room,
        rooms.first_c,
        [
            (space, -h / rooms.capacity_kwh_k),
            (middle, h * rooms.loss_kw_k / rooms.capacity_kwh_k),
        ],
        gains,
        gains,
    )
    near_middle(program, f"{label}.middle", middle, room, rooms.first_c, rooms.slack_k)
    program.rows(f"{label}.comfort", [(cold, 1.0), (middle, 1.0)], rooms.comfort_c)

    # requests: thermostats ask for more in colder rooms, up to what they can
    steepness = rooms.recovery_kw_k
    at_comfort = rooms.wanted_kw(week, rooms.comfort_c)
    beyond = np.maximum(at_comfort - rooms.peak_kw, 0.0)
    fall = h * rooms.loss_kw_k * np.maximum(rooms.warmest_c - week.ambient_c, 0.0)
    lag = fall / rooms.capacity_kwh_k / week.sub_steps
    least = rooms.wanted_kw(week, 0.0) - beyond - steepness * lag
    least = np.where(rooms.heated, least, -np.inf)
    program.rows(
        f"{label}.thermostat", [(asked, 1.0), (middle, steepness), (cold, steepness)], least
    )

    # what is asked for and does not come is late, then unmet or forgotten; the output counts what
    # is unmet of both together, so each is held against all of it
    demand = h * rooms.hot_kw
    for name, owed, late, terms, asked_for in (
        ("space", space_owed, course.space, [(asked, -h), (space, h)], np.zeros(week.n_steps)),
        ("hot", hot_owed, course.hot, [(hot, h)], demand),
    ):
        program.change(f"{label}.{name}_late", owed, late.first_kwh, terms, -np.inf, asked_for)
        program.change(
            f"{label}.{name}_unmet",
            owed,
            late.first_kwh,
            [*terms, (unmet, h)],
            asked_for - h * late.fading_kw,
            np.inf,
        )
    for name in rooms.names:
        for term, eur in prices.of(f"{name}.comfort_kh"):
            program.price(term, cold, eur * h)
    for term, eur in prices.of(f"{rooms.names[0]}.unmet_kw"):
        program.price(term, unmet, eur)
    worth = prices.building_eur_kwh * rooms.capacity_kwh_k
    program.price("building_stock", room[-1:], -worth)
    program.constant["building_stock"] = (
        program.constant.get("building_stock", 0.0) + worth * rooms.first_c
    )
    return space, hot
