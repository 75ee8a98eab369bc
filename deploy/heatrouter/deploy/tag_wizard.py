"""Proposes which variable of a server is which entry of the contract, by name, unit and range."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

import yaml

from heatrouter.deploy.opcua_browse import ServerVariable
from heatrouter.deploy.opcua_values import node_text
from heatrouter.deploy.plant_units import conversion
from heatrouter.deploy.tags import (
    GROUPS_THAT_MAY_BE_MISSING,
    INTEGER_RANGE,
    Tag,
    TagMap,
    default_tags,
)
from heatrouter.envs.contract import Contract

LEAST_SCORE: Final = 0.6
"""Below, a proposal would be a guess."""

NUMBERS: Final = frozenset({"double", "float", *INTEGER_RANGE})

_SAME: Final = (
    {"temp", "temperature", "temperatur", "ti", "tt", "t"},
    {"supply", "vorlauf", "vl", "feed"},
    {"return", "ruecklauf", "rücklauf", "rl"},
    {"level", "soc", "fuellstand", "füllstand", "li", "lt"},
    {"power", "leistung", "pel", "electric"},
    {"heat", "waerme", "wärme", "thermal"},
    {"flow", "volumenstrom", "massenstrom", "fi", "ft"},
    {"dp", "pressure", "druck", "differenzdruck", "pi", "pdi"},
    {"ambient", "outdoor", "outside", "aussen", "außen", "oat"},
    {"boiler", "kessel"},
    {"tank", "store", "storage", "speicher", "buffer", "puffer"},
    {"pump", "pumpe"},
    {"price", "preis", "tariff", "eur"},
    {"room", "raum", "indoor"},
    {"top", "oben"},
    {"middle", "mitte"},
    {"bottom", "unten"},
    {"setpoint", "setpoints", "sp", "soll", "sollwert"},
    {"applied", "actual", "ist", "readback", "inforce", "rb"},
    {"enable", "enabled", "release", "freigabe"},
    {"override", "manual", "hand", "local"},
    {"heartbeat", "lifebit", "watchdog", "alive"},
)
_CANON: Final = {word: i for i, words in enumerate(_SAME) for word in words}

_UNIT_WORDS: Final = frozenset({"c", "kw", "k", "s", "m2", "kg", "bar", "per", "mwh", "kwh", "g"})
"""Ends of a contract's names; a plant's names seldom say their unit."""

_GROUP_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "set_points": ("setpoint",),
    "applied": ("applied",),
    "forecast": ("forecast",),
    "forecast_issue": ("forecast", "issue", "time"),
    "control": ("control",),
}


@dataclass(frozen=True, slots=True)
class Match:
    """A proposal.

    Attributes:
        group: Of the tag map.
        name: Contract name in the group.
        variable: What it is proposed to be.
        score: 0..1.
    """

    group: str
    name: str
    variable: ServerVariable
    score: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """All proposals, and what was found for the rest.

    Attributes:
        matches: One per entry at most, and one per variable at most.
        missing: ``group.name`` of every entry without one.
        near: Best variables for each missing entry, best first.
    """

    matches: tuple[Match, ...]
    missing: tuple[str, ...]
    near: dict[str, tuple[Match, ...]]


def propose(contract: Contract, variables: Iterable[ServerVariable]) -> Proposal:
    """Match every entry of the contract with a variable; the surest pairs first."""
    tags = default_tags(contract)
    ranges = {c.origin: (c.low, c.high) for c in contract.observation if c.source == "measured"}
    ranges |= {p.name: (p.low, p.high) for p in contract.set_points}
    entries = list(_entries(tags))
    found = [
        Match(group, name, variable, score)
        for variable in variables
        for group, name, tag in entries
        if (score := _score(group, name, tag, variable, ranges.get(name))) > 0.0
    ]
    found.sort(key=lambda match: -match.score)
    taken: set[str] = set()
    done: dict[tuple[str, str], Match] = {}
    for match in found:
        node, entry = str(match.variable.node), (match.group, match.name)
        if match.score < LEAST_SCORE or node in taken or entry in done:
            continue
        taken.add(node)
        done[entry] = match
    missing = [(group, name) for group, name, _ in entries if (group, name) not in done]
    return Proposal(
        tuple(done[group, name] for group, name, _ in entries if (group, name) in done),
        tuple(f"{group}.{name}" for group, name in missing),
        {
            f"{group}.{name}": tuple(
                m for m in found if (m.group, m.name) == (group, name)
                and str(m.variable.node) not in taken
            )[:3]
            for group, name in missing
        },
    )  # fmt: skip


def mapping_text(proposal: Proposal, contract: Contract, endpoint: str) -> str:
    """The YAML file for ``tags:`` of a service file, with each score beside its proposal."""
    uris = Counter(match.variable.uri for match in proposal.matches)
    uri = uris.most_common(1)[0][0] if uris else "urn:unknown"
    lines = [
        f"# Tags of {contract.district} at {endpoint}, proposed by `heatrouter tags wizard`.",
        "# A person has to read this: the number is how sure the proposal is, 1 is surest.",
        f"namespace_uri: {_scalar(uri)}",
    ]
    groups = list(dict.fromkeys(group for group, _, _ in _entries(default_tags(contract))))
    for group in groups:
        matches = [m for m in proposal.matches if m.group == group]
        missing = [n for n in proposal.missing if n.startswith(f"{group}.")]
        if group == "forecast_issue":
            if matches:
                lines.append(f"forecast_issue: {_tag_text(matches[0], uri)}")
            continue
        if not matches and group in GROUPS_THAT_MAY_BE_MISSING:
            lines.append(f"{group}: null  # none found: {_INSTEAD[group]}")
            continue
        lines.append(f"{group}:" if matches else f"# {group}: none found")
        lines += [f"  {_scalar(m.name)}: {_tag_text(m, uri)}" for m in matches]
        for name in missing:
            near = ", ".join("/".join(m.variable.path) for m in proposal.near[name])
            lines.append(f"  # {name.partition('.')[2]}: ?" + (f"  perhaps {near}" if near else ""))
    return "\n".join(lines) + "\n"


_INSTEAD: Final = {
    "clock": "the service's own calendar is used",
    "forecast": "name a folder or an address under forecast: in the service file",
}


def _tag_text(match: Match, default_uri: str) -> str:
    variable = match.variable
    said: dict[str, object] = {"node": node_text(variable.node, variable.uri, default_uri)}
    if variable.data_type not in {None, "double"}:
        said["data_type"] = variable.data_type
    if variable.unit and match.group in {"measured", "tariff", "set_points", "applied"}:
        said["unit"] = variable.unit
    if variable.low is not None and variable.high is not None and match.group == "measured":
        said |= {"low": variable.low, "high": variable.high}
    inner = ", ".join(f"{key}: {_scalar(value)}" for key, value in said.items())
    return f"{{{inner}}}  # {match.score:.2f} {'/'.join(variable.path)}"


def _scalar(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True)
    return text.removesuffix("\n...\n").removesuffix("\n")


def _entries(tags: TagMap) -> Iterable[tuple[str, str, Tag]]:
    for group in ("measured", "tariff", "clock", "forecast", "set_points", "applied", "control"):
        for name, tag in getattr(tags, group).items():
            yield group, name, tag
    if tags.forecast_issue is not None:
        yield "forecast_issue", "issue_time_s", tags.forecast_issue


def _score(
    group: str,
    name: str,
    tag: Tag,
    variable: ServerVariable,
    span: tuple[float, float] | None,
) -> float:
    """How sure it is, 0 for what cannot be."""
    if not _fits(group, name, tag, variable):
        return 0.0
    wanted = [w for w in _words(name) if w not in _UNIT_WORDS] or _words(name)
    wanted += list(_GROUP_WORDS.get(group, ()))
    have = [word for part in variable.path for word in _words(part)]
    if not have:
        return 0.0
    score = sum(max(_alike(w, h) for h in have) for w in wanted) / len(wanted)
    # What the variable says beside counts a little against it.
    spare = sum(
        max(_alike(h, w) for w in wanted) < 0.6
        for h in _words(variable.path[-1])
        if h not in _UNIT_WORDS
    )
    score -= 0.05 * spare
    foreign = [
        g for g, words in _GROUP_WORDS.items() if g in _SHARED_NAMES and not group.startswith(g)
    ]
    for other in foreign:
        if any(_alike(w, h) == 1.0 for w in _GROUP_WORDS[other] for h in have):
            score -= 0.3
    if span is not None and variable.low is not None and variable.high is not None:
        score += _range_score(tag, variable, span)
    return min(max(score, 0.0), 1.0)


_SHARED_NAMES: Final = frozenset({"set_points", "applied", "forecast"})
"""Groups that have the same names; only a word of the group tells them apart."""


def _fits(group: str, name: str, tag: Tag, variable: ServerVariable) -> bool:
    if variable.is_array is not (group == "forecast"):
        return False
    if variable.unit and tag.unit != "1" and conversion(variable.unit, tag.unit) is None:
        return False
    if group == "set_points" and not variable.writable:
        return False
    if group != "control":
        return variable.data_type in NUMBERS
    flag = tag.data_type == "boolean"
    allowed = {"boolean", "uint16", "int16"} if flag else NUMBERS | {"string"}
    return variable.data_type in allowed and (
        name not in {"heartbeat", "mode"} or variable.writable
    )


def _range_score(tag: Tag, variable: ServerVariable, span: tuple[float, float]) -> float:
    factors = conversion(variable.unit or tag.unit, tag.unit)
    if factors is None or variable.low is None or variable.high is None:
        return 0.0
    low, high = (factors.scale * end + factors.offset for end in (variable.low, variable.high))
    common = min(high, span[1]) - max(low, span[0])
    return 0.05 if common > 0.0 else -0.3


def _words(text: str) -> list[str]:
    parts = re.sub(r"([a-zäöü])([A-ZÄÖÜ])", r"\1 \2", text)
    return [word.lower() for word in re.split(r"[^0-9A-Za-zÄÖÜäöüß]+", parts) if word]


def _alike(one: str, other: str) -> float:
    if one == other or (one in _CANON and _CANON.get(one) == _CANON.get(other)):
        return 1.0
    ratio = SequenceMatcher(None, one, other).ratio()
    return ratio if ratio >= 0.75 else 0.0
