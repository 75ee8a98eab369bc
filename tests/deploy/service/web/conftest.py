"""A service on a turned clock, and the web application that looks at it, without sockets."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest
from tests.deploy.service.web.desks import PASSWORDS, TICK_S, Desk, MakeDesk

from heatrouter.deploy.audit import AuditLog
from heatrouter.deploy.config import ServiceConfig, prepare
from heatrouter.deploy.in_memory import InMemoryPlant, InMemoryWorker, TurnedClock
from heatrouter.deploy.service import Service
from heatrouter.deploy.state_dir import StateDir
from heatrouter.deploy.status import StatusSnapshot, snapshot_json
from heatrouter.deploy.web import users
from heatrouter.deploy.web.app import web_app
from heatrouter.deploy.web.context import web_context
from heatrouter.deploy.web.feed import Feed
from heatrouter.deploy.web.snapshots import Received
from heatrouter.deploy.web.users import Role, UserFile
from heatrouter.deploy.web_site import Site, site_of


@pytest.fixture(scope="session")
def cheap_hashes() -> Iterator[None]:
    """Passwords that take a millisecond, where something else is tested."""
    with pytest.MonkeyPatch.context() as patch:
        nobody = users._NOBODY.replace(f"${users._N}$", "$256$")
        patch.setattr(users, "_N", 256)
        patch.setattr(users, "_NOBODY", nobody)
        yield


@pytest.fixture
async def make_desk(
    bundle: Path, neutral: np.ndarray, users_json: bytes, tmp_path: Path
) -> AsyncIterator[MakeDesk]:
    """Builds desks; ``mode`` is asked for at the start, ``http`` are settings."""
    async with contextlib.AsyncExitStack() as stack:

        def make(mode: str = "policy", **http: object) -> Desk:
            config = ServiceConfig.model_validate(
                {
                    "bundle": bundle,
                    "mode": mode,
                    "arm": mode in {"rules", "policy"},
                    "tick_s": TICK_S,
                    "state_dir": tmp_path / "state",
                    "http": http,
                }
            )
            setup = prepare(config)
            clock, web_clock = TurnedClock(), TurnedClock()
            plant = InMemoryPlant(setup.district, setup.contract, setup.tags, clock)
            worker = InMemoryWorker(neutral.astype(np.float64))
            state_dir = StateDir(config.state_dir)
            state_dir.create()
            file = state_dir.path / "users.json"
            file.touch(mode=0o600)
            file.write_bytes(users_json)
            audit = AuditLog(state_dir.audit_path, sync_interval_s=None)
            feed = Feed(web_clock)
            context = web_context(
                Site.model_validate(site_of(setup)), feed, port=8700, clock=web_clock
            )
            snapshots: list[StatusSnapshot] = []

            def publish(snapshot: StatusSnapshot) -> None:
                snapshots.append(snapshot)
                feed.take(Received.model_validate_json(snapshot_json(snapshot)))

            service = Service(
                setup,
                plant,
                worker,
                audit=audit,
                state_dir=state_dir,
                clock=clock,
                publish=publish,
            )
            client = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(web_app(context)), base_url="http://localhost:8700"
            )
            stack.push_async_callback(client.aclose)
            stack.callback(audit.close)
            return Desk(service, plant, worker, clock, web_clock, context, client, audit, snapshots)

        yield make


@pytest.fixture(scope="session")
def users_json(cheap_hashes: None, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = UserFile(tmp_path_factory.mktemp("users") / "users.json")
    file.add("anna", Role.OPERATOR, PASSWORDS["anna"])
    file.add("vera", Role.VIEWER, PASSWORDS["vera"])
    return file.path.read_bytes()


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """Armed, asked for POLICY; anna operates, vera looks."""
    return make_desk()
