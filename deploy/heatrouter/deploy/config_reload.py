"""SIGHUP: look at the settings again; bad ones change nothing but an alarm.

A bundle is exchanged at once (see :mod:`.model_switch`). Everything else decides what is read and
written, and holds until the service is started again: what would change then is put on record.
"""

import asyncio
import logging
from collections.abc import Callable

from heatrouter.deploy.alarms import Alarm, AlarmBoard
from heatrouter.deploy.config import ServiceConfig
from heatrouter.deploy.service_manager import ServiceManager
from heatrouter.envs.errors import HeatrouterError

_log = logging.getLogger(__name__)


class ConfigReload:
    """Checks the settings on demand, beside the ticks.

    Args:
        load: Reads and checks the settings as at the start; raises what is wrong with them.
        running: The settings in force.
        alarms: Learn of bad ones.
        then: What to do when they are good.
        manager: Told when looking begins and ends.
        tell: Puts alarms on record at once; ticks may be a minute apart.
    """

    def __init__(
        self,
        load: Callable[[], ServiceConfig],
        running: ServiceConfig,
        alarms: AlarmBoard,
        then: Callable[[], None],
        manager: ServiceManager,
        *,
        tell: Callable[[], None],
    ) -> None:
        self._load = load
        self._running = running
        self._alarms = alarms
        self._then = then
        self._manager = manager
        self._tell = tell
        self._checking: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Begin to look; a look that is under way answers for this one as well."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.get_running_loop().create_task(self.look())

    async def look(self) -> None:
        """Read the settings on another thread, then say what came of it."""
        self._manager.reloading()
        try:
            await self._look()
        finally:
            self._manager.reloaded()

    async def _look(self) -> None:
        try:
            config = await asyncio.to_thread(self._load)
        except HeatrouterError as error:
            _log.error("SIGHUP: the settings in force stay: %s", error)
            self._alarms.note(Alarm.SETTINGS, " / ".join(str(error).splitlines()))
            self._tell()
            return
        self._alarms.note(Alarm.SETTINGS, None)
        changed = changed_settings(self._running, config)
        if changed:
            _log.warning("SIGHUP: waiting for a restart: %s", ", ".join(changed))
        self._alarms.note(
            Alarm.RESTART_NEEDED, f"changed: {', '.join(changed)}" if changed else None
        )
        self._tell()
        self._then()


def changed_settings(running: ServiceConfig, config: ServiceConfig) -> list[str]:
    """Names of settings that differ and need a restart; how a run begins and ends is none."""
    before, after = running.model_dump(), config.model_dump()
    at_once = {"bundle", "mode", "arm", "user", "ticks", "summary"}
    return [name for name in after if name not in at_once and before[name] != after[name]]
