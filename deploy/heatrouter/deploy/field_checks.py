"""What can be seen of a field before anybody connects: default tags, and every mistake.

A protocol's library is loaded only where its endpoint is used.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from heatrouter.deploy.forecast_sources import source_mistake
from heatrouter.deploy.tags import TagMap, default_tags, window_count
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import ConfigError, Mistake, ServiceConfigError

if TYPE_CHECKING:
    from heatrouter.deploy.config import ServiceConfig


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
