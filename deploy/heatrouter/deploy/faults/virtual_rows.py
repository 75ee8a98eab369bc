"""The rows on a virtual clock, by number. The registry takes them from here.

Rows 19, 20, 21, 26 and 27 are about processes, disks, sockets and a real scheduler: they have no
virtual side. Scenarios load the simulator, so that they are imported when they run.
"""

from importlib import import_module

from heatrouter.deploy.faults.board import Occasion, RowResult, Scenario

_PLACES: dict[int, str] = {
    1: "rows_inputs:bad_tag",
    2: "rows_inputs:critical_tag_bad",
    3: "rows_inputs:uncertain",
    4: "rows_inputs:stuck",
    5: "rows_inputs:spike",
    6: "rows_state:bias",
    7: "rows_inputs:wrong_unit",
    8: "rows_inputs:old_stamp",
    9: "rows_inputs:clock_jump",
    10: "rows_link:server_killed",
    11: "rows_link:server_frozen",
    12: "rows_link:long_outage",
    13: "rows_link:slow_network",
    14: "rows_link:write_refused",
    15: "rows_link:competing_writer",
    16: "rows_link:operator_takes_over",
    17: "rows_policy:bad_action",
    18: "rows_policy:hanging_policy",
    22: "rows_operation:bad_bundle",
    23: "rows_operation:hot_swap",
    24: "rows_operation:bad_settings",
    25: "rows_operation:disk_full",
    28: "rows_state:unknown_weather",
}


def _loaded_when_run(place: str) -> Scenario:
    module, _, name = place.partition(":")

    def scenario(occasion: Occasion) -> RowResult:
        function: Scenario = getattr(import_module(f"{__package__}.{module}"), name)
        return function(occasion)

    return scenario


VIRTUAL: dict[int, Scenario] = {n: _loaded_when_run(place) for n, place in _PLACES.items()}
