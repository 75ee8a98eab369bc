"""The tags of `opcua_heatrouter` in one request by asyncua's client.

Run with the endpoint and the file of identifiers.
"""

import asyncio
import sys
import time
from pathlib import Path

from asyncua.client.client import Client

from peers.stopwatch import Spent, serve

READS = 50


def main(endpoint: str, nodes_file: str) -> None:
    with asyncio.Runner() as runner:
        client = Client(endpoint, timeout=30.0, watchdog_intervall=60.0)
        runner.run(client.connect())
        uri, *names = Path(nodes_file).read_text(encoding="utf-8").split("\n")
        namespace = runner.run(client.get_namespace_index(uri))
        nodes = [client.get_node(f"ns={namespace};s={name}") for name in names]

        async def read_all() -> float:
            begin = time.process_time()
            for _ in range(READS):
                await client.read_values(nodes)
            return time.process_time() - begin

        serve({"read": lambda: Spent(READS, runner.run(read_all()))}, ("asyncua",))
        runner.run(client.disconnect())


if __name__ == "__main__":
    main(*sys.argv[1:])
