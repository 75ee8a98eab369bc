"""From what a tick met to the faults that the mode machine is told of, with their causes."""

import numpy as np
import pytest

from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.modes import Fault
from heatrouter.deploy.policy_worker import FaultKind, WorkerFault
from heatrouter.deploy.validity import Cause, CheckedInputs

INPUTS = ("main.supply_temp_c", "tank.level", "town.room_temp_c")
POINTS = ("boiler.load_share", "main.supply_temp_c")
NO_FAULT: frozenset[Fault] = frozenset()


@pytest.fixture
def watch() -> FaultWatch:
    return FaultWatch(INPUTS, POINTS, tolerance=np.array([0.01, 0.5]))


def checked(causes: list[int], faulty: list[bool]) -> CheckedInputs:
    masks = np.array(causes, dtype=np.uint8)
    return CheckedInputs(
        np.zeros(3), masks == 0, masks, np.zeros(3), np.array(faulty, dtype=np.bool_)
    )


def test_nothing_has_happened_yet(watch: FaultWatch) -> None:
    assert watch.present == NO_FAULT
    assert watch.causes == {}


def test_a_fault_keeps_the_cause_that_it_began_with(watch: FaultWatch) -> None:
    watch.note_forecast("older than 2 h")
    watch.note_forecast("older than 3 h")
    assert watch.present == {Fault.FORECAST}
    assert watch.causes == {"FORECAST": "older than 2 h"}
    watch.note_forecast(None)
    assert watch.present == NO_FAULT
    watch.note_forecast("no file")
    assert watch.causes == {"FORECAST": "no file"}


def test_critical_inputs_are_named_with_what_is_wrong(watch: FaultWatch) -> None:
    bad = [int(Cause.RANGE), int(Cause.STALE), int(Cause.QUALITY)]
    watch.note_inputs(checked(bad, [False, True, True]))
    assert watch.present == {Fault.CRITICAL_INPUT}
    cause = watch.causes["CRITICAL_INPUT"]
    assert cause == "tank.level (STALE), town.room_temp_c (QUALITY)"
    watch.note_inputs(checked(bad, [False, False, False]))
    assert watch.present == NO_FAULT, "bad, but not critical for too long"


def test_a_worker_is_dead_until_it_is_ready(watch: FaultWatch) -> None:
    watch.note_worker("ended with signal 9")
    assert watch.present == {Fault.WORKER_DEAD}
    assert watch.causes == {"WORKER_DEAD": "ended with signal 9"}
    watch.note_worker(None)
    assert watch.present == NO_FAULT


@pytest.mark.parametrize(
    ("kind", "fault"),
    [(FaultKind.LATE, Fault.POLICY_LATE), (FaultKind.OUTPUT, Fault.POLICY_OUTPUT)],
)
def test_the_next_decision_ends_what_the_last_one_did_wrong(
    watch: FaultWatch, kind: FaultKind, fault: Fault
) -> None:
    watch.note_decision(WorkerFault(kind, "after 6 s"))
    assert watch.present == {fault}
    assert watch.causes == {str(fault): "after 6 s"}
    watch.note_decision(None)
    assert watch.present == NO_FAULT


def test_one_wrong_decision_follows_another(watch: FaultWatch) -> None:
    watch.note_decision(WorkerFault(FaultKind.LATE, "late"))
    watch.note_decision(WorkerFault(FaultKind.OUTPUT, "no number"))
    assert watch.present == {Fault.POLICY_OUTPUT}
    watch.note_decision(WorkerFault(FaultKind.LATE, "late"))
    assert watch.present == {Fault.POLICY_LATE}


def test_no_decision_brings_a_dead_worker_back(watch: FaultWatch) -> None:
    watch.note_decision(WorkerFault(FaultKind.DEAD, "gone"))
    assert watch.present == {Fault.WORKER_DEAD}
    watch.note_decision(None)
    assert watch.present == {Fault.WORKER_DEAD}, "only the worker itself says that it is back"


def test_a_read_back_has_to_be_known_of_every_set_point(watch: FaultWatch) -> None:
    watch.note_read_back(np.array([0.5, np.nan]))
    assert watch.present == {Fault.READ_BACK}
    assert watch.causes["READ_BACK"] == "no valid read-back of main.supply_temp_c"
    watch.note_read_back(np.array([0.5, 80.0]))
    assert watch.present == NO_FAULT
    with pytest.raises(ValueError, match="shorter"):
        watch.note_read_back(np.array([0.5]))
    watch.note_read_back(np.array([np.nan, np.nan]))
    assert watch.causes["READ_BACK"].endswith(" of boiler.load_share, main.supply_temp_c")


