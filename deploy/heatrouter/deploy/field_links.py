"""Which field link an endpoint asks for; a protocol's library is loaded only where it is used.

Apart from what checks settings, for the simulated plant brings the simulator: the service itself
never imports this.
"""

import time
from collections.abc import Callable
from typing import Final

from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.field_checks import recording_path, scheme_of
from heatrouter.deploy.field_link import FieldLink
from heatrouter.deploy.host_calendar import HostCalendar
from heatrouter.deploy.snapshot_builder import SnapshotBuilder
from heatrouter.deploy.tags import window_count

LEAST_TIMEOUT_S: Final = 0.25
"""Real seconds for a request to the plant, however short the tick."""


def make_link(setup: ServiceSetup, *, utc_s: Callable[[], float] = time.time) -> FieldLink:
    """The link that the endpoint asks for, not open yet.

    Args:
        setup: Settings and tags.
        utc_s: POSIX time of this machine, s.

    Raises:
        ConfigError: Certificates, registers or a recording that cannot be used.
    """
    config, tags = setup.config, setup.tags
    timeout_s = min(config.request_timeout_s, max(LEAST_TIMEOUT_S, config.real_tick_s))
    calendar = HostCalendar(setup.district.site.timezone, utc_s)
    match scheme_of(config.endpoint):
        case "opc.tcp":
            from heatrouter.deploy.opcua_link import OpcUaLink
            from heatrouter.deploy.opcua_security import load_client_security

            security = None if config.opcua is None else load_client_security(config.opcua)
            return OpcUaLink(
                config.endpoint,
                tags,
                timeout_s=timeout_s,
                security=security,
                builder=SnapshotBuilder(tags, calendar),
            )
        case "modbus":
            from heatrouter.deploy.modbus_link import ModbusLink

            return ModbusLink(
                config.endpoint,
                tags,
                timeout_s=timeout_s,
                n_windows=window_count(setup.contract),
                settings=config.modbus,
                builder=SnapshotBuilder(tags, calendar),
            )
        case "replay":
            from heatrouter.deploy.recording import read_recording
            from heatrouter.deploy.replay_link import ReplayLink

            return ReplayLink(
                read_recording(recording_path(config.endpoint)),
                tags,
                tick_s=config.tick_s,
                timezone=setup.district.site.timezone,
            )
        case _:
            from heatrouter.deploy.simulated_link import SimulatedLink

            return SimulatedLink(setup)
