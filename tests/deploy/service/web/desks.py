"""A service on a turned clock, and somebody in front of its page, without sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from heatrouter.deploy.audit import AuditLog, AuditRecord, read_audit
from heatrouter.deploy.in_memory import InMemoryPlant, InMemoryWorker, TurnedClock
from heatrouter.deploy.service import Service
from heatrouter.deploy.status import StatusSnapshot
from heatrouter.deploy.web.context import WebContext

TICK_S = 60.0
PASSWORDS = {"anna": "correct horse", "vera": "only looking"}


@dataclass
class Desk:
    """A service, and somebody in front of its page."""

    service: Service
    plant: InMemoryPlant
    worker: InMemoryWorker
    clock: TurnedClock
    web_clock: TurnedClock
    context: WebContext
    client: httpx2.AsyncClient
    audit: AuditLog
    snapshots: list[StatusSnapshot]
    csrf: str = ""

    async def tick(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            await self.service.tick()
            self.clock.now_s += TICK_S

    @contextlib.asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """The service goes on while somebody asks it something."""

        async def go_on() -> None:
            while True:
                await self.tick()
                await asyncio.sleep(0.005)

        task = asyncio.create_task(go_on())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def login(self, user: str = "anna") -> httpx2.Response:
        body = {"user": user, "password": PASSWORDS[user]}
        answer = await self.client.post("/api/v1/login", json=body)
        self.csrf = str(answer.json()["csrf"])
        return answer

    async def change(self, method: str, path: str, body: object) -> httpx2.Response:
        headers = {"X-CSRF-Token": self.csrf}
        async with self.ticking():
            return await self.client.request(method, path, json=body, headers=headers)

    async def get(self, path: str, **params: object) -> dict[str, Any]:
        answer = await self.client.get(path, params=params)  # type: ignore[arg-type]  # httpx2's own union
        assert answer.status_code == 200, answer.text
        content = answer.json()
        assert isinstance(content, dict)
        return content

    def records(self) -> list[AuditRecord]:
        self.audit.close()
        return list(read_audit(self.context.audit_path))


MakeDesk = Callable[..., Desk]
