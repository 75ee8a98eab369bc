"""What a run of the comparison found, as it is kept in JSON."""

import statistics
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SideRecord(_Part):
    """One side.

    Attributes:
        title: What it is.
        unit: What is counted.
        rates_per_cpu_s: One for each round.
        python: Version of its interpreter.
        packages: Versions of its packages that matter.
        result: The last number that both sides of a comparison should find alike.
        missing: Why it did not run; empty where it did.
    """

    title: str
    unit: str
    rates_per_cpu_s: tuple[float, ...] = ()
    python: str = ""
    packages: dict[str, str] = {}
    result: float | None = None
    missing: str = ""


class PairRecord(_Part):
    """heatrouter's rate over a peer's.

    Attributes:
        ours: Title of a side.
        peer: Title of a side.
        ratios: One for each round; none where a side did not run.
        least: What the median has to be, where it is promised.
    """

    ours: str
    peer: str
    ratios: tuple[float, ...]
    least: float | None = None

    @property
    def median(self) -> float:
        """Median over the rounds."""
        return statistics.median(self.ratios)

    @property
    def missed(self) -> bool:
        """Whether it promises something and did not hold, or was not measured."""
        return self.least is not None and (not self.ratios or self.median < self.least)


class GroupRecord(_Part):
    """Sides that took turns."""

    name: str
    sides: tuple[SideRecord, ...]
    pairs: tuple[PairRecord, ...]


class Record(_Part):
    """A whole run.

    Attributes:
        time: When, in UTC.
        machine: Architecture and processor, nothing that tells which one.
        cores: That the run could use.
        load_average: Of one minute, before each group and at the end.
        rounds: How many times the sides of a group took turns.
        groups: In the order of the page.
    """

    time: str
    machine: str
    cores: int
    load_average: tuple[float, ...]
    rounds: int
    groups: tuple[GroupRecord, ...]

    def missed(self) -> list[str]:
        """One line for each promise that was not held."""
        return [
            f"{pair.ours} over {pair.peer}: "
            + (f"{pair.median:.3g}" if pair.ratios else "not measured")
            + f", at least {pair.least:g} is promised"
            for group in self.groups
            for pair in group.pairs
            if pair.missed
        ]


def read_record(path: Path) -> Record:
    """Read the JSON of a run."""
    return Record.model_validate_json(path.read_text(encoding="utf-8"))
