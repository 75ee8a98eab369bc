"""The rows on a virtual clock, by number. The registry takes them from here."""

from heatrouter.deploy.faults.board import Scenario

VIRTUAL: dict[int, Scenario] = {}
