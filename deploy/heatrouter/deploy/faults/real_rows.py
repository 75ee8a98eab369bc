"""The rows over real sockets and processes, by number. The registry takes them from here."""

from heatrouter.deploy.faults import (
    real_guard,
    real_inputs,
    real_network,
    real_policy,
    real_strangers,
    real_writes,
)
from heatrouter.deploy.faults.board import Scenario

REAL: dict[int, Scenario] = {
    1: real_inputs.bad_tag,
    2: real_inputs.critical_bad,
    3: real_inputs.critical_uncertain,
    4: real_inputs.stuck,
    5: real_inputs.spike,
    7: real_inputs.wrong_unit,
    8: real_inputs.old_stamp,
    9: real_inputs.clocks_jump,
    10: real_network.server_killed,
    11: real_network.server_frozen,
    12: real_network.black_hole,
    13: real_network.slow_network,
    14: real_writes.write_refused,
    15: real_writes.competing_writer,
    16: real_writes.operator_takes_over,
    17: real_policy.bad_action,
    18: real_policy.worker_dies,
    19: real_guard.guard_killed,
    20: real_guard.loop_blocked,
    21: real_guard.power_loss,
    22: real_policy.bad_bundle,
    23: real_policy.hot_swap,
    24: real_guard.bad_settings,
    25: real_guard.disk_full,
    26: real_strangers.strangers,
    27: real_guard.starved,
    28: real_inputs.unknown_weather,
}
"""Row number -> scenario. Row 6 is about rates of detection over days, on a virtual clock only."""
