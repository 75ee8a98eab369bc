"""What people ask of the bundles of a running service, through its state folder."""

import time
import uuid
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatrouter.deploy.state_dir import StateDir, read_json, remove_file, write_json

MODEL_REQUEST_FILE: Final = "model-request.json"

ModelAction = Literal["activate", "rollback", "challenge", "withdraw", "reload"]


class ModelRequest(BaseModel):
    """A person's wish for another bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: ModelAction
    name: str | None = Field(None, pattern="^[0-9a-f]{16}$", description="folder in the store")
    user: str = Field(min_length=1, max_length=80)
    reason: str = Field("", max_length=400)
    request_id: str = Field(default_factory=lambda: uuid.uuid4().hex, max_length=40)
    asked_at: float = Field(default_factory=time.time, description="POSIX time, s")


def ask_for_model(state_dir: StateDir, request: ModelRequest) -> None:
    """Leave a request for the service."""
    write_json(state_dir.path / MODEL_REQUEST_FILE, request.model_dump(), durable=True)


def forget_model_request(state_dir: StateDir) -> None:
    """Drop a request that was meant for an earlier run."""
    remove_file(state_dir.path / MODEL_REQUEST_FILE)


def take_model_request(state_dir: StateDir) -> ModelRequest | None:
    """Take the waiting request; one that cannot be understood is dropped."""
    path = state_dir.path / MODEL_REQUEST_FILE
    if not path.exists():
        return None
    content = read_json(path)
    remove_file(path)
    try:
        return ModelRequest.model_validate(content)
    except ValidationError:
        return None
