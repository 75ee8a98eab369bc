"""All rows of the board, with what runs them."""

from heatrouter.deploy.faults.board import FaultRow
from heatrouter.deploy.faults.real_rows import REAL
from heatrouter.deploy.faults.virtual_rows import VIRTUAL

_TEXTS: tuple[tuple[int, str, str, str, str], ...] = (
    (1, "bad tag", "one tag that is not critical is bad, NaN, infinite or missing",
     "the last good value stands in, marked; the policy goes on", "1 T"),
    (2, "critical tag bad", "a critical tag has quality bad",
     "RULES after three bad ticks", "3 T"),
    (3, "uncertain quality", "a critical tag has quality uncertain",
     "as bad: RULES after three ticks", "3 T"),
    (4, "stuck value", "a network temperature shows the same number for ever",
     "not believed any more", "freeze time + 1 T"),
    (5, "spike", "one sample jumps beyond what the tag can do",
     "the sample is rejected; the policy goes on", "1 T"),
    (6, "bias", "one temperature sensor is off by 2 K from one moment on",
     "alarm DRIFT or SENSOR_JUMP; no change of mode", "1 h, with the share that is found"),
    (7, "wrong unit", "a tag in kelvin, tenfold, or with the wrong sign",
     "out of range, not believed", "1 T"),
    (8, "old stamp", "values stay good, their source's time stamp stands still",
     "stale: RULES for a critical tag", "max age + 3 T"),
    (9, "clocks jump", "the source's clock jumps by an hour either way",
     "nothing is called stale; the policy goes on", "no reaction within 30 T"),
    (10, "server killed", "the plant's server dies",
     "HOLD, the heartbeat rests; reconnects", "detected in 0.1 s, back 5 s after it is"),
    (11, "server frozen", "the plant's server does not answer any more",
     "HOLD; reconnects", "2 T"),
    (12, "six hours without network", "packets vanish for six hours",
     "HOLD; reconnects", "detected in 2 T, back after 60 s"),
    (13, "slow network", "500 ms more latency, 5 % of the packets late by a retransmission",
     "POLICY while a tick fits its period, else RULES", "no tick longer than 2 T"),
    (14, "write refused", "the plant refuses one set-point of the batch",
     "tried once more, then RULES; alarm", "2 T"),
    (15, "competing writer", "somebody else writes one of our set-points",
     "LOCAL; nobody is fought", "3 T"),
    (16, "operator takes over", "override, or enable withdrawn",
     "writing stops: LOCAL, or SHADOW", "1 T"),
    (17, "bad action", "the policy answers NaN, beyond its range, or from one extreme to the other",
     "RULES; within its range the guard keeps rate and minimum times", "1 T after the decision"),
    (18, "policy hangs or dies", "the policy misses its deadline, hangs, or its process dies",
     "RULES", "1 T"),
    (19, "guard killed", "SIGKILL to the guard process",
     "the PLC takes over; restarted it comes up in SHADOW", "3 heartbeats; ready in 5 s"),
    (20, "guard loop blocked", "the guard's event loop hangs",
     "the watchdog kills it", "10 T"),
    (21, "power loss", "the process dies in the middle of writing state or audit log",
     "starts from the last complete record", "0 corrupt of 1000 kills"),
    (22, "bad bundle", "truncated, changed, signed by a stranger, of another shape, wrong answers",
     "refused, the old one stays", "0 accepted of 10 000 mutations"),
    (23, "hot swap", "a new bundle is activated under load",
     "no tick missed, no bump", "set-points move at the guard's rates"),
    (24, "bad settings", "SIGHUP with a settings file that is wrong",
     "the old ones stay; alarm SETTINGS", "1 T"),
    (25, "disk full", "nothing can be written to disk",
     "control goes on; without an audit log no policy", "10 T"),
    (26, "strangers", "untrusted certificate, wrong user, replayed command, fuzzed HTTP and OPC UA",
     "refused and logged; ticks unaffected", "p99 of ticks changes by less than 10 %"),
    (27, "starved machine", "three busy processes for each core",
     "ticks keep their period", "p99 of ticks below T/10"),
    (28, "unknown weather", "-25 degC outdoors",
     "OUT_OF_DISTRIBUTION: RULES", "5 T"),
)  # fmt: skip

ROWS: dict[int, FaultRow] = {
    number: FaultRow(number, title, fault, reaction, bound, VIRTUAL.get(number), REAL.get(number))
    for number, title, fault, reaction, bound in _TEXTS
}
"""Row number -> row."""
