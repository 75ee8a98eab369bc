"""Every error that heatrouter raises on purpose.

    HeatrouterError                  exit code  1
    +-- ConfigError                            78   every mistake of a file at once
    |   +-- DistrictError                      78   the description of a district
    |   +-- ScenarioError                      78   missing series, gaps, wrong units
    |   +-- TaskError                          78   observation, action, reward, episode
    |   +-- TrainingConfigError                78
    |   +-- ServiceConfigError                 78
    |   +-- MeasurementError                   78   measurements that cannot be compared with
    |   +-- TariffError                        78   the tariff of a settlement
    |   +-- StateFileError                     78   a saved state that does not fit
    +-- BundleError                            78   an exported policy that must not run
    +-- PlantUnreachableError                  69   no connection to the field
    +-- NumericalError                          1   a solve that left the physics
    |   +-- DeadlineError                       1   a solve whose time was up
    +-- StorageError                           74   a disk that is full or refuses to be written

A message has the subject, the value, the limit and what to do. The command line prints it and
leaves with ``exit_code`` (the numbers are those of sysexits.h); a traceback is for developers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

EXIT_FAILURE = 1
EXIT_UNAVAILABLE = 69  # EX_UNAVAILABLE
EXIT_STORAGE = 74  # EX_IOERR
EXIT_CONFIG = 78  # EX_CONFIG
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in something that a user wrote.

    Attributes:
        path: Where it is, as in ``components[3].volume_m3``; empty for the whole file.
        message: What is wrong, which limit it breaks and what to do.
    """

    path: str
    message: str

    def __str__(self) -> str:
        """Return ``path: message``."""
        return f"{self.path}: {self.message}" if self.path else self.message


class HeatrouterError(Exception):
    """The base of every error that heatrouter raises on purpose.

    Attributes:
        exit_code: What the command line leaves with.
    """

    exit_code: int = EXIT_FAILURE


class ConfigError(HeatrouterError):
    """A file or a setting that cannot be used, with all its mistakes at once.

    Args:
        subject: What could not be used, as in ``district.yaml``, or the whole message where
            there is no list of mistakes.
        mistakes: The mistakes, each with its path.
    """

    exit_code = EXIT_CONFIG

    def __init__(self, subject: str, mistakes: Iterable[Mistake] = ()) -> None:
        self.subject = subject
        self.mistakes = tuple(mistakes)
        # The base keeps the same arguments, so that the error survives pickling between workers.
        super().__init__(self.subject, self.mistakes)

    def __str__(self) -> str:
        """Return the subject and, one per line, every mistake with its path."""
        if not self.mistakes:
            return self.subject
        count = len(self.mistakes)
        head = f"{self.subject}: {count} mistake{'s' if count > 1 else ''}"
        return "\n".join([head, *(f"  {mistake}" for mistake in self.mistakes)])


class DistrictError(ConfigError):
    """A district description that cannot be built."""


class ScenarioError(ConfigError):
    """A scenario with missing series, gaps, or values outside their bounds."""


class TaskError(ConfigError):
    """A task (observation, action, reward, episode) that does not fit its district."""


class TrainingConfigError(ConfigError):
    """A training or tuning file that cannot be used."""


class ServiceConfigError(ConfigError):
    """A control service file that cannot be used."""


class MeasurementError(ConfigError):
    """A file of measurements or of another tool's results that cannot be used."""


class TariffError(ConfigError):
    """A tariff that cannot be used, or that does not fit its district."""


class StateFileError(ConfigError):
    """A saved state that cannot be read, or that belongs to something else."""


class BundleError(HeatrouterError):
    """An exported policy that must not run: hash, signature, contract or district differ."""

    exit_code = EXIT_CONFIG


class PlantUnreachableError(HeatrouterError):
    """The field side (OPC UA server, Modbus device, historian) does not answer."""

    exit_code = EXIT_UNAVAILABLE


class NumericalError(HeatrouterError):
    """A simulation or an optimisation that did not end in a physical solution.

    Args:
        message: The quantity, its value, the limit and what to do.
        district: The district's name.
        step: The control step, counted from the start of the episode.
        unit: The component or solver at fault, as the district names it.
    """

    def __init__(
        self,
        message: str,
        district: str | None = None,
        step: int | None = None,
        unit: str | None = None,
    ) -> None:
        self.message = message
        self.district = district
        self.step = step
        self.unit = unit
        super().__init__(message, district, step, unit)

    def __str__(self) -> str:
        """Return the message with the place it comes from in front."""
        place = []
        if self.district is not None:
            place.append(f"district {self.district}")
        if self.step is not None:
            place.append(f"step {self.step}")
        if self.unit is not None:
            place.append(self.unit)
        return f"{', '.join(place)}: {self.message}" if place else self.message


class DeadlineError(NumericalError):
    """An optimisation whose time was up before it had found a solution; there may be one."""


class StorageError(HeatrouterError):
    """A file that cannot be written: the disk is full, read-only, or gone."""

    exit_code = EXIT_STORAGE


def dotted_path(location: Iterable[int | str]) -> str:
    """Return a place inside a file as users write it.

    Args:
        location: Keys and indices from the top, as in ``("pipes", 3, "length_m")``.

    Returns:
        The path, as in ``pipes[3].length_m``.
    """
    path = ""
    for key in location:
        if isinstance(key, int):
            path += f"[{key}]"
        else:
            path += f".{key}" if path else key
    return path


def mistakes_from_details(details: Iterable[Mapping[str, object]]) -> tuple[Mistake, ...]:
    """Turn the error details of a pydantic validation into mistakes.

    Args:
        details: ``ValidationError.errors(include_url=False)``. Mappings, because this module must
            stay importable without pydantic.

    Returns:
        One mistake for each, in the same order, with the refused value in its message.
    """
    mistakes = []
    for detail in details:
        location = detail.get("loc", ())
        message = str(detail.get("msg", "is not valid")).removeprefix("Value error, ")
        refused = detail.get("input")
        if isinstance(refused, str | int | float | bool):
            message = f"{refused!r}: {message}"
        keys = location if isinstance(location, tuple | list) else (str(location),)
        mistakes.append(Mistake(dotted_path(keys), message))
    return tuple(mistakes)
