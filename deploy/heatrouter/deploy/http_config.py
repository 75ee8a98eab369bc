"""Settings of the web page, the metrics and the health checks."""

import ipaddress
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from heatrouter.envs.errors import Mistake

DEFAULT_PORT = 8700


class TlsConfig(BaseModel):
    """Certificate of the web server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certificate: Path = Field(description="PEM file, with the chain")
    key: Path = Field(description="PEM file, readable for the service's user only")


class HttpConfig(BaseModel):
    """The web server of the service, a process of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = Field(True, description="false: no web server at all")
    host: str = Field("127.0.0.1", min_length=1, max_length=253, description="address to listen on")
    port: int = Field(DEFAULT_PORT, ge=0, le=65535, description="0: any free one, see web.json")
    allowed_hosts: tuple[str, ...] = Field(
        (), description="names by which people may call it, besides the address and localhost"
    )
    tls: TlsConfig | None = Field(None, description="certificate and key; null: plain HTTP")
    behind_tls_proxy: bool = Field(
        False, description="a proxy in front speaks TLS: plain HTTP is then allowed anywhere"
    )
    login_to_read: bool | None = Field(
        None, description="reading beyond health needs a login; null: off loopback, or by a proxy"
    )
    users: Path | None = Field(None, description="file of users; null: users.json in state_dir")
    session_idle_s: float = Field(
        1800.0, ge=60.0, le=86_400.0, description="real seconds without a request end a session"
    )
    session_s: float = Field(
        43_200.0, ge=60.0, le=604_800.0, description="real seconds after which it ends anyway"
    )
    trend_h: float = Field(
        24.0, gt=0.0, le=168.0, description="plant hours of trends kept in memory"
    )

    @model_validator(mode="after")
    def _safe(self) -> "HttpConfig":
        if not self.loopback and self.tls is None and not self.behind_tls_proxy:
            message = (
                f"host {self.host!r} is not loopback and passwords would travel in the clear; "
                "name certificate and key under tls, set behind_tls_proxy where a proxy in front "
                "speaks TLS, or stay on 127.0.0.1"
            )
            raise ValueError(message)
        return self

    def mistakes(self) -> list[Mistake]:
        """Files that are named and cannot be read."""
        named = {"users": self.users}
        if self.tls is not None:
            named |= {"tls.certificate": self.tls.certificate, "tls.key": self.tls.key}
        return [
            Mistake(f"http.{path}", f"{file} is no file that can be read")
            for path, file in named.items()
            if file is not None and not os.access(file, os.R_OK)
        ]

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers only ever see TLS."""
        return self.tls is not None or self.behind_tls_proxy

    @property
    def reading_needs_login(self) -> bool:
        """Whether reading beyond health needs a login."""
        if self.login_to_read is not None:
            return self.login_to_read
        # What a proxy passes on is no longer on loopback.
        return not self.loopback or self.behind_tls_proxy
