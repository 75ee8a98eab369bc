"""A proxy in the path of a connection, which makes the network's faults.

For tests and for the fault board: the service connects to the proxy, the proxy to the plant, and
while both run the proxy delays, loses, freezes, swallows or resets.

    delay_s      every byte arrives so much later, in order and without loss of speed
    loss         share of the pieces that arrive ``retransmit_s`` later: all that loss is over TCP
    freeze()     nothing moves; what was sent arrives after ``heal()``
    black_hole() what is sent vanishes, new connections are never answered
    refuse()     connections are reset, and new ones, too
    reset()      every connection is reset once (RST)
    heal()       everything passes; connections out of a black hole are reset
"""

import asyncio
import contextlib
import random
import socket
import struct
from enum import StrEnum

CHUNK_BYTES = 65_536


class Path(StrEnum):
    """What happens to bytes on their way."""

    OPEN = "open"
    FROZEN = "frozen"
    BLACK_HOLE = "black hole"
    REFUSED = "refused"


class TcpProxy:
    """Listens on loopback and forwards to a target.

    Args:
        host: Of the target.
        port: Of the target.
        seed: Of the loss.

    Attributes:
        delay_s: One way, s.
        loss: Share of the pieces, 0..1.
        retransmit_s: What a lost piece costs, s.
        connections: How many there have been.
    """

    def __init__(self, host: str, port: int, *, seed: int = 0) -> None:
        self.delay_s = 0.0
        self.loss = 0.0
        self.retransmit_s = 0.2
        self.connections = 0
        self._target = (host, port)
        self._random = random.Random(seed)
        self._path = Path.OPEN
        self._moving = asyncio.Event()
        self._moving.set()
        self._server: asyncio.Server | None = None
        self._open: set[_Connection] = set()

    @property
    def path(self) -> Path:
        """What happens to bytes now."""
        return self._path

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)

    async def stop(self) -> None:
        """Reset every connection and listen no more."""
        self.reset()
        if self._server is not None:
            self._server.close()
            self._server = None
        await asyncio.sleep(0)

    def freeze(self) -> None:
        """Hold everything back, as a server that is stopped (SIGSTOP) does."""
        self._set(Path.FROZEN)

    def black_hole(self) -> None:
        """Swallow everything, as a firewall that drops does."""
        self._set(Path.BLACK_HOLE)

    def refuse(self) -> None:
        """Reset every connection and each that is tried."""
        self._set(Path.REFUSED)
        self.reset()

    def heal(self) -> None:
        """Let everything pass."""
        was, self._path = self._path, Path.OPEN
        if was is Path.BLACK_HOLE:
            # Bytes are missing in them; a stateful firewall would not let them go on either.
            self.reset()
        self._moving.set()

    def reset(self) -> None:
        """Reset every connection with RST, as a crashed machine that is up again does."""
        for connection in tuple(self._open):
            connection.reset()

    def _set(self, path: Path) -> None:
        self._path = path
        if path is Path.FROZEN:
            self._moving.clear()
        else:
            self._moving.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        client = _Connection(writer)
        self._open.add(client)
        try:
            await self._join(client, reader, writer)
        finally:
            self._open.discard(client)
            client.close()

    async def _join(
        self, client: "_Connection", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._path is Path.REFUSED:
            client.reset()
            return
        if self._path is Path.BLACK_HOLE:
            await client.ended.wait()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            client.reset()
            return
        server = _Connection(far_writer)
        self._open.add(server)
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer)),
            asyncio.create_task(self._pump(far_reader, writer)),
        ]
        ends = [asyncio.create_task(c.ended.wait()) for c in (client, server)]
        try:
            await asyncio.wait([*pumps, *ends], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*pumps, *ends):
                task.cancel()
            await asyncio.gather(*pumps, *ends, return_exceptions=True)
            self._open.discard(server)
            server.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes one way; each piece has a time before which it does not arrive."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        delivering = asyncio.create_task(self._deliver(waiting, writer))
        try:
            while True:
                with contextlib.suppress(ConnectionError):
                    data = await reader.read(CHUNK_BYTES)
                    if self._path is Path.BLACK_HOLE and data:
                        continue
                    lost = self._random.random() < self.loss
                    late_s = self.delay_s + (self.retransmit_s if lost else 0.0)
                    waiting.put_nowait((loop.time() + late_s, data))
                    if data:
                        continue
                break
            await delivering
        finally:
            delivering.cancel()

    async def _deliver(
        self, waiting: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s, data = await waiting.get()
            await asyncio.sleep(max(due_s - loop.time(), 0.0))
            await self._moving.wait()
            if not data:
                return
            if self._path is Path.BLACK_HOLE:
                continue
            with contextlib.suppress(ConnectionError):
                writer.write(data)
                await writer.drain()


class _Connection:
    """One side of a forwarded connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.ended = asyncio.Event()
        self._writer = writer

    def reset(self) -> None:
        """End it with RST instead of FIN."""
        raw = self._writer.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        self.ended.set()

    def close(self) -> None:
        """End it politely, where it has not ended yet."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()
