"""What the web process has to know before the first snapshot, and the guard process tells it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from heatrouter.agents.manifest import Manifest
from heatrouter.deploy.config import ServiceSetup
from heatrouter.deploy.http_config import HttpConfig
from heatrouter.deploy.tick_reading import ReadingLayout
from heatrouter.envs.contract import ActionChannel, SetPoint
from heatrouter.envs.spec.district import District
from heatrouter.envs.version import __version__


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputChannel(_Frozen):
    """One input: a measured channel or a tariff."""

    name: str = Field(description="'<unit>.<quantity>'")
    unit: str = Field(description="as in the contract: degC, kW, kg/s, 1, …")
    low: float
    high: float


class BundleInfo(_Frozen):
    """What a bundle says about itself."""

    name: str
    folder: str
    created_utc: str
    digest: str
    contract_digest: str
    decoder: str
    algorithm: str
    run: str
    steps: int
    metrics: dict[str, float]


class Site(_Frozen):
    """Names, units and settings; constant while the service runs."""

    version: str
    district: District
    contract_digest: str
    inputs: tuple[InputChannel, ...]
    set_points: tuple[SetPoint, ...]
    actions: tuple[ActionChannel, ...]
    parametrisation: str
    control_dt_s: float
    tick_s: float = Field(description="plant seconds between readings")
    real_tick_s: float = Field(description="real seconds between readings")
    state_dir: Path
    http: HttpConfig
    bundle: BundleInfo | None = Field(None, description="in force at the start; null: rules alone")
    configured: Path | None = Field(None, description="bundle that a rollback may go back to")


def site_of(setup: ServiceSetup, configured: Path | None = None) -> dict[str, object]:
    """The site of a configuration, as JSON types.

    Args:
        setup: What runs; its bundle is the one in force.
        configured: The bundle that the configuration names.
    """
    contract, config = setup.contract, setup.config
    channels = {c.origin: c for c in contract.observation if c.source in {"measured", "tariff"}}
    names = ReadingLayout(contract, setup.task, setup.tags).input_names
    site = Site(
        version=__version__,
        district=setup.district,
        contract_digest=contract.digest,
        inputs=tuple(
            InputChannel(
                name=name,
                unit=channels[name].unit,
                low=channels[name].low,
                high=channels[name].high,
            )
            for name in names
        ),
        set_points=contract.set_points,
        actions=contract.action,
        parametrisation=contract.parametrisation,
        control_dt_s=contract.control_dt_s,
        tick_s=config.tick_s,
        real_tick_s=config.real_tick_s,
        state_dir=config.state_dir,
        http=config.http,
        bundle=None
        if setup.manifest is None or config.bundle is None or not config.policy
        else bundle_info(setup.manifest, config.bundle),
        configured=configured,
    )
    return site.model_dump(mode="json")


def bundle_info(manifest: Manifest, folder: Path) -> BundleInfo:
    """What a bundle's manifest says; ``folder`` is where it is, or its archive."""
    return BundleInfo(
        name=manifest.name,
        folder=str(folder),
        created_utc=manifest.created_utc,
        digest=manifest.digest,
        contract_digest=manifest.contract_digest,
        decoder=manifest.decoder,
        algorithm=manifest.training.algorithm,
        run=manifest.training.run,
        steps=manifest.training.steps,
        metrics=manifest.metrics,
    )
