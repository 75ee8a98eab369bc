"""The parts of the validation by the names of the command line, loaded when they run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from heatrouter.envs.errors import ConfigError, MeasurementError
from heatrouter.envs.validation.measurement_files import Reader
from heatrouter.envs.validation.verdict import Report

Job = Callable[[], Report]


class Part(StrEnum):
    """What can be validated."""

    ULG = "ulg"
    TUGRAZ = "tugraz"
    AIT = "ait"
    DESTEST = "destest"
    PANDAPIPES = "pandapipes"
    IMPORT = "import"
    SUBSTATION = "substation"
    CLOSURE = "closure"
    ALL = "all"


MEASURED = (Part.ULG, Part.TUGRAZ, Part.AIT, Part.DESTEST)
"""Parts that need files."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A part ready to run, all its files read.

    Attributes:
        name: What runs.
        run: Runs it.
    """

    name: str
    run: Job


def plan(part: Part, data: Path | None) -> list[Plan]:
    """Read every file of the chosen parts, so that all mistakes are told before anything runs.

    With ``all``, what cannot run here (no data folder, a part's folder missing, a package not
    installed) becomes a report that says why it was skipped.

    Args:
        part: What to validate.
        data: Folder of the validation data.

    Raises:
        MeasurementError: a folder is missing, or files have mistakes.
        ConfigError: a package is not installed.
    """
    chosen = [p for p in Part if p is not Part.ALL] if part is Part.ALL else [part]
    if data is not None and not data.is_dir():
        message = f"{data} is no folder; --data names the folder of the validation data"
        raise MeasurementError(message)
    reader = Reader(data or Path())
    plans: list[Plan] = []
    for one in chosen:
        try:
            plans += _prepare(one, data, reader)
        except ConfigError as error:
            if part is not Part.ALL:
                raise
            plans.append(_skip(one, str(error)))
    reader.check()
    return plans


def _prepare(part: Part, data: Path | None, reader: Reader) -> Sequence[Plan]:
    if part in MEASURED and data is None:
        message = f"validate {part}: needs measurements; name their folder with --data"
        raise MeasurementError(message)
    folder = data or Path()
    # imports here: each part loads numba, and --help must not wait for it
    match part:
        case Part.ULG:
            from heatrouter.envs.validation import ulg

            ulg_tests = ulg.load(folder, reader)
            return [Plan("ulg", lambda: ulg.run(ulg_tests))]
        case Part.TUGRAZ:
            from heatrouter.envs.validation import tugraz

            tugraz_tests = tugraz.load(folder, reader)
            return [Plan("tugraz", lambda: tugraz.run(tugraz_tests))]
        case Part.AIT:
            from heatrouter.envs.validation import ait

            weeks = ait.load(folder, reader)
            return [Plan("ait", lambda: ait.run(weeks))]
        case Part.DESTEST:
            return _destest(folder, reader)
        case Part.PANDAPIPES:
            from heatrouter.envs.validation import pandapipes_comparison, pandapipes_solution

            reason = pandapipes_solution.why_not()
            if reason:
                raise ConfigError(reason)
            return [Plan("pandapipes", pandapipes_comparison.run)]
        case Part.IMPORT:
            from heatrouter.envs.validation import imported_network, pandapipes_solution

            reason = pandapipes_solution.why_not("import")
            if reason:
                raise ConfigError(reason)
            return [Plan("import", imported_network.run)]
        case Part.SUBSTATION:
            from heatrouter.envs.validation import substation

            return [Plan("substation", substation.run)]
        case _:
            from heatrouter.envs.validation import closure

            return [Plan("closure", closure.run)]


def _destest(folder: Path, reader: Reader) -> Sequence[Plan]:
    from heatrouter.envs.validation import destest_ce0, destest_ce1

    steady = destest_ce0.load(folder, reader)
    week = destest_ce1.load(folder, reader)
    plans = []
    # None: its mistakes are with the reader
    if steady is not None:
        plans.append(Plan("destest CE0", lambda: destest_ce0.run(steady)))
    if week is not None:
        plans.append(Plan("destest CE1", lambda: destest_ce1.run(week)))
    return plans


def _skip(part: Part, reason: str) -> Plan:
    report = Report(part, "", skipped=reason)
    return Plan(part, lambda: report)
