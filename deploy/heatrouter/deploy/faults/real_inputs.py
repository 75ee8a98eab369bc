"""Rows 1 to 5, 7 to 9 and 28 on real sockets: tags that lie."""

import time
from functools import cache
from typing import Final

from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.faults.board import NO_BOUND_S, Occasion, RowResult
from heatrouter.deploy.faults.real_site import (
    PATIENCE_S,
    PRESET,
    SPEED,
    TICK_S,
    Watch,
    shared_site,
    tag,
    ticks_s,
)
from heatrouter.deploy.faults.site_processes import Body, SiteError
from heatrouter.deploy.input_limits import FREEZE_S, LEAST_AGE_REAL_S, MISSED_SAMPLES
from heatrouter.deploy.modes import Mode
from heatrouter.deploy.tick_reading import ReadingLayout
from heatrouter.deploy.validity import Cause

HARMLESS: Final = "main.return_temp_c"
CRITICAL: Final = "main.supply_temp_c"
LEVEL: Final = "tank.level"
OUTDOORS: Final = "site.ambient_temp_c"


@cache
def input_index(name: str) -> int:
    """Where an input is in the quality list of a tick's record."""
    setup = prepare(ServiceConfig.model_validate({"district": PRESET}))
    layout = ReadingLayout(setup.contract, setup.task, setup.tags)
    return layout.input_names.index(name)


def cause_of(body: Body, name: str) -> Cause:
    """Why an input was not believed in a tick."""
    quality = body["quality"]
    return Cause(0) if quality is None else Cause(int(quality[input_index(name)]))


def value_of(body: Body, name: str) -> float:
    """What control used for an input in a tick."""
    return float(body["detail"]["inputs"][input_index(name)])


def _seen(watch: Watch, name: str, cause: Cause, at: float, within_s: float = PATIENCE_S) -> None:
    """Note the tick that does not believe an input."""
    try:
        body = watch.site.service.wait_tick(
            watch.mark, lambda b: bool(cause_of(b, name) & cause), within_s
        )
    except SiteError:
        watch.named = False
        watch.failures.append(f"{cause.name} of {name} was not seen")
        return
    watch.reacted(at, body)


def _stays(watch: Watch, ticks: float) -> None:
    """The policy has to stay in control for so many ticks more."""
    time.sleep(ticks * TICK_S / SPEED)
    modes = {body["mode"] for body in watch.site.service.ticks(watch.mark)}
    watch.must(modes <= {"POLICY"}, f"left POLICY: {sorted(modes)}, {watch.site.reason()}")


def bad_tag(_: Occasion) -> RowResult:
    """Row 1: four ways in which a tag that is not critical can be no number."""
    with shared_site() as site:
        whole = site.watch()
        for kind, cause in (
            ("bad", Cause.QUALITY),
            ("none", Cause.NOT_FINITE | Cause.QUALITY),
            ("nan", Cause.NOT_FINITE | Cause.QUALITY),
            ("inf", Cause.NOT_FINITE | Cause.QUALITY),
        ):
            whole.mark = site.service.audit.mark()
            at = float(site.plant.order("fault", node=tag(HARMLESS), kind=kind)["at"])
            _seen(whole, HARMLESS, cause, at)
            _stays(whole, 4.0)
            site.plant.order("clear")
        return whole.result(1, ticks_s(1.0))


def _critical(row: int, kind: str) -> RowResult:
    with shared_site() as site:
        watch = site.watch()
        at = float(site.plant.order("fault", node=tag(CRITICAL), kind=kind)["at"])
        if body := watch.mode(Mode.RULES):
            watch.reacted(at, body)
        watch.event("fault CRITICAL_INPUT raised")
        site.plant.order("clear")
        watch.comes_back()
        return watch.result(row, ticks_s(3.0))


def critical_bad(_: Occasion) -> RowResult:
    """Row 2: quality bad of a critical tag."""
    return _critical(2, "bad")


def critical_uncertain(_: Occasion) -> RowResult:
    """Row 3: quality uncertain of a critical tag."""
    return _critical(3, "uncertain")


