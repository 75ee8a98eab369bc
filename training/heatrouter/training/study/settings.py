"""What a study is made of: methods, presets, seeds, budgets, and the parts it is run in."""

from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from heatrouter.envs.cli_init import configs_folder
from heatrouter.envs.contract import Parametrisation
from heatrouter.envs.errors import Mistake, TrainingConfigError
from heatrouter.envs.spec.base import Described, SchemaVersion
from heatrouter.envs.spec.explaining import suggestion
from heatrouter.envs.spec.loading import validated
from heatrouter.envs.spec.yaml_reading import Document, read_yaml, read_yaml_file

BASELINE: Final = "rules"
REFERENCE: Final = "reference"
OPPONENTS: Final = (BASELINE, "constant-price", "mpc", REFERENCE)
"""Controllers that learn nothing from this study."""

MOST_CORE_MIN: Final = 180
"""Of a part: 90 minutes on two cores."""

_NAME: Final = r"^[a-z][a-z0-9-]*$"


class Judgement(Described):
    """The held-out weeks, the same for every controller of a preset."""

    weeks: int = Field(48, ge=1, le=1000, description="of each seed, spread over the year")
    hours: float = Field(168.0, ge=1.0, le=8760.0, description="length of a week, h")
    seeds: tuple[int, ...] = Field(
        (0,), min_length=1, description="of the test scenarios; the first one draws the weeks"
    )


class OnPreset(Described):
    """What a method needs on one preset beside what it has everywhere."""

    preset: str = Field(description="the only one that the changes hold for")
    set: tuple[str, ...] = Field(min_length=1, description="as in `heatrouter train --set`")


class Method(Described):
    """A way to a policy."""

    name: str = Field(
        pattern=_NAME,
        max_length=40,
        description="by which parts refer to it; names the folders of its trainings",
    )
    title: str = Field(min_length=1, max_length=80, description="on the page")
    config: str | None = Field(
        None, description="a training file, or the name of a shipped one; null for the preset's own"
    )
    parametrisation: Parametrisation | None = Field(
        None, description="what actions mean; null for as the configuration says"
    )
    set: tuple[str, ...] = Field((), description="changes, as in `heatrouter train --set`")
    on: tuple[OnPreset, ...] = Field((), description="further changes on some presets")
    core_seconds: float | None = Field(
        None, gt=0.0, le=1.0e6, description="budget of a training; null for that of the study"
    )
    shipped: bool = Field(
        False,
        description="whether the configuration runs to its own end instead, whatever it takes",
    )
    guard: bool = Field(True, description="whether the guard is in the loop in training")
    judged_guard: tuple[bool, ...] = Field(
        (), max_length=2, description="the same on the held-out weeks; empty for as in training"
    )

    def changes(self, preset: str) -> list[str]:
        """Everything that is changed on a preset, in order."""
        meant = self.parametrisation
        actions = [] if meant is None else [f"parametrisation={meant}"]
        return [
            *actions,
            *self.set,
            *(text for own in self.on if own.preset == preset for text in own.set),
        ]

    @property
    def judged_with(self) -> tuple[bool, ...]:
        """With and without the guard, or one of the two."""
        return self.judged_guard or (self.guard,)

    def label(self, guard: bool) -> str:
        """Name of the method where the guard is in the loop of the held-out weeks, or is not."""
        if guard == self.guard:
            return self.name
        return f"{self.name}-judged-{'guarded' if guard else 'unguarded'}"


class Part(Described):
    """What is run at one go, in at most 90 minutes on two cores."""

    name: str = Field(
        pattern=_NAME,
        max_length=40,
        description="what `--part` asks for; ends the name of its file of results",
    )
    presets: tuple[str, ...] = Field(
        min_length=1, description="every method is trained and judged on each of them"
    )
    methods: tuple[str, ...] = Field(
        (), description="names of methods; none judges opponents alone"
    )
    seeds: tuple[int, ...] = Field((), description="of the trainings; none only without methods")
    opponents: tuple[Literal["rules", "constant-price", "mpc", "reference"], ...] = Field(
        OPPONENTS, description="judged beside; what another part has judged is taken from there"
    )
    bound: bool = Field(True, description="whether the cost that none can go below is shown")
    unguarded_rules: bool = Field(
        False, description="whether the rules are judged without the guard, too"
    )
    estimate_core_min: float = Field(
        gt=0.0, le=MOST_CORE_MIN, description="of training and judging; half of it on two cores"
    )


