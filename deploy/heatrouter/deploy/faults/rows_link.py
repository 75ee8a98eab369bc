"""Rows 10 to 16: what the plant, its network and the people beside it can do."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

from heatrouter.deploy.faults.board import Occasion, RowResult
from heatrouter.deploy.faults.outcomes import Outcome, repeated
from heatrouter.deploy.faults.virtual_run import TICK_S, VirtualRun, in_mode
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.plc import HEARTBEATS_MISSED, PlcState

SUPPLY = "main.supply_temp_c"

LINE_SPEED = 60.0
"""Where milliseconds of a network count, a tick is a second, as at the board's default."""

LATENCY_S = 0.5
LOSS = 0.05
RETRANSMISSION_S = 0.2
"""Least time after which TCP sends a lost packet again (RFC 6298, Linux)."""

PROCESSING_S = 0.001
"""Of one end, for each way."""


def server_killed(occasion: Occasion) -> RowResult:
    """Row 10: every request fails at once, for ten minutes."""
    variants = [partial(_lost, ticks=10, timeout_s=0.0)]
    return repeated(10, occasion, variants, bound_s=TICK_S)


def server_frozen(occasion: Occasion) -> RowResult:
    """Row 11: every request runs into its timeout."""
    variants = [partial(_lost, ticks=10, timeout_s=1.0)]
    return repeated(11, occasion, variants, bound_s=2 * TICK_S)


def long_outage(occasion: Occasion) -> RowResult:
    """Row 12: six hours without an answer."""
    variants = [partial(_lost, ticks=360, timeout_s=1.0)]
    return repeated(12, occasion, variants, bound_s=2 * TICK_S)


async def _lost(folder: Path, seed: int, *, ticks: int, timeout_s: float) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    run.link.timeout_s, run.link.lost = timeout_s, True
    reaction_s = await run.until(in_mode(Mode.HOLD), within=5)
    held = await run.ticks(ticks)
    failures = []
    if any(s.mode is not Mode.HOLD for s in held):
        failures.append("not in HOLD all the time")
    if run.link.write_times and run.link.write_times[-1] > run.fault_s:
        failures.append("something was written while nobody answered")
    if ticks > HEARTBEATS_MISSED and run.link.plant.plc.state is not PlcState.LOCAL_NO_HEARTBEAT:
        failures.append("the PLC did not take over")
    run.link.lost = False
    (back,) = await run.ticks(1)
    if back.mode is not Mode.RULES:
        failures.append(f"{back.mode} instead of RULES when the plant was back")
    recovered = await run.returns()
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record(f"fault {Fault.PLANT_LINK} raised", "does not answer"),
        recovered=recovered,
        failures=failures,
    )


def slow_network(occasion: Occasion) -> RowResult:
    """Row 13: half a second a request more, then one that leaves no time for two requests."""
    variants = [
        partial(_slow, latency_s=0.2 * LATENCY_S, stays=True),
        partial(_slow, latency_s=LATENCY_S, stays=False),
    ]
    return repeated(13, occasion, variants, bound_s=2.0)


async def _slow(folder: Path, seed: int, *, latency_s: float, stays: bool) -> Outcome:
    run = VirtualRun(folder, seed, speed=LINE_SPEED)
    await run.warm()

    def way_s() -> float:
        lost = run.rng.random() < LOSS
        return 0.5 * latency_s + PROCESSING_S + (RETRANSMISSION_S if lost else 0.0)

    run.strike()
    run.link.delay_s = way_s
    slow = await run.ticks(300)
    run.link.delay_s = lambda: 0.0
    await run.ticks(1)
    longest_s = max(seen.ended_s - seen.began_s for seen in slow)
    fell_back = any(seen.mode is Mode.RULES for seen in slow)
    failures = []
    if stays and fell_back:
        failures.append("the policy was left although ticks fitted their period")
    elif not stays and not fell_back:
        failures.append("the policy was kept although no tick fitted its period")
    named = stays or run.on_record(f"fault {Fault.TICK_OVERRUN} raised")
    recovered = not fell_back or await run.returns() or _locked_out(run)
    return Outcome(
        run=run,
        reaction_s=[longest_s],
        named=named,
        recovered=recovered,
        failures=failures,
        detail="T = 1 s; the reaction is the longest tick",
    )


def _locked_out(run: VirtualRun) -> bool:
    """Three returns to the rules within an hour wait for a person; that is proper, too."""
    return Fault.REPEATED_TRIPS in run.service.state.latched


def write_refused(occasion: Occasion) -> RowResult:
    """Row 14: one set-point of the batch is refused; the time counts from the first refusal."""
    return repeated(14, occasion, [_refused], bound_s=2 * TICK_S)


async def _refused(folder: Path, seed: int) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.link.refuse = frozenset({f"set_point:{SUPPLY}"})
    run.strike()
    (first,) = await run.ticks(1)
    run.fault_s = first.began_s
    reaction_s = await run.until(in_mode(Mode.RULES), within=5)
    writes = len(run.link.write_times)
    await run.ticks(5)
    failures = []
    if len(run.link.write_times) != writes + 5:
        failures.append("the other set-points were not written any more")
    run.link.refuse = frozenset()
    recovered = await run.returns()
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record(f"fault {Fault.WRITE_REJECTED} raised", SUPPLY),
        recovered=recovered,
        failures=failures,
    )


def competing_writer(occasion: Occasion) -> RowResult:
    """Row 15: somebody else's value stands in one of our tags, however often we write."""
    return repeated(15, occasion, [_competing], bound_s=3 * TICK_S)


async def _competing(folder: Path, seed: int) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    run.link.foreign[SUPPLY] = 91.0
    reaction_s = await run.until(in_mode(Mode.LOCAL), within=10)
    writes = len(run.link.write_times)
    await run.ticks(20)
    fought = len(run.link.write_times) - writes
    run.link.foreign.clear()
    recovered = await run.returns(person=True)
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record(f"fault {Fault.COMPETING_WRITER} raised", SUPPLY),
        recovered=recovered,
        failures=[f"{fought} writes against the other writer"] if fought else [],
    )


def operator_takes_over(occasion: Occasion) -> RowResult:
    """Row 16: override, and enable withdrawn."""
    variants = [
        partial(_operated, switch=_override, mode=Mode.LOCAL, reason="operator overrides"),
        partial(_operated, switch=_enable, mode=Mode.SHADOW, reason="does not enable"),
    ]
    return repeated(16, occasion, variants, bound_s=TICK_S)


def _override(run: VirtualRun, on: bool) -> None:  # a switch of the plant
    run.link.operate("override", on)


def _enable(run: VirtualRun, on: bool) -> None:  # a switch of the plant
    run.link.operate("enable", not on)


async def _operated(
    folder: Path,
    seed: int,
    *,
    switch: Callable[[VirtualRun, bool], None],
    mode: Mode,
    reason: str,
) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    switch(run, True)
    reaction_s = await run.until(in_mode(mode), within=5)
    await run.ticks(20)
    last_write_s = run.link.write_times[-1] if run.link.write_times else -math.inf
    failures = ["written after it"] if last_write_s > run.fault_s else []
    switch(run, False)
    recovered = await run.returns()
    changes = [r for r in run.records() if r.event == f"mode {mode}"]
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=any(reason in str(r.detail.get("reason")) for r in changes),
        recovered=recovered,
        failures=failures,
    )
