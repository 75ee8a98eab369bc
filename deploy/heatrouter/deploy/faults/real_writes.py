"""Rows 14 to 16 on real sockets: what comes between a write and the plant."""

import threading
import time

from asyncua.sync import Client
from asyncua.ua.uatypes import VariantType

from heatrouter.deploy.faults.board import Occasion, RowResult
from heatrouter.deploy.faults.real_site import (
    REAL_TICK_S,
    SPEED,
    TICK_S,
    RealSite,
    Watch,
    shared_site,
    tag,
    ticks_s,
    wall_s,
)
from heatrouter.deploy.modes import Mode
from heatrouter.deploy.opcua_values import data_value
from heatrouter.deploy.tags import NAMESPACE_URI

REFUSED = "setpoints.main.supply_temp_c"
CONTESTED = "setpoints.greenhouse.offset_k"
"""Free to jump, so that the other writer breaks no limit of the plant."""


def write_refused(_: Occasion) -> RowResult:
    """Row 14: one set-point of the batch is refused; the others arrive."""
    with shared_site() as site:
        watch = site.watch()
        site.plant.order("refuse", node=tag(REFUSED))
        first = site.service.wait_tick(
            watch.mark, lambda body: bool(body["detail"].get("kept")), 20.0
        )
        watch.must(bool(first["written"]), "the rest of the batch was not written")
        if body := watch.mode(Mode.RULES):
            watch.reacted(wall_s(first), body)
        watch.event("fault WRITE_REJECTED raised")
        site.plant.order("clear")
        watch.comes_back()
        return watch.result(14, ticks_s(2.0))


class _OtherWriter(threading.Thread):
    """Writes a set-point of ours several times a tick."""

    def __init__(self, endpoint: str, node: str, value: float) -> None:
        super().__init__(daemon=True)
        self._endpoint, self._node, self._value = endpoint, node, value
        self.begun: float | None = None
        self.end = threading.Event()

    def run(self) -> None:
        """Write until it is told to end."""
        with Client(self._endpoint) as client:
            index = client.get_namespace_index(NAMESPACE_URI)
            node = client.get_node(f"ns={index};s={self._node}")
            while not self.end.wait(REAL_TICK_S / 8.0):
                node.set_value(data_value(self._value, VariantType.Double))
                self.begun = self.begun or time.time()


def competing_writer(_: Occasion) -> RowResult:
    """Row 15: somebody else writes one of our set-points; the service yields, for good."""
    with shared_site() as site:
        watch = site.watch()
        other = _OtherWriter(site.plant.endpoint, tag(CONTESTED), 1.0)
        other.start()
        body = watch.mode(Mode.LOCAL)
        if body is not None and other.begun is not None:
            watch.reacted(other.begun, body)
            watch.must(not body["written"], "wrote in LOCAL")
        watch.event("fault COMPETING_WRITER raised")
        other.end.set()
        other.join(10.0)
        watch.waits_for_a_person()
        return watch.result(15, ticks_s(3.0))


def _writes_rest(watch: Watch, site: RealSite) -> None:
    before = int(site.plant.look()["external_writes"])
    time.sleep(4.0 * TICK_S / SPEED)
    more = int(site.plant.look()["external_writes"]) - before
    watch.must(more == 0, f"{more} set-points were written after the operator had taken over")


def operator_takes_over(_: Occasion) -> RowResult:
    """Row 16: override, then enable withdrawn."""
    with shared_site() as site:
        watch = site.watch()
        for switch, on, mode in (("override", True, Mode.LOCAL), ("enable", False, Mode.SHADOW)):
            watch.mark = site.service.audit.mark()
            at = float(site.plant.order(switch, value=on)["at"])
            if body := watch.mode(mode):
                watch.reacted(at, body)
            watch.event(f"mode {mode}")
            _writes_rest(watch, site)
            site.plant.order(switch, value=not on)
            watch.comes_back()
        return watch.result(16, ticks_s(1.0))
