"""Users: their file, their hashes, and the command that writes them."""

import json
import subprocess
import sys
from pathlib import Path

from heatrouter.deploy.web.users import UserFile, hash_password, password_fits

# Each takes a quarter of a second, on purpose.
KEPT = hash_password("a long password")


def test_a_hash_fits_its_password_only() -> None:
    assert password_fits("a long password", KEPT)
    assert not password_fits("a long passwore", KEPT)
    for broken in ("", "scrypt", "md5$1$1$1$AA==$AA==", "scrypt$x$8$1$AA==$AA=="):
        assert not password_fits("a long password", broken)


def test_a_hash_is_salted_and_costs_what_it_should() -> None:
    kind, n, r, p, salt, _ = KEPT.split("$")
    assert kind == "scrypt"
    assert 128 * int(n) * int(r) >= 32 * 1024**2, "bytes of memory"
    assert int(p) >= 3
    assert len(salt) == 24, "16 bytes"
    assert hash_password("a long password") != KEPT


def test_the_command_adds_lists_and_removes(tmp_path: Path) -> None:
    def users(*arguments: str, password: str = "", code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "heatrouter", "users", *arguments, "--state-dir", tmp_path],
            input=password,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    add = ("add", "anna", "--role", "operator", "--password-stdin")
    assert "10 to 128" in users(*add, password="short", code=78)
    assert "correct horse" not in users(*add, password="correct horse\n")
    assert json.loads(users("list", "--json")) == {"anna": "operator"}
    assert UserFile(tmp_path / "users.json").check("anna", "correct horse") is not None
    users("remove", "anna")
    assert json.loads(users("list", "--json")) == {}
    assert "no user 'anna'" in users("remove", "anna", code=78)