class TestForeignValues:
    WRITTEN = np.array([0.5, 80.0])

    def test_three_ticks_in_a_row_are_another_writer(self, watch: FaultWatch) -> None:
        for _ in range(2):
            watch.note_tags(self.WRITTEN, np.array([0.5, 85.0]))
            assert watch.present == NO_FAULT
        watch.note_tags(self.WRITTEN, np.array([0.5, 85.0]))
        assert watch.present == {Fault.COMPETING_WRITER}
        cause = "foreign values in main.supply_temp_c for 3 ticks"
        assert watch.causes == {"COMPETING_WRITER": cause}
        watch.note_tags(self.WRITTEN, self.WRITTEN)
        assert watch.present == NO_FAULT

    def test_a_tick_of_our_own_begins_the_count_anew(self, watch: FaultWatch) -> None:
        for found in (85.0, 85.0, 80.0, 85.0, 85.0):
            watch.note_tags(self.WRITTEN, np.array([0.5, found]))
        assert watch.present == NO_FAULT

    @pytest.mark.parametrize(
        ("found", "foreign"), [(80.5, False), (79.5, False), (80.6, True), (79.4, True)]
    )
    def test_beyond_the_tolerance_on_either_side(
        self, watch: FaultWatch, found: float, foreign: bool
    ) -> None:
        for _ in range(3):
            watch.note_tags(self.WRITTEN, np.array([0.5, found]))
        assert (Fault.COMPETING_WRITER in watch.present) is foreign

    def test_what_could_not_be_read_or_was_refused_is_nobodys(self, watch: FaultWatch) -> None:
        for _ in range(4):
            watch.note_tags(self.WRITTEN, np.array([np.nan, 80.0]))
            watch.note_tags(np.array([np.nan, 80.0]), np.array([0.9, 80.0]))
        assert watch.present == NO_FAULT

    def test_who_writes_nothing_has_no_rival(self, watch: FaultWatch) -> None:
        foreign = np.array([0.9, 85.0])
        for _ in range(3):
            watch.note_tags(self.WRITTEN, foreign)
        assert watch.causes["COMPETING_WRITER"].startswith(
            "foreign values in boiler.load_share, main."
        )
        watch.note_tags(None, foreign)
        assert watch.present == NO_FAULT
        watch.note_tags(self.WRITTEN, foreign)
        watch.note_tags(self.WRITTEN, foreign)
        assert watch.present == NO_FAULT, "counted from the first write on"


def test_a_refused_write_is_tried_once_more(watch: FaultWatch) -> None:
    watch.note_writes(["boiler.load_share"])
    assert watch.present == NO_FAULT
    watch.note_writes(["boiler.load_share", "main.supply_temp_c"])
    assert watch.present == {Fault.WRITE_REJECTED}
    cause = "the plant refused boiler.load_share, main.supply_temp_c"
    assert watch.causes == {"WRITE_REJECTED": cause}
    watch.note_writes([])
    assert watch.present == NO_FAULT
    watch.note_writes(["boiler.load_share"])
    assert watch.present == NO_FAULT, "the count began anew"


def test_five_long_ticks_in_a_row_are_an_overrun(watch: FaultWatch) -> None:
    for _ in range(4):
        watch.note_duration(1.5, 1.0)
        assert watch.present == NO_FAULT
    watch.note_duration(1.5, 1.0)
    assert watch.present == {Fault.TICK_OVERRUN}
    assert watch.causes == {"TICK_OVERRUN": "5 ticks in a row beyond 1000 ms"}
    watch.note_duration(1.0, 1.0)
    assert watch.present == NO_FAULT, "just in time is in time"
    for duration_s in (1.5, 1.5, 1.5, 1.5, 0.9, 1.5, 1.5, 1.5, 1.5):
        watch.note_duration(duration_s, 1.0)
        assert watch.present == NO_FAULT


def test_no_tick_below_a_tenth_of_a_second_is_too_long(watch: FaultWatch) -> None:
    """A plant that runs a thousand times as fast has ticks of milliseconds."""
    for _ in range(6):
        watch.note_duration(0.1, 0.01)
    assert watch.present == NO_FAULT
    for _ in range(5):
        watch.note_duration(0.11, 0.01)
    assert watch.present == {Fault.TICK_OVERRUN}
    assert watch.causes == {"TICK_OVERRUN": "5 ticks in a row beyond 10 ms"}
