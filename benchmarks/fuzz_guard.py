"""Ten million ticks of the guard against the worst that may come: what does it let through?

Every tick, each of many plants gets a reading, a proposal and sometimes a prediction that were
made to break it: no numbers, infinities, huge and subnormal ones, full swings, values at the very
edge of ranges, dead-bands and least loads, clocks that stand still, jump, run backwards or stop
right at the end of a minimum run time, sensors that fail or flap round an interlock, and other
writers who hand over whatever they left. :class:`guard_promises.Judge` looks at what was executed.

Example: python benchmarks/fuzz_guard.py --ticks 10000000 --json runs/fuzz.json
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from guard_promises import KINDS, LONGEST_STEP_S, Judge, Promises, promises_of

from heatrouter.envs.actuate import guard_limits
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.guard import (
    GuardLimits,
    Prediction,
    Reading,
    Reason,
    SetPointLimits,
    check,
    initial_memory,
)
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task, preset_names

NUM_ENVS: Final = 1000
_TEMPER_TICKS: Final = 40  # mean time for which a plant's adversary keeps to one manner
_HANDOVER_TICKS: Final = 200
_STALE_TICKS: Final = 25  # as long the channels that no interlock reads stay as they are
_ODD: Final = np.array(
    [np.nan, np.inf, -np.inf, 1.7e308, -1.7e308, 5e-324, -5e-324, -0.0, 1e-300, 1e16]
)
_STEPS_S: Final = np.array(
    [
        0.0, -0.0, 5e-324, 1e-9, 1e-3, 1.0, 1.0, 1.0, 1.0, 1.001, 2.0, 10.0, 60.0, 60.0, 60.0,
        LONGEST_STEP_S, np.nextafter(LONGEST_STEP_S, np.inf), 7200.0, 1e9, -1.0, -3600.0, -1e9,
        np.nan, np.inf, -np.inf,
    ]
)  # fmt: skip

Change = Callable[[GuardLimits], GuardLimits]


@dataclass
class Outcome:
    """What a run of the fuzz found.

    Attributes:
        ticks: Checks of one plant.
        violations: Set-points that broke a promise, by kind.
        reasons: How often the guard stepped in, by its reason: a fuzz that exercises nothing
            proves nothing.
        switches: Starts and stops.
        handovers: How often another writer's set-points were taken over.
        first: The first violations, in words.
        seconds: Of the run.
    """

    ticks: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    switches: int = 0
    handovers: int = 0
    first: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "ticks": self.ticks,
            "violations": {kind: self.violations[kind] for kind in KINDS},
            "reasons": dict(sorted(self.reasons.items())),
            "switches": self.switches,
            "handovers": self.handovers,
            "first": self.first,
            "seconds": round(self.seconds, 1),
        }


class Adversary:
    """Makes readings, proposals and predictions that are as bad as can be.

    Args:
        promises: Where the edges are.
        n_channels: Length of an observation.
        num_envs: How many plants.
        random: Where everything comes from.
    """

    def __init__(
        self, promises: Promises, n_channels: int, num_envs: int, random: np.random.Generator
    ) -> None:
        self._p = promises
        self._random = random
        self._shape = (num_envs, len(promises.names))
        self._edges = _edges(promises)
        self._temper = random.integers(0, 5, num_envs)
        self._values = np.zeros((num_envs, n_channels))
        self._valid = np.ones((num_envs, n_channels), dtype=np.bool_)
        self._tick = 0

    def reading(self, judge: Judge) -> Reading:
        """The next instant, with what is measured then."""
        r, p = self._random, self._p
        num_envs = self._values.shape[0]
        if self._tick % _STALE_TICKS == 0:
            self._values = r.choice(np.append(_ODD, [0.0, 60.0, 90.0, 200.0]), self._values.shape)
            self._valid = r.random(self._valid.shape) < 0.9
        self._tick += 1
        for lock in p.locks:
            near = [lock.trip, lock.release, 80.0]
            values = [*near, *np.nextafter(near, np.inf), *np.nextafter(near, -np.inf), *_ODD[:3]]
            # mostly calm, so that something runs that could be stopped
            calm = r.random(num_envs) < 0.9
            self._values[:, lock.channel] = np.where(calm, 80.0, r.choice(values, num_envs))
            self._valid[:, lock.channel] = r.random(num_envs) < 0.95
        changed = r.random(num_envs) < 1.0 / _TEMPER_TICKS
        self._temper = np.where(changed, r.integers(0, 5, num_envs), self._temper)
        return Reading(judge.time_s + self._steps_s(judge), self._values, self._valid)

    def _steps_s(self, judge: Judge) -> FloatArray:
        r, p = self._random, self._p
        num_envs, n = self._shape
        steps = r.choice(_STEPS_S, num_envs)
        plain = r.random(num_envs) < 0.5
        steps = np.where(plain, r.choice([1.0, 60.0], num_envs), steps)
        # Every now and then a minimum run or stop time ends just now, or just not yet.
        one = r.integers(0, n, num_envs)
        at = np.arange(num_envs)
        dwell_s = np.where(judge.running[at, one], p.min_run_s[one], p.min_stop_s[one])
        left_s = dwell_s - judge.held_s[at, one] + r.choice([-1.0, -1e-3, 0.0, 1e-3], num_envs)
        border = (r.random(num_envs) < 0.1) & (left_s > 0.0) & (left_s <= LONGEST_STEP_S)
        chosen: FloatArray = np.where(border, left_s, steps)
        return chosen

    def proposal(self, judge: Judge) -> FloatArray:
        """Wanted set-points, shape ``(num_envs, n_set_points)``."""
        r, p, shape = self._random, self._p, self._shape
        span = p.high - p.low
        column = np.arange(shape[1])
        edges = self._edges[r.integers(0, self._edges.shape[0], shape), column]
        walk = judge.last + span * r.normal(0.0, 0.02, shape)
        swing = np.where(r.random(shape) < 0.5, p.low, p.high)
        there_and_back = np.where(judge.running & p.switchable, p.low, p.high)
        step = p.dead_band * r.choice([-1.0, 1.0], shape)
        just = judge.last + step * r.choice([0.5, 1.0 - 1e-12, 1.0, 1.0 + 1e-12, 1.01], shape)
        temper = self._temper[:, np.newaxis]
        wanted = np.choose(temper, [edges, walk, swing, there_and_back, just])
        odd = r.random(shape) < 0.01
        chosen: FloatArray = np.where(odd, r.choice(_ODD, shape), wanted)
        return chosen

    def prediction(self, reading: Reading) -> Prediction | None:
        """Sometimes one, and of those some that must not be believed."""
        r, p = self._random, self._p
        if r.random() < 0.7:
            return None
        num_envs, n = self._shape[0], p.predicted_low.size
        lowest = np.tile(
            np.where(np.isfinite(p.predicted_low), p.predicted_low, 0.0), (num_envs, 1)
        )
        highest = np.tile(
            np.where(np.isfinite(p.predicted_high), p.predicted_high, 90.0), (num_envs, 1)
        )
        highest = np.maximum(lowest, highest)
        at, one = np.arange(num_envs), r.integers(0, n, num_envs)
        lowest[at, one] += r.choice([0.0, 0.0, 0.0, 1e-9, -1e-9, np.nan, -np.inf], num_envs)
        highest[at, one] += r.choice([0.0, 0.0, 0.0, 1e-9, -1e-9, np.nan, np.inf], num_envs)
        age_s = r.choice([0.0, 0.0, 60.0, -60.0, 900.0, 900.1, -901.0, np.nan], num_envs)
        horizon_s = r.choice([3600.0, 3600.0, 900.0, 0.0, np.nan], num_envs)
        valid = r.random(num_envs) < 0.95
        now_s = np.where(np.isfinite(reading.time_s), reading.time_s, 0.0)
        return Prediction(now_s - age_s, horizon_s, lowest, highest, valid)

    def in_force(self) -> FloatArray:
        """What another writer left, shape ``(num_envs, n_set_points)``."""
        r, shape = self._random, self._shape
        edges = self._edges[r.integers(0, self._edges.shape[0], shape), np.arange(shape[1])]
        anywhere = self._p.low + r.random(shape) * (self._p.high - self._p.low)
        chosen: FloatArray = np.where(r.random(shape) < 0.5, edges, anywhere)
        return chosen


def _edges(p: Promises) -> FloatArray:
    """Values round every border of each set-point, shape ``(n_edges, n_set_points)``."""
    span = p.high - p.low
    middle = 0.5 * (p.low + p.least)
    borders = np.array([p.low, p.high, p.least, middle, p.low + 1e-6 * span, p.safe])
    near = [borders, np.nextafter(borders, np.inf), np.nextafter(borders, -np.inf)]
    beyond = [p.low - span, p.high + span, p.low - 1e-9 * span, p.high + 1e-9 * span]
    odd = np.tile(_ODD[:, np.newaxis], (1, len(p.names)))
    return np.concatenate([*near, np.array(beyond), odd])


def fuzz(
    preset: str, ticks: int, seed: int, *, num_envs: int = NUM_ENVS, change: Change | None = None
) -> Outcome:
    """Fuzz the guard of one preset.

    Args:
        preset: District preset.
        ticks: How many checks of one plant, at least.
        seed: Of everything random.
        num_envs: Plants in a batch.
        change: What to do to the guard's limits first, to see whether the judge notices.
    """
    began = time.perf_counter()
    district = load_district(preset)
    contract = build_contract(district, load_task(preset))
    limits = guard_limits(district, contract)
    if change is not None:
        limits = change(limits)
    promises = promises_of(district, contract)
    random = np.random.default_rng([seed, preset_names().index(preset)])
    adversary = Adversary(promises, len(contract.observation), num_envs, random)
    judge, outcome = Judge(promises, num_envs), Outcome()
    everyone = np.ones(num_envs, dtype=np.bool_)
    first = adversary.in_force()
    judge.take_over(everyone, first)
    memory = initial_memory(limits, judge.time_s, first, held_s=0.0)
    counted = {reason: 0 for reason in Reason if reason is not Reason.PREDICTION}
    for tick in range(-(-ticks // num_envs)):
        handed = random.random(num_envs) < 1.0 / _HANDOVER_TICKS
        if handed.any():
            left = adversary.in_force()
            memory = memory.merged(handed, initial_memory(limits, judge.time_s, left, held_s=0.0))
            judge.take_over(handed, left)
            outcome.handovers += int(handed.sum())
        reading = adversary.reading(judge)
        proposal = adversary.proposal(judge)
        prediction = adversary.prediction(reading)
        was = judge.last
        executed, verdict, memory = check(limits, memory, reading, proposal, prediction)
        for kind, broken in judge.judge(reading, proposal, prediction, executed).items():
            count = int(np.count_nonzero(broken))
            outcome.violations[kind] += count
            if count and len(outcome.first) < 5:
                env, i = (int(k) for k in np.argwhere(broken)[0])
                outcome.first.append(
                    f"{preset} tick {tick}, {promises.names[i]}: {kind}: {was[env, i]:.17g} -> "
                    f"{executed[env, i]:.17g} on proposal {proposal[env, i]:.17g}"
                )
        if tick % 10 == 0:
            for reason in counted:
                counted[reason] += int(np.count_nonzero(verdict.reasons & reason))
        outcome.ticks += num_envs
    outcome.reasons.update({str(reason.name): count for reason, count in counted.items()})
    outcome.switches = judge.switches
    outcome.seconds = time.perf_counter() - began
    return outcome


def _of_set_points(**changes: Callable[[float], float]) -> Change:
    """Change fields of every set-point that has them."""

    def changed(entry: SetPointLimits) -> SetPointLimits:
        values = {name: getattr(entry, name) for name in changes}
        new: dict[str, Any] = {n: changes[n](v) for n, v in values.items() if v is not None}
        return replace(entry, **new)

    return lambda limits: replace(limits, set_points=tuple(map(changed, limits.set_points)))


def _of_interlocks(threshold_k: float) -> Change:
    def moved(limits: GuardLimits) -> GuardLimits:
        return replace(
            limits,
            interlocks=tuple(
                replace(lock, threshold=(lock.threshold or 0.0) + threshold_k)
                for lock in limits.interlocks
            ),
        )

    return moved


MUTANTS: Final[dict[str, tuple[Change, str]]] = {
    "rate": (
        _of_set_points(rate_up_per_s=lambda v: 1.01 * v, rate_down_per_s=lambda v: 1.01 * v),
        "rate",
    ),
    "range": (_of_set_points(high=lambda v: v + 1e-6), "range"),
    "minimum load": (_of_set_points(min_load=lambda v: 0.99 * v), "minimum load"),
    "run time": (_of_set_points(min_run_s=lambda v: 0.99 * v), "dwell"),
    "stop time": (_of_set_points(min_stop_s=lambda v: 0.99 * v), "dwell"),
    "dead-band": (_of_set_points(dead_band=lambda v: 0.9 * v), "dead-band"),
    "interlock": (_of_interlocks(1e-9), "interlock"),
    "long step": (lambda limits: replace(limits, max_elapsed_s=901.0), "rate"),
    "old prediction": (
        lambda limits: replace(limits, prediction_max_age_s=901.0),
        "refused proposal",
    ),
}
"""Guards that are wrong by a little, and what the judge has to find: ``--mutant`` shows it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; 1 if anything was let through."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ticks", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--presets", nargs="*", default=list(preset_names()))
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="a wrong guard, to be found")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args(argv)
    change = MUTANTS[options.mutant][0] if options.mutant else None
    share = -(-options.ticks // len(options.presets))
    outcomes = {}
    for preset in options.presets:
        outcome = outcomes[preset] = fuzz(preset, share, options.seed, change=change)
        broken = sum(outcome.violations.values())
        print(
            f"{preset:18} {outcome.ticks:>10} ticks, {broken} violations, "
            f"{outcome.switches} switches, {outcome.handovers} hand-overs, {outcome.seconds:.0f} s"
        )
        for line in outcome.first:
            print("   ", line)
    ticks = sum(o.ticks for o in outcomes.values())
    violations = sum(sum(o.violations.values()) for o in outcomes.values())
    print(f"{ticks} ticks, {violations} violations")
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "ticks": ticks,
            "violations": violations,
            "seed": options.seed,
            "presets": {name: outcome.document() for name, outcome in outcomes.items()},
        }
        options.json.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
