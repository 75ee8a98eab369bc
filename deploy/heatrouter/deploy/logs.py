"""Logging of the long-running commands: text for people, JSON lines for machines."""

import json
import logging
import sys
import time


class JsonLines(logging.Formatter):
    """One JSON object per record, as journald and log shippers take it."""

    def format(self, record: logging.LogRecord) -> str:
        """Form the line."""
        entry: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def logs_are_json() -> bool:
    """Whether this process logs JSON lines, so that its children can do the same."""
    return any(isinstance(h.formatter, JsonLines) for h in logging.getLogger().handlers)


def configure_logging(*, json_lines: bool, verbose: bool) -> None:
    """Send the logs of this process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonLines()
        if json_lines
        else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")
    )
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True
    )
    # asyncua logs each step of each session, and tracebacks of losses that the field link and the
    # plant handle and report themselves.
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
