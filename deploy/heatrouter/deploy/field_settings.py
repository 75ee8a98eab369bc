"""What an operator says about the field: each protocol's settings, and where forecasts come from.

Only data here; whoever connects loads its library itself.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PolicyName = Literal["none", "Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"]
ModeName = Literal["sign", "sign_and_encrypt"]
WordOrder = Literal["big", "little"]

ENDPOINT_PATTERN = r"^(opc\.tcp|modbus)://[^/\s]+|^replay:.+$|^simulated$"
"""``opc.tcp://HOST:PORT``, ``modbus://HOST:PORT``, ``replay:FILE`` or ``simulated``."""


class OpcUaSettings(BaseModel):
    """How the service connects to an OPC UA server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    security_policy: PolicyName = Field(
        "Basic256Sha256", description="none needs neither certificate nor trust list"
    )
    security_mode: ModeName = Field("sign_and_encrypt", description="what the policy does")
    certificate: Path | None = Field(None, description="the service's, DER or PEM")
    private_key: Path | None = Field(None, description="its key, without a password")
    trusted: Path | None = Field(
        None, description="folder of the certificates of servers, or of their CA, to believe"
    )
    user: str | None = Field(None, min_length=1, description="null connects as anonymous")
    password_file: Path | None = Field(
        None, description="file that holds the password alone, readable for the service only"
    )

    @model_validator(mode="after")
    def _complete(self) -> "OpcUaSettings":
        problems = []
        if self.security_policy != "none":
            names = ("certificate", "private_key", "trusted")
            missing = [name for name in names if getattr(self, name) is None]
            if missing:
                problems.append(
                    f"{self.security_policy} needs {', '.join(missing)}; make them with "
                    "`heatrouter tags certificates`, or write security_policy: none yourself"
                )
        if (self.user is None) != (self.password_file is None):
            problems.append("user and password_file belong together")
        if self.user is not None and (
            self.security_policy == "none" or self.security_mode == "sign"
        ):
            problems.append(
                "a password is only sent encrypted: use security_mode sign_and_encrypt and a "
                "security policy"
            )
        if problems:
            raise ValueError("; ".join(problems))
        return self


class ModbusSettings(BaseModel):
    """How the service talks to a Modbus TCP device."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit_id: int = Field(1, ge=0, le=255, description="of the device behind the address")
    word_order: WordOrder = Field(
        "big", description="which word of a 32-bit number comes first; a tag may say otherwise"
    )


class SimulatedSettings(BaseModel):
    """Which year the simulated plant lives through."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str = Field("generated", description="generated, try, a name or a scenario file")
    split: Literal["train", "validation", "test"] = Field(
        "test", description="years that the generator draws from; test years were in no training"
    )
    seed: int = Field(0, ge=0, description="of the scenario and of the start")
    start_day: int = Field(14, ge=0, le=364, description="day of the year; 0 is 1 January")


class ForecastSettings(BaseModel):
    """Where forecasts come from, and how long an old one is good enough."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    source: Literal["tags", "file", "http"] = Field(
        "tags", description="arrays among the plant's tags, a watched folder, or an HTTP address"
    )
    folder: Path | None = Field(None, description="file: its newest *.json is the forecast")
    url: str | None = Field(
        None, pattern=r"^https?://[^/\s]+", description="http: answers JSON to GET"
    )
    token_file: Path | None = Field(
        None, description="http: file with a bearer token, readable for the service only"
    )
    poll_s: float = Field(30.0, ge=0.2, le=3600.0, description="real seconds between two looks")
    timeout_s: float = Field(5.0, gt=0.0, le=60.0, description="http: real seconds for an answer")
    persistence_s: float = Field(
        7200.0,
        ge=0.0,
        le=86_400.0,
        description="plant seconds for which a forecast that is too old goes on, each day like "
        "the last, before the policy is left out",
    )

    @model_validator(mode="after")
    def _complete(self) -> "ForecastSettings":
        needed = {"tags": None, "file": "folder", "http": "url"}[self.source]
        if needed is not None and getattr(self, needed) is None:
            message = f"source {self.source} needs {needed}"
            raise ValueError(message)
        given = [n for n in ("folder", "url") if getattr(self, n) is not None and n != needed]
        if given:
            keys = " and ".join(f"forecast.{name}" for name in given)
            message = f"source {self.source} has no use for {keys}; remove that line"
            raise ValueError(message)
        if self.token_file is not None and not (self.url or "").startswith("https://"):
            message = "a token is only sent over https"
            raise ValueError(message)
        return self
