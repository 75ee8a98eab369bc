"""Merit order and rule-based dispatch as pure array functions over environments.

Everything here is NumPy: the guard process of the service runs it.
"""

from heatrouter.envs.dispatch.allocation import allocate
from heatrouter.envs.dispatch.marginal_cost import Conditions, marginal_cost, unit_limits
from heatrouter.envs.dispatch.merit_order import HeatPrice, merit_order_dispatch
from heatrouter.envs.dispatch.plan import DispatchMemory, DispatchPlan, initial_memory
from heatrouter.envs.dispatch.rules import heating_curve, rules_dispatch

__all__ = [
    "Conditions",
    "DispatchMemory",
    "DispatchPlan",
    "HeatPrice",
    "allocate",
    "heating_curve",
    "initial_memory",
    "marginal_cost",
    "merit_order_dispatch",
    "rules_dispatch",
    "unit_limits",
]
