"""Who gets in, and what happens to those who do not."""

import logging
import os

import pytest
from tests.deploy.service.web.desks import PASSWORDS, Desk, MakeDesk

from heatrouter.deploy.web.users import Role, UserFile
from heatrouter.envs.errors import ServiceConfigError

SHADOW = {"mode": "SHADOW", "reason": "just because"}


async def test_nobody_changes_anything_without_a_login(desk: Desk) -> None:
    await desk.tick(2)
    answer = await desk.client.post("/api/v1/mode", json=SHADOW)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert not list(desk.context.state_dir.path.glob("*request*.json"))


async def test_a_viewer_looks_and_does_not_touch(desk: Desk) -> None:
    await desk.tick(2)
    await desk.login("vera")
    answer = await desk.change("POST", "/api/v1/mode", SHADOW)
    assert answer.status_code == 403
    assert "operator" in answer.json()["detail"]


async def test_a_session_without_its_token_changes_nothing(desk: Desk) -> None:
    await desk.tick(2)
    await desk.login()
    for token in ("", "guessed", desk.csrf[:-1]):
        desk.csrf = token
        assert (await desk.change("POST", "/api/v1/mode", SHADOW)).status_code == 403


async def test_another_sites_page_is_refused(desk: Desk) -> None:
    await desk.tick(2)
    await desk.login()
    for origin in ("http://evil.example", "null", "http://localhost:8701"):
        headers = {"X-CSRF-Token": desk.csrf, "Origin": origin}
        answer = await desk.client.post("/api/v1/mode", json=SHADOW, headers=headers)
        assert answer.status_code == 403, origin


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8700", "", "localhost.evil.example"]
)
async def test_a_name_that_is_not_ours_is_refused(desk: Desk, host: str) -> None:
    assert (await desk.client.get("/livez", headers={"Host": host})).status_code == 421


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(desk: Desk) -> None:
    cookie = (await desk.login()).headers["set-cookie"]
    assert cookie.startswith("heatrouter-8700=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie, "plain HTTP on loopback"


async def test_under_tls_the_cookie_is_secure(make_desk: MakeDesk) -> None:
    desk = make_desk("off", behind_tls_proxy=True)
    answer = await desk.login()
    assert answer.headers["set-cookie"].startswith("__Host-heatrouter-8700=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_every_answer_carries_the_headers(desk: Desk) -> None:
    for path in ("/", "/livez", "/hmi/app.js", "/nowhere", "/api/v1/session"):
        headers = (await desk.client.get(path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


async def test_wrong_passwords_lock_out_for_longer_and_longer(desk: Desk) -> None:
    async def attempt(password: str) -> int:
        desk.web_clock.now_s += 3.0  # not faster than attempts are let through
        body = {"user": "anna", "password": password}
        return (await desk.client.post("/api/v1/login", json=body)).status_code

    assert [await attempt("wrong") for _ in range(5)] == [401] * 5
    assert await attempt(PASSWORDS["anna"]) == 429, "locked, even with the right one"
    desk.web_clock.now_s += 30.0
    assert await attempt("wrong") == 401
    desk.web_clock.now_s += 30.0
    assert await attempt(PASSWORDS["anna"]) == 429, "twice as long now"
    desk.web_clock.now_s += 30.0
    assert await attempt(PASSWORDS["anna"]) == 200
    vera = {"user": "vera", "password": PASSWORDS["vera"]}
    assert (await desk.client.post("/api/v1/login", json=vera)).status_code == 200


async def test_sessions_end(desk: Desk) -> None:
    async def user() -> object:
        return (await desk.get("/api/v1/session"))["user"]

    await desk.login()
    for _ in range(3):
        desk.web_clock.now_s += 1700.0
        assert await user() == "anna"
    desk.web_clock.now_s += 1801.0
    assert await user() is None, "idle"
    await desk.login()
    assert (await desk.change("POST", "/api/v1/logout", {})).status_code == 200
    assert await user() is None, "logged out"
    await desk.login()
    desk.context.users.add("anna", Role.OPERATOR, "another password")
    assert await user() is None, "another password"
    body = {"user": "anna", "password": "another password"}
    await desk.client.post("/api/v1/login", json=body)
    assert await user() == "anna"
    desk.context.users.remove("anna")
    assert await user() is None, "no user any more"


async def test_a_large_body_is_refused(desk: Desk) -> None:
    body = {"user": "anna", "password": "x" * 20_000}
    assert (await desk.client.post("/api/v1/login", json=body)).status_code == 413


async def test_too_many_requests_are_refused(desk: Desk) -> None:
    codes = [(await desk.client.get("/livez")).status_code for _ in range(210)]
    assert codes[-1] == 429
    assert 429 not in codes[:200]
    desk.web_clock.now_s += 1.0
    assert (await desk.client.get("/livez")).status_code != 429


@pytest.mark.parametrize("path", ["/metrics", "/status", "/api/v1/live", "/api/v1/audit"])
async def test_reading_can_need_a_login(make_desk: MakeDesk, path: str) -> None:
    desk = make_desk("off", login_to_read=True)
    await desk.tick()
    assert (await desk.client.get("/livez")).status_code == 200
    assert (await desk.client.get(path)).status_code == 401
    assert (await desk.client.get(path, auth=("vera", "wrong"))).status_code == 401
    assert (await desk.client.get(path, auth=("vera", PASSWORDS["vera"]))).status_code == 200
    await desk.login("vera")
    assert (await desk.client.get(path)).status_code == 200


async def test_behind_a_proxy_reading_needs_a_login(make_desk: MakeDesk) -> None:
    desk = make_desk("off", behind_tls_proxy=True)
    assert (await desk.client.get("/status")).status_code == 401


def test_a_name_that_nobody_has_costs_a_hash_and_fits_nothing(desk: Desk) -> None:
    for password in ("", "A", "any password"):
        assert desk.context.users.check("nobody", password) is None


async def test_no_secret_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await desk.login()
        token = next(iter(desk.client.cookies.jar)).value
        secret = "my-other-password"
        await desk.client.post("/api/v1/login", json={"user": "anna", "password": secret})
        # a password typed into the wrong field
        await desk.client.post("/api/v1/login", json={"user": secret, "password": "anna"})
        await desk.client.post("/api/v1/login", json={"password": [secret], "user": "anna"})
    for hidden in (secret, PASSWORDS["anna"], token, desk.csrf):
        assert hidden
        assert hidden not in caplog.text


async def test_an_answer_to_a_wrong_field_does_not_repeat_it(desk: Desk) -> None:
    answer = await desk.client.post("/api/v1/login", json={"user": "anna", "password": ["s3cret"]})
    assert answer.status_code == 422
    assert "s3cret" not in answer.text
    assert [m["path"] for m in answer.json()["mistakes"]] == ["password"]


def test_a_file_that_others_may_read_is_refused(desk: Desk) -> None:
    users = desk.context.users
    assert users.path.stat().st_mode & 0o777 == 0o600
    assert "correct horse" not in users.path.read_text()
    os.utime(users.path, (1, 1))
    users.path.chmod(0o640)
    with pytest.raises(ServiceConfigError, match="chmod 600"):
        UserFile(users.path).users()


@pytest.mark.parametrize("name", ["", "-anna", "an na", "anna\n", "a" * 65])
def test_names_that_cannot_be(desk: Desk, name: str) -> None:
    with pytest.raises(ServiceConfigError):
        desk.context.users.add(name, Role.VIEWER, "long enough")
    with pytest.raises(ServiceConfigError, match="10 to 128"):
        desk.context.users.add("berta", Role.VIEWER, "short")
