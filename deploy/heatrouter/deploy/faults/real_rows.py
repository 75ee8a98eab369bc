"""The rows over real sockets and processes, by number. The registry takes them from here."""

from heatrouter.deploy.faults.board import Scenario

REAL: dict[int, Scenario] = {}
