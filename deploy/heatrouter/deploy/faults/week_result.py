"""What a run with a fault an hour has shown, whether in memory or over sockets."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyRunResult:
    """The figures that every such run has, and the verdict.

    Attributes:
        faults: How often each kind was made.
        policy_share: Of the ticks outside faults and hold-off, those in which the policy was in
            control; waiting for a person counts against it.
        policy_share_all: Of all ticks.
        excused_share: Share of ticks with a fault or in the hold-off after one.
        other_modes: What the service did in the ticks that count against it.
        handovers: How often control passed between service and PLC, or between modes that write.
        bump: Greatest change of a set-point, over what its rate allows.
        writes: Set-points that arrived at the plant.
        unsafe_writes: Of them, unsafe ones.
        restarts: Services that were started after a kill.
        rearms: Requests by the operator.
        audit_records: In the log, whose chain holds.
        replayed_ticks: Ticks that were computed again.
        differences: Ticks that differ in any bit.
        passed: The verdict.
        failures: What is wrong, in words.
    """

    faults: dict[str, int]
    policy_share: float
    policy_share_all: float
    excused_share: float
    other_modes: dict[str, int]
    handovers: int
    bump: float
    writes: int
    unsafe_writes: int
    restarts: int
    rearms: int
    audit_records: int
    replayed_ticks: int
    differences: int
    passed: bool
    failures: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)
