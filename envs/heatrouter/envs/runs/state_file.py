"""The state of a closed loop on disk: written by whoever runs one, read by whoever goes on from it.

A file is a NumPy archive (npz) without pickles: ``header`` holds JSON text, every other array is
one of :meth:`DistrictBatch.save_state` of one environment. It appears whole or not at all.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import Mistake, StateFileError, mistakes_from_details
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task
from heatrouter.envs.version import __version__

FORMAT: Final = "heatrouter-state"
FORMAT_VERSION: Final = 1
_HEADER: Final = "header"
_WRITER: Final = "`heatrouter simulate --save-state` writes one"
_OF_SENSOR_FAULTS: Final = ("faults.", "valid")
_ENDLESS: Final = np.iinfo(np.int64).max // 2

Arrays = dict[str, np.ndarray]


class StateHeader(BaseModel):
    """Where a state comes from, and what it fits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["heatrouter-state"] = FORMAT
    format_version: int = FORMAT_VERSION
    heatrouter: str = Field(__version__, description="version that wrote it")
    numpy: str = np.__version__
    district: str
    district_digest: str = Field(description="sha256 of the district description")
    loop_digest: str = Field(description="sha256 of observation, set-points and clocks")
    task: str
    scenario: str = Field(description="name of the scenario that was run")
    scenario_request: str | None = Field(
        None, description="what --scenario was given, to make that scenario again"
    )
    seed: int = Field(0, ge=0, description="of the scenario")
    step: int = Field(description="step of the scenario that comes next")
    time_s: int = Field(description="seconds since step 0 of the scenario")
    time_utc: str = Field(description="the same, ISO 8601")
    controller: str = Field(description="what ran the plant until then")
    trace_origins: bool = Field(False, description="whether the plant traces origins of heat")


def loop_digest(contract: Contract, task: Task) -> str:
    """Digest of what memories in a state depend on, whatever the controller's actions mean."""
    content = [
        [(c.name, c.source, c.low, c.high) for c in contract.observation],
        [point.name for point in contract.set_points],
        [task.control_dt_s, task.sim_dt_s, list(task.lags_s)],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def write_state(path: Path, header: StateHeader, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a state file, whole or not at all.

    Args:
        path: The file; one that is there is replaced.
        header: Where the state comes from.
        arrays: What ``DistrictBatch.save_state`` returned, of one environment.

    Raises:
        StateFileError: The state is of several environments, or the file cannot be written.
    """
    count = arrays["plant.time_s"].shape[0]
    if count != 1:
        message = f"{path}: the state is of {count} environments; save one at a time"
        raise StateFileError(message)
    content: Arrays = {_HEADER: np.array(header.model_dump_json()), **arrays}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        stage = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez_compressed(file, allow_pickle=False, **content)
                file.flush()
                os.fsync(file.fileno())
            stage.chmod(0o644)
            stage.replace(path)
        except BaseException:
            stage.unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}"
        raise StateFileError(message) from error


def read_state(path: Path, district: District) -> tuple[StateHeader, Arrays]:
    """Read a state file of a district.

    Args:
        path: The file.
        district: What it has to be a state of.

    Returns:
        The header and the arrays, of one environment.

    Raises:
        StateFileError: It cannot be read, is of another version, or of another district.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        text = str(arrays.pop(_HEADER))
    except FileNotFoundError:
        message = f"{path}: there is no such file; {_WRITER}"
        raise StateFileError(message) from None
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        message = f"{path}: is no state file, or a damaged one ({error}); {_WRITER}"
        raise StateFileError(message) from error
    header = _header(path, text)
    if header.district_digest != district.digest:
        message = (
            f"{path}: is a state of {header.district!r} with digest {header.district_digest[:12]}, "
            f"but {district.name!r} has {district.digest[:12]}; the description was changed or is "
            "another one: name the district that was run, or save the state anew"
        )
        raise StateFileError(message)
    return header, arrays


def check_loop(path: Path, header: StateHeader, contract: Contract, task: Task) -> None:
    """Check that a state's memories mean the same in another loop.

    Raises:
        StateFileError: Observation, set-points or clocks differ.
    """
    if header.loop_digest != loop_digest(contract, task):
        message = (
            f"{path}: was saved under task {header.task!r} with other observations, set-points or "
            "clocks; name that task with --task, or save the state under this one"
        )
        raise StateFileError(message)


def fitted(
    subject: str, saved: Mapping[str, np.ndarray], template: Mapping[str, np.ndarray]
) -> Arrays:
    """Make a state of one environment one of a batch of any size.

    Environment ``e`` gets scenario ``e`` and everything else alike; where that is the scenario of
    the state, it goes on bit for bit. Faults of sensors go with the scenario: where the saved state
    knows none, there are none yet.

    Args:
        subject: Where the state comes from, for messages.
        saved: The state, of one environment.
        template: ``DistrictBatch.save_state`` of the batch.

    Raises:
        StateFileError: Arrays are missing, or of another type or shape.
    """
    mistakes = []
    arrays: Arrays = {}
    for name, own in template.items():
        if name not in saved:
            if name.startswith(_OF_SENSOR_FAULTS):
                arrays[name] = own
            else:
                mistakes.append(Mistake(name, "is missing"))
            continue
        array = np.asarray(saved[name])
        if array.dtype != own.dtype or not _fits(array.shape, own.shape):
            message = f"is {array.dtype} {array.shape}, but {own.dtype} {own.shape} is needed"
            mistakes.append(Mistake(name, message))
            continue
        arrays[name] = np.broadcast_to(array, own.shape).copy()
    if mistakes:
        raise StateFileError(subject, mistakes)
    arrays["plant.scenario"] = np.arange(arrays["plant.scenario"].size, dtype=np.int64)
    # A run from a state ends where its user says, not where the episode would have.
    arrays["steps_left"] = np.full_like(arrays["steps_left"], _ENDLESS)
    return arrays


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether an array is the wanted one, or that of one environment in place of many."""
    if len(shape) != len(wanted):
        return False
    differing = [(a, b) for a, b in zip(shape, wanted, strict=True) if a != b]
    return not differing or (len(differing) == 1 and differing[0][0] == 1)


def _header(path: Path, text: str) -> StateHeader:
    try:
        content = json.loads(text)
    except ValueError as error:
        message = f"{path}: is no state file: its header is no JSON; {_WRITER}"
        raise StateFileError(message) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        message = f"{path}: is no state file of heatrouter; {_WRITER}"
        raise StateFileError(message)
    # Before the fields: of another version they may be others.
    version, writer = content.get("format_version"), str(content.get("heatrouter"))
    if version != FORMAT_VERSION or _release(writer) != _release(__version__):
        message = (
            f"{path}: was written by heatrouter {writer} (format {version}), this is {__version__} "
            f"(format {FORMAT_VERSION}); save the state anew with this version"
        )
        raise StateFileError(message)
    try:
        return StateHeader.model_validate(content)
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors(include_url=False)]
        raise StateFileError(str(path), mistakes_from_details(details)) from error


def _release(version: str) -> list[str]:
    """Major and minor number: what a state may depend on."""
    return version.split(".")[:2]
