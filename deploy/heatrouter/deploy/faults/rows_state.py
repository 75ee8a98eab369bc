"""Rows 6 and 28: what is plausible and yet wrong, and what the policy has never seen."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

from heatrouter.agents.constant_price import ConstantPriceController
from heatrouter.agents.monitor import Monitor
from heatrouter.agents.monitor_learning import learned_monitor
from heatrouter.deploy.alarms import Alarm
from heatrouter.deploy.faults.board import Occasion, RowResult
from heatrouter.deploy.faults.outcomes import Outcome, repeated
from heatrouter.deploy.faults.virtual_link import Twist
from heatrouter.deploy.faults.virtual_run import PRESET, TICK_S, WINTER_DAY, VirtualRun, in_mode
from heatrouter.deploy.jump_watch import LEARNING_S
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.envs.scenarios.sources import build_library
from heatrouter.envs.spec.loading import load_district, load_task

YEARS = 8
BIAS_K = 2.0
HOUR_TICKS = 60
REST_TICKS = 75
"""Until the alarm of a bias that ended is over."""

LEAST_RATE = 0.5
"""Share of the temperature sensors whose bias has to be found within the hour."""

SETTLING_TICKS = 120
"""The simulated plant starts with a hot network, which is new to the policy for an hour."""

FROST_C = -25.0
AMBIENT = "site.ambient_temp_c"


@cache
def trained_monitor() -> Monitor:
    """What a policy of the preset has seen; takes half a minute, once."""
    district, task = load_district(PRESET), load_task(PRESET)
    train = build_library(district, "train", YEARS, 1)
    validation = build_library(district, "validation", YEARS, 2)
    return learned_monitor(district, task, train, validation, ConstantPriceController())


@dataclass(slots=True)
class _Tally:
    """What became of all biases."""

    found: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    ticks: int = 0
    with_alarm: int = 0
    out_of_policy: int = 0

    def __str__(self) -> str:
        """One line."""
        missed = ", ".join(f"{name} {n}x" for name, n in self.missed.most_common())
        tried = self.found + self.missed.total()
        return (
            f"{self.found} of {tried} biases found within the hour "
            f"({100.0 * self.found / tried:.0f} %), missed: {missed or 'none'}; before the first, "
            f"an alarm stood in {100.0 * self.with_alarm / self.ticks:.1f} % of the ticks; "
            f"the policy was left in {self.out_of_policy}"
        )


def bias(occasion: Occasion) -> RowResult:
    """Row 6: one temperature sensor after the other is off by 2 K from one moment on."""
    tally = _Tally()
    result = repeated(6, occasion, [partial(_bias, tally=tally)], bound_s=HOUR_TICKS * TICK_S)
    return replace(result, detail="; ".join(filter(None, (result.detail, str(tally)))))


async def _bias(folder: Path, seed: int, *, tally: _Tally) -> Outcome:
    run = _steady(folder, seed, start_day=(WINTER_DAY + 60 * seed) % 330)
    await run.warm(SETTLING_TICKS)
    learning = await run.ticks(round(LEARNING_S / TICK_S) + HOUR_TICKS)
    begun = len(run.seen)
    names = [n for n in run.service.cycle.layout.measured_names if n.endswith("temp_c")]
    times: list[float] = []
    for name in names:
        run.strike()
        run.link.twists[name] = _added(BIAS_K * float(run.rng.choice([-1.0, 1.0])))
        for _ in range(HOUR_TICKS):
            (seen,) = await run.ticks(1)
            if any(name in cause for cause in run.service.alarms.present.values()):
                times.append(seen.ended_s - run.fault_s)
                break
        else:
            tally.missed[name] += 1
        run.link.twists.clear()
        await run.ticks(REST_TICKS)
    tally.found += len(times)
    tally.ticks += len(learning)
    tally.with_alarm += sum(bool(seen.alarms) for seen in learning)
    left = sum(seen.mode is not Mode.POLICY for seen in run.seen[begun:])
    tally.out_of_policy += left
    rate = len(times) / len(names)
    failures = [] if rate >= LEAST_RATE else [f"only {100.0 * rate:.0f} % found"]
    if left:
        failures.append("a bias left the policy out")
    alarms = (Alarm.SENSOR_JUMP, Alarm.DRIFT)
    raised = any(run.on_record(f"alarm {alarm} raised", "temp_c") for alarm in alarms)
    return Outcome(run=run, reaction_s=times, named=raised, failures=failures)


def unknown_weather(occasion: Occasion) -> RowResult:
    """Row 28: it is -25 degC."""
    return repeated(28, occasion, [_frost], bound_s=5 * TICK_S)


async def _frost(folder: Path, seed: int) -> Outcome:
    run = _steady(folder, seed, start_day=WINTER_DAY)
    await run.warm(SETTLING_TICKS)
    run.strike()
    run.link.twists[AMBIENT] = lambda _: FROST_C
    reaction_s = await run.until(in_mode(Mode.RULES), within=20)
    await run.ticks(10)
    run.link.twists.clear()
    recovered = await run.returns()
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record(f"fault {Fault.OUT_OF_DISTRIBUTION} raised", AMBIENT),
        recovered=recovered,
    )


def _steady(folder: Path, seed: int, *, start_day: int) -> VirtualRun:
    """A service with the policy that the monitor was made for: a constant price of heat."""
    run = VirtualRun(folder, seed, monitor=trained_monitor(), start_day=start_day)
    run.policy.fixed = run.policy.action.copy
    return run


def _added(by: float) -> Twist:
    return lambda value: value + by
