"""Who may log in: a file of names, roles and password hashes.

Passwords are kept as scrypt hashes (RFC 7914) with a salt each, and compared in constant time. A
name that does not exist costs the same time as a wrong password.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatrouter.deploy.state_dir import write_json
from heatrouter.envs.errors import ServiceConfigError

USERS_FILE: Final = "users.json"

LEAST_PASSWORD: Final = 10
MOST_PASSWORD: Final = 128
"""A longer one would only cost hashing time."""

# OWASP's choice for scrypt: 32 MiB and some 0.1 s a hash.
_N, _R, _P, _KEY_BYTES, _SALT_BYTES = 2**15, 8, 3, 32, 16
_MEMORY_BYTES = 64 * 1024 * 1024
_NOBODY = f"scrypt${_N}${_R}${_P}${'A' * 22}==${'A' * 43}="
"""What nobody's password fits; takes as long as any other to find out."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Role(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what needs another."""
        return self is needed or self is Role.OPERATOR


class User(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    password: str = Field(max_length=400, description="scrypt$n$r$p$salt$hash")


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    users: dict[str, User] = Field(default_factory=dict)


def hash_password(password: str) -> str:
    """Return the text under which a password is kept.

    Raises:
        ServiceConfigError: Too short or too long.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        msg = (
            f"a password of {len(password)} characters; it must have {LEAST_PASSWORD} to "
            f"{MOST_PASSWORD}"
        )
        raise ServiceConfigError(msg)
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _scrypt(password, salt, _N, _R, _P)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return "$".join(("scrypt", str(_N), str(_R), str(_P), *parts))


def password_fits(password: str, kept: str) -> bool:
    """Whether a password is the one that was kept; False for a text that is no hash."""
    try:
        kind, n, r, p, salt, digest = kept.split("$")
        if kind != "scrypt":
            return False
        wanted = base64.b64decode(digest)
        found = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
    except ValueError:
        return False
    return hmac.compare_digest(found, wanted)


class UserFile:
    """The users of one service; read anew when the file has changed.

    Args:
        path: JSON, readable for the service's user only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._users: dict[str, User] = {}
        self._lock = threading.Lock()

    def users(self) -> dict[str, User]:
        """All users by name; none where there is no file.

        Raises:
            ServiceConfigError: The file is there and cannot be read, or others may read it.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp == self._stamp:
            return self._users
        if found.st_mode & 0o077:
            msg = f"{self.path}: others may read or write it; run: chmod 600 {self.path}"
            raise ServiceConfigError(msg)
        try:
            content = _Content.model_validate_json(self.path.read_bytes())
        except (OSError, ValidationError) as error:
            # The error's text would quote the file, hashes and all.
            kind = type(error).__name__
            msg = f"{self.path}: not a file of users ({kind}); write it with `heatrouter users add`"
            raise ServiceConfigError(msg) from None
        self._stamp, self._users = stamp, content.users
        return self._users

    def role_of(self, name: str) -> Role | None:
        """Role of a user; None for one who does not exist (any more)."""
        user = self.users().get(name)
        return None if user is None else user.role

    def mark_of(self, name: str) -> str | None:
        """Changes with the password; None for a user who does not exist (any more)."""
        user = self.users().get(name)
        return None if user is None else hashlib.sha256(user.password.encode()).hexdigest()

    def check(self, name: str, password: str) -> Role | None:
        """Role of a user whose password fits; None otherwise. Takes some 0.3 s either way."""
        user = self.users().get(name)
        # One hash at a time: each takes 32 MiB.
        with self._lock:
            if user is None:
                password_fits(password, _NOBODY)
                return None
            return user.role if password_fits(password, user.password) else None

    def add(self, name: str, role: Role, password: str) -> None:
        """Add a user, or give one another role or password.

        Raises:
            ServiceConfigError: A name or a password that cannot be.
        """
        if _NAME.fullmatch(name) is None:
            msg = f"{name!r} is no user name: letters, digits and, but not first, ._@-; at most 64"
            raise ServiceConfigError(msg)
        self._write(self.users() | {name: User(role=role, password=hash_password(password))})

    def remove(self, name: str) -> None:
        """Remove a user; raises ServiceConfigError for one who is not there."""
        users = dict(self.users())
        if users.pop(name, None) is None:
            msg = f"{self.path}: there is no user {name!r}; `heatrouter users list` shows all"
            raise ServiceConfigError(msg)
        self._write(users)

    def _write(self, users: dict[str, User]) -> None:
        content = {"users": {n: json.loads(u.model_dump_json()) for n, u in sorted(users.items())}}
        # mkstemp, on which this rests, makes files of mode 600.
        write_json(self.path, content, durable=True)
        self._stamp = None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY_BYTES, dklen=_KEY_BYTES
    )


def users_path(configured: Path | None, state_dir: Path) -> Path:
    """Where the users of a service are."""
    return Path(os.path.normpath(state_dir / USERS_FILE)) if configured is None else configured
