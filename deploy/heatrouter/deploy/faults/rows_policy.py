"""Rows 17 and 18: what a policy and its process can do."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from heatrouter.deploy.faults.board import Occasion, RowResult
from heatrouter.deploy.faults.outcomes import Outcome, Repetition, repeated
from heatrouter.deploy.faults.virtual_run import TICK_S, VirtualRun, in_mode
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.policy_worker import FaultKind
from heatrouter.envs.arrays import FloatArray

Answer = Callable[[VirtualRun], FloatArray]
"""What the policy answers instead of an action."""


def bad_action(occasion: Occasion) -> RowResult:
    """Row 17: no numbers, beyond the range, and from one end of the range to the other."""
    answers: tuple[Answer, ...] = (_no_number, _infinite, _beyond)
    variants: list[Repetition] = [partial(_bad_action, answer=answer) for answer in answers]
    variants.append(_bang_bang)
    return repeated(17, occasion, variants, bound_s=TICK_S)


def _no_number(run: VirtualRun) -> FloatArray:
    action = run.policy.low.copy()
    action[int(run.rng.integers(action.size))] = math.nan
    return action


def _infinite(run: VirtualRun) -> FloatArray:
    action = run.policy.low.copy()
    action[int(run.rng.integers(action.size))] = math.inf
    return action


def _beyond(run: VirtualRun) -> FloatArray:
    low, high = run.setup.contract.bounds("action")
    return high + 0.01 * (high - low)


async def _bad_action(folder: Path, seed: int, *, answer: Answer) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.policy.fixed = lambda: answer(run)
    await _to_next_question(run)
    reaction_s = run.seen[-1].ended_s - run.fault_s
    left = run.seen[-1].mode is Mode.RULES
    await run.ticks(3)
    run.policy.fixed = None
    recovered = await run.returns()
    return Outcome(
        run=run,
        reaction_s=[reaction_s if left else math.inf],
        named=run.on_record(f"fault {Fault.POLICY_OUTPUT} raised", "range"),
        recovered=recovered,
    )


async def _to_next_question(run: VirtualRun) -> None:
    """Tick until the policy was asked; the fault begins with the question."""
    asked = len(run.policy.asked)
    for _ in range(30):
        (seen,) = await run.ticks(1)
        if len(run.policy.asked) > asked:
            run.fault_s = seen.began_s
            return


async def _bang_bang(folder: Path, seed: int) -> Outcome:
    """Inside the range, from end to end at every decision: the guard keeps rate and dwell."""
    run = VirtualRun(folder, seed)
    await run.warm()
    low, high = run.setup.contract.bounds("action")
    ends = [low, high]

    def swing() -> FloatArray:
        ends.reverse()
        return ends[0]

    run.policy.fixed = swing
    before = run.service.record.writes
    await run.ticks(6 * 60)
    switches = _switches(run)
    failures = []
    if run.service.record.writes == before:
        failures.append("nothing was written")
    if switches:
        failures.append(f"{switches} units switched before their minimum time")
    return Outcome(
        run=run,
        failures=failures,
        detail="end to end at every decision: range, rate and minimum times kept for 6 h, "
        "the policy stays",
    )


def _switches(run: VirtualRun) -> int:
    """Switches of units on record that came before their minimum time, from a district's data."""
    limits = run.service.cycle.limits
    records = [r for r in run.records() if r.event is None and r.written]
    values = np.array([r.executed for r in records])
    times = np.array([r.time_s for r in records])
    early = 0
    for i in limits.switchable_index:
        on = values[:, i] > 0.0
        changes = np.flatnonzero(on[1:] != on[:-1]) + 1
        for a, b in pairwise(changes):
            least_s = limits.min_run_s[i] if on[a] else limits.min_stop_s[i]
            early += bool(times[b] - times[a] < least_s - 1e-6)
    return early


def hanging_policy(occasion: Occasion) -> RowResult:
    """Row 18: late once, hanging for good, and a process that dies."""
    variants: list[Repetition] = [
        partial(_late, hangs=False),
        partial(_late, hangs=True),
        _dead,
    ]
    return repeated(18, occasion, variants, bound_s=TICK_S)


async def _late(folder: Path, seed: int, *, hangs: bool) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.policy.fault, run.policy.think_s = FaultKind.LATE, math.inf
    await _to_next_question(run)
    (seen,) = run.seen[-1:]
    left = seen.mode is Mode.RULES
    if hangs:
        run.policy.death = "no answer for 5 s"
        await run.ticks(20)
    run.policy.fault, run.policy.think_s, run.policy.ready = None, 0.0, True
    recovered = await run.returns(person=hangs)
    return Outcome(
        run=run,
        reaction_s=[seen.ended_s - run.fault_s if left else math.inf],
        named=run.on_record(f"fault {Fault.POLICY_LATE} raised", "not within"),
        recovered=recovered,
    )


async def _dead(folder: Path, seed: int) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    run.policy.death = "signal 11"
    reaction_s = await run.until(in_mode(Mode.RULES), within=5)
    run.policy.ready = True
    recovered = await run.returns(person=True)
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record(f"fault {Fault.WORKER_DEAD} raised", "signal 11"),
        recovered=recovered,
    )
