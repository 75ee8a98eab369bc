"""What every controller offers, and what those offer besides that plan ahead."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from heatrouter.envs.arrays import Float32Array, FloatArray
from heatrouter.envs.contract import Contract, Parametrisation

if TYPE_CHECKING:
    # Loads numba, which controllers that know only their contract do without.
    from heatrouter.envs.simulation.district_batch import DistrictBatch


class Controller(Protocol):
    """What decides: from observations to actions in physical units, for many environments."""

    @property
    def name(self) -> str:
        """How it is called in results."""
        ...

    @property
    def parametrisation(self) -> Parametrisation:
        """What its actions mean; the contract it is reset to has the same."""
        ...

    def reset(self, contract: Contract, num_envs: int) -> None:
        """Forget everything and prepare for this contract and number of environments."""
        ...

    def act(self, observation: Float32Array) -> FloatArray:
        """Answer observations ``(num_envs, n_obs)`` with actions ``(num_envs, n_action)``."""
        ...


@runtime_checkable
class PlantAware(Protocol):
    """A controller that works on the plant it is let loose on: its district, scenarios and state.

    For simulation only. A policy that shall run beside SCADA knows observations and no more.
    """

    def attach(self, batch: "DistrictBatch") -> None:
        """Take the closed loop that it is going to control, before each reset."""
        ...


@runtime_checkable
class Planner(Protocol):
    """A controller that solves optimisation problems and keeps count of how they ended."""

    def planning_record(self) -> Mapping[str, FloatArray | float]:
        """What happened since the last reset.

        Returns:
            ``solves``; ``infeasible`` and ``deadline``, those of them without a solution and those
            ended by the deadline; ``gap_mean`` and ``gap_worst``, relative gap of the solves that
            have one, NaN where none has; and, if it is known, ``decision_s``: seconds of each
            decision of one environment, any shape.
        """
        ...
