"""What the virtual plant needs of a protocol: tags shown, writes handed on."""

from collections.abc import Callable, Mapping
from typing import Protocol

from heatrouter.envs.arrays import FloatArray

PlantValue = float | int | bool | str | FloatArray
"""What one tag may show."""

WriteHandler = Callable[[str, object], bool]
"""Called with the node's identifier and what a client wrote; false refuses it."""


class PlantFace(Protocol):
    """One protocol by which the virtual plant is read and written."""

    @property
    def endpoint(self) -> str:
        """Where clients find it."""
        ...

    async def start(
        self, tags: Mapping[str, PlantValue], writable: frozenset[str], district: str
    ) -> None:
        """Make all tags with their first values, then listen.

        Args:
            tags: Value by identifier, such as ``energy-web/tank/level``.
            writable: Identifiers that clients may write.
            district: Name of the whole.

        Raises:
            PlantUnreachableError: The port is taken.
        """
        ...

    async def stop(self) -> None:
        """Stop listening and drop all clients."""
        ...

    async def publish(self, values: Mapping[str, PlantValue]) -> None:
        """Show new values, good and stamped now."""
        ...
