"""The manifest of a bundle: its schema, its one text, and the digest that is compared."""

import hashlib
import json
from typing import Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError, mistakes_from_details
from heatrouter.envs.spec.task import Task

MODEL_FILE: Final = "policy.onnx"
MANIFEST_FILE: Final = "manifest.json"
GOLDEN_FILE: Final = "golden.npz"
MONITOR_FILE: Final = "monitor.json"
SIGNATURE_FILE: Final = "signature.json"

SCHEMA_VERSION: Final = 2
"""2: the task holds the parameters of the rules."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TrainingMember(_Frozen):
    """One of the runs whose mean action a policy is."""

    run: str = Field(description="name of the training run")
    seed: int
    steps: int = Field(ge=0, description="control steps until the exported checkpoint")


class TrainingRecord(_Frozen):
    """Where a policy comes from.

    Of a mean of several runs, `run` names them all, `steps` is their sum, and the rest is that of
    the first; each of them stands in `members`.
    """

    run: str = Field(description="name of the training run")
    config: str = Field(description="name of the training configuration")
    algorithm: str
    seed: int
    steps: int = Field(ge=0, description="control steps until the exported checkpoint")
    scenarios: dict[str, str] = Field(
        default_factory=dict,
        description="what it was fitted to and chosen with: split to sha256 of the series",
    )
    members: tuple[TrainingMember, ...] = Field(
        default=(), description="all runs whose mean action the policy is; empty where it is one"
    )
    distilled: bool = Field(
        default=False, description="whether one network was fitted to the mean of the members"
    )

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = handler(self)
        # the text of manifests from before stays
        if not self.members:
            content.pop("members", None)
        if not self.distilled:
            content.pop("distilled", None)
        return content


class Parity(_Frozen):
    """Largest absolute deviation of the exported graph from the trained network."""

    observations: int = Field(ge=0, description="how many observations were compared")
    max_abs_error_normalised: float = Field(ge=0.0, description="action in half ranges")
    max_abs_error_physical: float = Field(ge=0.0, description="action in the units of its channel")
    worst_channel: str = Field(description="action channel of the largest physical error")


class ObservationStatistics(_Frozen):
    """What the policy saw in training, per observation channel, in physical units.

    A service compares its readings with these to notice that it is far from home.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    low_quantile: tuple[float, ...] = Field(description="0.1 % quantile")
    high_quantile: tuple[float, ...] = Field(description="99.9 % quantile")


class Manifest(_Frozen):
    """What a bundle says about itself; every statement is checked at load."""

    schema_version: int = SCHEMA_VERSION
    name: str
    created_utc: str = Field(description="ISO-8601")
    contract: Contract
    contract_digest: str
    task: Task
    decoder: Literal["absolute", "offset", "heat_price"]
    decoder_version: int = Field(ge=1, description="meaning of the actions (envs.actuate)")
    guard_limits_digest: str = Field(description="sha256 of the limits behind the golden vectors")
    training: TrainingRecord
    parity: Parity
    metrics: dict[str, float] = Field(default_factory=dict, description="scores on validation")
    observation_statistics: ObservationStatistics | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    files: dict[str, str] = Field(
        default_factory=dict, description="sha256 of each other file; filled in by write_bundle"
    )
    sha256: str = Field(
        "", description="of this manifest with this field empty; guards against damage, not theft"
    )

    @property
    def digest(self) -> str:
        """sha256 over what the policy does: model, contract, task, decoder; no times, no runs."""
        parts: dict[str, object] = {
            "model": self.files.get(MODEL_FILE, ""),
            "contract": self.contract_digest,
            "task": self.task.model_dump(mode="json"),
            "decoder": [self.decoder, self.decoder_version],
            "guard_limits": self.guard_limits_digest,
        }
        return sha256_of(_canonical(parts))

    def to_json(self) -> bytes:
        """The bytes of ``manifest.json``: one text for one manifest, sealed with its own sha256."""
        content = self.model_dump(mode="json") | {"sha256": ""}
        content["sha256"] = sha256_of(_canonical(content))
        return (json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _canonical(content: dict[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sha256_of(data: bytes) -> str:
    """Return the sha256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest.

    Args:
        data: The bytes of ``manifest.json``.

    Raises:
        BundleError: Another schema, missing or unknown fields, or bytes that differ from the one
            text that this manifest has.
    """
    try:
        content = json.loads(data)
        found = content.get("schema_version") if isinstance(content, dict) else None
        if found != SCHEMA_VERSION:
            msg = (
                f"{MANIFEST_FILE}: schema_version is {found!r}, this heatrouter reads "
                f"{SCHEMA_VERSION}; export the run again with this version"
            )
            raise BundleError(msg)
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        mistakes = mistakes_from_details(
            [dict(detail) for detail in error.errors(include_url=False)]
        )
        listed = "; ".join(str(mistake) for mistake in mistakes[:5])
        msg = f"{MANIFEST_FILE}: not a manifest ({listed}); export the run again"
        raise BundleError(msg) from None
    except (ValueError, RecursionError):
        msg = f"{MANIFEST_FILE}: no JSON text; copy or export the bundle again"
        raise BundleError(msg) from None
    if manifest.to_json() != data:
        msg = (
            f"{MANIFEST_FILE}: not as it was written (edited, or damaged); "
            "a manifest is not to be edited: export the run again"
        )
        raise BundleError(msg)
    return manifest