def stuck(_: Occasion) -> RowResult:
    """Row 4: a temperature that stands still; two minutes, for the freeze time is four hours."""
    with shared_site() as site:
        watch = site.watch()
        at = float(site.plant.order("fault", node=tag(HARMLESS), kind="stuck")["at"])
        _seen(watch, HARMLESS, Cause.FROZEN, at, FREEZE_S / SPEED + PATIENCE_S)
        _stays(watch, 1.0)
        site.plant.order("clear")
        return watch.result(4, FREEZE_S + ticks_s(1.0))


def spike(_: Occasion) -> RowResult:
    """Row 5: a level that jumps further than a store can be filled."""
    with shared_site() as site:
        watch = site.watch()
        level = value_of(site.service.wait_tick(0, lambda b: b["quality"] is not None, 9.0), LEVEL)
        level = value_of(site.service.ticks(0)[-1], LEVEL) if site.service.ticks(0) else level
        other = level - 0.4 if level > 0.5 else level + 0.4
        order = site.plant.order("fault", node=tag(LEVEL), kind="value", value=other)
        _seen(watch, LEVEL, Cause.GRADIENT, float(order["at"]))
        site.plant.order("clear")
        _stays(watch, 3.0)
        used = [value_of(b, LEVEL) for b in site.service.ticks(watch.mark) if b["detail"]]
        watch.must(all(abs(v - level) < 0.2 for v in used), "the sample was used")
        return watch.result(5, ticks_s(1.0))


def wrong_unit(_: Occasion) -> RowResult:
    """Row 7: kelvin, tenfold, the wrong sign."""
    with shared_site() as site:
        watch = site.watch()
        for kind, value in (("offset", 273.15), ("scale", 10.0), ("scale", -1.0)):
            watch.mark = site.service.audit.mark()
            order = site.plant.order("fault", node=tag(CRITICAL), kind=kind, value=value)
            _seen(watch, CRITICAL, Cause.RANGE, float(order["at"]))
            site.plant.order("clear")
            _stays(watch, 2.0)
        return watch.result(7, ticks_s(1.0))


def old_stamp(_: Occasion) -> RowResult:
    """Row 8: good values with a stamp that stands still."""
    max_age_s = max(MISSED_SAMPLES * TICK_S, LEAST_AGE_REAL_S * SPEED)
    with shared_site() as site:
        watch = site.watch()
        at = float(site.plant.order("fault", node=tag(CRITICAL), kind="stale")["at"])
        if body := watch.mode(Mode.RULES):
            watch.reacted(at, body)
            watch.must(bool(cause_of(body, CRITICAL) & Cause.STALE), "not for its age")
        watch.event("fault CRITICAL_INPUT raised")
        site.plant.order("clear")
        watch.comes_back()
        return watch.result(8, max_age_s + ticks_s(3.0))


def clocks_jump(_: Occasion) -> RowResult:
    """Row 9: the source's clock jumps by an hour either way; nothing may follow from it."""
    with shared_site() as site:
        watch = site.watch()
        for shift_s in (3600.0, -3600.0, 0.0):
            site.plant.order("shift_clock", value=shift_s)
            _stays(watch, 10.0)
        stale = [b for b in site.service.ticks(watch.mark) if cause_of(b, CRITICAL)]
        watch.must(not stale, f"{len(stale)} ticks did not believe the tag")
        return watch.result(9, NO_BOUND_S)


def unknown_weather(_: Occasion) -> RowResult:
    """Row 28: an outdoor temperature that the policy has never seen."""
    with shared_site() as site:
        watch = site.watch()
        order = site.plant.order("fault", node=tag(OUTDOORS), kind="value", value=-25.0)
        if body := watch.mode(Mode.RULES):
            watch.reacted(float(order["at"]), body)
        watch.event("fault OUT_OF_DISTRIBUTION raised")
        site.plant.order("clear")
        watch.comes_back()
        return watch.result(28, ticks_s(5.0))
