"""Rows 6 and 28: what is plausible and yet wrong, and what the policy has never seen."""

from functools import cache
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


def bias(occasion: Occasion) -> RowResult:
    """Row 6: one temperature sensor after the other is off by 2 K from one moment on."""
    return repeated(6, occasion, [_bias], bound_s=HOUR_TICKS * TICK_S)


async def _bias(folder: Path, seed: int) -> Outcome:
    run = _steady(folder, seed, start_day=(WINTER_DAY + 60 * seed) % 330)
    await run.warm(SETTLING_TICKS)
    learning = await run.ticks(round(LEARNING_S / TICK_S) + HOUR_TICKS)
    names = [n for n in run.service.cycle.layout.measured_names if n.endswith("temp_c")]
    times: list[float] = []
    missed: list[str] = []
    for name in names:
        run.strike()
        run.link.twists[name] = _added(BIAS_K * float(run.rng.choice([-1.0, 1.0])))
        for _ in range(HOUR_TICKS):
            (seen,) = await run.ticks(1)
            if any(name in cause for cause in run.service.alarms.present.values()):
                times.append(seen.ended_s - run.fault_s)
                break
        else:
            missed.append(name)
        run.link.twists.clear()
        await run.ticks(REST_TICKS)
    rate = len(times) / len(names)
    failures = [] if rate >= LEAST_RATE else [f"only {100.0 * rate:.0f} % found"]
    left = sum(seen.mode is not Mode.POLICY for seen in run.seen[-len(names) * HOUR_TICKS :])
    false = sum(bool(seen.alarms) for seen in learning) / len(learning)
    found = (Alarm.SENSOR_JUMP, Alarm.DRIFT)
    raised = any(run.on_record(f"alarm {alarm} raised", "temp_c") for alarm in found)
    return Outcome(
        run=run,
        reaction_s=times,
        named=raised,
        failures=failures,
        detail=f"{len(times)} of {len(names)} sensors found within the hour, not: "
        f"{', '.join(missed) or 'none'}; before the first bias an alarm stood in "
        f"{100.0 * false:.0f} % of a day's ticks, the policy was left in {left} ticks",
    )


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
