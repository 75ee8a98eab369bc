"""The service's settings: one frozen model, from a YAML file, with the command line on top."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.agents.manifest import Manifest, parse_manifest
from heatrouter.deploy.field_checks import check_field, default_field_tags
from heatrouter.deploy.field_settings import (
    ENDPOINT_PATTERN,
    ForecastSettings,
    ModbusSettings,
    OpcUaSettings,
    SimulatedSettings,
)
from heatrouter.deploy.historian import HistorySettings
from heatrouter.deploy.http_config import HttpConfig
from heatrouter.deploy.tag_file import bounded, load_tags
from heatrouter.deploy.tags import TagMap
from heatrouter.deploy.twin_settings import LookAheadSettings
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError, ConfigError, Mistake, ServiceConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.explaining import field_mistakes
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task
from heatrouter.envs.spec.yaml_reading import read_yaml_file

_T = TypeVar("_T")

StartMode = Literal["off", "shadow", "rules", "policy"]

LEAST_REAL_TICK_S = 0.01
"""A tick of the OPC UA codec takes 2 to 5 ms; below this there is no time left to compute."""


class ServiceConfig(BaseModel):
    """Everything an operator decides about the service."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    district: str | None = Field(
        None, description="preset or file; null takes the district the bundle was made for"
    )
    task: str | None = Field(
        None, description="preset or file; null takes the bundle's, else that of the district"
    )
    bundle: Path | None = Field(None, description="the exported policy; null: rules only")
    trusted_keys: tuple[Path, ...] = Field(
        (), description="public keys; with any, only bundles that one of them signed may run"
    )
    allow_unsigned: bool = Field(
        False, description="without trusted_keys, a bundle runs on loopback only, or with this"
    )
    policy: bool = Field(True, description="false leaves the bundle's policy out: rules only")
    endpoint: str = Field(
        "opc.tcp://127.0.0.1:4840",
        pattern=ENDPOINT_PATTERN,
        description="plant: opc.tcp://HOST:PORT, modbus://HOST:PORT, replay:FILE or simulated",
    )
    opcua: OpcUaSettings | None = Field(
        None, description="certificates and user; null connects to this machine only, unsecured"
    )
    modbus: ModbusSettings = Field(default_factory=ModbusSettings, description="of the device")
    simulated: SimulatedSettings = Field(
        default_factory=SimulatedSettings, description="for the endpoint simulated"
    )
    forecast: ForecastSettings = Field(
        default_factory=ForecastSettings, description="where forecasts come from"
    )
    tags: Path | None = Field(None, description="YAML that maps contract names to tags")
    state_dir: Path = Field(Path("runs/serve"), description="status, mode requests and audit log")
    summary: Path | None = Field(None, description="JSON written when the service ends")
    mode: StartMode = Field("off", description="mode asked for at the start")
    arm: bool = Field(False, description="a person's permission to write to the plant at once")
    user: str = Field("operator", min_length=1, max_length=80, description="who starts it")
    tick_s: float = Field(60.0, gt=0.0, le=900.0, description="plant seconds between readings")
    speed: float = Field(
        1.0, gt=0.0, le=100_000.0, description="plant seconds per real second; 1 at a real plant"
    )
    ticks: int | None = Field(None, ge=1, description="end after so many; null: run until stopped")
    request_timeout_s: float = Field(
        1.0, gt=0.0, le=30.0, description="real seconds a request to the plant may take"
    )
    forecast_max_age_s: float = Field(
        7200.0, gt=0.0, le=86_400.0, description="plant seconds; older ones leave the policy out"
    )
    decision_deadline_share: float = Field(
        0.1, gt=0.0, le=0.5, description="of the real tick, for the policy's decision"
    )
    unknown_prices_h: float | None = Field(
        24.0,
        gt=0.0,
        le=8760.0,
        description="plant hours in a row with prices beyond those of training, after which the "
        "policy is left out until they are back; null for never",
    )
    http: HttpConfig = Field(
        default_factory=HttpConfig, description="web page, metrics, health checks"
    )

    look_ahead: LookAheadSettings = Field(
        default_factory=LookAheadSettings, description="the live twin"
    )
    history: HistorySettings = Field(
        default_factory=HistorySettings, description="what is kept of the past, and how long"
    )

    @property
    def real_tick_s(self) -> float:
        """Real seconds between readings."""
        return self.tick_s / self.speed

    @model_validator(mode="after")
    def _consistent(self) -> "ServiceConfig":
        if self.real_tick_s < LEAST_REAL_TICK_S:
            message = (
                f"tick_s {self.tick_s:g} at speed {self.speed:g} is a real tick of "
                f"{1e3 * self.real_tick_s:.1f} ms, the limit is {1e3 * LEAST_REAL_TICK_S:g} ms; "
                "lower the speed or lengthen the tick"
            )
            raise ValueError(message)
        if self.mode == "policy" and (self.bundle is None or not self.policy):
            message = "mode policy needs a bundle and its policy; or start with mode rules"
            raise ValueError(message)
        runs_bundle = self.bundle is not None and self.policy
        vouched = self.trusted_keys or self.allow_unsigned
        if runs_bundle and not vouched and not is_loopback(self.endpoint):
            message = (
                f"beside a plant at {self.endpoint} only signed bundles run: name trusted_keys, or "
                "say allow_unsigned: true"
            )
            raise ValueError(message)
        unsecured = self.endpoint.startswith("opc.tcp:") and self.opcua is None
        if unsecured and not is_loopback(self.endpoint):
            message = (
                f"endpoint {self.endpoint} is not this machine and opcua is not set; name "
                "certificates under opcua, or write opcua: {security_policy: none} yourself"
            )
            raise ValueError(message)
        if self.bundle is None and self.district is None:
            message = "neither bundle nor district is named; name one of them"
            raise ValueError(message)
        if self.mode in {"rules", "policy"} and self.endpoint.startswith("replay:"):
            message = f"mode {self.mode} writes, and a recording cannot be written; use shadow"
            raise ValueError(message)
        if self.mode in {"rules", "policy"} and not self.arm:
            message = (
                f"mode {self.mode} writes to the plant: a person must arm it (--arm); "
                "or start with mode shadow"
            )
            raise ValueError(message)
        return self


