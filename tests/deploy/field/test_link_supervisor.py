"""A lost link is made anew for as long as it takes, whatever a try ends with."""

import asyncio

import pytest

from heatrouter.deploy import link_supervisor
from heatrouter.deploy.link_supervisor import LinkSupervisor


class GivenUpError(asyncio.CancelledError):
    """A library's own way to end a request that it was told to give up."""


class Server:
    """Refuses some tries, each in its own way, then takes the next."""

    def __init__(self, *refusals: BaseException) -> None:
        self.refusals = list(refusals)
        self.connected = asyncio.Event()

    async def connect(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.connected.set()

    async def drop(self) -> None:
        return None


def supervise(server: Server) -> LinkSupervisor:
    return LinkSupervisor(
        "opc.tcp://here", connect=server.connect, drop=server.drop, losses=(OSError,)
    )


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_supervisor, "FIRST_BACKOFF_S", 0.001)


@pytest.mark.parametrize(
    "refusal",
    [OSError("refused"), GivenUpError(), RuntimeError("a mistake inside the library")],
    ids=["loss", "given up", "unknown"],
)
async def test_it_is_back_after_any_failed_try(refusal: BaseException) -> None:
    server = Server(refusal)
    supervisor = supervise(server)
    supervisor.start()
    supervisor.lose(TimeoutError())
    async with asyncio.timeout(10.0):
        await server.connected.wait()
    assert not supervisor.lost
    assert supervisor.reconnects == 1
    await supervisor.stop()


async def test_it_ends_when_it_is_told_to() -> None:
    waiting = asyncio.Event()

    class Silent(Server):
        async def connect(self) -> None:
            waiting.set()
            await asyncio.Event().wait()

    server = Silent()
    supervisor = supervise(server)
    supervisor.start()
    supervisor.lose(TimeoutError())
    await waiting.wait()
    async with asyncio.timeout(10.0):
        await supervisor.stop()
    assert supervisor.lost
