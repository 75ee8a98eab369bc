"""What may stand in the place of a node: the mistakes that people make, and those that hurt here.

Besides the usual ones (a bound on the wrong side, a condition that is always or never met, a line
that is missing) there are those of array code and of tables of states: least for greatest, the two
sides of ``where`` exchanged, infinite taken for a number, a copy that is none, the next state.
"""

import ast
import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_FUNCTIONS: Final = {
    "all": "any",
    "any": "all",
    "fmax": "fmin",
    "logical_and": "logical_or",
    "logical_or": "logical_and",
    "max": "min",
    "maximum": "minimum",
    "min": "max",
    "minimum": "maximum",
    "zeros": "ones",
}
_TRANSPARENT: Final = frozenset({"abs", "copy"})
"""Functions that may be left out, their argument taken as it is."""
_IDENTIFIER: Final = re.compile(r"[A-Za-z_.\[\]0-9]*")
_KEYWORDS_KEPT: Final = frozenset({"dtype"})


def alternatives(node: ast.AST, enums: Mapping[str, Sequence[str]]) -> Iterator[ast.AST]:
    """What a mutant may put in the place of this node; often nothing."""
    match node:
        case ast.Constant():
            yield from _of_constant(node)
        case ast.JoinedStr():
            parts = [p.value for p in node.values if isinstance(p, ast.Constant)]
            if all(isinstance(p, str) and _IDENTIFIER.fullmatch(p) for p in parts):
                yield ast.Constant("XX")
        case ast.Attribute(value=ast.Name(id=name)) if name in enums and node.attr in enums[name]:
            members = enums[name]
            changed = copy.deepcopy(node)
            changed.attr = members[(members.index(node.attr) + 1) % len(members)]
            yield changed
        case ast.UnaryOp():
            yield copy.deepcopy(node.operand)
        case ast.BinOp():
            yield from _with_operator(node)
        case ast.BoolOp():
            yield from _of_bool_op(node)
        case ast.Compare():
            yield from _of_comparison(node)
        case ast.Call():
            yield from _of_call(node)
        case ast.If() | ast.While() | ast.IfExp():
            for met in (True, False):
                forced = copy.copy(node)
                forced.test = ast.Constant(met)
                yield forced
        case ast.comprehension(ifs=[_, *_]):
            unfiltered = copy.copy(node)
            unfiltered.ifs = []
            yield unfiltered
        case ast.AugAssign():
            yield ast.Pass()
            yield from _with_operator(node)
        case ast.Expr() | ast.Continue() | ast.Break() | ast.Raise() | ast.Return(value=None):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()


def _of_constant(node: ast.Constant) -> Iterator[ast.AST]:
    match node.value:
        case bool(value):
            yield ast.Constant(not value)
        case int(value):
            yield ast.Constant(value + 1)
        case float(value):
            yield ast.Constant(2.0 * value if value else 1.0)
        case str(value) if _IDENTIFIER.fullmatch(value):
            yield ast.Constant(f"{value}XX")


def _with_operator(node: ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    other = _OPERATORS.get(type(node.op))
    if other is not None:
        changed = copy.copy(node)
        changed.op = other()
        yield changed


def _of_bool_op(node: ast.BoolOp) -> Iterator[ast.AST]:
    changed = copy.copy(node)
    changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield changed
    for left_out in range(len(node.values)):
        rest = [value for index, value in enumerate(node.values) if index != left_out]
        yield ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]


def _of_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            changed = copy.copy(node)
            changed.ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield changed


def _of_call(node: ast.Call) -> Iterator[ast.AST]:
    name = _name(node.func)
    if name in _FUNCTIONS:
        changed = copy.deepcopy(node)
        _rename(changed.func, _FUNCTIONS[name])
        yield changed
    if name == "reduce" and isinstance(node.func, ast.Attribute):
        # np.maximum.reduce
        ufunc = _name(node.func.value)
        if ufunc in _FUNCTIONS:
            changed = copy.deepcopy(node)
            assert isinstance(changed.func, ast.Attribute)
            _rename(changed.func.value, _FUNCTIONS[ufunc])
            yield changed
    if name == "where" and len(node.args) == 3:
        changed = copy.copy(node)
        changed.args = [node.args[0], node.args[2], node.args[1]]
        yield changed
    if name == "isfinite":
        changed = copy.deepcopy(node)
        _rename(changed.func, "isnan")
        yield ast.Compare(changed, [ast.Eq()], [ast.Constant(False)])
    if name in _TRANSPARENT:
        if node.args:
            yield node.args[0]
        elif isinstance(node.func, ast.Attribute):
            yield node.func.value
    for index, keyword in enumerate(node.keywords):
        if keyword.arg not in _KEYWORDS_KEPT:
            changed = copy.copy(node)
            changed.keywords = [*node.keywords[:index], *node.keywords[index + 1 :]]
            yield changed


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _rename(function: ast.expr, name: str) -> None:
    if isinstance(function, ast.Attribute):
        function.attr = name
    elif isinstance(function, ast.Name):
        function.id = name
