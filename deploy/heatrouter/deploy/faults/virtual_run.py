"""One service with its plant and its policy on a turned clock, and what became of it, tick by tick."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from heatrouter.agents.monitor import Monitor
from heatrouter.deploy.audit import AuditLog, AuditRecord, read_audit
from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.faults.virtual_link import VirtualLink
from heatrouter.deploy.faults.write_checker import WriteChecker
from heatrouter.deploy.in_memory import InMemoryWorker, TurnedClock
from heatrouter.deploy.modes import Fault, Mode
from heatrouter.deploy.plant_building import plant_of
from heatrouter.deploy.policy_worker import BundleAbout, Decision
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import ModeRequest, StateDir
from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import HeatrouterError

PRESET = "energy-web"
TICK_S = 60.0
PERSON = "anna"
WARM_TICKS = 20
"""Ticks before a fault: hand-over, first decisions, set-points on their way."""

HOLD_OFF_S = 300.0
"""What the mode machine is expected to wait, restated here (ModeSettings)."""
