"""The front door: `build_library` makes scenarios from a named source or from a scenario file."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from heatrouter.envs.errors import Mistake, ScenarioError
from heatrouter.envs.scenarios.events import apply_events
from heatrouter.envs.scenarios.generator import Scenario, assemble, generate
from heatrouter.envs.scenarios.library import ScenarioLibrary, Split
from heatrouter.envs.scenarios.replay import Replay
from heatrouter.envs.scenarios.scenario_file import load_scenario_file
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.events import Event


class Source(NamedTuple):
    """Where scenarios come from."""

    draw: Callable[[int, int], Scenario]
    """Makes one scenario: ``draw(number, seed)``."""
    events: tuple[Event, ...] = ()


def _generated(district: District, split: Split) -> Source:
    return Source(lambda number, seed: generate(district, split, number=number, seed=seed))


def _reference(district: District, split: Split) -> Source:
    if split != "test":
        message = (
            f"scenario 'try' is for split 'test', not {split!r}: it judges policies, so nothing "
            "may be fitted to it; take 'generated'"
        )
        raise ScenarioError(message)
    return _generated(district, split)


def _file(path: Path, district: District, split: Split, data_dir: Path | None) -> Source:
    file = load_scenario_file(path)
    if file.split != split:
        message = f"{file.split!r} is what this scenario is kept for; {split!r} needs another one"
        raise ScenarioError(str(path), [Mistake("split", message)])
    return Source(Replay(file, district, data_dir or path.parent).scenario, file.events)


SOURCES: Final[dict[str, Callable[[District, Split], Source]]] = {
    "generated": _generated,
    "try": _reference,
}
"""Sources by name; any other ``scenario`` is the name or the path of a scenario file."""


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
        scenario: ``generated`` (default), ``try``, or the name or path of a scenario file.

    Raises:
        ScenarioError: The source does not exist, its data cannot be used, or it is kept for
            another split.
    """
    if count < 1 or seed < 0:
        message = f"count {count} must be >= 1 and seed {seed} >= 0"
        raise ScenarioError(message)
    name = str(scenario or "generated")
    if name in SOURCES:
        source = SOURCES[name](district, split)
    else:
        source = _file(scenario_path(name), district, split, Path(data_dir) if data_dir else None)
    library = assemble(district, split, [source.draw(number, seed) for number in range(count)])
    return apply_events(library, source.events, district)


def scenario_names() -> tuple[str, ...]:
    """Return the scenario files that come with the project, sorted; empty where there are none."""
    folder = _folder()
    if folder is None:
        return ()
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def scenario_path(name: str) -> Path:
    """Return the path of a scenario file.

    Args:
        name: Path of a YAML file, or the name of one in ``configs/scenarios``.

    Raises:
        ScenarioError: There is no scenario of that name.
    """
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    folder = _folder()
    if folder is not None and name in scenario_names():
        return folder / f"{name}.yaml"
    known = ", ".join((*SOURCES, *scenario_names()))
    message = f"scenario {name!r} is unknown; give one of {known}, or the path of a file (*.yaml)"
    raise ScenarioError(message)


def _folder() -> Path | None:
    """The scenario files: package data in a wheel, ``configs/`` in a checkout."""
    packaged = Path(str(files("heatrouter.envs") / "presets" / "configs" / "scenarios"))
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[4]
    folder = checkout / "configs" / "scenarios"
    return folder if folder.is_dir() and (checkout / "pyproject.toml").is_file() else None
