"""Rows 1 to 5 and 7 to 9: what sensors and their clocks can do wrong."""

import math
from functools import partial
from pathlib import Path

from heatrouter.deploy.faults.board import Occasion, RowResult
from heatrouter.deploy.faults.outcomes import Outcome, repeated
from heatrouter.deploy.faults.virtual_link import Twist
from heatrouter.deploy.faults.virtual_run import TICK_S, VirtualRun, in_mode
from heatrouter.deploy.field_link import Quality
from heatrouter.deploy.input_limits import FREEZE_S, MISSED_SAMPLES
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.validity import Cause

ROOM = "town_old.room_temp_c"
SUPPLY = "main.supply_temp_c"
SECONDS_PER_HOUR = 3600.0

_CRITICAL = f"{SUPPLY} ({{}})"


def bad_tag(occasion: Occasion) -> RowResult:
    """Row 1: quality bad, NaN, infinite; the last good value stands in."""
    shown: tuple[tuple[Twist | None, Quality], ...] = (
        (None, Quality.BAD),
        (lambda _: math.nan, Quality.GOOD),
        (lambda _: math.inf, Quality.GOOD),
    )
    variants = [partial(_substituted, twist=t, quality=q, spell=30) for t, q in shown]
    return repeated(1, occasion, variants, bound_s=TICK_S)


def spike(occasion: Occasion) -> RowResult:
    """Row 5: one sample that jumps by 5 K, of a room; a quarter of the level, of a store."""
    jumps = ((ROOM, 5.0), ("tank.level", 0.25))
    variants = [
        partial(_substituted, twist=_added(by), quality=Quality.GOOD, spell=1, name=name)
        for name, by in jumps
    ]
    return repeated(5, occasion, variants, bound_s=TICK_S)


async def _substituted(
    folder: Path,
    seed: int,
    *,
    twist: Twist | None,
    quality: Quality,
    spell: int,
    name: str = ROOM,
) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    before = run.service.cycle.save_state()["measured_now"]
    at = run.service.cycle.layout.measured_names.index(name)
    run.strike()
    run.link.quality[name] = quality
    if twist is not None:
        run.link.twists[name] = twist
    first = await run.ticks(1)
    used = run.service.cycle.save_state()["measured_now"]
    failures = [] if used[at] == before[at] else ["the last good value does not stand in"]
    await run.ticks(spell - 1)
    run.link.quality.clear()
    run.link.twists.clear()
    await run.ticks(20)
    if any(s.mode is not Mode.POLICY for s in run.seen[-spell - 20 :]):
        failures.append("the policy was left")
    marked = [k for k, mask in enumerate(run.causes_of(name)) if mask]
    begun = len(run.seen) - spell - 20
    return Outcome(
        run=run,
        reaction_s=[first[0].ended_s - run.fault_s],
        named=bool(marked) and marked[0] == begun,
        recovered=bool(marked) and marked[-1] < begun + spell + 2,
        failures=failures,
    )


def critical_tag_bad(occasion: Occasion) -> RowResult:
    """Row 2: RULES at the third bad tick."""
    variants = [partial(_critical, quality=Quality.BAD)]
    return repeated(2, occasion, variants, bound_s=3 * TICK_S)


def uncertain(occasion: Occasion) -> RowResult:
    """Row 3: the same with quality uncertain."""
    variants = [partial(_critical, quality=Quality.UNCERTAIN)]
    return repeated(3, occasion, variants, bound_s=3 * TICK_S)


async def _critical(folder: Path, seed: int, *, quality: Quality) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    run.link.quality[SUPPLY] = quality
    reaction_s = await run.until(in_mode(Mode.RULES), within=10)
    await run.ticks(10)
    run.link.quality.clear()
    recovered = await run.returns()
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record(f"fault {Fault.CRITICAL_INPUT} raised", SUPPLY),
        recovered=recovered,
    )


def stuck(occasion: Occasion) -> RowResult:
    """Row 4: a supply temperature that stays at its last number."""
    return repeated(4, occasion, [_stuck], bound_s=FREEZE_S + TICK_S)


