"""Rows 10 to 13 on real sockets: the plant's server and the way to it."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Final
from urllib.parse import urlparse

from heatrouter.deploy.faults.board import NO_BOUND_S, Occasion, RowResult
from heatrouter.deploy.faults.real_site import (
    PATIENCE_S,
    SPEED,
    Watch,
    own_site,
    ticks_s,
    wall_s,
)
from heatrouter.deploy.faults.site_processes import Body, PlantProcess, SiteError
from heatrouter.deploy.modes import WRITING, Mode
from heatrouter.deploy.tcp_proxy import TcpProxy

BACK_S: Final = 60.0
"""Real seconds until a service has found its plant again, at most (board, row 12)."""

RESTART_BACK_S: Final = 5.0
"""The same after a restart of the plant's server (board, row 10)."""

OUTAGE_S: Final = 20.0
"""Real seconds without network; at the trial's speed forty minutes of the plant."""

SLOW_TICK_S: Final = 3.0
"""A tick has three exchanges at most, each of which takes half a second more."""


def _comes_back(watch: Watch, since: float, within_s: float) -> None:
    """It has to write again within so many real seconds, and the policy after a hold-off."""
    mark = watch.site.service.audit.mark()
    try:
        body = watch.site.service.wait_tick(
            mark, lambda b: b["mode"] in WRITING and b["written"], within_s + PATIENCE_S
        )
    except SiteError as error:
        watch.recovered = False
        watch.failures.append(str(error))
        return
    took_s = wall_s(body) - since
    watch.notes.append(f"back after {took_s:.1f} s")
    watch.must(took_s <= within_s, f"back after {took_s:.1f} s, at most {within_s:g}")
    watch.comes_back(since=wall_s(body))


def _held(watch: Watch, at: float) -> None:
    if body := watch.mode(Mode.HOLD):
        watch.reacted(at, body)
    watch.event("fault PLANT_LINK raised")


def server_killed(occasion: Occasion) -> RowResult:
    """Row 10: the plant's server dies and is started again on the same port."""
    with own_site(occasion.folder) as site:
        watch = site.watch()
        unsafe = int(site.plant.look()["unsafe_writes"])
        at = time.time()
        os.kill(site.plant.process.pid, signal.SIGKILL)
        site.plant.process.wait()
        _held(watch, at)
        site.plant = PlantProcess(site.folder, speed=SPEED, endpoint=site.plant.endpoint)
        watch.unsafe_before -= unsafe  # a new plant counts anew
        _comes_back(watch, time.time(), RESTART_BACK_S)
        return watch.result(10, ticks_s(1.0))


def server_frozen(occasion: Occasion) -> RowResult:
    """Row 11: SIGSTOP to the plant's server, then SIGCONT."""
    with own_site(occasion.folder) as site:
        watch = site.watch()
        at = time.time()
        os.kill(site.plant.process.pid, signal.SIGSTOP)
        _held(watch, at)
        time.sleep(3.0)
        os.kill(site.plant.process.pid, signal.SIGCONT)
        _comes_back(watch, time.time(), BACK_S)
        return watch.result(11, ticks_s(2.0))


class ProxyThread:
    """A :class:`TcpProxy` on a loop of its own.

    Args:
        endpoint: Of the plant.
    """

    def __init__(self, endpoint: str) -> None:
        address = urlparse(endpoint)
        assert address.hostname is not None
        assert address.port is not None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.proxy = TcpProxy(address.hostname, address.port, seed=1)
        asyncio.run_coroutine_threadsafe(self.proxy.start(), self._loop).result(10.0)

    def do(self, what: Callable[[], None]) -> float:
        """Call something on the proxy's loop; the time at which it was done."""

        async def call() -> float:
            what()
            return time.time()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10.0)

    def stop(self) -> None:
        """Reset everything and end."""
        asyncio.run_coroutine_threadsafe(self.proxy.stop(), self._loop).result(10.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)


@contextmanager
def _proxied(occasion: Occasion, real_tick_s: float) -> Iterator[tuple[Watch, ProxyThread]]:
    threads: list[ProxyThread] = []

    def through(endpoint: str) -> str:
        threads.append(ProxyThread(endpoint))
        return f"opc.tcp://127.0.0.1:{threads[0].proxy.port}"

    try:
        with own_site(occasion.folder, through=through, real_tick_s=real_tick_s) as site:
            yield site.watch(), threads[0]
    finally:
        for thread in threads:
            thread.stop()


def black_hole(occasion: Occasion) -> RowResult:
    """Row 12: packets vanish. The six hours are lived through on the virtual clock."""
    with _proxied(occasion, 0.5) as (watch, thread):
        _held(watch, thread.do(thread.proxy.black_hole))
        time.sleep(OUTAGE_S)
        _comes_back(watch, thread.do(thread.proxy.heal), BACK_S)
        return watch.result(12, ticks_s(2.0))


def slow_network(occasion: Occasion) -> RowResult:
    """Row 13: half a second more for every exchange, one piece in twenty late by another 200 ms."""
    with _proxied(occasion, SLOW_TICK_S) as (watch, thread):

        def slow() -> None:
            thread.proxy.delay_s, thread.proxy.loss = 0.25, 0.05

        thread.do(slow)
        time.sleep(12.0 * SLOW_TICK_S)
        ticks = watch.site.service.ticks(watch.mark)
        _even(watch, ticks, SLOW_TICK_S)
        modes = {body["mode"] for body in ticks}
        watch.must(modes <= {"POLICY", "RULES"}, f"modes {sorted(modes)}: {watch.site.reason()}")
        watch.notes.append(f"modes {', '.join(sorted(modes))}")
        return watch.result(13, NO_BOUND_S)


def _even(watch: Watch, ticks: list[Body], real_tick_s: float) -> None:
    """No two ticks further apart than two periods."""
    times = [wall_s(body) for body in ticks]
    longest = max((b - a for a, b in pairwise(times)), default=0.0)
    watch.notes.append(f"ticks at most {longest:.2f} s apart")
    watch.must(longest <= 2.0 * real_tick_s, f"{longest:.2f} s between two ticks")
