"""A plant of a few lines behind the interface of DistrictBatch, fast enough for every test."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import pytest
import yaml

from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_weeks import draw_weeks
from heatrouter.envs.arrays import BoolArray, Float32Array, FloatArray, IntArray
from heatrouter.envs.contract import ActionChannel, Channel, Contract, SetPoint
from heatrouter.envs.guard.verdict import Reason, Verdict
from heatrouter.envs.scenarios.catalogue import SITE_SERIES
from heatrouter.envs.scenarios.library import ScenarioLibrary
from heatrouter.envs.simulation.outputs import output_layout
from heatrouter.envs.spec.consumer_units import Greenhouse, ProcessHeat, Substation
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_task
from heatrouter.envs.spec.task import Task

STEP_S = 900
STEPS_PER_DAY = 96


class FakeStep(NamedTuple):
    observation: Float32Array
    truncated: BoolArray
    terms: dict[str, FloatArray]
    outputs: FloatArray
    set_points: FloatArray
    verdict: Verdict


def _contract(district: District, task: Task) -> Contract:
    action = ActionChannel(name="tank.price", unit="EUR/MWh", low=0.0, high=60.0, neutral=20.0)
    if task.parametrisation == "offset":
        action = ActionChannel(name="tank.offset", unit="1", low=-1.0, high=1.0, neutral=0.0)
    return Contract(
        district=district.name,
        district_digest=district.digest,
        parametrisation=task.parametrisation,
        control_dt_s=task.control_dt_s,
        observation=(
            Channel(
                name="site.electricity_eur_per_mwh",
                unit="EUR/MWh",
                low=-500.0,
                high=1000.0,
                source="measured",
                origin="site.electricity_eur_per_mwh",
            ),
            Channel(
                name="tank.level",
                unit="1",
                low=0.0,
                high=1.0,
                source="measured",
                origin="tank.level",
            ),
        ),
        action=(action,),
        set_points=(
            SetPoint(
                name="fab_heat_pump.load_share",
                unit="1",
                low=0.0,
                high=1.0,
                safe=0.0,
                switchable=True,
            ),
        ),
    )


@dataclass
class FakeBatch:
    """Heat pump against price, tank takes what is over, boiler what is short."""

    district: District
    task: Task
    library: ScenarioLibrary
    num_envs: int
    broken_weather: bool = False
    short_of_heat: bool = False

    def __post_init__(self) -> None:
        self.contract = _contract(self.district, self.task)
        self.columns = output_layout(self.district).columns
        self.resets: list[tuple[list[int], list[int]]] = []

    def reset(self) -> Float32Array:
        zeros = np.zeros(self.num_envs, dtype=np.int64)
        return self.reset_to(zeros, zeros)

    def reset_to(
        self, scenario: IntArray, start_step: IntArray, *, truncate: bool = True
    ) -> Float32Array:
        self.resets.append((scenario.tolist(), start_step.tolist()))
        self._scenario, self._step = scenario.copy(), start_step.copy()
        self._level = np.full(self.num_envs, 0.5)
        self._pump = np.zeros(self.num_envs)
        return self._observe()

    def _series(self, name: str) -> FloatArray:
        values = self.library.values
        column = self.library.column(name)
        return np.array(values[self._scenario, self._step % values.shape[1], column])

    def _observe(self) -> Float32Array:
        price = self._series("electricity_eur_per_mwh")
        return np.stack([price, self._level], axis=1).astype(np.float32)

    def step(self, action: FloatArray) -> FakeStep:
        out: dict[str, FloatArray] = {}
        for name in SITE_SERIES:
            out[f"site.{name}"] = self._series(name)
        if self.broken_weather:
            out["site.ambient_temp_c"] = out["site.ambient_temp_c"] + 1e-9
        ambient, price = out["site.ambient_temp_c"], out["site.electricity_eur_per_mwh"]
        hour = out["site.local_hour"]
        cold = np.clip(20.0 - ambient, 0.0, 40.0)
        demand = np.zeros(self.num_envs)
        for unit in self.district.units:
            if isinstance(unit, Substation):
                shape = 1.0 + 0.25 * np.cos((hour - 7.0) * np.pi / 6.0)
                heat = unit.space_heat_design_kw * cold / 34.0 * shape
                heat = heat + unit.hot_water_annual_mwh / 8.76 * (1.0 + 0.8 * np.sin(hour / 3.8))
                out[f"{unit.name}.supply_temp_c"] = 75.0 + 0.3 * cold
                out[f"{unit.name}.room_temp_c"] = 21.0 - 0.02 * cold
            elif isinstance(unit, ProcessHeat):
                heat = unit.base_kw + unit.weather_kw_k * np.clip(14.0 - ambient, 0.0, None)
            elif isinstance(unit, Greenhouse):
                sun = out["site.irradiance_w_m2"] * unit.solar_gain_share
                loss = unit.loss_w_m2k * np.clip(19.0 - ambient, 0.0, None)
                heat = np.clip(loss - sun, 0.0, None) * unit.floor_area_m2 / 1000.0
                out[f"{unit.name}.air_temp_c"] = 19.0 + sun / 40.0
                out[f"{unit.name}.air_mean_24h_c"] = np.full(self.num_envs, 19.5)
                out[f"{unit.name}.useful_heat_kw"] = heat
            else:
                continue
            short = 0.05 * heat if self.short_of_heat else 0.0 * heat
            out[f"{unit.name}.demand_kw"] = heat
            out[f"{unit.name}.unmet_kw"] = short
            out[f"{unit.name}.heat_kw"] = heat - short
            demand = demand + heat - short
        glass = 1200.0 + 60.0 * np.sin(hour)
        dairy = np.where((hour > 5) & (hour < 21) & (out["site.weekday"] < 5), 1500.0, 80.0)
        if self.task.parametrisation == "offset":
            wanted = np.where(self._level < 0.9 + action[:, 0], 1.0, 0.4)
        else:
            worth = 3.2 * (action[:, 0] + 12.0) * (1.4 - self._level)
            wanted = np.clip((worth - price) / 20.0 + 0.5, 0.0, 1.0)
        share = np.where(wanted < 0.3, 0.0, wanted)
        pump = 2200.0 * share
        cop = 3.4 - 0.01 * cold
        loss = np.full(self.num_envs, 420.0)
        supplied = glass + dairy + pump
        gap = supplied - demand - loss
        room_kw = (1.0 - self._level) * 32000.0 * 4.0
        held_kw = self._level * 32000.0 * 4.0
        charge = np.clip(gap, -np.minimum(held_kw, 5000.0), np.minimum(room_kw, 5000.0))
        boiler = np.clip(charge - gap, 0.0, None)
        spilled = np.clip(gap - charge, 0.0, None)
        dairy = dairy - np.minimum(spilled, dairy)
        before = self._level
        self._level = np.clip(before + charge / 4.0 / 32000.0, 0.0, 1.0)
        out |= {
            "glassworks.heat_kw": glass,
            "glassworks.available_kw": glass * 1.05,
            "glassworks.rejected_kw": glass * 0.05,
            "dairy.heat_kw": dairy,
            "dairy.available_kw": np.where(dairy > 100.0, 1650.0, 90.0),
            "dairy.rejected_kw": np.where(dairy > 100.0, 1650.0, 90.0) - dairy,
            "chip_fab_cooling.cooling_kw": np.full(self.num_envs, 2090.0),
            "fab_heat_pump.heat_kw": pump,
            "fab_heat_pump.power_kw": pump / cop,
            "fab_heat_pump.evaporator_kw": pump - pump / cop,
            "fab_heat_pump.cop": cop,
            "fab_heat_pump.ramp_kw": np.abs(pump - self._pump),
            "gas_boiler.heat_kw": boiler,
            "gas_boiler.fuel_kw": boiler / 0.9,
            "tank.level": self._level,
            "tank.charge_kw": charge,
            "tank.top_temp_c": 60.0 + 30.0 * self._level,
            "tank.middle_temp_c": 50.0 + 30.0 * self._level,
            "tank.bottom_temp_c": 45.0 + 20.0 * self._level,
            "tank.loss_kw": np.full(self.num_envs, 12.0),
            "main.supply_temp_c": 78.0 + 0.3 * cold + 4.0 * share,
            "main.return_temp_c": 46.0 + 0.1 * cold,
            "main.max_supply_temp_c": 80.0 + 0.3 * cold,
            "main.worst_dp_bar": np.full(self.num_envs, 0.62),
            "main.load_kw": demand,
            "main.loss_kw": loss,
            "main.pump_power_kw": demand * 0.008,
        }
        outputs = np.zeros((self.num_envs, len(self.columns)))
        for name, value in out.items():
            outputs[:, self.columns[name]] = value
        power = out["fab_heat_pump.power_kw"] + out["main.pump_power_kw"]
        unmet = np.zeros(self.num_envs)
        for name, value in out.items():
            if name.endswith(".unmet_kw"):
                unmet = unmet + value
        terms = {
            "electricity": power / 4000.0 * (price + 60.0),
            "gas": boiler / 0.9 / 4000.0 * (out["site.gas_eur_per_mwh"] + 8.0),
            "co2": boiler / 0.9 / 4000.0 * 0.201 * out["site.co2_eur_per_t"],
            "source_heat": (glass * 5.0 + dairy * 3.0) / 4000.0,
            "wear": np.abs(pump - self._pump) / 1000.0 * 0.5,
            "unmet": unmet / 4000.0 * 800.0,
            "stock": -(self._level - before) * 32.0 * 35.0,
        }
        self._pump = pump
        self._step = self._step + 1
        executed, proposal = share[:, None], wanted[:, None]
        verdict = Verdict(
            reasons=np.where(executed == proposal, 0, Reason.MIN_LOAD).astype(np.uint16),
            accepted=np.ones(self.num_envs, dtype=np.bool_),
            clipped=executed - proposal,
        )
        return FakeStep(
            self._observe(),
            np.zeros(self.num_envs, dtype=np.bool_),
            terms,
            outputs,
            executed,
            verdict,
        )


def _year(random: np.random.Generator, steps: int) -> FloatArray:
    day = np.arange(steps) / STEPS_PER_DAY
    hour = day % 1.0 * 24.0
    season = -np.cos(2.0 * np.pi * (day - 15.0) / 365.0)
    noise = np.convolve(random.normal(size=steps + 400), np.ones(401) / 20.0, "valid")
    ambient = 9.0 + 10.5 * season + 3.5 * np.sin((hour - 9.0) * np.pi / 12.0) + 3.0 * noise
    sun = np.clip(np.sin((hour - 6.0) * np.pi / 12.0), 0.0, None) * (350.0 + 330.0 * season)
    swing = np.convolve(random.normal(size=steps + 40), np.ones(41) / 6.4, "valid")
    price = 75.0 + 22.0 * np.cos((hour - 8.0) * np.pi / 6.0) + 26.0 * swing - 0.06 * sun
    columns = {
        "ambient_temp_c": ambient,
        "ground_temp_c": 9.0 + 5.0 * season,
        "irradiance_w_m2": np.clip(sun * random.uniform(0.5, 1.0, steps), 0.0, 1300.0),
        "wind_speed_m_s": np.full(steps, 3.0),
        "electricity_eur_per_mwh": price,
        "gas_eur_per_mwh": np.full(steps, 38.0),
        "co2_eur_per_t": np.full(steps, 75.0),
        "carbon_intensity_g_per_kwh": 380.0 + 100.0 * np.cos(hour / 3.8),
        "local_hour": hour,
        "weekday": np.floor(day) % 7.0,
        "day_of_year": np.floor(day) % 365.0 + 1.0,
    }
    return np.stack([columns[name] for name in SITE_SERIES], axis=1)


@pytest.fixture(scope="session")
def district() -> District:
    """Not the preset itself: the plant of these tests has not the actions that were tuned."""
    source = files("heatrouter.envs") / "presets" / "energy-web.yaml"
    preset = District.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
    return preset.model_copy(update={"title": "Energy web in a few lines"})


@pytest.fixture(scope="session")
def task() -> Task:
    return load_task("energy-web")


@pytest.fixture(scope="session")
def library() -> ScenarioLibrary:
    random = np.random.default_rng(7)
    names = tuple(f"fake-test-{i:04d}" for i in range(6))
    return ScenarioLibrary(
        names=names,
        split="test",
        series=tuple(SITE_SERIES),
        step_s=STEP_S,
        start_utc=tuple("2030-01-01T00:00:00+00:00" for _ in names),
        values=np.stack([_year(random, 365 * STEPS_PER_DAY) for _ in names]),
        provenance=tuple({"weather": "made up for tests"} for _ in names),
    )


@pytest.fixture(scope="session")
def question(district: District, task: Task, library: ScenarioLibrary) -> Question:
    """Eight days-long weeks: a day each, so that a test takes a blink."""
    return Question(
        district=district,
        task=task,
        library=library,
        weeks=draw_weeks(library, 8, seed=3, hours=24.0),
        hours=24.0,
        seed=3,
        make_batch=lambda chosen, num_envs: FakeBatch(district, chosen, library, num_envs),
    )


@pytest.fixture
def with_batch(question: Question) -> Callable[..., Question]:
    """The same question on another kind of plant."""

    def make(**settings: bool) -> Question:
        def batch(chosen: Task, num_envs: int) -> FakeBatch:
            return FakeBatch(question.district, chosen, question.library, num_envs, **settings)

        return replace(question, make_batch=batch)

    return make