class Study(Described):
    """A study."""

    schema_version: SchemaVersion = 1
    name: str = Field(
        pattern=_NAME, max_length=40, description="begins the names of its files of results"
    )
    core_seconds: float = Field(
        300.0, gt=0.0, le=1.0e6, description="budget of every training, labels included"
    )
    judgement: Judgement = Field(Judgement(), description="weeks that all parts judge on")
    methods: tuple[Method, ...] = Field(
        (), description="what there is to train, for the parts to choose from"
    )
    parts: tuple[Part, ...] = Field(
        min_length=1, description="each is run by itself; the page shows all of them together"
    )

    def method(self, name: str) -> Method:
        """The method of a name that :meth:`cross_check` has found."""
        return next(method for method in self.methods if method.name == name)

    def budget_s(self, method: Method) -> float | None:
        """Core-seconds of one training; None where the configuration runs to its own end."""
        return None if method.shipped else method.core_seconds or self.core_seconds

    def part(self, name: str) -> Part:
        """The part of a name; raises TrainingConfigError listing the names there are."""
        for part in self.parts:
            if part.name == name:
                return part
        names = [part.name for part in self.parts]
        near = suggestion(name, names) or f"; there are: {', '.join(names)}"
        msg = f"study {self.name} has no part {name!r}{near}"
        raise TrainingConfigError(msg)

    def cross_check(self) -> list[tuple[str, str]]:
        """Mistakes across fields as ``(path, message)``."""
        mistakes: list[tuple[str, str]] = []
        for kind, names in (
            ("methods", [method.name for method in self.methods]),
            ("parts", [part.name for part in self.parts]),
        ):
            mistakes += [
                (f"{kind}[{i}].name", f"{name!r} stands there twice; rename one")
                for i, name in enumerate(names)
                if name and name in names[:i]
            ]
        known = {method.name: method for method in self.methods}
        for i, part in enumerate(self.parts):
            mistakes += [(f"parts[{i}].{path}", text) for path, text in self._check(part, known)]
        return mistakes

    def _check(self, part: Part, known: dict[str, Method]) -> list[tuple[str, str]]:
        mistakes = [
            (f"methods[{j}]", f"no such method{suggestion(name, known) or ''}")
            for j, name in enumerate(part.methods)
            if name and name not in known
        ]
        for field in ("presets", "methods", "seeds", "opponents"):
            values = getattr(part, field)
            if len(set(values)) < len(values):
                mistakes.append((field, "names something twice; remove one"))
        if part.methods and not part.seeds:
            mistakes.append(("seeds", "must name at least one for the methods"))
        if BASELINE not in part.opponents:
            mistakes.append(
                ("opponents", f"must hold {BASELINE!r}, which all are measured against")
            )
        budgets = [self.budget_s(known[name]) or 0.0 for name in part.methods if name in known]
        least = sum(budgets) * len(part.seeds) * len(part.presets) / 60.0
        if part.estimate_core_min < least:
            message = f"{part.estimate_core_min:g} is less than its trainings take, {least:g}"
            mistakes.append(("estimate_core_min", message))
        return mistakes


def load_study(source: str | Path) -> Study:
    """Read a study.

    Args:
        source: Path of a YAML file, or the name of a study that comes with heatrouter.

    Raises:
        TrainingConfigError: Everything that is wrong with it, each mistake with its path.
    """
    subject, document = _read(str(source))
    return validated(Study, subject, document, TrainingConfigError, Study.cross_check)


def _read(source: str) -> tuple[str, Document]:
    if source.endswith((".yaml", ".yml")) or "/" in source:
        return source, read_yaml_file(Path(source))
    folder = configs_folder()
    shipped = None if folder is None else folder / "study" / f"{source}.yaml"
    if shipped is None or not shipped.is_file():
        mistake = Mistake("", "is neither a study of heatrouter nor a file")
        raise TrainingConfigError(repr(source), [mistake])
    return f"study {source}", read_yaml(shipped.read_text(encoding="utf-8"))
