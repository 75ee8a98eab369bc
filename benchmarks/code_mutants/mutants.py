"""Which small changes of a module a test has to notice.

A mutant replaces one node of the syntax tree by another one. Left out is what changes no behaviour
or what nobody relies on: annotations, decorators, docstrings, the prose of messages, imports, and
how fields of data classes are declared.
"""

import ast
import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Final

from code_mutants.alternatives import alternatives

_SKIPPED_FIELDS: Final = frozenset({"annotation", "returns", "decorator_list", "format_spec"})
_TOKENS: Final = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?|\w[\w.]*|\s+|[<>=!]=|.")
_ROUND: Final = 36
"""Characters that are told on either side of a change."""
_MANY: Final = 80
"""Characters that are told of what is taken away."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a node hangs in the tree."""

    parent: ast.AST
    field: str
    index: int | None

    def put(self, node: ast.AST) -> None:
        """Hang a node here."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Mutant:
    """One change of one module.

    Attributes:
        module: Dotted name of the module.
        scope: Qualified name of the function or class; ``module`` outside of any.
        change: What becomes of what, as source text.
        lines: Lines of the statement that is changed.
    """

    module: str
    scope: str
    change: str
    lines: range
    _tree: ast.Module = field(repr=False)
    _place: Place = field(repr=False)
    _old: ast.AST = field(repr=False)
    _new: ast.AST = field(repr=False)

    @property
    def key(self) -> str:
        """Name that stays when lines move."""
        return f"{self.module} {self.scope}: {self.change}"

    def compiled(self, path: str) -> CodeType:
        """The whole module with the change."""
        self._place.put(self._new)
        try:
            return compile(ast.fix_missing_locations(self._tree), path, "exec")
        finally:
            self._place.put(self._old)


@dataclass(frozen=True, slots=True)
class _Around:
    """What is round a node: names of classes and functions, the statement, the last expression."""

    scope: tuple[str, ...] = ()
    lines: range = range(0)
    shown: ast.AST | None = None


def mutants_of(module: str, source: str, enums: Mapping[str, Sequence[str]]) -> list[Mutant]:
    """All mutants of a module, in the order of its lines.

    Args:
        module: Dotted name.
        source: Its text.
        enums: Members of the enumerations that its names stand for, by name of the class.
    """
    tree = ast.parse(source)
    found: list[Mutant] = []
    times: Counter[tuple[str, str]] = Counter()
    for place, node, around in _places(tree, _Around()):
        for new in alternatives(node, enums):
            ast.copy_location(new, node)
            scope = ".".join(around.scope) or "module"
            change = _told(place, node, new, around.shown)
            times[scope, change] += 1
            if times[scope, change] > 1:
                change += f" ({times[scope, change]})"
            found.append(
                Mutant(
                    module=module, scope=scope, change=change, lines=around.lines,
                    _tree=tree, _place=place, _old=node, _new=new,
                )
            )  # fmt: skip
    return found


def _places(parent: ast.AST, around: _Around) -> Iterator[tuple[Place, ast.AST, _Around]]:
    """Every node that may be changed, with what is round it."""
    for name, value in ast.iter_fields(parent):
        if name in _SKIPPED_FIELDS:
            continue
        children = value if isinstance(value, list) else [value]
        for index, node in enumerate(children):
            if not isinstance(node, ast.AST) or _is_left_out(node):
                continue
            if isinstance(parent, ast.JoinedStr) and isinstance(node, ast.Constant):
                continue
            place = Place(parent, name, index if isinstance(value, list) else None)
            inner = _inside(node, around)
            yield place, node, inner
            yield from _places(node, dataclasses.replace(inner, shown=_shown(node, inner)))


def _inside(node: ast.AST, around: _Around) -> _Around:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return _Around((*around.scope, node.name), _header(node))
    if isinstance(node, ast.stmt):
        return _Around(around.scope, _header(node))
    return around


def _header(node: ast.stmt) -> range:
    """Lines of a statement without those of its body."""
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
    return range(node.lineno, max(last or node.lineno, node.lineno) + 1)


def _is_left_out(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(value=ast.Constant()):
            return True  # docstrings
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.AnnAssign(value=ast.Call(func=ast.Name(id="field"))):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__" | "_log")]):
            return True
    return False


def _shown(node: ast.AST, around: _Around) -> ast.AST | None:
    """What the children of a node are told with."""
    if isinstance(node, ast.stmt):
        return node if isinstance(node, ast.Assign | ast.AnnAssign) else None
    keeps = isinstance(node, ast.JoinedStr | ast.FormattedValue | ast.UnaryOp)
    return node if isinstance(node, ast.expr) and not keeps else around.shown


def _told(place: Place, old: ast.AST, new: ast.AST, shown: ast.AST | None) -> str:
    """What the change makes of the line: ``wanted {>= -> >} threshold``."""
    if shown is None or not isinstance(old, ast.Constant | ast.Attribute | ast.UnaryOp):
        return _difference(ast.unparse(old), ast.unparse(new))
    before = ast.unparse(shown)
    place.put(new)
    after = ast.unparse(shown)
    place.put(old)
    return _difference(before, after)


def _difference(before: str, after: str) -> str:
    """Both texts as one, with what differs in braces and a little round it."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    most = min(len(old), len(new))
    head = next((i for i in range(most) if old[i] != new[i]), most)
    tail = next((i for i in range(most - head) if old[-1 - i] != new[-1 - i]), most - head)
    left, right = "".join(old[:head]), "".join(old[len(old) - tail :])
    left = left if len(left) <= _ROUND else f"…{left[-_ROUND:]}"
    right = right if len(right) <= _ROUND else f"{right[:_ROUND]}…"
    gone, come = ("".join(t[head : len(t) - tail]).strip() for t in (old, new))
    gone = gone if len(gone) <= _MANY else f"{gone[:_MANY]}…"
    return re.sub(r"\s+", " ", f"{left}{{{gone} -> {come}}}{right}").strip()
