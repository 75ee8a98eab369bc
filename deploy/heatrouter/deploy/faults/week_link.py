"""The plant's link, with a forecast service that can stop."""

from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.faults.virtual_link import VirtualLink
from heatrouter.deploy.faults.write_checker import WriteChecker
from heatrouter.deploy.in_memory import TurnedClock
from heatrouter.deploy.plant import VirtualPlant


class WeekLink(VirtualLink):
    """As :class:`VirtualLink`.

    Attributes:
        forecasts_stopped: Whether the last forecast stays in its tags, with its issue time.
    """

    def __init__(
        self, setup: ServiceSetup, plant: VirtualPlant, clock: TurnedClock, checker: WriteChecker
    ) -> None:
        super().__init__(setup, plant, clock, checker)
        self.forecasts_stopped = False
        self._forecast_nodes = [tag.node for tag in setup.tags.forecast.values()]
        if setup.tags.forecast_issue is not None:
            self._forecast_nodes.append(setup.tags.forecast_issue.node)

    def catch_up(self) -> None:
        """Let the plant tick as often as its clock says."""
        kept = {}
        if self.forecasts_stopped:
            kept = {node: self._values[node] for node in self._forecast_nodes}
        super().catch_up()
        self._values |= kept
