"""Does a test notice when the guard, the modes or the validity of inputs are changed a little?

First the tests run as they are: each branch of these modules has to be taken. Then those tests that
reach the line of a mutant run against it, until one fails. What lives on needs a reason in
code_mutants/survivors.toml; a mutant without one, and a reason whose mutant is noticed, make the
run end with 1.

Example: python benchmarks/mutate_safety.py --json runs/mutation.json
"""

import argparse
import json
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from code_mutants.covering import Covered, cover
from code_mutants.mutants import Mutant
from code_mutants.survivors import KEPT, stated_reasons
from code_mutants.targets import ROOT, Target, targets
from code_mutants.trials import PYTEST_ARGUMENTS, Outcome, Trial, attempt

Wanted: TypeAlias = Callable[[Mutant], bool]

LIVES = frozenset({Outcome.SURVIVED, Outcome.UNCOVERED})
_RECENT = 8
"""Tests that noticed the mutants before; the next one is often noticed by the same."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="modules whose name contains this")
    parser.add_argument("--change", default="", help="mutants whose change contains this")
    parser.add_argument("--again", type=Path, help="only what lived on in this JSON of a run")
    parser.add_argument("--reasons", type=Path, default=KEPT, help="list of stated reasons")
    parser.add_argument("--json", type=Path, help="where to write the outcome of every mutant")
    given = parser.parse_args(arguments)
    again = None if given.again is None else _survivors_in(given.again)

    def wanted(mutant: Mutant) -> bool:
        return given.change in mutant.change and (again is None or mutant.key in again)

    os.chdir(ROOT)
    begin_s = time.perf_counter()
    chosen = list(targets(given.only))
    if not chosen:
        print(f"no module has {given.only!r} in its name")
        return 2
    covered = cover(chosen, PYTEST_ARGUMENTS)
    if covered.failed:
        print("the tests fail on the code as it is; mend that first")
        return 2
    untaken = _print_branches(chosen, covered)
    trials: dict[str, Trial] = {}
    _check_that_nothing_fails(chosen, covered)
    for target in chosen:
        trials |= _try_all(target, covered, wanted)
        if given.json:
            _write(given.json, trials)
    print(f"{time.perf_counter() - begin_s:.0f} s, {_cpu_s():.0f} s of CPU time")
    stated = {key for reason in stated_reasons(given.reasons) for key in reason.mutants}
    amiss = _print_findings(trials, stated)
    return 1 if amiss or untaken else 0


def _check_that_nothing_fails(chosen: Sequence[Target], covered: Covered) -> None:
    """Run the tests once as mutants will have them, but without a mutant."""
    for target in {target.tests: target for target in chosen}.values():
        control = attempt(str(target.path), None, covered.all_tests(target), 0.0)
        if control.outcome is not Outcome.SURVIVED:
            message = f"{control.by} fails in a process of its own, without any mutant"
            raise RuntimeError(message)


def _try_all(target: Target, covered: Covered, wanted: Wanted) -> dict[str, Trial]:
    recent: deque[str] = deque(maxlen=_RECENT)
    found: dict[str, Trial] = {}
    for mutant in target.mutants:
        if not wanted(mutant):
            continue
        tests = covered.tests_for(target, mutant.lines)
        likely = [test for test in recent if test in tests]
        order = [*likely, *(test for test in tests if test not in likely)]
        cpu_s = sum(covered.duration_s[test] for test in order)
        trial = attempt(str(target.path), mutant, order, cpu_s)
        found[mutant.key] = trial
        if trial.by:
            if trial.by in recent:
                recent.remove(trial.by)
            recent.appendleft(trial.by)
    counts = Counter(trial.outcome for trial in found.values())
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    spent_s = sum(trial.cpu_s for trial in found.values())
    print(
        f"{target.module}: {len(found)} mutants, {told or 'none tried'} ({spent_s:.0f} s)",
        flush=True,
    )
    return found


def _print_branches(chosen: Sequence[Target], covered: Covered) -> bool:
    """Print what no test takes; whether there is such a branch."""
    total = sum(covered.branches.values())
    missing = {t.module: covered.missing[t.module] for t in chosen if covered.missing[t.module]}
    print(f"{total} branches, {'some untaken:' if missing else 'all taken'}")
    for module, lines in missing.items():
        for line in lines:
            print(f"  {module}: {line}")
    return bool(missing)


def _print_findings(trials: dict[str, Trial], stated: set[str]) -> bool:
    """Print what the list of reasons lacks or has too much; whether there is any."""
    lives = [key for key, trial in trials.items() if trial.outcome in LIVES]
    unknown = [key for key in lives if key not in stated]
    noticed = [key for key in trials if key in stated and key not in lives]
    print(f"{len(trials)} mutants: {len(trials) - len(lives)} noticed, {len(lives)} live on")
    for title, keys in (
        ("live on without a reason", unknown),
        ("have a reason, but a test notices them", noticed),
    ):
        if keys:
            print(f"{len(keys)} {title}:")
            for key in keys:
                print(f"  {key}")
    return bool(unknown or noticed)


def _survivors_in(path: Path) -> frozenset[str]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return frozenset(m["mutant"] for m in document["mutants"] if m["outcome"] in LIVES)


def _write(path: Path, trials: dict[str, Trial]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mutants = [
        {"mutant": key, "outcome": trial.outcome, "by": trial.by, "cpu_s": round(trial.cpu_s, 2)}
        for key, trial in trials.items()
    ]
    document = {"schema_version": 1, "mutants": mutants}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    sys.exit(main())
