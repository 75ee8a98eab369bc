"""From what a user asks `heatrouter evaluate` for to the districts that are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from heatrouter.agents.evaluation_bound import find_bound
from heatrouter.agents.evaluation_controllers import ControllerSettings, Entrant, make_entrants
from heatrouter.agents.evaluation_pool import Case
from heatrouter.agents.evaluation_question import Question
from heatrouter.agents.evaluation_scenarios import build_scenarios
from heatrouter.agents.shipped_bundles import shipped_bundle
from heatrouter.envs.errors import BundleError, ConfigError, Mistake
from heatrouter.envs.runs.prepared_run import task_of
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task
from heatrouter.envs.spec.task import Task


@dataclass(frozen=True)
class Request:
    """What a user asks for.

    Attributes:
        districts: Presets or paths of district files.
        controllers: Names; None for the default ones.
        bundles: Folders of exported policies.
        constant_price: File, or folder with a file per district.
        rules: File, or folder with a file per district; by default those of the task.
        task: Task file; by default the policy's, the preset's, or for another district that of
            the first preset without its tuned rules.
        weeks: Weeks of each seed.
        hours: Length of a week, h.
        split: What the scenarios are kept for.
        seeds: Of the scenarios; the first one also draws the weeks.
        scenario: Source of the scenarios, or a scenario file.
        data: Folder of the data of a scenario file.
        bound: ``module:function``, ``none``, or None for the project's own.
    """

    districts: tuple[str, ...]
    controllers: tuple[str, ...] | None = None
    bundles: tuple[Path, ...] = ()
    constant_price: Path | None = None
    rules: Path | None = None
    task: Path | None = None
    weeks: int = 12
    hours: float = 168.0
    split: Literal["train", "validation", "test"] = "test"
    seeds: tuple[int, ...] = (0,)
    scenario: str | None = None
    data: Path | None = None
    bound: str | None = None


def make_cases(request: Request) -> tuple[Case, ...]:
    """Load districts, make controllers and scenarios, and draw the weeks.

    Args:
        request: What the user asks for.

    Returns:
        One case for each district, in the order asked for.

    Raises:
        ConfigError: Anything that was named does not exist or does not fit.
        BundleError: A bundle must not run, or fits none of the districts.
    """
    sources = request.districts
    repeated = [name for name in dict.fromkeys(sources) if sources.count(name) > 1]
    if repeated or not sources:
        subject = "districts"
        raise ConfigError(subject, [Mistake(n, "named twice") for n in repeated] or [_NO_DISTRICT])
    districts = [load_district(source) for source in sources]
    bundles = _bundles_of(districts, request.bundles)
    # Controllers first: a wrong name should not cost the making of scenarios.
    entrants = [
        _entrants(district, request, bundles[position])
        for position, district in enumerate(districts)
    ]
    bound, origin = find_bound(request.bound)
    cases = []
    for source, district, own in zip(sources, districts, entrants, strict=True):
        task = _task(source, request.task, own)
        library, weeks = build_scenarios(
            district,
            request.split,
            request.weeks,
            request.seeds,
            data=request.data,
            scenario=request.scenario,
            hours=request.hours,
        )
        question = Question(
            district=district,
            task=task,
            library=library,
            weeks=weeks,
            hours=request.hours,
            seed=request.seeds[0],
            bound=bound,
            bound_origin=origin,
        )
        cases.append(Case(question, own))
    return tuple(cases)


_NO_DISTRICT = Mistake("", "none was named; see `heatrouter districts`")


def _entrants(district: District, request: Request, bundles: Sequence[Path]) -> dict[str, Entrant]:
    names = request.controllers or _default(district, request)
    single = bundles[0] if len(bundles) == 1 else None
    if len(bundles) > 1 or (request.bundles and not bundles):
        # Several training runs, or none of this district.
        policies = [f"policy:{folder}" for folder in bundles]
        names = tuple(
            name for given in names for name in (policies if given == "policy" else [given])
        )
    settings = ControllerSettings(district, single, request.constant_price, request.rules)
    return make_entrants(tuple(names), settings)


def _default(district: District, request: Request) -> tuple[str, ...]:
    if request.bundles:
        return ("rules", "policy")
    as_it_is = request.task is None and ControllerSettings(district).is_preset
    shipped = as_it_is and shipped_bundle(district.name) is not None
    return ("rules", "constant-price", "policy") if shipped else ("rules", "constant-price")


def _bundles_of(districts: Sequence[District], folders: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Which bundles are for which district; with one district all are, and must fit."""
    if len(districts) == 1:
        return [tuple(folders)]
    from heatrouter.agents.bundle import load_bundle

    made_for = {folder: load_bundle(folder).contract.district_digest for folder in folders}
    digests = {district.digest for district in districts}
    for folder, digest in made_for.items():
        if digest not in digests:
            msg = f"{folder}: fits none of the districts; name the one that it was trained on"
            raise BundleError(msg)
    return [
        tuple(folder for folder, digest in made_for.items() if digest == district.digest)
        for district in districts
    ]


def _task(source: str, file: Path | None, entrants: Mapping[str, Entrant]) -> Task:
    if file is not None:
        return load_task(file)
    brought = [entrant.task for entrant in entrants.values() if entrant.task is not None]
    return brought[0] if brought else task_of(source, None)
