"""Which field link an endpoint asks for; a protocol's library is loaded only where it is used."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heatrouter.deploy.field_link import FieldLink
from heatrouter.deploy.forecast_sources import source_mistake
from heatrouter.deploy.host_calendar import HostCalendar
from heatrouter.deploy.snapshot_builder import SnapshotBuilder
from heatrouter.deploy.tags import TagMap, default_tags, window_count
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import ConfigError, Mistake, ServiceConfigError

if TYPE_CHECKING:
    from heatrouter.deploy.config import ServiceConfig, ServiceSetup

LEAST_TIMEOUT_S: Final = 0.25
"""Real seconds for a request to the plant, however short the tick."""


def scheme_of(endpoint: str) -> str:
    """``opc.tcp``, ``modbus``, ``replay`` or ``simulated``."""
    return endpoint.partition(":")[0]


def recording_path(endpoint: str) -> Path:
    """The file of a ``replay:`` endpoint."""
    return Path(endpoint.partition(":")[2])


def default_field_tags(endpoint: str, contract: Contract) -> TagMap:
    """The tags that a plant behind this endpoint has unless a file says otherwise."""
    match scheme_of(endpoint):
        case "modbus":
            from heatrouter.deploy.modbus_registers import default_modbus_tags

            return default_modbus_tags(contract)
        case "replay":
            from heatrouter.deploy.recording import recorded_tags

            return recorded_tags(contract)
        case _:
            return default_tags(contract)


def check_field(config: "ServiceConfig", tags: TagMap, contract: Contract) -> None:
    """Check what can be checked of the field without connecting.

    Raises:
        ServiceConfigError: Every mistake at once, with the path in the service file.
    """
    mistakes: list[Mistake] = []

    def attempt(path: str, check: Callable[[], object]) -> None:
        try:
            check()
        except ConfigError as error:
            found = error.mistakes or (Mistake("", error.subject),)
            mistakes.extend(
                Mistake(f"{path}.{m.path}" if m.path else path, m.message) for m in found
            )

    if source_mistake(config.forecast) is not None:
        mistakes.append(Mistake("forecast", str(source_mistake(config.forecast))))
    if config.forecast.source == "tags" and not tags.forecast:
        wanted = any(c.source == "forecast" for c in contract.observation)
        if wanted and scheme_of(config.endpoint) != "replay":
            message = "the tags have no forecasts; map them, or name a file or an address"
            mistakes.append(Mistake("forecast.source", message))
    match scheme_of(config.endpoint):
        case "opc.tcp":
            from heatrouter.deploy.opcua_security import load_client_security
            from heatrouter.deploy.opcua_values import node_mistakes

            mistakes.extend(Mistake(f"tags.{m.path}", m.message) for m in node_mistakes(tags))
            if config.opcua is not None:
                settings = config.opcua
                attempt("opcua", lambda: load_client_security(settings))
        case "modbus":
            from heatrouter.deploy.modbus_registers import check_registers

            attempt("tags", lambda: check_registers(tags, window_count(contract), "tags"))
        case "replay":
            from heatrouter.deploy.recording import read_recording

            path = recording_path(config.endpoint)
            attempt("endpoint", lambda: read_recording(path).check(tags))
        case _:
            if config.tags is not None:
                message = "the simulated plant has tags of its own; leave this out"
                mistakes.append(Mistake("tags", message))
    if mistakes:
        subject = "field"
        raise ServiceConfigError(subject, mistakes)


def make_link(setup: "ServiceSetup", *, utc_s: Callable[[], float] = time.time) -> FieldLink:
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
