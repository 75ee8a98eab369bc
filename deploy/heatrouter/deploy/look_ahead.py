"""Puts the live twin's answers where the guard looks, and says which fault that is."""

from typing import Protocol

import numpy as np

from heatrouter.deploy.config import ServiceConfig
from heatrouter.deploy.control_cycle import ControlCycle
from heatrouter.deploy.fault_watch import FaultWatch
from heatrouter.deploy.modes import Fault
from heatrouter.deploy.service_journal import TickContext
from heatrouter.deploy.tick_reading import TickReading
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.guard import Prediction, Reason

MOST_DEADLINE_SHARE = 0.5
"""Of the real tick."""


class Twin(Protocol):
    """Whoever looks ahead; see :class:`.twin_link.TwinLink`."""

    cause: str | None

    async def poll(self) -> None:
        """Look after whatever runs it."""
        ...

    async def ask(
        self,
        *,
        now_s: float,
        plant_time_s: float,
        clock: FloatArray,
        values: dict[str, float],
        applied: FloatArray,
        proposal: FloatArray,
        deadline_s: float,
    ) -> None:
        """Ask about a proposal."""
        ...

    def answer(self) -> Prediction | None:
        """The answer to the last question, as soon as it is there."""
        ...


class LookAhead:
    """Asks once a control step, when the policy has decided.

    Args:
        twin: Who looks ahead.
        cycle: Holds proposal and prediction.
        watch: Learns of a prediction that is missing, late or beyond a limit.
        config: Deadlines.
    """

    def __init__(
        self, twin: Twin, cycle: ControlCycle, watch: FaultWatch, config: ServiceConfig
    ) -> None:
        self._twin = twin
        self._cycle = cycle
        self._watch = watch
        self._deadline_s = min(
            config.look_ahead.deadline_s, MOST_DEADLINE_SHARE * config.real_tick_s
        )
        self._reading: TickReading | None = None
        cycle.look_ahead = True

    async def look(self, tick: TickContext) -> None:
        """Ask where the policy has just decided, and note what the guard will say of the answer."""
        twin, cycle = self._twin, self._cycle
        await twin.poll()
        self._reading = tick.reading or self._reading
        proposal, memory, reading = cycle.policy_proposal, cycle.memory, self._reading
        if tick.decided and proposal is not None and memory is not None and reading is not None:
            assert cycle.observation is not None
            n_measured = cycle.layout.n_measured
            measured = cycle.observation[0, :n_measured].tolist()
            values = dict(zip(cycle.layout.measured_names, measured, strict=True))
            if tick.checked is not None:
                tariffs = tick.checked.values[n_measured:].tolist()
                values |= dict(zip(cycle.layout.tariff_names, tariffs, strict=True))
            await twin.ask(
                now_s=tick.now_s,
                plant_time_s=reading.plant_time_s,
                clock=reading.clock,
                values=values,
                applied=memory.set_points[0],
                proposal=proposal,
                deadline_s=self._deadline_s,
            )
        cycle.prediction = None if proposal is None else twin.answer()
        self._note(tick)

    def _note(self, tick: TickContext) -> None:
        verdict = self._cycle.judge_policy(tick.now_s)
        if verdict is None:
            return
        reasons = int(np.bitwise_or.reduce(verdict, axis=None)) & int(Reason.PREDICTION)
        if reasons == 0:
            self._watch.note(Fault.PREDICTION, None)
        elif self._cycle.prediction is None:
            self._watch.note(Fault.PREDICTION, self._twin.cause or "no prediction")
        elif reasons & Reason.PREDICTION_LIMIT:
            self._watch.note(Fault.PREDICTION, f"breaks {', '.join(self._broken())}")
        else:
            self._watch.note(Fault.PREDICTION, "the last prediction is too old")

    def _broken(self) -> list[str]:
        limits, prediction = self._cycle.limits, self._cycle.prediction
        assert prediction is not None
        beyond = (prediction.lowest[0] < limits.predicted_low) | (
            prediction.highest[0] > limits.predicted_high
        )
        return [limits.predicted[i].name for i in np.flatnonzero(beyond)]
