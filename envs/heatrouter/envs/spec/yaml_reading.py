"""YAML text to plain data, with the line of every value and every mistake of the text at once.

Stricter than a plain safe load, since these files describe plants: a key given twice is refused
instead of the last one winning, tags are refused, and numbers follow YAML 1.2, so that ``1e6`` is a
number and ``no`` is a word. Aliases may share parts, but the document they unfold to is bounded.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml

from heatrouter.envs.errors import Mistake, dotted_path

Plain: TypeAlias = "bool | int | float | str | tuple[Plain, ...] | dict[str, Plain] | None"
Location: TypeAlias = tuple[int | str, ...]

MAX_BYTES = 16_000_000
"""A generated network of some ten thousand pipes has 2 MB."""

MAX_NODES = 2_000_000
"""Values after unfolding aliases; nested aliases double a document with every line."""

MAX_DEPTH = 30
"""The deepest description nests six levels."""

_SCALAR_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "str", "timestamp", "value", "merge")
}
_MERGE_TAG = "tag:yaml.org,2002:merge"
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_LONGEST_INTEGER = 30


@dataclass
class Document:
    """What a YAML text holds.

    Attributes:
        data: Plain data; lists are tuples, so that strict validation takes them.
        lines: Line of every value, counted from 1, by its location.
        mistakes: What is wrong with the text itself.
    """

    data: Plain = None
    lines: dict[Location, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def line_of(self, location: Location) -> int | None:
        """Line of a value, or of the nearest part that holds it where it is missing itself."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return None


def read_yaml_file(path: Path) -> Document:
    """Read a file; what cannot be read becomes a mistake of the document."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return _refused(f"the file has more than {MAX_BYTES // 1_000_000} MB; split it")
        raw = path.read_bytes()
    except FileNotFoundError:
        return _refused("there is no such file; check the path")
    except IsADirectoryError:
        return _refused("this is a folder; name the YAML file in it")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return _refused(f"the file cannot be read: {reason}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _refused(f"line {line} is no UTF-8 text; save the file as UTF-8")
    return read_yaml(text)


def read_yaml(text: str) -> Document:
    """Read a text; never raises for anything that the text holds."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        reason = "; ".join(part for part in (error.context, error.problem) if part)
        return _refused(f"{place}no valid YAML: {reason}; check indentation, colons and quotes")
    except yaml.YAMLError as error:
        return _refused(f"no valid YAML: {' '.join(str(error).split())}")
    except RecursionError:
        return _refused(f"values are nested deeper than {MAX_DEPTH} levels")
    except (ValueError, OverflowError) as error:
        # PyYAML lets through what int() and chr() raise on escapes such as "\UFFFFFFFF".
        return _refused(f"no valid YAML: {error}")
    if root is None:
        return _refused("the file is empty")
    document = Document()
    problem = _bounded(root)
    if problem:
        return _refused(problem)
    document.data = _Converter(document).convert(root, ())
    return document


def _refused(message: str) -> Document:
    return Document(mistakes=[Mistake("", message)])


def _bounded(root: yaml.Node) -> str | None:
    """Say why a document must not be unfolded: recursion, depth or size."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size_of(node: yaml.Node, depth: int) -> int:
        if id(node) in open_nodes:
            msg = f"line {node.start_mark.line + 1}: an alias refers to a part that holds it"
            raise _UnboundedError(msg)
        if depth > MAX_DEPTH:
            msg = f"line {node.start_mark.line + 1}: nested deeper than {MAX_DEPTH} levels"
            raise _UnboundedError(msg)
        if id(node) not in sizes:
            open_nodes.add(id(node))
            total = 1 + sum(size_of(child, depth + 1) for child in _children(node))
            open_nodes.discard(id(node))
            sizes[id(node)] = total
        return sizes[id(node)]

    try:
        size = size_of(root, 0)
    except _UnboundedError as error:
        return str(error)
    if size > MAX_NODES:
        return f"aliases unfold to more than {MAX_NODES:,} values; write fewer of them"
    return None


class _UnboundedError(Exception):
    """A document that must not be unfolded."""


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


class _Converter:
    """Nodes to plain data; mistakes and lines go into the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._blamed: set[int] = set()  # nodes: an alias must not repeat a mistake

    def convert(self, node: yaml.Node, location: Location) -> Plain:
        self._document.lines[location] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return tuple(self.convert(n, (*location, i)) for i, n in enumerate(node.value))
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALAR_TAGS:
            return node.value if node.style else _scalar(node.value)
        self._complain(node, location, f"the tag {node.tag!r} is not allowed; remove it")
        return None

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Plain]:
        merged: dict[str, Plain] = {}
        own: dict[str, Plain] = {}
        first_line: dict[str, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE_TAG:
                # The first of several merged mappings wins, as YAML says.
                for key, value in self._merged(value_node, location).items():
                    merged.setdefault(key, value)
                continue
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in _SCALAR_TAGS:
                self._complain(key_node, location, "a key must be a word; rewrite it")
                continue
            key = key_node.value
            line = key_node.start_mark.line + 1
            place = (*location, key)
            if key in own:
                self._complain(
                    key_node,
                    place,
                    f"given twice, in lines {first_line[key]} and {line}; keep one of them",
                )
                continue
            first_line[key] = line
            own[key] = self.convert(value_node, place)
        return {**merged, **own}

    def _merged(self, node: yaml.Node, location: Location) -> dict[str, Plain]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Plain] = {}
        for part in nodes:
            if isinstance(part, yaml.MappingNode):
                for key, value in self._mapping(part, location).items():
                    merged.setdefault(key, value)
            else:
                self._complain(part, location, "'<<' merges mappings only; name one with an alias")
        return merged

    def _complain(self, node: yaml.Node, location: Location, message: str) -> None:
        if id(node) in self._blamed:
            return
        self._blamed.add(id(node))
        line = node.start_mark.line + 1
        mistake = Mistake(dotted_path(location), f"{message} (line {line})")
        self._document.mistakes.append(mistake)


def _scalar(text: str) -> Plain:
    """Resolve a plain scalar by the core schema of YAML 1.2."""
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    if _INTEGER.fullmatch(text) and len(text) <= _LONGEST_INTEGER:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    if text in {".nan", ".NaN", ".NAN"}:
        return float("nan")
    return text
