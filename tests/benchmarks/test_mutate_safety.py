"""Mutants of guard, modes and validity: which there are, and that the run tells what it found."""

import subprocess
import sys
from pathlib import Path

import pytest
from code_mutants.mutants import Mutant, mutants_of
from code_mutants.survivors import stated_reasons
from code_mutants.targets import ROOT, TESTS_OF, targets

ENUMS = {"Mode": ["OFF", "RULES", "POLICY"]}


def changes(source: str) -> list[str]:
    found = mutants_of("example", source, ENUMS)
    for mutant in found:
        mutant.compiled("example.py")
    return [mutant.change for mutant in found]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", ["a {< -> <=} b", "a {< -> >=} b"]),
        ("a is not b", ["a is {not -> }b"]),
        ("a - b", ["a {- -> +} b"]),
        ("not a", ["x = {not -> }a"]),
        ("a and b", ["a {and -> or} b", "{a and -> }b", "a{and b -> }"]),
        ("a if b else c", ["a if {b -> True} else c", "a if {b -> False} else c"]),
        ("f(1, k=x)", ["f(1{, k=x -> })", "f({1 -> 2}, k=x)"]),
        ("np.minimum(a, b)", ["{np.minimum -> np.maximum}(a, b)"]),
        ("np.where(a, b, c)", ["np.where(a, {b, c -> c, b})"]),
        ("np.isfinite(a)", ["{np.isfinite(a) -> np.isnan(a) == False}"]),
        ("a.copy()", ["{a.copy() -> a}"]),
        ("is_at(Mode.RULES)", ["is_at({Mode.RULES -> Mode.POLICY})"]),
        ("is_at(Mode.POLICY)", ["is_at({Mode.POLICY -> Mode.OFF})"]),
        ("f'{a}.low'", ["{f'{a}.low -> 'XX}'"]),
        ("f'{a} is too low'", []),  # prose
    ],
)
def test_expressions(source: str, expected: list[str]) -> None:
    assert changes(f"x = {source}") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if a: pass", ["if {a -> True}: pass", "if {a -> False}: pass"]),
        ("a.b = c", ["{a.b = c -> pass}"]),
        ("a += b", ["{a += b -> pass}", "a {+ -> -}= b"]),
        ("raise a", ["{raise a -> pass}"]),
        ("x: Final = 2.5", ["x: Final = {2.5 -> 5.0}"]),
        ("x = [a for a in b if a]", ["for a in b{if a -> }"]),
        ("import a", []),
        ("def f(a: Literal[1]) -> Literal[2]:\n    '''Text.'''", []),
        ("x: int = field(default=1)", []),
    ],
)
def test_statements(source: str, expected: list[str]) -> None:
    assert changes(source) == expected


def test_a_mutant_changes_one_thing_and_leaves_no_trace() -> None:
    source = "def least(a, b):\n    return a if a < b else b\nx = least(1, 2)\n"
    first, *others = mutants_of("example", source, {})
    values = []
    for mutant in (first, *others, first):
        scope: dict[str, object] = {}
        exec(mutant.compiled("example.py"), scope)
        values.append(scope["x"])
    assert values[0] == values[-1], "the same mutant again, after all the others"
    assert {1, 2, 3} >= set(values)


def test_names_stay_when_lines_move() -> None:
    def keys(found: list[Mutant]) -> list[str]:
        return [mutant.key for mutant in found]

    source = "class A:\n    def f(self):\n        return 1 + 1, 1 + 1\n"
    moved = "x = a\n\n\n" + source
    names = keys(mutants_of("example", source, {}))
    assert keys(mutants_of("example", moved, {})) == names
    assert len(set(names)) == len(names) == 6
    assert names[0] == "example A.f: 1 {+ -> -} 1"


def test_reasons_are_those_of_mutants_that_exist() -> None:
    known = {mutant.key for target in targets() for mutant in target.mutants}
    stated = {key for reason in stated_reasons() for key in reason.mutants}
    assert stated - known == set(), "mend the keys, or leave them out"


def test_every_target_has_its_tests() -> None:
    for tests in TESTS_OF.values():
        assert all((ROOT / path).exists() for path in tests)


def test_a_run_tells_what_lives_on_without_a_reason(tmp_path: Path) -> None:
    nothing = tmp_path / "reasons.toml"
    nothing.write_text("survivors = []", encoding="utf-8")
    script = ROOT / "benchmarks" / "mutate_safety.py"
    given = ["--only", "swing_watch", "--change", "high", "--reasons", str(nothing)]
    run = subprocess.run(
        [sys.executable, str(script), *given], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stderr
    assert "4 branches, all taken" in run.stdout
    told = run.stdout.partition("1 live on without a reason:\n")[2].splitlines()
    module = "heatrouter.deploy.swing_watch"
    assert told == [f"  {module} SwingWatch.__init__: np.maximum(high - low, {{1e-09 -> 2e-09}})"]
