"""The front door: `build_library` makes scenarios from a named source or from a scenario file."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.scenarios.generator import Scenario, assemble, generate
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split
from heatrouter.envs.scenarios.replay import Replay
from heatrouter.envs.scenarios.scenario_file import load_scenario_file
from heatrouter.envs.spec.district import District

Draw = Callable[[int, int], Scenario]
"""Makes one scenario: ``draw(number, seed)``."""


def _generated(district: District, split: Split) -> Draw:
    return lambda number, seed: generate(district, split, number=number, seed=seed)


def _reference(district: District, split: Split) -> Draw:
    if split != "test":
        message = (
            f"scenario 'try' is for split 'test', not {split!r}: it judges policies, so nothing "
            "may be fitted to it; take 'generated'"
        )
        raise ScenarioError(message)
    return _generated(district, split)


def _file(path: Path, district: District, split: Split, data_dir: Path | None) -> Draw:
    file = load_scenario_file(path)
    if file.split != split:
        message = f"{file.split!r} is what this scenario is kept for; {split!r} needs another one"
        raise ScenarioError(str(path), [Mistake("split", message)])
    return Replay(file, district, data_dir or path.parent).scenario


SOURCES: Final[dict[str, Callable[[District, Split], Draw]]] = {
    "generated": _generated,
    "try": _reference,
}
"""Sources by name; any other ``scenario`` is the path of a scenario file."""


def build_library(
    district: District,
    split: Split,
    count: int,
    seed: int = 0,
    data_dir: Path | str | None = None,
    scenario: Path | str | None = None,
) -> ScenarioLibrary:
    """Return scenarios of a district. The same arguments give the same bits; nothing is cached.

    Args:
        district: Site and units that need series.
        split: ``train``, ``validation`` or ``test``; scenarios of two splits never coincide.
        count: How many, >= 1. One year takes about 0.3 MB per series. Scenarios of one file share
            its data and differ in what is generated beside them.
        seed: Another seed, another set; whole and >= 0.
        data_dir: Folder of the CSV files that a scenario file names; by default its own folder.
        scenario: ``generated`` (default), ``try``, or the path of a scenario file.

    Raises:
        ScenarioError: The source does not exist, its data cannot be used, or it is kept for
            another split.
    """
    if count < 1 or seed < 0:
        message = f"count {count} must be >= 1 and seed {seed} >= 0"
        raise ScenarioError(message)
    name = str(scenario or "generated")
    if name in SOURCES:
        draw = SOURCES[name](district, split)
    elif name.endswith((".yaml", ".yml")):
        draw = _file(Path(name), district, split, Path(data_dir) if data_dir else None)
    else:
        message = (
            f"scenario {name!r} is unknown; give one of {', '.join(SOURCES)}, or the path of a "
            "scenario file (*.yaml)"
        )
        raise ScenarioError(message)
    return assemble(district, split, [draw(number, seed) for number in range(count)])
