"""Why the last decision was made, and what the guard made of it, in words."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.deploy.web.snapshots import Number, Received
from heatrouter.deploy.web_site import Site
from heatrouter.envs.guard import Reason

REASONS: Final[dict[Reason, str]] = {
    Reason.RANGE: "outside its range, clamped",
    Reason.RATE: "faster than its rate limit, slowed",
    Reason.DEADBAND: "a change too small to execute",
    Reason.DWELL: "put off: minimum run or stop time",
    Reason.MIN_LOAD: "between off and minimum load, moved to one of them",
    Reason.INTERLOCK: "capped, raised or switched by an interlock",
    Reason.NOT_FINITE: "no number, kept as it was",
    Reason.CLOCK: "the clock jumped: only the believable part of the time counted",
    Reason.PREDICTION_MISSING: "the look-ahead is missing: refused",
    Reason.PREDICTION_LATE: "the look-ahead is too old: refused",
    Reason.PREDICTION_LIMIT: "the look-ahead breaks a hard limit: refused",
}

MEANINGS: Final = {
    "heat_price": "The policy prices heat in the store; units whose heat costs less than it run.",
    "offset": "The policy shifts what the rules would do.",
    "absolute": "The policy says each set-point itself.",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ActionPart(_Frozen):
    """One entry of the policy's answer."""

    name: str
    unit: str
    value: Number
    neutral: float
    low: float
    high: float


class SetPointPart(_Frozen):
    """One set-point from proposal to plant."""

    name: str
    unit: str
    low: float
    high: float
    rules: Number = Field(description="what the rules propose")
    policy: Number = Field(description="what the policy's answer comes to")
    overridden: Number = Field(description="what a person has fixed")
    proposal: Number = Field(description="what the guard was asked for")
    executed: Number = Field(description="what it let through")
    applied: Number = Field(description="what is in force at the plant")
    changed: bool = Field(description="whether the guard changed it")
    reasons: list[str] = Field(description="why")


class Explanation(_Frozen):
    """The last decision."""

    tick: int
    mode: str
    target: str
    source: str | None = Field(description="rules or policy; null before the first decision")
    sentences: list[str] = Field(description="in words")
    action: list[ActionPart] | None
    set_points: list[SetPointPart]
    written: bool


def explain(site: Site, now: Received) -> Explanation:
    """Put a snapshot's decision in words."""
    decision = now.decision
    overridden = {o.set_point: o.value for o in now.overrides}
    count = len(site.set_points)
    nothing: list[float | None] = [None] * count
    rules = nothing if decision is None else decision.rules_proposal or nothing
    policy = nothing if decision is None else decision.policy_proposal or nothing
    masks = [0] * count if decision is None else decision.reasons
    parts = [
        SetPointPart(
            name=point.name,
            unit=point.unit,
            low=point.low,
            high=point.high,
            rules=rules[i],
            policy=policy[i],
            overridden=overridden.get(point.name),
            proposal=None if decision is None else decision.proposal[i],
            executed=None if decision is None else decision.executed[i],
            applied=None if now.applied is None else now.applied[i],
            changed=masks[i] != 0,
            reasons=reasons_of(masks[i]),
        )
        for i, point in enumerate(site.set_points)
    ]
    action = None
    if decision is not None and decision.action is not None:
        action = [
            ActionPart(
                name=channel.name,
                unit=channel.unit,
                value=value,
                neutral=channel.neutral,
                low=channel.low,
                high=channel.high,
            )
            for channel, value in zip(site.actions, decision.action, strict=True)
        ]
    return Explanation(
        tick=now.tick,
        mode=now.mode,
        target=now.target,
        source=None if decision is None else decision.source,
        sentences=_sentences(site, now, parts),
        action=action,
        set_points=parts,
        written=decision is not None and decision.written,
    )


def reasons_of(mask: int) -> list[str]:
    """The guard's reasons in words."""
    return [text for reason, text in REASONS.items() if mask & reason]


def _sentences(site: Site, now: Received, parts: list[SetPointPart]) -> list[str]:
    decision = now.decision
    if decision is None:
        return ["There is no decision yet: the plant's readings or its clock are missing."]
    sentences = [f"The {decision.source} made the proposal."]
    if decision.policy_refused:
        sentences.append("The guard refused the policy's proposal; the rules' stands in its place.")
    if now.mode != now.target:
        sentences.append(f"{now.target} was asked for, {now.mode} it is: {now.reason}.")
    if decision.source == "policy":
        sentences.append(MEANINGS.get(site.parametrisation, ""))
    fixed = [p.name for p in parts if p.overridden is not None]
    if fixed:
        sentences.append(f"Fixed by a person: {', '.join(fixed)}.")
    changed = [p.name for p in parts if p.changed]
    sentences.append(
        f"The guard changed {', '.join(changed)}." if changed else "The guard changed nothing."
    )
    sentences.append(
        "It was written to the plant." if decision.written else "Nothing was written to the plant."
    )
    return [s for s in sentences if s]