def is_loopback(endpoint: str) -> bool:
    """Whether an address is on this very machine, as that of a virtual plant is."""
    if endpoint == "simulated" or endpoint.startswith("replay:"):
        return True
    host = urlsplit(endpoint).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class ServiceSetup:
    """A configuration with everything it names, read and compared.

    Attributes:
        config: The settings.
        district: The district under control.
        task: The task that the contract was built for.
        contract: What is observed, decided and written.
        tags: Where the plant has it.
        manifest: What the bundle says about itself; None without a policy.
    """

    config: ServiceConfig
    district: District
    task: Task
    contract: Contract
    tags: TagMap
    manifest: Manifest | None


def load_config(path: Path | None, overrides: Mapping[str, object]) -> ServiceConfig:
    """Read settings from a file and lay the command line over them.

    Args:
        path: YAML file; None for the defaults.
        overrides: Settings by name; those that are None are left as they are.

    Raises:
        ServiceConfigError: All mistakes at once.
    """
    subject = "service settings" if path is None else str(path)
    settings: dict[str, object] = {}
    mistakes: list[Mistake] = []
    if path is not None:
        document = read_yaml_file(path)
        mistakes += document.mistakes
        if isinstance(document.data, dict):
            settings |= document.data
        elif not mistakes:
            mistakes.append(Mistake("", "holds no mapping of settings to values"))
    settings |= {name: value for name, value in overrides.items() if value is not None}
    try:
        config = ServiceConfig.model_validate(settings)
    except ValidationError as error:
        found = field_mistakes(ServiceConfig, error)
        mistakes += [mistake for mistake in found.values() if mistake is not None]
    else:
        if not mistakes:
            return config
    raise ServiceConfigError(subject, mistakes)


def prepare(config: ServiceConfig) -> ServiceSetup:
    """Read what the settings name and compare it; nothing is connected yet.

    Raises:
        ServiceConfigError: Files that do not exist or do not fit each other, all at once.
    """
    mistakes: list[Mistake] = config.http.mistakes() if config.http.enabled else []
    manifest = _attempt(mistakes, "bundle", lambda: _manifest(config.bundle))
    name = config.district or (manifest.contract.district if manifest is not None else None)
    district = task = None
    if name is not None:
        district = _attempt(mistakes, "district", lambda: load_district(name))
    if manifest is not None:
        task = manifest.task
    elif config.task is not None or district is not None:
        source = config.task or str(name)
        task = _attempt(mistakes, "task", lambda: load_task(source))
    contract = None
    if manifest is not None and district is not None:
        contract = manifest.contract
        mistakes += _differences(contract, build_contract(district, manifest.task))
    elif district is not None and task is not None:
        known_district, known_task = district, task
        contract = _attempt(mistakes, "task", lambda: build_contract(known_district, known_task))
    tags = None
    if contract is not None:
        known_contract = contract
        tags = _attempt(mistakes, "tags", lambda: _tags(config, known_contract))
        if tags is not None:
            known_tags = tags
            _attempt(mistakes, "", lambda: check_field(config, known_tags, known_contract))
        ratio = contract.control_dt_s / config.tick_s
        if abs(ratio - round(ratio)) > 1e-9:
            message = (
                f"{config.tick_s:g} does not divide control_dt_s {contract.control_dt_s:g}; "
                "decisions must fall on ticks"
            )
            mistakes.append(Mistake("tick_s", message))
    if mistakes or district is None or task is None or contract is None or tags is None:
        subject = "service settings"
        raise ServiceConfigError(subject, mistakes)
    return ServiceSetup(config, district, task, contract, tags, manifest)


def _manifest(bundle: Path | None) -> Manifest | None:
    """The manifest alone: the guard process never opens the model, its worker checks it."""
    if bundle is None:
        return None
    return parse_manifest(read_bundle(bundle).manifest)


def _differences(bundled: Contract, built: Contract) -> list[Mistake]:
    """A bundle for another district, or from a version that builds observations otherwise."""
    if bundled.district_digest != built.district_digest:
        message = (
            f"the bundle was made for {bundled.district!r} ({bundled.district_digest[:12]}), "
            f"this district is {built.district!r} ({built.district_digest[:12]}); "
            "name the district it was trained on, or train and export again"
        )
        return [Mistake("district", message)]
    if bundled.digest != built.digest:
        message = (
            "this version builds another contract from the same district and task; export again"
        )
        return [Mistake("bundle", message)]
    return []


def _tags(config: ServiceConfig, contract: Contract) -> TagMap:
    base = default_field_tags(config.endpoint, contract)
    tags = base if config.tags is None else load_tags(config.tags, contract, base)
    if config.forecast.source != "tags":
        tags = tags.model_copy(update={"forecast": {}, "forecast_issue": None})
    return bounded(tags, contract)


def _attempt(mistakes: list[Mistake], path: str, load: Callable[[], _T]) -> _T | None:
    """Load one part; its mistakes join the others instead of hiding them."""
    try:
        return load()
    except ConfigError as error:
        found = error.mistakes or (Mistake("", error.subject),)
        mistakes += [Mistake(".".join(filter(None, (path, m.path))), m.message) for m in found]
    except BundleError as error:
        mistakes.append(Mistake(path, str(error)))
    return None
