"""All tags of energy-web in one request, by the service's link.

Run with the endpoint, and the path to write the tags' identifiers to, for `opcua_asyncua` to read.
"""

import asyncio
import sys
import time
from pathlib import Path

from heatrouter.deploy.opcua_link import OpcUaLink
from heatrouter.deploy.tags import default_tags
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task
from peers.stopwatch import Spent, serve

PRESET = "energy-web"
READS = 50


def main(endpoint: str, nodes_file: str) -> None:
    tags = default_tags(build_contract(load_district(PRESET), load_task(PRESET)))
    read = [*tags.scalars().values(), *tags.forecast.values()]
    lines = [tags.namespace_uri, *(tag.node for tag in read)]
    Path(nodes_file).write_text("\n".join(lines), encoding="utf-8")
    with asyncio.Runner() as runner:
        link = OpcUaLink(endpoint, tags, timeout_s=30.0)
        runner.run(link.open())

        async def read_all() -> float:
            begin = time.process_time()
            for _ in range(READS):
                await link.read()
            return time.process_time() - begin

        serve({"read": lambda: Spent(READS, runner.run(read_all()))}, ("heatrouter", "asyncua"))
        runner.run(link.close())


if __name__ == "__main__":
    main(*sys.argv[1:])
