"""The web process: ``python -m heatrouter.deploy.web.process --channel FD``.

The guard process starts it and ends it. It runs at a lower priority, from before it loads the web
server, so that neither its start nor a busy page takes time from a tick.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from typing import Final

NICENESS: Final = 5


def main() -> None:
    """Run the process."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    from heatrouter.deploy.logs import configure_logging
    from heatrouter.deploy.web.serving import run

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channel", type=int, required=True, help="socket to the guard process")
    parser.add_argument("--quiet", action="store_true", help="why it cannot serve is known")
    parser.add_argument("--json-logs", action="store_true", help="log JSON lines")
    arguments = parser.parse_args()
    configure_logging(json_lines=arguments.json_logs, verbose=False)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(asyncio.run(run(arguments.channel, quiet=arguments.quiet)))


if __name__ == "__main__":
    main()
