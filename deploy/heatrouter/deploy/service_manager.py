"""Tells systemd how the service is: ready, alive, loading settings, leaving.

The protocol is a datagram of ``NAME=value`` lines to the socket named in ``NOTIFY_SOCKET``
(sd_notify(3)). Without that variable nothing is sent.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

_log = logging.getLogger(__name__)

WATCHDOG_TICKS: Final = 10
"""So many ticks without a sign of life, and systemd ends the guard process and starts it anew."""

LEAST_WATCHDOG_S: Final = 5.0
"""However short the tick: a loaded machine is no dead one."""


class ServiceManager:
    """The line to systemd.

    Args:
        environment: Where ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` are; default: the process's.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        address = environment.get("NOTIFY_SOCKET", "")
        self._watched = "WATCHDOG_USEC" in environment
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            # A manager that does not read must not stop a tick.
            self._socket.setblocking(False)

    def ready(self, real_tick_s: float) -> None:
        """The plant is connected, the policy checked; ticks follow.

        Args:
            real_tick_s: By which the watchdog's patience is measured.
        """
        lines = ["READY=1"]
        if self._watched:
            patience_s = max(WATCHDOG_TICKS * real_tick_s, LEAST_WATCHDOG_S)
            lines.append(f"WATCHDOG_USEC={round(1e6 * patience_s)}")
        self._send(*lines)

    def alive(self, status: str = "") -> None:
        """A tick has passed."""
        self._send("WATCHDOG=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Settings are being looked at; :meth:`reloaded` follows."""
        # Without the time systemd takes an old READY for the answer, or waits for minutes.
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={microseconds}")

    def reloaded(self) -> None:
        """Settings were looked at, whatever came of it."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The service is leaving."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            _log.debug("systemd was not told %s: %s", lines[0], error)
