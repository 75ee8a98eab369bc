"""The service's forecasts, wherever they come from."""

import time
from collections.abc import Callable
from dataclasses import replace

from heatrouter.deploy.field_settings import ForecastSettings
from heatrouter.deploy.forecast_desk import ForecastDesk, News
from heatrouter.deploy.forecast_input import Forecast
from heatrouter.deploy.forecast_sources import ForecastPoller, make_source
from heatrouter.deploy.tick_reading import TickReading
from heatrouter.envs.contract import Contract


class ForecastIntake:
    """Puts the forecast of now into each reading.

    Args:
        contract: Series, units and windows.
        settings: Source and persistence.
        max_age_s: Plant seconds for which a forecast is fresh.
        utc_s: POSIX time of this machine, s.
    """

    def __init__(
        self,
        contract: Contract,
        settings: ForecastSettings,
        *,
        max_age_s: float,
        utc_s: Callable[[], float] = time.time,
    ) -> None:
        self.desk = ForecastDesk(
            contract, max_age_s=max_age_s, persistence_s=settings.persistence_s
        )
        self._utc_s = utc_s
        self._early: Forecast | None = None
        source = make_source(settings)
        self._poller = (
            None
            if source is None
            else ForecastPoller(source, self.desk.judge, poll_s=settings.poll_s)
        )

    def start(self) -> None:
        """Look for forecasts from now on."""
        if self._poller is not None:
            self._poller.start()

    def stop(self) -> None:
        """Look no more."""
        if self._poller is not None:
            self._poller.stop()

    def fill(self, reading: TickReading, now_s: float) -> TickReading:
        """The reading with the windows ahead of now.

        Args:
            reading: As it came from the plant.
            now_s: Monotonic plant seconds.
        """
        if self._poller is None:
            self.desk.take_arrays(
                reading.arrays, reading.forecast_issue_s, reading.plant_time_s, now_s
            )
        else:
            arrival = self._poller.take() or self._early
            self._early = None
            if arrival is not None:
                civil = getattr(arrival, "civil", False)
                clock_s = self._utc_s() if civil else reading.plant_time_s
                self.desk.take(arrival, clock_s, now_s)
                if isinstance(arrival, Forecast) and not self.desk.uses(arrival):
                    # Its source shows it once only, and the clock goes on.
                    self._early = arrival
        return replace(reading, forecast=self.desk.windows(now_s))

    def fault(self, now_s: float) -> str | None:
        """Why the policy cannot be asked; None while a forecast is good enough."""
        return self.desk.fault(now_s)

    def news(self) -> tuple[News, ...]:
        """What happened since the last call."""
        return self.desk.news()

    def status(self, now_s: float) -> dict[str, object]:
        """For the status file."""
        return self.desk.status(now_s)