async def _stuck(folder: Path, seed: int) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    last = run.link.shown(SUPPLY)
    run.link.twists[SUPPLY] = lambda _: last
    freeze_ticks = round(FREEZE_S / TICK_S)
    reaction_s = math.inf
    for _ in range(freeze_ticks + 5):
        (seen,) = await run.ticks(1)
        if not run.service.cycle.save_state()["valid_now"][_position(run, SUPPLY)]:
            reaction_s = seen.ended_s - run.fault_s
            break
    rules = await run.until(in_mode(Mode.RULES), within=5)
    run.link.twists.clear()
    recovered = await run.returns()
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record("fault CRITICAL_INPUT raised", _CRITICAL.format("FROZEN")),
        recovered=recovered,
        failures=[] if math.isfinite(rules) else ["a critical tag stood still and RULES were not"],
    )


def wrong_unit(occasion: Occasion) -> RowResult:
    """Row 7: kelvin, tenfold and the wrong sign, in a critical temperature."""
    twists: tuple[Twist, ...] = (lambda c: c + 273.15, lambda c: 10.0 * c, lambda c: -c)
    variants = [partial(_wrong_unit, twist=twist) for twist in twists]
    return repeated(7, occasion, variants, bound_s=TICK_S)


async def _wrong_unit(folder: Path, seed: int, *, twist: Twist) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    run.link.twists[SUPPLY] = twist
    (first,) = await run.ticks(1)
    marked = not run.service.cycle.save_state()["valid_now"][_position(run, SUPPLY)]
    rules = await run.until(in_mode(Mode.RULES), within=5)
    run.link.twists.clear()
    recovered = await run.returns()
    ranged = [mask for mask in run.causes_of(SUPPLY) if mask & Cause.RANGE]
    return Outcome(
        run=run,
        reaction_s=[first.ended_s - run.fault_s if marked else math.inf],
        named=bool(ranged) and run.on_record("fault CRITICAL_INPUT raised", "RANGE"),
        recovered=recovered,
        failures=[] if rules <= 3 * TICK_S else ["RULES later than 3 T"],
    )


def old_stamp(occasion: Occasion) -> RowResult:
    """Row 8: good quality, and the source stamps nothing anew."""
    return repeated(8, occasion, [_old_stamp], bound_s=(MISSED_SAMPLES + 3) * TICK_S)


async def _old_stamp(folder: Path, seed: int) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    run.link.stamps_frozen = True
    reaction_s = await run.until(in_mode(Mode.RULES), within=20)
    await run.ticks(5)
    run.link.stamps_frozen = False
    recovered = await run.returns()
    return Outcome(
        run=run,
        reaction_s=[reaction_s],
        named=run.on_record("fault CRITICAL_INPUT raised", _CRITICAL.format("STALE")),
        recovered=recovered,
    )


def clock_jump(occasion: Occasion) -> RowResult:
    """Row 9: the source's stamps and its calendar jump by an hour, forth and back."""
    variants = [partial(_clock_jump, by_s=by) for by in (SECONDS_PER_HOUR, -SECONDS_PER_HOUR)]
    return repeated(9, occasion, variants)


async def _clock_jump(folder: Path, seed: int, *, by_s: float) -> Outcome:
    run = VirtualRun(folder, seed)
    await run.warm()
    run.strike()
    run.link.source_shift_s = by_s
    run.link.twists["clock:time_s"] = _added(by_s)
    after = await run.ticks(30)
    run.link.source_shift_s = 0.0
    run.link.twists.clear()
    after += await run.ticks(30)
    failures = []
    if any(s.mode is not Mode.POLICY for s in after):
        failures.append("the policy was left")
    stale = sum(bool(mask) for mask in run.causes_of(SUPPLY)[-60:])
    if stale:
        failures.append("values were called stale")
    return Outcome(run=run, failures=failures)


def _added(by: float) -> Twist:
    return lambda value: value + by


def _position(run: VirtualRun, name: str) -> int:
    return run.service.cycle.layout.measured_names.index(name)
